/* mail_charset: see mail_charset.h. */
#include "services/intake/mail_charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/base/text.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define NAME_MAX_SIZE 40

/* What Turkish windows-1254 likes to call itself. The first is also the word that is put in its place. */
static const char *const latin[] = {"windows-1254", "iso-8859-1", "iso-8859-9", "iso_8859-1", "iso_8859-9", "latin1",
    "latin5", "windows-1252", "cp1252", "cp1254", "us-ascii", "ascii", "unknown-8bit", "x-unknown", "default", NULL};

struct decoded {
	char *text;
	size_t used, size;
};

static void
put(struct decoded *d, const char *bytes, size_t size)
{
	if (size > d->size - d->used)
		return;
	memcpy(d->text + d->used, bytes, size);
	d->used += size;
}

const char *
mail_charset_real(const char *declared)
{
	for (size_t i = 0; latin[i]; i++)
		if (ascii_equal_nocase(declared, latin[i]))
			return latin[0];
	return declared;
}

/* The next bytes that cannot be decoded become one mark. */
static void
convert(iconv_t with, const char *data, size_t size, struct decoded *d)
{
	char *in = (char *)(uintptr_t)data; /* iconv only reads */
	size_t left = size;

	while (left > 0) {
		char *out = d->text + d->used;
		size_t room = d->size - d->used;
		size_t rc = iconv(with, &in, &left, &out, &room);

		d->used = d->size - room;
		if (rc != (size_t)-1)
			break;
		if (errno == E2BIG)
			return;
		put(d, REPLACEMENT, 3);
		in++;
		left--;
		iconv(with, NULL, NULL, NULL, NULL);
	}
}

/* In place: line ends to \n, no control characters, no NUL. */
static char *
clean(char *text, size_t size)
{
	size_t to = 0;

	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\r' && i + 1 < size && text[i + 1] == '\n')
			continue;
		if (c == '\r' || c == '\f')
			c = '\n';
		/* C1 controls are c2 80..9f */
		if (c == 0xc2 && i + 1 < size && (unsigned char)text[i + 1] < 0xa0) {
			i++;
			continue;
		}
		if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
			continue;
		text[to++] = (char)c;
	}
	text[to] = '\0';
	return text;
}

static char *
decode_with(struct arena *a, const char *data, size_t size, const char *charset)
{
	struct decoded d = {.size = size * 3 + 16};
	iconv_t with = strlen(charset) < NAME_MAX_SIZE ? iconv_open("UTF-8", charset) : (iconv_t)-1;

	if (with == (iconv_t)-1)
		return NULL;
	d.text = arena_alloc(a, d.size + 1);
	convert(with, data, size, &d);
	iconv_close(with);
	return clean(d.text, d.used);
}

/* NULs say nothing in any charset that a mail may have without base64, and hide the rest. */
static char *
without_nuls(struct arena *a, const char *data, size_t *size)
{
	char *text = arena_alloc(a, *size + 1);
	size_t used = 0;

	for (size_t i = 0; i < *size; i++)
		if (data[i])
			text[used++] = data[i];
	*size = used;
	return text;
}

/* Is it UTF-8 with some damage? Then good sequences outnumber the bytes that are none. */
static bool
mostly_utf8(const char *data, size_t size)
{
	size_t good = 0, bad = 0;

	for (size_t i = 0; i < size;) {
		unsigned char c = (unsigned char)data[i];
		size_t length = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;

		if (length == 0 || length > size - i || !text_valid(data + i, length)) {
			bad++;
			i++;
			continue;
		}
		good += length > 1;
		i += length;
	}
	return good > bad;
}

char *
mail_decode(struct arena *a, const char *data, size_t size, const char *declared)
{
	const char *charset = declared && *declared ? mail_charset_real(declared) : latin[0];
	bool wide = ascii_starts_nocase(charset, "utf-16") || ascii_starts_nocase(charset, "utf-32") ||
		    ascii_starts_nocase(charset, "ucs-");
	char *text = NULL;

	if (!wide && memchr(data, '\0', size))
		data = without_nuls(a, data, &size);
	/* Well-formed UTF-8 with a letter beyond ASCII is nothing else, whatever it calls itself. */
	if (!wide && !memchr(data, '\x1b', size) && text_valid(data, size))
		return clean(arena_string_n(a, data, size), size);
	if (!wide && mostly_utf8(data, size))
		charset = "utf-8";
	else if (ascii_equal_nocase(charset, "utf-8") || ascii_equal_nocase(charset, "utf8"))
		charset = latin[0];
	text = decode_with(a, data, size, charset);
	if (!text || !text_valid(text, strlen(text)))
		text = decode_with(a, data, size, latin[0]);
	return text ? text : arena_string(a, "");
}

/* The length of a name of Latin charsets at the begin of text, when what follows it is end. */
static size_t
latin_at(const char *text, const char *end)
{
	for (size_t i = 1; latin[i]; i++) {
		size_t size = strlen(latin[i]);

		if (ascii_starts_nocase(text, latin[i]) && strncmp(text + size, end, strlen(end)) == 0)
			return size;
	}
	return 0;
}

char *
mail_parameters_relabel(struct arena *a, const char *value)
{
	size_t size = strlen(value), used = 0;
	char *text = arena_alloc(a, size * 3 + 16); /* the name that is put in is at most 12 bytes */

	for (size_t i = 0; i < size;) {
		size_t name = value[i] == '*' && value[i + 1] == '=' ? latin_at(value + i + 2, "'") : 0;

		text[used++] = value[i++];
		if (name == 0)
			continue;
		text[used++] = value[i++];
		memcpy(text + used, latin[0], strlen(latin[0]));
		used += strlen(latin[0]);
		i += name;
	}
	text[used] = '\0';
	return text;
}

char *
mail_line(struct arena *a, const char *text, size_t size_max)
{
	size_t size = text ? strlen(text) : 0;
	char *line;

	if (!text)
		return NULL;
	line = mail_decode(a, text, size, NULL);
	for (char *c = line; *c; c++)
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	size = strlen(line);
	if (size > size_max) {
		size = size_max;
		while (size > 0 && ((unsigned char)line[size] & 0xc0) == 0x80)
			size--;
		line[size] = '\0';
	}
	return text_trim(a, line);
}
