/* identity: see identity.h. */
#include "common/domain/identity.h"

#include <stddef.h>
#include <string.h>

#include "common/base/text.h"

#define NATIONAL_ID_DIGITS 11
#define E164_DIGITS_MAX 15
#define E164_DIGITS_MIN 7
#define TYPED_DIGITS_MAX 18 /* "00" and a little more than E.164 allows */

#define EMAIL_MAX 254
#define EMAIL_LOCAL_MAX 64
#define EMAIL_LABEL_MAX 63

bool
national_id_valid(const char *text)
{
	int digits[NATIONAL_ID_DIGITS], odd = 0, even = 0;

	for (int i = 0; i < NATIONAL_ID_DIGITS; i++) {
		if (!ascii_digit(text[i]))
			return false;
		digits[i] = text[i] - '0';
	}
	if (text[NATIONAL_ID_DIGITS] != '\0' || digits[0] == 0)
		return false;
	for (int i = 0; i < 9; i++)
		*(i % 2 == 0 ? &odd : &even) += digits[i];
	/* + 40 keeps the sum positive and does not change it modulo 10 */
	return digits[9] == (7 * odd - even + 40) % 10 && digits[10] == (odd + even + digits[9]) % 10;
}

/* A digit at p, ASCII or Arabic-Indic (U+0660.., U+06F0..), with its bytes; NUL when there is none. */
static char
digit_at(const char *p, size_t *size)
{
	unsigned char lead = (unsigned char)p[0], trail = (unsigned char)(lead ? p[1] : 0);

	*size = 1;
	if (ascii_digit(*p))
		return *p;
	*size = 2;
	if (lead == 0xd9 && trail >= 0xa0 && trail <= 0xa9)
		return (char)('0' + trail - 0xa0);
	if (lead == 0xdb && trail >= 0xb0 && trail <= 0xb9)
		return (char)('0' + trail - 0xb0);
	return '\0';
}

/* Bytes of what people write between digits; 0 when it is something else. */
static size_t
gap_at(const char *p)
{
	if (*p && strchr(" .-()/", *p))
		return 1;
	if (p[0] == '\xc2' && p[1] == '\xa0') /* a space that does not break */
		return 2;
	if (p[0] == '\xe2' && p[1] == '\x80' && p[2] >= '\x90' && p[2] <= '\x95') /* other dashes */
		return 3;
	return 0;
}

/* Only the digits; -1 when there is anything else or too much. plus: a "+" stood in front. */
static int
collect_digits(const char *text, char digits[TYPED_DIGITS_MAX + 1], bool *plus)
{
	int count = 0;
	size_t n;

	*plus = false;
	for (; *text; text += n) {
		char digit = digit_at(text, &n);

		if (digit && count < TYPED_DIGITS_MAX) {
			digits[count++] = digit;
		} else if (*text == '+' && count == 0 && !*plus) {
			*plus = true;
			n = 1;
		} else if (digit || (n = gap_at(text)) == 0) {
			return -1;
		}
	}
	digits[count] = '\0';
	return count;
}

/* Ten digits of a Turkish number after 0 or +90, or 444 and four, which have no area code. New prefixes are not
 * refused. */
static bool
is_turkish(const char *national, size_t count)
{
	if (count == 7)
		return strncmp(national, "444", 3) == 0;
	return count == 10 && strchr("234589", national[0]);
}

static bool
put_e164(const char *country, const char *digits, char e164[PHONE_TEXT_SIZE])
{
	char *out = e164;

	*out++ = '+';
	for (; *country; country++)
		*out++ = *country;
	for (; *digits; digits++)
		*out++ = *digits;
	*out = '\0';
	return true;
}

/* With the country in front: digits after "+" or "00". */
static bool
put_international(const char *digits, size_t count, char e164[PHONE_TEXT_SIZE])
{
	if (strncmp(digits, "90", 2) == 0) {
		digits += 2;
		count -= 2;
		if (count == 11 && *digits == '0') { /* "+90 (0)532 ..." */
			digits++;
			count--;
		}
		return is_turkish(digits, count) && put_e164("90", digits, e164);
	}
	if (count < E164_DIGITS_MIN || count > E164_DIGITS_MAX || digits[0] == '0')
		return false;
	return put_e164("", digits, e164);
}

bool
phone_normalize(const char *text, char e164[PHONE_TEXT_SIZE])
{
	char digits[TYPED_DIGITS_MAX + 1];
	bool plus;
	int count = collect_digits(text, digits, &plus);
	size_t size = count > 0 ? (size_t)count : 0;

	if (count <= 0)
		return false;
	if (plus)
		return put_international(digits, size, e164);
	if (strncmp(digits, "00", 2) == 0)
		return put_international(digits + 2, size - 2, e164);
	if (digits[0] == '0')
		return size == 11 && is_turkish(digits + 1, 10) && put_e164("90", digits + 1, e164);
	if (size == 12 && strncmp(digits, "90", 2) == 0)
		return put_international(digits, size, e164);
	return is_turkish(digits, size) && put_e164("90", digits, e164);
}

static bool
is_alphanumeric(char c)
{
	return ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

/* Dots only between other characters. */
static bool
is_local_part(const char *text, size_t size)
{
	if (size == 0 || size > EMAIL_LOCAL_MAX || text[0] == '.' || text[size - 1] == '.')
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '.' && text[i - 1] != '.')
			continue;
		if (!is_alphanumeric(text[i]) && !strchr("!#$%&'*+-/=?^_`{|}~", text[i]))
			return false;
	}
	return true;
}

static bool
is_label(const char *text, size_t size)
{
	if (size == 0 || size > EMAIL_LABEL_MAX || text[0] == '-' || text[size - 1] == '-')
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!is_alphanumeric(text[i]) && text[i] != '-')
			return false;
	}
	return true;
}

/* At least two labels; the last one is no number, so that an address of four numbers is no domain. */
static bool
is_domain(const char *text)
{
	unsigned labels = 0;

	for (;;) {
		size_t size = strcspn(text, ".");

		if (!is_label(text, size))
			return false;
		labels++;
		if (text[size] == '\0')
			return labels >= 2 && strspn(text, "0123456789") < size;
		text += size + 1;
	}
}

bool
email_valid(const char *text)
{
	const char *at = strchr(text, '@');

	return at && strnlen(text, EMAIL_MAX + 1) <= EMAIL_MAX && is_local_part(text, (size_t)(at - text)) &&
	       is_domain(at + 1);
}
