/* smtp_dialog: one letter's way through a mail server: which command comes next, and what an answer or a lost connection
 * means for the letter. Pure: bytes are moved by smtp_connection. */
#ifndef KOPRU_SERVICES_NOTIFIER_PROVIDERS_SMTP_DIALOG_H
#define KOPRU_SERVICES_NOTIFIER_PROVIDERS_SMTP_DIALOG_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "services/notifier/providers/provider.h"
#include "services/notifier/providers/smtp_reply.h"

#define SMTP_COMMAND_SIZE 520
#define SMTP_REASON_SIZE 320

enum smtp_stage {
	SMTP_STAGE_NONE, /* no letter */
	SMTP_STAGE_MAIL,
	SMTP_STAGE_RCPT,
	SMTP_STAGE_DATA,
	SMTP_STAGE_TEXT, /* the letter goes out; no answer is due */
	SMTP_STAGE_DOT, /* some of the final dot may be out: from here on a lost answer is unknown */
	SMTP_STAGE_RSET,
};

/* What to do next. */
enum smtp_step {
	SMTP_STEP_COMMAND, /* send dialog.command, and wait for its answer */
	SMTP_STEP_TEXT, /* send the letter's text, then call smtp_dialog_texted() */
	SMTP_STEP_ENDED, /* end and reason say how; the connection may take another letter */
	SMTP_STEP_CLOSE, /* the same, but the connection must be closed */
};

struct smtp_dialog {
	enum smtp_stage stage;
	const char *to;
	char command[SMTP_COMMAND_SIZE];
	enum provider_end end;
	bool server_refused; /* not the letter: the server takes nothing from us now */
	char reason[SMTP_REASON_SIZE];
};

/* from: envelope sender, "" for the null one. The command is set. */
enum smtp_step smtp_dialog_begin(struct smtp_dialog *d, const char *from, const char *to);
enum smtp_step smtp_dialog_texted(struct smtp_dialog *d);
/* more: further bytes came with the answer, which nobody asked for. */
enum smtp_step smtp_dialog_reply(struct smtp_dialog *d, const struct smtp_reply *reply, bool more);
/* No answer in time, connection lost, garbage: why. Always SMTP_STEP_CLOSE. */
enum smtp_step smtp_dialog_lost(struct smtp_dialog *d, const char *why);

/* The letter as it goes over the wire, without the final dot: dots at the begin of a line doubled. NULL when it has a line
 * that ends otherwise than with CR LF, or is longer than 998 bytes. */
char *smtp_text_make(struct arena *a, const char *data, size_t size, size_t *text_size);

#endif
