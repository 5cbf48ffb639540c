/* letter: an e-mail message as RFC 5322 wants it, from texts of ours. Pure. */
#ifndef KOPRU_SERVICES_NOTIFIER_LETTER_H
#define KOPRU_SERVICES_NOTIFIER_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"

/* Whom messages come from. */
struct letter_sender {
	const char *name; /* "" when there is none */
	const char *address;
	const char *domain; /* of the address, for Message-ID */
};

/* "Name <address>" or "address". What it gives lives in a. */
int letter_sender_parse(struct arena *a, const char *text, struct letter_sender *sender, struct err *e);

struct letter {
	const struct letter_sender *sender;
	const char *to; /* one address */
	/* Of the notice, and the application's number: the same letter has the same Message-ID each time, and whoever answers it,
	 * or sends it back, says what it was about. */
	const char *id, *number;
	const char *thread; /* of the application: its letters stand together; "" for none */
	bool repeated; /* nobody knows whether it arrived the first time */
	const char *language; /* "tr" or "en" */
	int64_t at; /* Date */
	const char *subject;
	const char *body; /* any line ends */
};

/* There is no List-Unsubscribe: RFC 8058 wants an address that knows the recipient without a page in between, so the
 * secret would stand in a query or a path, and thus in logs. The letter's own link carries it in the fragment.
 * Headers and body with CRLF, ASCII, no line longer than 76 (a header with a long address, and Message-ID, apart). NULL with the
 * reason when an address is not valid or the subject holds a control character: nothing can add a header. */
char *letter_compose(struct arena *a, const struct letter *letter, size_t *size, struct err *e);

#endif
