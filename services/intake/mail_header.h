/* mail_header: the headers of a mail as names and unfolded values, and what stands in them. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_MAIL_HEADER_H
#define KOPRU_SERVICES_INTAKE_MAIL_HEADER_H

#include "services/intake/mail.h"

struct mail_header {
	const char *name, *value; /* value: bytes as they came, on one line */
};

struct mail_headers {
	struct mail_header *items;
	size_t count;
};

/* Of the block of headers at the begin of raw; bytes, not checked for UTF-8. */
struct mail_headers mail_headers_split(struct arena *a, const char *raw, size_t size);
/* The first of this name, or NULL. */
const char *mail_header(const struct mail_headers *h, const char *name);
size_t mail_header_count(const struct mail_headers *h, const char *name);

/* address, name, subject, sent_at, id, references, number, content_hash. */
void mail_headers_read(
    struct arena *a, const struct mail_headers *h, const struct mail_rules *rules, struct mail *mail);
void mail_content_hash(const struct mail_headers *h, const void *body, size_t size, uint8_t hash[MAIL_HASH_SIZE]);

/* MAIL_MESSAGE, or MAIL_AUTOMATIC with why. */
enum mail_class mail_class_by_headers(struct arena *a, const struct mail_headers *h, const struct mail_rules *rules,
    const struct mail *mail, const char **why);
/* Does the configured server's Authentication-Results vouch for the domain of mail->address? */
bool mail_is_verified(
    struct arena *a, const struct mail_headers *h, const struct mail_rules *rules, const struct mail *mail);
/* Is the sender a mail system (null return path, MAILER-DAEMON)? */
bool mail_from_system(struct arena *a, const struct mail_headers *h, const struct mail *mail);

#endif
