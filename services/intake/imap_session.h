/* imap_session: one look into a folder of an IMAP server. libcurl makes the connection (TLS, certificate, STARTTLS, login);
 * the dialog is ours, because libcurl's own fetch opens the folder for writing and marks mails as read: EXAMINE and
 * BODY.PEEK change nothing on the server. Mails come in order of their UIDs, in rounds: a round is stored before the next
 * is asked for. Larger ones than a limit come without their end. */
#ifndef KOPRU_SERVICES_INTAKE_IMAP_SESSION_H
#define KOPRU_SERVICES_INTAKE_IMAP_SESSION_H

#include "common/loop/loop.h"
#include "services/intake/channels/channels_conf.h"

struct imap_session;

struct imap_mail {
	uint32_t uid;
	char *data; /* malloc'ed, taken over; NULL: the server cannot give this mail */
	size_t size;
	bool whole; /* otherwise its begin only */
};

/* Never called from within imap_session_new(). */
struct imap_events {
	/* The folder is open; gives the UID after which mails are wanted. */
	uint32_t (*on_opened)(void *arg, uint32_t uid_validity);
	/* A mail of so many bytes comes; false: not now, until imap_session_resume(). */
	bool (*may_come)(void *arg, size_t size);
	void (*on_mail)(void *arg, struct imap_mail *mail);
	/* That was all of a round, up to this UID: goes on with imap_session_next(). */
	void (*on_round)(void *arg, uint32_t uid);
	/* There is no more (NULL), or it failed: one line without personal data. The session is to be freed. */
	void (*on_end)(void *arg, const char *error);
	void *arg;
};

/* conf outlives it. A mail larger than size_max bytes comes with its first begin_max bytes. */
struct imap_limits {
	size_t size_max, begin_max;
	int64_t answer_ms; /* without a byte for so long, it failed */
};

struct imap_session *imap_session_new(struct loop *l, const struct mailbox_conf *conf, const struct imap_limits *limits,
    const struct imap_events *events);
void imap_session_resume(struct imap_session *s);
void imap_session_next(struct imap_session *s);
/* NULL is fine; also from within on_end and the others. The connection is closed at once. */
void imap_session_free(struct imap_session *s);

#endif
