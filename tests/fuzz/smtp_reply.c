/* Any bytes as a mail server's answers, in pieces: what is read is printable and bounded, a reason holds no address, and
 * the dialog always comes to an end. First byte: the size of the pieces. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "services/notifier/providers/smtp_dialog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TO "ayse@example.org"

static void
check_reason(const struct smtp_reply *reply)
{
	char reason[SMTP_REPLY_TEXT_SIZE + 32];

	if (reply->code < 200 || reply->code > 599 || strlen(reply->text) >= SMTP_REPLY_TEXT_SIZE)
		abort();
	smtp_reply_reason(reply, TO, reason, sizeof(reason));
	if (strchr(reason, '@') || strstr(reason, "ayse"))
		abort();
	for (const char *c = reason; *c; c++)
		if (*c < ' ' || *c > '~')
			abort();
}

/* One step of the dialog; false when it has ended. */
static int
go_on(struct smtp_dialog *d, const struct smtp_reply *reply, int more)
{
	enum smtp_step step = smtp_dialog_reply(d, reply, more);

	if (step == SMTP_STEP_TEXT)
		step = smtp_dialog_texted(d);
	if (step == SMTP_STEP_COMMAND && strcmp(d->command + strlen(d->command) - 2, "\r\n") != 0)
		abort();
	if ((step == SMTP_STEP_ENDED || step == SMTP_STEP_CLOSE) && d->end == PROVIDER_UNTOUCHED)
		abort();
	return step == SMTP_STEP_COMMAND;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtp_reader *r = calloc(1, sizeof(*r));
	size_t piece = size ? (size_t)data[0] + 1 : 1;
	struct smtp_reply reply;
	struct smtp_dialog d;
	enum smtp_read read = SMTP_MORE;

	if (!r)
		abort();
	smtp_dialog_begin(&d, "", TO);
	for (size_t at = 1; at < size && read != SMTP_GARBAGE; at += piece) {
		if (!smtp_reader_add(r, (const char *)data + at, size - at < piece ? size - at : piece))
			break;
		while ((read = smtp_reader_next(r, &reply)) == SMTP_REPLY) {
			check_reason(&reply);
			if (!go_on(&d, &reply, !smtp_reader_empty(r)))
				smtp_dialog_begin(&d, "", TO);
		}
	}
	if (smtp_dialog_lost(&d, "gone") != SMTP_STEP_CLOSE)
		abort();
	free(r);
	return 0;
}
