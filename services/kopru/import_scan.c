/* import_scan: see the header. */
#include "services/kopru/import_scan.h"

#include <string.h>

#include "common/base/text.h"

static const char separators[] = {';', ',', '\t'};

/* A byte that begins a character: how many follow, and between which the first of them lies (RFC 3629). */
static bool
begin_character(struct import_scan *s, uint8_t byte)
{
	if (byte < 0xc2 || byte > 0xf4)
		return false;
	s->wanted = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
	s->low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
	s->high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
	return true;
}

static void
end_line(struct import_scan *s)
{
	if (s->wanted > 0)
		s->broken = true;
	if (s->broken)
		s->lines_other++;
	else if (s->several)
		s->lines_utf8++;
	s->wanted = 0;
	s->several = s->broken = false;
}

static void
take_character(struct import_scan *s, uint8_t byte)
{
	if (s->wanted > 0 && byte >= s->low && byte <= s->high) {
		s->low = 0x80;
		s->high = 0xbf;
		if (--s->wanted == 0)
			s->several = true;
		return;
	}
	if (s->wanted > 0) {
		s->broken = true;
		s->wanted = 0;
	}
	if (byte >= 0x80 && !begin_character(s, byte))
		s->broken = true;
}

/* The head has more of its separator than of what stands in names. */
static void
take_head(struct import_scan *s, uint8_t byte)
{
	if (byte == '"')
		s->quoted = !s->quoted;
	for (size_t i = 0; i < sizeof(separators) && !s->quoted; i++)
		s->separators[i] += byte == (uint8_t)separators[i];
}

void
import_scan_feed(struct import_scan *s, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++) {
		uint8_t byte = bytes[i];

		if (s->size < sizeof(s->head))
			s->head[s->size] = byte;
		s->size++;
		if (!s->head_read) {
			take_head(s, byte);
			s->nul |= byte == 0;
			s->head_read = !s->quoted && (byte == '\n' || byte == '\r') && s->size > 2;
		}
		if (byte == '\n' || byte == '\r')
			end_line(s);
		else if (byte >= 0x80 || s->wanted > 0)
			take_character(s, byte);
	}
}

/* What people take for a CSV file. */
static int
check_kind(const struct import_scan *s, struct err *e)
{
	static const char how[] = "convert it first: libreoffice --headless --convert-to 'csv:Text - txt - csv "
				  "(StarCalc):59,34,76' FILE gives UTF-8 with \";\"";

	if (s->size == 0)
		return err_set(e, "the file is empty");
	if (s->size >= 4 && memcmp(s->head, "PK\x03\x04", 4) == 0)
		return err_set(e, "this is an XLSX (or ODS) file; %s", how);
	if (s->size >= 4 && memcmp(s->head, "\xd0\xcf\x11\xe0", 4) == 0)
		return err_set(e, "this is an XLS file; %s", how);
	if (s->size >= 2 && (memcmp(s->head, "\xff\xfe", 2) == 0 || memcmp(s->head, "\xfe\xff", 2) == 0))
		return err_set(e, "this file is UTF-16; allowed are UTF-8 and windows-1254: save it again as "
				  "\"CSV UTF-8\"");
	if (s->nul)
		return err_set(e, "this is no text file: its head holds bytes of 0");
	return 0;
}

int
import_scan_end(struct import_scan *s, struct import_format *format, struct err *e)
{
	size_t best = 0;

	end_line(s);
	if (check_kind(s, e) < 0)
		return -1;
	*format = (struct import_format){.bom = s->size >= 3 && memcmp(s->head, "\xef\xbb\xbf", 3) == 0};
	/* The BOM's own line counts as one of UTF-8. */
	format->mixed = s->lines_other > 0 && s->lines_utf8 > 0;
	if (!format->bom && s->lines_other > s->lines_utf8)
		format->encoding = IMPORT_WINDOWS_1254;
	for (size_t i = 1; i < sizeof(separators); i++)
		if (s->separators[i] > s->separators[best])
			best = i;
	format->separator = separators[best];
	return 0;
}

/* Code points of the bytes 0x80 to 0x9f; 0: there is none. */
static const uint16_t low_1254[32] = {0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0, 0, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
    0x0153, 0, 0, 0x0178};
/* Where it is not Latin-1. */
static const struct {
	uint8_t byte;
	uint16_t point;
} letters_1254[] = {{0xd0, 0x11e}, {0xdd, 0x130}, {0xde, 0x15e}, {0xf0, 0x11f}, {0xfd, 0x131}, {0xfe, 0x15f}};

static unsigned
point_1254(uint8_t byte)
{
	if (byte >= 0x80 && byte < 0xa0)
		return low_1254[byte - 0x80];
	for (size_t i = 0; i < sizeof(letters_1254) / sizeof(letters_1254[0]); i++)
		if (letters_1254[i].byte == byte)
			return letters_1254[i].point;
	return byte;
}

/* NULL when a byte is no character. */
static const char *
cell_1254(struct arena *a, const char *cell)
{
	uint8_t *text = arena_alloc(a, 3 * strlen(cell) + 1), *to = text;

	for (; *cell; cell++) {
		unsigned point = point_1254((uint8_t)*cell);

		if (point == 0)
			return NULL;
		if (point < 0x80) {
			*to++ = (uint8_t)point;
		} else if (point < 0x800) {
			*to++ = (uint8_t)(0xc0 | (point >> 6));
			*to++ = (uint8_t)(0x80 | (point & 0x3f));
		} else {
			*to++ = (uint8_t)(0xe0 | (point >> 12));
			*to++ = (uint8_t)(0x80 | ((point >> 6) & 0x3f));
			*to++ = (uint8_t)(0x80 | (point & 0x3f));
		}
	}
	return (const char *)text;
}

static bool
is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* Letters of Latin script and typographers' signs only: "İ’" of windows-1254 happens to be an Arabic letter in UTF-8. */
static bool
is_latin_utf8(const char *text)
{
	if (!text_valid(text, strlen(text)))
		return false;
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c >= 0xc6 && *c != 0xe2)
			return false;
	return true;
}

static const char *
decode_1254(struct arena *a, const char **cells, size_t count)
{
	bool latin = false;

	for (size_t i = 0; i < count; i++) {
		if (is_ascii(cells[i]))
			continue;
		if (!(latin = is_latin_utf8(cells[i])))
			break;
	}
	if (latin)
		return "its letters are UTF-8, those of the other rows windows-1254";
	for (size_t i = 0; i < count; i++)
		if (!is_ascii(cells[i]) && !(cells[i] = cell_1254(a, cells[i])))
			return "it holds bytes that are no characters, neither of windows-1254 nor of UTF-8";
	return NULL;
}

const char *
import_decode(struct arena *a, enum import_encoding encoding, const char **cells, size_t count)
{
	if (encoding == IMPORT_WINDOWS_1254)
		return decode_1254(a, cells, count);
	for (size_t i = 0; i < count; i++)
		if (!text_valid(cells[i], strlen(cells[i])))
			return "its letters are not UTF-8, as those of the other rows are";
	return NULL;
}

const char *
import_encoding_name(enum import_encoding encoding)
{
	return encoding == IMPORT_WINDOWS_1254 ? "windows-1254" : "UTF-8";
}
