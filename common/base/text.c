/* text: see text.h. */
#include "common/base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

static const uint8_t *
bytes_of(const char *text)
{
	return (const uint8_t *)text;
}

bool
text_valid(const char *text, size_t size)
{
	size_t i = 0;

	for (uint64_t word; i + 8 <= size; i += 8) { /* eight ASCII letters at a time */
		memcpy(&word, text + i, 8);
		if (word & 0x8080808080808080u || (word - 0x0101010101010101u) & ~word & 0x8080808080808080u)
			break;
	}
	return size == i || (!memchr(text + i, '\0', size - i) && !u8_check(bytes_of(text) + i, size - i));
}

size_t
text_length(const char *text)
{
	size_t length = 0;

	for (; *text; text++)
		length += ((unsigned char)*text & 0xc0) != 0x80;
	return length;
}

/* Control characters in UTF-8: C0 and DEL are one byte, C1 is 0xc2 and 0x80..0x9f. */
static bool
is_control(const uint8_t *p)
{
	return (p[0] != '\0' && p[0] < 0x20) || p[0] == 0x7f || (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f);
}

bool
text_has_control(const char *text)
{
	for (const uint8_t *p = bytes_of(text); *p; p++) {
		if (is_control(p) && *p != '\t' && *p != '\n' && *p != '\r')
			return true;
	}
	return false;
}

bool
text_has_line_break_or_control(const char *text)
{
	for (const uint8_t *p = bytes_of(text); *p; p++) {
		if (is_control(p))
			return true;
		/* U+2028 and U+2029, the separators of lines and paragraphs */
		if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] | 1) == 0xa9)
			return true;
	}
	return false;
}

/* Bytes of the white space that begins at p; 0 when there is none. */
static size_t
space_at(const uint8_t *p, size_t size)
{
	ucs4_t c;
	int length;

	if (size == 0)
		return 0;
	length = u8_mbtoucr(&c, p, size);
	return length > 0 && uc_is_property_white_space(c) ? (size_t)length : 0;
}

/* Bytes of the white space that ends the text; 0 when there is none. */
static size_t
space_before_end(const uint8_t *p, size_t size)
{
	for (size_t back = 1; back <= 4 && back <= size; back++) {
		if ((p[size - back] & 0xc0) != 0x80)
			return space_at(p + size - back, back) == back ? back : 0;
	}
	return 0;
}

bool
text_blank(const char *text)
{
	const uint8_t *p = bytes_of(text);
	size_t size = strlen(text), n;

	for (; (n = space_at(p, size)) > 0; p += n)
		size -= n;
	return size == 0;
}

char *
text_trim(struct arena *a, const char *text)
{
	const uint8_t *p = bytes_of(text);
	size_t size = strlen(text), n;

	for (; (n = space_at(p, size)) > 0; p += n)
		size -= n;
	while ((n = space_before_end(p, size)) > 0)
		size -= n;
	return arena_string_n(a, (const char *)p, size);
}

char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool
ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
ascii_equal_nocase(const char *a, const char *b)
{
	for (; *a && ascii_lower(*a) == ascii_lower(*b); a++)
		b++;
	return *a == '\0' && *b == '\0';
}

bool
ascii_starts_nocase(const char *text, const char *prefix)
{
	for (; *prefix && ascii_lower(*text) == ascii_lower(*prefix); prefix++)
		text++;
	return *prefix == '\0';
}
