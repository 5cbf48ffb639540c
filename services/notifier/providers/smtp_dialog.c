/* smtp_dialog: see smtp_dialog.h. */
#include "services/notifier/providers/smtp_dialog.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES_MAX 998

/* Which answers lead where. */
static const struct stage {
	const char *name;
	int first_digit; /* of the answer that is wanted */
} stages[] = {
    [SMTP_STAGE_NONE] = {"", 0},
    [SMTP_STAGE_MAIL] = {"MAIL", 2},
    [SMTP_STAGE_RCPT] = {"RCPT", 2},
    [SMTP_STAGE_DATA] = {"DATA", 3},
    [SMTP_STAGE_TEXT] = {"the text", 0},
    [SMTP_STAGE_DOT] = {"the final dot", 2},
    [SMTP_STAGE_RSET] = {"RSET", 2},
};

/* The server wants a password, or another one: that is no fault of the letter. */
static bool
is_about_login(int code)
{
	return code == 530 || code == 534 || code == 535 || code == 538;
}

enum smtp_step
smtp_dialog_begin(struct smtp_dialog *d, const char *from, const char *to)
{
	*d = (struct smtp_dialog){.stage = SMTP_STAGE_MAIL, .to = to};
	snprintf(d->command, sizeof(d->command), "MAIL FROM:<%s>\r\n", from);
	return SMTP_STEP_COMMAND;
}

enum smtp_step
smtp_dialog_texted(struct smtp_dialog *d)
{
	d->stage = SMTP_STAGE_DOT;
	snprintf(d->command, sizeof(d->command), ".\r\n");
	return SMTP_STEP_COMMAND;
}

static enum smtp_step
ended(struct smtp_dialog *d, enum provider_end end, enum smtp_step step)
{
	d->end = end;
	d->stage = SMTP_STAGE_NONE;
	return step;
}

enum smtp_step
smtp_dialog_lost(struct smtp_dialog *d, const char *why)
{
	bool unknown = d->stage == SMTP_STAGE_DOT;

	if (d->stage == SMTP_STAGE_RSET) /* the letter's end is known */
		return ended(d, d->end, SMTP_STEP_CLOSE);
	snprintf(d->reason, sizeof(d->reason), "%s: %s", stages[d->stage].name, why);
	return ended(d, unknown ? PROVIDER_UNKNOWN : PROVIDER_RETRY, SMTP_STEP_CLOSE);
}

/* The answer leads on. */
static enum smtp_step
stage_next(struct smtp_dialog *d)
{
	switch (d->stage) {
	case SMTP_STAGE_MAIL:
		d->stage = SMTP_STAGE_RCPT;
		snprintf(d->command, sizeof(d->command), "RCPT TO:<%s>\r\n", d->to);
		return SMTP_STEP_COMMAND;
	case SMTP_STAGE_RCPT:
		d->stage = SMTP_STAGE_DATA;
		snprintf(d->command, sizeof(d->command), "DATA\r\n");
		return SMTP_STEP_COMMAND;
	case SMTP_STAGE_DATA:
		d->stage = SMTP_STAGE_TEXT;
		return SMTP_STEP_TEXT;
	case SMTP_STAGE_DOT:
		return ended(d, PROVIDER_SENT, SMTP_STEP_ENDED);
	case SMTP_STAGE_RSET:
		return ended(d, d->end, SMTP_STEP_ENDED);
	case SMTP_STAGE_NONE:
	case SMTP_STAGE_TEXT:
		break;
	}
	return smtp_dialog_lost(d, "an answer to nothing");
}

static void
refusal_set(struct smtp_dialog *d, const struct smtp_reply *reply)
{
	char said[SMTP_REPLY_TEXT_SIZE + 32];

	smtp_reply_reason(reply, d->to, said, sizeof(said));
	snprintf(d->reason, sizeof(d->reason), "%s: %s", stages[d->stage].name, said);
	d->server_refused = reply->code == 421 || is_about_login(reply->code);
	d->end = reply->code < 500 || is_about_login(reply->code) ? PROVIDER_RETRY : PROVIDER_FAILED;
}

/* 4xx or 5xx: the server has not taken the letter, wherever it says so. */
static enum smtp_step
refused(struct smtp_dialog *d, const struct smtp_reply *reply)
{
	bool in_command = d->stage == SMTP_STAGE_MAIL || d->stage == SMTP_STAGE_RCPT || d->stage == SMTP_STAGE_DATA;

	if (d->stage == SMTP_STAGE_RSET)
		return ended(d, d->end, SMTP_STEP_CLOSE);
	refusal_set(d, reply);
	if (d->stage == SMTP_STAGE_DOT && !d->server_refused)
		return ended(d, d->end, SMTP_STEP_ENDED);
	if (!in_command || d->server_refused)
		return ended(d, d->end, SMTP_STEP_CLOSE);
	d->stage = SMTP_STAGE_RSET;
	snprintf(d->command, sizeof(d->command), "RSET\r\n");
	return SMTP_STEP_COMMAND;
}

enum smtp_step
smtp_dialog_reply(struct smtp_dialog *d, const struct smtp_reply *reply, bool more)
{
	enum smtp_step step;

	if (reply->code >= 400)
		step = refused(d, reply);
	else if (reply->code / 100 != stages[d->stage].first_digit)
		return smtp_dialog_lost(d, "an answer that does not belong there");
	else if (more && d->stage != SMTP_STAGE_DOT)
		return smtp_dialog_lost(d, "more answers than questions");
	else
		step = stage_next(d);
	if (!more || step == SMTP_STEP_CLOSE)
		return step;
	/* What else was said would be taken for the answer to the next command. */
	return d->stage == SMTP_STAGE_RSET || step == SMTP_STEP_ENDED ? ended(d, d->end, SMTP_STEP_CLOSE) : step;
}

/* A line's bytes with its CR LF; 0 when it is none. */
static size_t
line_size(const char *line, size_t left)
{
	const char *end = memchr(line, '\n', left);
	size_t size = end ? (size_t)(end - line) + 1 : 0;

	if (size < 2 || line[size - 2] != '\r' || size - 2 > LINE_BYTES_MAX || memchr(line, '\r', size - 2) ||
	    memchr(line, '\0', size))
		return 0;
	return size;
}

char *
smtp_text_make(struct arena *a, const char *data, size_t size, size_t *text_size)
{
	char *text = arena_alloc(a, size * 2 + 1);
	size_t used = 0;

	for (size_t at = 0, length; at < size; at += length) {
		length = line_size(data + at, size - at);
		if (length == 0)
			return NULL;
		if (data[at] == '.')
			text[used++] = '.';
		memcpy(text + used, data + at, length);
		used += length;
	}
	*text_size = used;
	return text;
}
