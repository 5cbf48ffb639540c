/* number: see number.h. */
#include "common/domain/number.h"

#include <stddef.h>

#include "common/base/text.h"

#define YEAR_DIGITS 4
#define SERIAL_DIGITS 7
#define DIGITS (YEAR_DIGITS + SERIAL_DIGITS + 1)
#define YEAR_MIN 2000
#define YEAR_MAX 2099

char
number_check_digit(const char *digits, unsigned count)
{
	int product = 10;

	for (unsigned i = 0; i < count; i++) {
		int sum = (product + digits[i] - '0') % 10;

		product = (sum == 0 ? 10 : sum) * 2 % 11;
	}
	return (char)('0' + (11 - product) % 10);
}

static void
put_digits(char *text, int width, int32_t value)
{
	for (; width > 0; value /= 10)
		text[--width] = (char)('0' + value % 10);
}

bool
number_format(int year, int32_t serial, char text[NUMBER_TEXT_SIZE])
{
	char digits[DIGITS];
	const char *in = digits;
	char *out = text;

	if (year < YEAR_MIN || year > YEAR_MAX || serial < 1 || serial > NUMBER_SERIAL_MAX)
		return false;
	put_digits(digits, YEAR_DIGITS, year);
	put_digits(digits + YEAR_DIGITS, SERIAL_DIGITS, serial);
	digits[DIGITS - 1] = number_check_digit(digits, DIGITS - 1);
	for (const char *shape = "HM-dddd-ddddddd-d"; *shape; shape++)
		*out++ = *shape == 'd' ? *in++ : *shape;
	*out = '\0';
	return true;
}

/* Bytes of the space or dash at p, 0 when there is none: phones make other dashes of "-" (U+2010..U+2015). */
static size_t
gap_at(const char *p)
{
	if (*p == ' ' || *p == '-')
		return 1;
	if (p[0] == '\xe2' && p[1] == '\x80' && p[2] >= '\x90' && p[2] <= '\x95')
		return 3;
	if (p[0] == '\xc2' && p[1] == '\xa0') /* a space that does not break */
		return 2;
	return 0;
}

static const char *
skip_gaps(const char *p)
{
	for (size_t n; (n = gap_at(p)) > 0;)
		p += n;
	return p;
}

static int32_t
digits_value(const char *digits, int count)
{
	int32_t value = 0;

	for (int i = 0; i < count; i++)
		value = value * 10 + (digits[i] - '0');
	return value;
}

/* What follows the number that begins at p; NULL when none does. */
static const char *
number_at(const char *p, int *year, int32_t *serial)
{
	char digits[DIGITS];

	if (ascii_lower(*p) != 'h')
		return NULL;
	p = skip_gaps(p + 1);
	if (ascii_lower(*p) != 'm')
		return NULL;
	p++;
	for (int i = 0; i < DIGITS; i++) {
		p = skip_gaps(p);
		if (!ascii_digit(*p))
			return NULL;
		digits[i] = *p++;
	}
	*year = digits_value(digits, YEAR_DIGITS);
	*serial = digits_value(digits + YEAR_DIGITS, SERIAL_DIGITS);
	if (digits[DIGITS - 1] != number_check_digit(digits, DIGITS - 1) || *year < YEAR_MIN || *year > YEAR_MAX ||
	    *serial < 1)
		return NULL;
	return p;
}

bool
number_parse(const char *text, int *year, int32_t *serial)
{
	int32_t parsed_serial;
	int parsed_year;
	const char *end = number_at(skip_gaps(text), &parsed_year, &parsed_serial);

	if (!end || *skip_gaps(end) != '\0')
		return false;
	if (year)
		*year = parsed_year;
	if (serial)
		*serial = parsed_serial;
	return true;
}

static bool
is_word(char c)
{
	return ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

bool
number_find(const char *text, char number[NUMBER_TEXT_SIZE])
{
	const char *end;
	int32_t serial;
	int year;

	for (const char *p = text; *p; p++) {
		if (p > text && is_word(p[-1]))
			continue;
		end = number_at(p, &year, &serial);
		if (end && !ascii_digit(*end))
			return number_format(year, serial, number);
	}
	return false;
}
