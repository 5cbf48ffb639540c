/* text: Turkish case, normal form and folding (see text.h). */
#include "common/base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

/* What the two-byte letters of Turkish fold to, by lead byte (0xc3..0xc5) and trail byte. */
static const char fold_table[3][64] = {
    {[0xa7 - 0x80] = 'c',
	[0xb6 - 0x80] = 'o',
	[0xbc - 0x80] = 'u',
	[0x87 - 0x80] = 'c',
	[0x96 - 0x80] = 'o',
	[0x9c - 0x80] = 'u',
	[0xa2 - 0x80] = 'a',
	[0xae - 0x80] = 'i',
	[0xbb - 0x80] = 'u',
	[0xaa - 0x80] = 'e',
	[0xb4 - 0x80] = 'o',
	[0x82 - 0x80] = 'a',
	[0x8e - 0x80] = 'i',
	[0x9b - 0x80] = 'u',
	[0x8a - 0x80] = 'e',
	[0x94 - 0x80] = 'o'},
    {[0x9f - 0x80] = 'g', [0x9e - 0x80] = 'g', [0xb1 - 0x80] = 'i', [0xb0 - 0x80] = 'i'},
    {[0x9f - 0x80] = 's', [0x9e - 0x80] = 's'},
};

static bool
is_trail(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* 0 when the two bytes are no such letter. */
static char
fold_pair(uint8_t lead, uint8_t trail)
{
	if (lead < 0xc3 || lead > 0xc5 || !is_trail(trail))
		return '\0';
	return fold_table[lead - 0xc3][trail - 0x80];
}

/* Bytes of a character that has neither case nor decomposition and that people often type; 0 for all others. */
static size_t
plain_at(const uint8_t *p)
{
	if (p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0x90 && p[2] <= 0xa7) /* U+2010..U+2027: dashes, quotation marks */
		return 3;
	if (p[0] == 0xf0 && p[1] == 0x9f && is_trail(p[2]) && is_trail(p[3])) /* U+1F000..U+1FFFF: pictures */
		return 4;
	if (p[0] == 0xef && p[1] == 0xb8 && p[2] == 0x8f) /* U+FE0F: the picture before it in colour */
		return 3;
	return 0;
}

/* Is valid text in NFC for sure? Below U+0300 nothing composes. */
static bool
is_normal(const uint8_t *p)
{
	size_t size;

	for (; *p; p += size) {
		if (*p < 0x80)
			size = 1;
		else if (*p < 0xcc)
			size = 2;
		else if ((size = plain_at(p)) == 0)
			return false;
	}
	return true;
}

/* Folds text that is ASCII and Turkish letters in NFC; false when it holds anything else. */
static bool
fold_fast(const uint8_t *in, char *out)
{
	while (*in) {
		size_t plain;

		if (*in < 0x80) {
			*out++ = ascii_lower((char)*in++);
		} else if ((plain = plain_at(in)) > 0) {
			memcpy(out, in, plain);
			in += plain;
			out += plain;
		} else if ((*out = fold_pair(in[0], in[1]))) {
			in += 2;
			out++;
		} else {
			return false;
		}
	}
	*out = '\0';
	return true;
}

/* Takes over what libunistring allocated. */
static char *
arena_take(struct arena *a, uint8_t *data, size_t size)
{
	char *text = data ? arena_string_n(a, (const char *)data, size) : NULL;

	free(data);
	return text;
}

static uint8_t *
normalize(const char *text, size_t *size)
{
	return u8_normalize(UNINORM_NFC, (const uint8_t *)text, strlen(text), NULL, size);
}

char *
text_normalize(struct arena *a, const char *text)
{
	size_t length = strlen(text), size;
	uint8_t *data;

	if (!text_valid(text, length))
		return NULL;
	if (is_normal((const uint8_t *)text))
		return arena_string_n(a, text, length);
	data = normalize(text, &size);
	return arena_take(a, data, size);
}

typedef uint8_t *case_map(const uint8_t *, size_t, const char *, uninorm_t, uint8_t *, size_t *);

static char *
map_case(struct arena *a, const char *text, case_map *map)
{
	size_t length = strlen(text), size;
	uint8_t *data;

	if (!text_valid(text, length))
		return NULL;
	data = map((const uint8_t *)text, length, "tr", UNINORM_NFC, NULL, &size);
	return arena_take(a, data, size);
}

char *
text_lower_tr(struct arena *a, const char *text)
{
	return map_case(a, text, u8_tolower);
}

char *
text_upper_tr(struct arena *a, const char *text)
{
	return map_case(a, text, u8_toupper);
}

/* As kopru.fold_tr in SQL: NFC, Turkish lower case, and only then the letters without their marks. */
static char *
fold_slow(struct arena *a, const char *text)
{
	size_t size, lower_size;
	uint8_t *normal = normalize(text, &size);
	uint8_t *lower = normal ? u8_tolower(normal, size, "tr", NULL, NULL, &lower_size) : NULL;
	char *folded = lower ? arena_alloc(a, lower_size + 1) : NULL;
	size_t out = 0;

	for (size_t i = 0; folded && i < lower_size; i++) {
		char letter = i + 1 < lower_size ? fold_pair(lower[i], lower[i + 1]) : '\0';

		folded[out++] = letter ? letter : (char)lower[i];
		i += letter != '\0';
	}
	free(normal);
	free(lower);
	return folded;
}

char *
text_fold_tr(struct arena *a, const char *text)
{
	size_t size = strlen(text);
	char *folded = arena_alloc(a, size + 1);

	if (!folded || fold_fast((const uint8_t *)text, folded))
		return folded;
	return text_valid(text, size) ? fold_slow(a, text) : NULL;
}
