/* import_values: see the header. */
#include "services/kopru/import_values.h"

#include <string.h>

#include "common/base/text.h"
#include "common/domain/calendar.h"

#define SECOND INT64_C(1000000)
#define ALLOWED "allowed: 24.11.2026, 24.11.2026 09:30, 24.11.2026 09:30:15 or 2026-11-24T09:30:00+03:00"

/* So many digits, at least one; false and at stays otherwise. */
static bool
take_number(const char **at, size_t digits_max, int *number)
{
	const char *c = *at;
	int value = 0;

	while (ascii_digit(*c) && (size_t)(c - *at) < digits_max)
		value = 10 * value + (*c++ - '0');
	if (c == *at || ascii_digit(*c))
		return false;
	*at = c;
	*number = value;
	return true;
}

static bool
take(const char **at, char wanted)
{
	if (**at != wanted)
		return false;
	(*at)++;
	return true;
}

/* HH:MM[:SS[.fraction, cut]], in seconds. */
static bool
take_clock(const char **at, int64_t *seconds)
{
	int hour, minute, second = 0, fraction;

	if (!take_number(at, 2, &hour) || !take(at, ':') || !take_number(at, 2, &minute))
		return false;
	if (take(at, ':') && !take_number(at, 2, &second))
		return false;
	if (take(at, '.') && !take_number(at, 9, &fraction))
		return false;
	*seconds = hour * 3600 + minute * 60 + second;
	return hour < 24 && minute < 60 && second < 60;
}

static bool
take_day(const char **at, int32_t *date)
{
	int first, month, last;
	bool iso = strlen(*at) >= 5 && (*at)[4] == '-';

	if (!take_number(at, 4, &first) || !take(at, iso ? '-' : '.') || !take_number(at, 2, &month) ||
	    !take(at, iso ? '-' : '.') || !take_number(at, 4, &last))
		return false;
	return iso ? date_from_civil(first, month, last, date) : date_from_civil(last, month, first, date);
}

/* 45000 or 45000,39583: days since 1899-12-30. */
static bool
is_excel_serial(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	text += digits;
	if (*text == ',' || *text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	return digits >= 4 && digits <= 6 && *text == '\0';
}

const char *
import_time(struct arena *a, const char *text, int64_t *time)
{
	const char *at = text_trim(a, text);
	int64_t seconds = 0;
	int32_t date;

	if (is_excel_serial(at))
		return "is a spreadsheet's serial number, no date: format the column as a date before saving; " ALLOWED;
	if (time_parse(at, time))
		return NULL;
	if (!take_day(&at, &date))
		return "is no day; " ALLOWED;
	if (*at != '\0') {
		if (!take(&at, ' ') && !take(&at, 'T'))
			return "is no time; " ALLOWED;
		at += strspn(at, " ");
		if (!take_clock(&at, &seconds) || *at != '\0')
			return "is no time; " ALLOWED;
	}
	*time = date_start_in_istanbul(date) + seconds * SECOND;
	return NULL;
}

const char *
import_fold(struct arena *a, const char *text)
{
	char *folded = text_fold_tr(a, text), *to = folded;
	bool gap = false;

	if (!folded)
		return "";
	for (const char *c = folded; *c; c++) {
		if ((unsigned char)*c < 0x80 && !ascii_digit(*c) && !(*c >= 'a' && *c <= 'z')) {
			gap = to != folded;
			continue;
		}
		if (gap)
			*to++ = ' ';
		gap = false;
		*to++ = *c;
	}
	*to = '\0';
	return folded;
}
