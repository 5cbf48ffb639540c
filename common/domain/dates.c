/* calendar: civil days and Istanbul's clock (see calendar.h). */
#include "common/domain/calendar.h"

#include <stddef.h>

#include "common/base/text.h"

#define YEAR_MIN 1900
#define YEAR_MAX 2200
#define SECOND ((int64_t)1000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define ISTANBUL_OFFSET (3 * HOUR)

static const int days_before_month[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in_month(int year, int month)
{
	return days_before_month[month] - days_before_month[month - 1] + (month == 2 && is_leap(year));
}

bool
date_from_civil(int year, int month, int day, int32_t *date)
{
	int y = year - 1, days;

	if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 ||
	    day > days_in_month(year, month))
		return false;
	days = y * 365 + y / 4 - y / 100 + y / 400 + days_before_month[month - 1] + day - 1;
	if (month > 2 && is_leap(year))
		days++;
	*date = days - 719162; /* days from 0001-01-01 to 1970-01-01 */
	return true;
}

static int64_t
divide_floor(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Counts years from March on, so that the leap day is the last one of a year (Hinnant, chrono-compatible dates). */
void
date_to_civil(int32_t date, int *year, int *month, int *day)
{
	int64_t days = (int64_t)date + 719468; /* from 0000-03-01 */
	int64_t era = divide_floor(days, 146097);
	int of_era = (int)(days - era * 146097);
	int year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int from_march = (5 * of_year + 2) / 153;

	*day = of_year - (153 * from_march + 2) / 5 + 1;
	*month = from_march < 10 ? from_march + 3 : from_march - 9;
	*year = (int)(year_of_era + era * 400) + (*month <= 2);
}

/* Exactly count digits at *p, which moves behind them. */
static bool
take_number(const char **p, int count, int *value)
{
	*value = 0;
	for (; count > 0; count--, (*p)++) {
		if (!ascii_digit(**p))
			return false;
		*value = *value * 10 + (**p - '0');
	}
	return true;
}

static bool
take_letter(const char **p, char letter)
{
	return ascii_lower(**p) == letter ? (*p)++, true : false;
}

static bool
take_date(const char **p, int32_t *date)
{
	int year, month, day;

	return take_number(p, 4, &year) && take_letter(p, '-') && take_number(p, 2, &month) && take_letter(p, '-') &&
	       take_number(p, 2, &day) && date_from_civil(year, month, day, date);
}

bool
date_parse(const char *text, int32_t *date)
{
	int32_t parsed;

	if (!take_date(&text, &parsed) || *text != '\0')
		return false;
	*date = parsed;
	return true;
}

static char *
put_number(char *out, int width, int value)
{
	for (int i = width; i > 0; value /= 10)
		out[--i] = (char)('0' + value % 10);
	return out + width;
}

void
date_text(int32_t date, char text[DATE_TEXT_SIZE])
{
	int year, month, day;
	char *out = text;

	date_to_civil(date, &year, &month, &day);
	if (year < 0 || year > 9999) /* only broken data has such a date */
		year = month = day = 0;
	out = put_number(out, 4, year);
	*out++ = '-';
	out = put_number(out, 2, month);
	*out++ = '-';
	*put_number(out, 2, day) = '\0';
}

int
date_weekday(int32_t date)
{
	int weekday = (date % 7 + 3) % 7; /* 1970-01-01 was a Thursday */

	return weekday < 0 ? weekday + 7 : weekday;
}

/* Istanbul's wall clock as if it were UTC. */
static int64_t
istanbul_clock(int64_t time)
{
	return time > INT64_MAX - ISTANBUL_OFFSET ? INT64_MAX : time + ISTANBUL_OFFSET;
}

int32_t
date_in_istanbul(int64_t time)
{
	return (int32_t)divide_floor(istanbul_clock(time), DAY);
}

int64_t
date_start_in_istanbul(int32_t date)
{
	int64_t start;

	if (__builtin_mul_overflow((int64_t)date, DAY, &start))
		return date < 0 ? INT64_MIN : INT64_MAX;
	return start < INT64_MIN + ISTANBUL_OFFSET ? INT64_MIN : start - ISTANBUL_OFFSET;
}

void
time_text_istanbul(int64_t time, char text[TIME_TEXT_SIZE])
{
	int32_t date = date_in_istanbul(time);
	int seconds = (int)((istanbul_clock(time) % DAY + DAY) % DAY / SECOND);
	char *out = text + DATE_TEXT_SIZE - 1;

	date_text(date, text);
	*out++ = 'T';
	out = put_number(out, 2, seconds / 3600);
	*out++ = ':';
	out = put_number(out, 2, seconds / 60 % 60);
	*out++ = ':';
	out = put_number(out, 2, seconds % 60);
	for (const char *offset = "+03:00"; *offset; offset++)
		*out++ = *offset;
	*out = '\0';
}

/* ".123456789": microseconds, the rest is cut; none is 0. */
static bool
take_fraction(const char **p, int64_t *microseconds)
{
	int64_t unit = SECOND / 10;

	*microseconds = 0;
	if (**p != '.')
		return true;
	if (!ascii_digit(*++*p))
		return false;
	for (; ascii_digit(**p); (*p)++, unit /= 10)
		*microseconds += (**p - '0') * unit;
	return true;
}

static bool
take_offset(const char **p, int64_t *offset)
{
	int hours, minutes, sign = **p == '-' ? -1 : 1;

	*offset = 0;
	if (take_letter(p, 'z'))
		return true;
	if (!take_letter(p, '+') && !take_letter(p, '-'))
		return false;
	if (!take_number(p, 2, &hours) || !take_letter(p, ':') || !take_number(p, 2, &minutes) || hours > 23 ||
	    minutes > 59)
		return false;
	*offset = sign * (hours * HOUR + minutes * 60 * SECOND);
	return true;
}

bool
time_parse(const char *text, int64_t *time)
{
	int hour, minute, second;
	int64_t fraction, offset;
	int32_t date;

	if (!take_date(&text, &date) || !take_letter(&text, 't') || !take_number(&text, 2, &hour) ||
	    !take_letter(&text, ':') || !take_number(&text, 2, &minute) || !take_letter(&text, ':') ||
	    !take_number(&text, 2, &second) || !take_fraction(&text, &fraction) || !take_offset(&text, &offset))
		return false;
	if (*text != '\0' || hour > 23 || minute > 59 || second > 59)
		return false;
	*time = (int64_t)date * DAY + hour * HOUR + (minute * 60 + second) * SECOND + fraction - offset;
	return true;
}
