/* inbound: what arrives is stored as it arrived before anybody is told that it did; then it is digested: read by its channel,
 * each message once, into drafts; drafts become applications or additions to cases; their senders are told. Any number of
 * instances digest side by side; each step holds a lease with a token and can be taken up by another. */
#ifndef KOPRU_SERVICES_INTAKE_INBOUND_H
#define KOPRU_SERVICES_INTAKE_INBOUND_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/db/db.h"

#define INBOUND_BYTES_MAX ((size_t)16 * 1024 * 1024) /* of arrivals that wait for their commit */

struct inbound;

enum inbound_end {
	INBOUND_STORED, /* durable */
	INBOUND_REPEATED, /* it was there already; durable */
	INBOUND_UNAVAILABLE, /* not stored: come again */
	INBOUND_UNKNOWN, /* nobody knows: come again, the same source_id makes it one */
};

/* One thing that arrived. The caller's, the first members filled in; it and what it points to live until on_end. */
struct inbound_arrival {
	const char *source, *source_id; /* source_id NULL: raw_file, or the SHA-256 of raw, in hex */
	const char *content_type; /* NULL when not given; up to 200 bytes of it are kept */
	const void *raw;
	size_t size;
	const uint8_t *raw_file; /* SHA-256 of a file among the files, instead of raw; then size is the file's */
	/* "stored" to be digested; "done", "ignored", "refused", "triage" when the verdict is known */
	const char *state;
	const char *verdict; /* constant, without personal data; NULL with "stored" */
	void (*on_end)(struct inbound_arrival *arrival, enum inbound_end end, int64_t id);
	void *arg;

	/* inbound's own */
	char hash_text[65];
	size_t place;
	bool first;
};

/* arrivals: a connection of inbound's own, so that no arrival waits behind other work. wake (may be NULL) is called when
 * something is stored that is to be digested. */
struct inbound *inbound_new(struct loop *l, struct db *arrivals, void (*wake)(void *arg), void *arg, struct metrics *m);
void inbound_stop(struct inbound *i); /* before db_close: tells the end of all that wait */
void inbound_free(struct inbound *i); /* NULL is fine; after db_close */

/* -1: too many wait; not taken (on_end does not come). Otherwise on_end comes, later. */
int inbound_receive(struct inbound *i, struct inbound_arrival *arrival);

/* The same for what is refused (a wrong signature, an unknown service), without waiting for it: raw is cut at 4 KiB, and at
 * most 60 rows a minute are kept; all are counted. Copies what it keeps. */
void inbound_refuse(
    struct inbound *i, const char *source, const char *content_type, const void *raw, size_t size, const char *verdict);

/* What went wrong with a source last (a mailbox, the Graph API): for the operator. One line without personal data. At most
 * one a second and source is kept. */
void inbound_error(struct inbound *i, const char *source, const char *error);

#endif
