/* letter: headers by RFC 5322, words beyond ASCII by RFC 2047, body in quoted-printable (RFC 2045). */
#include "services/notifier/letter.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/base/text.h"
#include "common/domain/calendar.h"
#include "common/domain/identity.h"
#include "common/domain/number.h"

#define WORD_BYTES 39 /* "Subject: " and one encoded word of so many bytes fit in 76 */
#define PLAIN_MAX 60
#define LINE_MAX_QUOTED 76
#define ID_MAX 64

struct out {
	char *text;
	size_t used, size;
};

static void
out_add(struct out *o, const char *data, size_t size)
{
	if (size >= o->size - o->used)
		abort();
	memcpy(o->text + o->used, data, size);
	o->used += size;
	o->text[o->used] = '\0';
}

static void
out_text(struct out *o, const char *text)
{
	out_add(o, text, strlen(text));
}

static bool
text_plain(const char *text)
{
	size_t size = strlen(text);

	if (size > PLAIN_MAX || strstr(text, "=?"))
		return false;
	for (size_t i = 0; i < size; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

/* The most bytes of text that end with a whole character. */
static size_t
word_size(const char *text)
{
	size_t size = strlen(text);

	if (size <= WORD_BYTES)
		return size;
	size = WORD_BYTES;
	while (((unsigned char)text[size] & 0xc0) == 0x80)
		size--;
	return size;
}

/* =?UTF-8?B?...?= words, each on a line of its own. */
static void
out_words(struct out *o, const char *text)
{
	char base64[sodium_base64_ENCODED_LEN(WORD_BYTES, sodium_base64_VARIANT_ORIGINAL)];

	for (bool first = true; *text; first = false) {
		size_t size = word_size(text);

		sodium_bin2base64(
		    base64, sizeof(base64), (const unsigned char *)text, size, sodium_base64_VARIANT_ORIGINAL);
		out_text(o, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
		out_text(o, base64);
		out_text(o, "?=");
		text += size;
	}
}

static void
out_quoted_string(struct out *o, const char *text)
{
	out_text(o, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			out_text(o, "\\");
		out_add(o, text, 1);
	}
	out_text(o, "\"");
}

static void
out_sender(struct out *o, const struct letter_sender *sender)
{
	out_text(o, "From: ");
	if (*sender->name && text_plain(sender->name))
		out_quoted_string(o, sender->name);
	else
		out_words(o, sender->name);
	out_text(o, *sender->name ? "\r\n <" : "<");
	out_text(o, sender->address);
	out_text(o, ">\r\n");
}

static void
out_date(struct out *o, int64_t at)
{
	static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	static const char *const months[] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int32_t date = date_in_istanbul(at);
	int seconds = (int)((at - date_start_in_istanbul(date)) / 1000000);
	int year, month, day;
	char text[64];

	date_to_civil(date, &year, &month, &day);
	snprintf(text, sizeof(text), "Date: %s, %02d %s %04d %02d:%02d:%02d +0300\r\n", days[date_weekday(date)], day,
	    months[month - 1], year, seconds / 3600, seconds / 60 % 60, seconds % 60);
	out_text(o, text);
}

/* One byte of a line. last: white space here would stand at the end of a line, where it gets lost. A dot at the begin of
 * a line is coded, so that no server can take it for the end of the message. */
static void
out_quoted_byte(struct out *o, unsigned char byte, bool last, size_t *column)
{
	bool dot = byte == '.' && *column == 0;
	bool literal = (byte >= 33 && byte <= 126 && byte != '=') || ((byte == ' ' || byte == '\t') && !last);
	size_t width;
	char text[4];

	literal = literal && !dot;
	width = literal ? 1 : 3;
	if (*column + width > LINE_MAX_QUOTED - 1) {
		out_text(o, "=\r\n");
		*column = 0;
	}
	snprintf(text, sizeof(text), literal ? "%c" : "=%02X", byte);
	out_add(o, text, width);
	*column += width;
}

static void
out_quoted(struct out *o, const char *text)
{
	size_t column = 0;

	for (; *text; text++) {
		bool line_end = *text == '\n' || *text == '\r';

		if (!line_end) {
			out_quoted_byte(o, (unsigned char)*text, strchr("\r\n", text[1]) != NULL, &column);
			continue;
		}
		if (text[0] == '\r' && text[1] == '\n')
			text++;
		out_text(o, "\r\n");
		column = 0;
	}
	if (column)
		out_text(o, "\r\n");
}

/* A message that never was, so that the first letter of an application need not be known. */
static void
out_thread(struct out *o, const struct letter *letter)
{
	static const char *const names[] = {"In-Reply-To", "References"};

	for (size_t i = 0; *letter->thread && i < 2; i++) {
		out_text(o, "\r\n");
		out_text(o, names[i]);
		out_text(o, ": <");
		out_text(o, letter->thread);
		out_text(o, "@");
		out_text(o, letter->sender->domain);
		out_text(o, ">");
	}
}

static void
out_headers(struct out *o, const struct letter *letter)
{
	out_sender(o, letter->sender);
	out_text(o, "To: <");
	out_text(o, letter->to);
	out_text(o, ">\r\nSubject: ");
	if (text_plain(letter->subject))
		out_text(o, letter->subject);
	else
		out_words(o, letter->subject);
	out_text(o, "\r\n");
	out_date(o, letter->at);
	out_text(o, "Message-ID: <");
	out_text(o, letter->id);
	out_text(o, ".");
	out_text(o, letter->number);
	out_text(o, "@");
	out_text(o, letter->sender->domain);
	out_text(o, ">\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
		    "Content-Transfer-Encoding: quoted-printable\r\nContent-Language: ");
	out_text(o, letter->language);
	out_thread(o, letter);
	if (letter->repeated)
		out_text(o, "\r\nX-Kopru-Repeated: yes");
	/* No answering machine answers, so no loop starts. */
	out_text(o, "\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n\r\n");
}

/* Lower-case hexadecimal digits and hyphens only. */
static bool
id_valid(const char *id)
{
	return strlen(id) <= ID_MAX && strspn(id, "0123456789abcdef-") == strlen(id);
}

static bool
number_valid(const char *number)
{
	char text[NUMBER_TEXT_SIZE];
	int year;
	int32_t serial;

	return number_parse(number, &year, &serial) && number_format(year, serial, text) && strcmp(text, number) == 0;
}

static bool
language_known(const char *language)
{
	return strcmp(language, "tr") == 0 || strcmp(language, "en") == 0;
}

char *
letter_compose(struct arena *a, const struct letter *letter, size_t *size, struct err *e)
{
	const struct letter_sender *sender = letter->sender;
	size_t bound = 2048 + strlen(sender->name) * 4 + strlen(letter->subject) * 4 + strlen(letter->body) * 4;
	struct out o = {.size = bound};

	if (!email_valid(sender->address) || !email_valid(letter->to)) {
		err_set(e, "an address is not valid");
		return NULL;
	}
	if (text_blank(letter->subject) || text_has_line_break_or_control(letter->subject) ||
	    text_has_line_break_or_control(sender->name)) {
		err_set(e, "the subject is empty, or a header holds a control character");
		return NULL;
	}
	if (!*letter->id || !id_valid(letter->id) || !number_valid(letter->number) || !id_valid(letter->thread) ||
	    !language_known(letter->language)) {
		err_set(e, "an id or the language is malformed");
		return NULL;
	}
	o.text = arena_alloc(a, bound);
	if (!o.text) {
		err_set(e, "the letter is too large");
		return NULL;
	}
	out_headers(&o, letter);
	out_quoted(&o, letter->body);
	*size = o.used;
	return o.text;
}

int
letter_sender_parse(struct arena *a, const char *text, struct letter_sender *sender, struct err *e)
{
	const char *open = strrchr(text, '<');
	size_t size = strlen(text);
	char *name = arena_string(a, "");
	char *address;

	if (open && text[size - 1] == '>') {
		name = text_trim(a, arena_string_n(a, text, (size_t)(open - text)));
		address = arena_string_n(a, open + 1, size - (size_t)(open - text) - 2);
	} else {
		address = text_trim(a, text);
	}
	if (!text_valid(text, size) || text_has_line_break_or_control(text) || !email_valid(address))
		return err_set(e, "sender \"%s\" is not \"Name <address>\" or an address", text);
	if (strlen(name) > 200)
		return err_set(e, "the sender's name is longer than 200 bytes");
	sender->name = name;
	sender->address = address;
	sender->domain = strrchr(address, '@') + 1;
	return 0;
}
