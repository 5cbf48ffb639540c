/* calendar: civil days, Istanbul's clock, and which days are worked on. A day is a count of days since 1970-01-01. Pure:
 * the holidays are given, nothing asks a clock. What follows for terms: deadlines.h. */
#ifndef KOPRU_COMMON_DOMAIN_CALENDAR_H
#define KOPRU_COMMON_DOMAIN_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define DATE_TEXT_SIZE 11 /* "2026-11-23" and NUL */
#define TIME_TEXT_SIZE 33 /* "2026-11-23T12:34:56.123456+03:00" and NUL */

/* Proleptic Gregorian. date_from_civil: false when there is no such day (years 1900..2200). */
bool date_from_civil(int year, int month, int day, int32_t *date);
void date_to_civil(int32_t date, int *year, int *month, int *day);
bool date_parse(const char *text, int32_t *date); /* exactly YYYY-MM-DD */
void date_text(int32_t date, char text[DATE_TEXT_SIZE]);
/* 0 Monday .. 6 Sunday. */
int date_weekday(int32_t date);

/* Europe/Istanbul. UTC+3 all year since 2016-09-07 (Decree 2016/9154); earlier instants are shown with it
 * too, since no application is older than 2020. */
int32_t date_in_istanbul(int64_t time);
/* First microsecond of that day in Istanbul. */
int64_t date_start_in_istanbul(int32_t date);
void time_text_istanbul(int64_t time, char text[TIME_TEXT_SIZE]); /* RFC 3339, +03:00, seconds */
/* RFC 3339 with offset or Z; microseconds kept, more digits cut. false when malformed. */
bool time_parse(const char *text, int64_t *time);

/* What a day of the calendar is. The laws know holidays (Law 2429) and suspensions (such as Law 7226): on a half holiday
 * the offices open, so for a law it is a working day; in a suspension legal terms stand. Administrative leave and local
 * closures are for the municipality's own targets only. */
enum calendar_kind {
	CALENDAR_HOLIDAY,
	CALENDAR_HALF_HOLIDAY, /* from 13:00 */
	CALENDAR_LEAVE, /* administrative leave (idari izin) */
	CALENDAR_HALF_LEAVE, /* ... in the afternoon */
	CALENDAR_CLOSURE, /* the offices are closed here only */
	CALENDAR_SUSPENSION,
	CALENDAR_KINDS
};

struct calendar_row {
	int32_t day;
	enum calendar_kind kind;
	const char *name; /* Turkish, borrowed */
};

struct calendar_rows {
	struct calendar_row *list;
	size_t count;
};

/* The token of the database ("half_holiday"). */
const char *calendar_kind_token(enum calendar_kind kind);
/* By that token or by that of the files ("yarim"); false: there is none, and calendar_kind_list says which there are. */
bool calendar_kind_find(const char *token, enum calendar_kind *kind);
const char *calendar_kind_list(void);

/* Reads rows `date,weekday,name,kind` as in deploy/data/holidays_tr_2020_2030.csv; weekday, name and `to` (the last day of
 * a row of many days, such as a suspension) may be left out. Sorts them. The reason names row and column. */
int calendar_rows_read(struct arena *a, const char *csv, struct calendar_rows *rows, struct err *e);
/* Days that cannot be true together, years without holidays between others, suspensions without an end: the reason.
 * Only a feast of the moon (Ramazan Bayramı, Kurban Bayramı) may fall on another holiday. */
int calendar_rows_check(struct arena *a, const struct calendar_rows *rows, struct err *e);

struct calendar;

/* Of rows in any order, which must have a public holiday; the whole of a day beats its half. The years from the first to
 * the last public holiday's count as known. */
struct calendar *calendar_make(const struct calendar_rows *rows, struct err *e);
/* Read, checked and made. */
struct calendar *calendar_new(const char *csv, struct err *e);
void calendar_free(struct calendar *c); /* NULL is fine */

/* For the laws. */
bool calendar_is_working_day(const struct calendar *c, int32_t date); /* Mon-Fri and no full holiday; half days work */
bool calendar_is_half_day(const struct calendar *c, int32_t date); /* a working day whose afternoon is a holiday */
bool calendar_stands(const struct calendar *c, int32_t date); /* within a suspension */
bool calendar_knows(const struct calendar *c, int32_t date); /* within the years that the table covers */
/* The date itself when it is a working day, else the next one. */
int32_t calendar_next_working_day(const struct calendar *c, int32_t date);
/* The count-th working day after date (which is not counted). */
int32_t calendar_add_working_days(const struct calendar *c, int32_t date, int count);

/* For the municipality's own targets: a working day without leave or closure. */
bool calendar_is_office_day(const struct calendar *c, int32_t date);
bool calendar_is_office_morning(const struct calendar *c, int32_t date); /* an office day without its afternoon */
int32_t calendar_add_office_days(const struct calendar *c, int32_t date, int count);

#endif
