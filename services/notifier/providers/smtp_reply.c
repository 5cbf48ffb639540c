/* smtp_reply: see smtp_reply.h. */
#include "services/notifier/providers/smtp_reply.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

#define LOCAL_MIN 3 /* a shorter local part is found in too many words */

bool
smtp_reader_add(struct smtp_reader *r, const char *data, size_t size)
{
	if (size > sizeof(r->data) - r->size)
		return false;
	memcpy(r->data + r->size, data, size);
	r->size += size;
	return true;
}

bool
smtp_reader_empty(const struct smtp_reader *r)
{
	return r->size == 0;
}

/* The code of a line without its end; 0 when it has none. */
static int
line_code(const char *line, size_t size)
{
	if (size < 3 || line[0] < '2' || line[0] > '5' || !ascii_digit(line[1]) || !ascii_digit(line[2]))
		return 0;
	if (size > 3 && line[3] != ' ' && line[3] != '-')
		return 0;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
}

static void
reply_set(struct smtp_reply *reply, int code, const char *line, size_t size)
{
	size_t text = size > 4 ? size - 4 : 0;

	if (text >= sizeof(reply->text))
		text = sizeof(reply->text) - 1;
	reply->code = code;
	memcpy(reply->text, line + (size > 4 ? 4 : size), text);
	reply->text[text] = '\0';
	for (size_t i = 0; i < text; i++)
		if (reply->text[i] < ' ' || reply->text[i] > '~')
			reply->text[i] = '?';
}

/* What can still become a code. */
static bool
begins_well(const char *line, size_t size)
{
	static const char model[] = "200";
	char padded[3];

	for (size_t i = 0; i < sizeof(padded); i++)
		padded[i] = i < size ? line[i] : model[i];
	return line_code(padded, sizeof(padded)) != 0 &&
	       (size < 4 || line[3] == ' ' || line[3] == '-' || line[3] == '\r');
}

enum smtp_read
smtp_reader_next(struct smtp_reader *r, struct smtp_reply *reply)
{
	const char *line = r->data, *data_end = r->data + r->size;
	int code = 0;

	while (line < data_end) {
		const char *end = memchr(line, '\n', (size_t)(data_end - line));
		size_t size = (size_t)((end ? end : data_end) - line);
		int of_line;

		if (!end)
			return begins_well(line, size) && r->size < sizeof(r->data) ? SMTP_MORE : SMTP_GARBAGE;
		if (size > 0 && line[size - 1] == '\r')
			size--;
		of_line = line_code(line, size);
		if (of_line == 0 || (code != 0 && code != of_line))
			return SMTP_GARBAGE;
		code = of_line;
		if (size <= 3 || line[3] == ' ') {
			reply_set(reply, code, line, size);
			r->size = (size_t)(data_end - end - 1);
			memmove(r->data, end + 1, r->size);
			return SMTP_REPLY;
		}
		line = end + 1;
	}
	return r->size < sizeof(r->data) ? SMTP_MORE : SMTP_GARBAGE;
}

/* Does text begin with the size bytes of what, in any case of letters? */
static bool
begins_nocase(const char *text, const char *what, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (ascii_lower(text[i]) != ascii_lower(what[i]))
			return false;
	return true;
}

/* Bytes of the word at text that must not be kept; 0 when it may. */
static size_t
word_hidden(const char *text, const char *to, size_t local)
{
	size_t word = strcspn(text, " "), at = strcspn(text, " @");

	if (at < word)
		return word;
	for (size_t i = 0; local >= LOCAL_MIN && i + local <= word; i++)
		if (begins_nocase(text + i, to, local))
			return word;
	return 0;
}

void
smtp_reply_reason(const struct smtp_reply *reply, const char *to, char *reason, size_t size)
{
	size_t local = strcspn(to, "@"), used = (size_t)snprintf(reason, size, "%d ", reply->code);
	const char *text = reply->text;

	while (*text && used + sizeof("<address>") < size) {
		size_t hidden = word_hidden(text, to, local), word = strcspn(text, " ");
		const char *shown = hidden ? "<address>" : text;
		size_t length = hidden ? strlen(shown) : word;

		if (length > size - used - 2)
			length = size - used - 2;
		memcpy(reason + used, shown, length);
		used += length;
		text += word;
		if (*text == ' ')
			reason[used++] = *text++;
	}
	while (used > 0 && reason[used - 1] == ' ')
		used--;
	reason[used] = '\0';
}
