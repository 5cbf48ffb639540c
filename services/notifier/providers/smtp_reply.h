/* smtp_reply: what a mail server says, read line by line (RFC 5321, section 4.2), and what of it may be kept. Pure. */
#ifndef KOPRU_SERVICES_NOTIFIER_PROVIDERS_SMTP_REPLY_H
#define KOPRU_SERVICES_NOTIFIER_PROVIDERS_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#define SMTP_REPLY_BYTES_MAX 4096 /* of one reply, all lines */
#define SMTP_REPLY_TEXT_SIZE 200

struct smtp_reply {
	int code; /* 200..599 */
	char text[SMTP_REPLY_TEXT_SIZE]; /* of its last line, cut */
};

/* Zeroed is empty. */
struct smtp_reader {
	char data[SMTP_REPLY_BYTES_MAX];
	size_t size;
};

enum smtp_read {
	SMTP_MORE, /* not yet a whole reply */
	SMTP_REPLY,
	SMTP_GARBAGE, /* this will never be one */
};

/* Adds bytes; false when there are more than a reply may have. */
bool smtp_reader_add(struct smtp_reader *r, const char *data, size_t size);
/* Takes the next reply out. */
enum smtp_read smtp_reader_next(struct smtp_reader *r, struct smtp_reply *reply);
bool smtp_reader_empty(const struct smtp_reader *r);

/* "550 5.1.1 no such user" as one line of printable ASCII; words that hold an @, and the local part of the recipient, are
 * left out: servers quote addresses. */
void smtp_reply_reason(const struct smtp_reply *reply, const char *to, char *reason, size_t size);

#endif
