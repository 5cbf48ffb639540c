/* mailboxes_internal: what mailboxes.c (when, how far) and mailboxes_store.c (what becomes of a mail) share. */
#ifndef KOPRU_SERVICES_INTAKE_MAILBOXES_INTERNAL_H
#define KOPRU_SERVICES_INTAKE_MAILBOXES_INTERNAL_H

#include "services/intake/imap_session.h"
#include "services/intake/mail_scan.h"
#include "services/intake/mailboxes.h"

#define MAILBOX_BEGIN_MAX ((size_t)256 * 1024) /* of a mail that is too large */
#define MAILBOX_ROW_MAX ((size_t)256 * 1024) /* larger mails are files */
#define MAILBOX_BYTES_MAX ((size_t)32 * 1024 * 1024) /* of mails that wait to be stored, all mailboxes together */

struct fetched;

struct mailbox {
	struct mailboxes *all;
	const struct mailbox_conf *conf;
	char source[64];
	struct loop_timer *timer; /* until the next look */
	struct imap_session *session; /* NULL: nobody looks */
	int64_t token, uid_validity, uid;
	unsigned failures; /* one after the other */
	uint32_t round_uid;
	size_t pending; /* mails that are not stored yet */
	size_t promised; /* bytes of the mail that is coming */
	bool waits; /* that it is promised is still to be said */
	bool round_ended, store_failed;
	bool in_database; /* a transaction is under way */
	struct metric *mails_total, *failed_total, *failing;
};

struct mailboxes {
	struct loop *loop;
	struct db *work;
	struct inbound *inbound;
	const struct channels_conf *conf;
	struct mailbox *list;
	size_t count;
	size_t bytes; /* that were promised room */
	struct fetched *working, *queued; /* with a worker; for one */
	struct fetched *waiting; /* refused by inbound for the moment */
	size_t workers;
	struct loop_timer *again;
	bool stopping;
};

void mailbox_finish(struct mailbox *m, const char *error);
void mailbox_go_on(struct mailbox *m);

/* Nothing comes any more. */
void mailbox_room_back(struct mailbox *m);
bool mailbox_may_come(void *arg, size_t size);
void mailbox_on_mail(void *arg, struct imap_mail *mail);
void mailboxes_on_again(void *arg);
void mailboxes_store_clear(struct mailboxes *all);

#endif
