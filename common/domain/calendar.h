/* calendar: civil days, Istanbul's clock, working days and the dates that the laws want. A day is a
 * count of days since 1970-01-01. Pure: the holidays are given as text, nothing asks a clock. */
#ifndef KOPRU_COMMON_DOMAIN_CALENDAR_H
#define KOPRU_COMMON_DOMAIN_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

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

struct calendar;

/* Reads `date,weekday,name,kind` rows (kind: tam or yarim), as in deploy/data/holidays_tr_2020_2030.csv. The
 * years from the first to the last row's count as known. A full day beats a half day on the same date. */
struct calendar *calendar_new(const char *csv, struct err *e);
void calendar_free(struct calendar *c);

bool calendar_is_working_day(const struct calendar *c, int32_t date); /* Mon-Fri and no full holiday; half days work */
bool calendar_is_half_day(const struct calendar *c, int32_t date); /* a working day whose afternoon is a holiday */
bool calendar_knows(const struct calendar *c, int32_t date); /* within the years that the table covers */
/* The date itself when it is a working day, else the next one. */
int32_t calendar_next_working_day(const struct calendar *c, int32_t date);
/* The count-th working day after date (which is not counted). */
int32_t calendar_add_working_days(const struct calendar *c, int32_t date, int count);

/* Law 3071 art. 7: 30 days, day of receipt not counted, moved to the next working day (2577 art. 8). */
int32_t calendar_due_3071(const struct calendar *c, int32_t received_on);
/* Law 4982 art. 11: 15 working days (30 where another unit or body is asked: extended). */
int32_t calendar_due_4982(const struct calendar *c, int32_t received_on, bool extended);

#endif
