/* mailboxes_store: a fetched mail on its way into intake.inbound: a small one as it is, a large or registered one among the
 * files first. What is too large, or what the server cannot give, lies in triage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/loop/worker.h"
#include "services/intake/files.h"
#include "services/intake/mailboxes_internal.h"

#define AGAIN_MS 20
#define WORKERS_MAX 2

static const char too_large[] = "the mail is larger than 25 MiB: only its begin was fetched";
static const char not_given[] = "the mail server cannot give this mail";

struct fetched {
	struct mailbox *mailbox;
	struct fetched *next, **link; /* of a list of mailboxes */
	struct inbound_arrival arrival;
	char *data;
	size_t size, promised;
	struct worker *worker;
	uint8_t sha256[FILES_HASH_SIZE];
	char reason[FILES_REASON_SIZE], source_id[64];
	enum files_end end;
};

static void
list_add(struct fetched **list, struct fetched *f)
{
	f->next = *list;
	f->link = list;
	if (f->next)
		f->next->link = &f->next;
	*list = f;
}

static void
list_remove(struct fetched *f)
{
	if (!f->link)
		return;
	*f->link = f->next;
	if (f->next)
		f->next->link = f->link;
	f->link = NULL;
}

/* Whoever waits for room gets it, when there is some. */
static void
room_share(struct mailboxes *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct mailbox *m = &all->list[i];

		if (!m->waits || (all->bytes > 0 && all->bytes + m->promised > MAILBOX_BYTES_MAX))
			continue;
		m->waits = false;
		all->bytes += m->promised;
		imap_session_resume(m->session);
	}
}

void
mailbox_room_back(struct mailbox *m)
{
	if (!m->waits)
		m->all->bytes -= m->promised;
	m->promised = 0;
	m->waits = false;
}

bool
mailbox_may_come(void *arg, size_t size)
{
	struct mailbox *m = arg;

	mailbox_room_back(m); /* of a mail that nobody wanted */
	m->promised = size < MAIL_SIZE_MAX ? size : MAIL_SIZE_MAX;
	m->waits = m->all->bytes > 0 && m->all->bytes + m->promised > MAILBOX_BYTES_MAX;
	if (!m->waits)
		m->all->bytes += m->promised;
	return !m->waits;
}

static void
fetched_end(struct fetched *f, bool stored)
{
	struct mailbox *m = f->mailbox;
	struct mailboxes *all = m->all;

	list_remove(f);
	m->pending--;
	m->store_failed |= !stored;
	all->bytes -= f->promised;
	metric_add(m->mails_total, stored);
	free(f->data);
	free(f);
	if (all->stopping)
		return;
	room_share(all);
	mailbox_go_on(m);
}

static void
on_arrival_end(struct inbound_arrival *arrival, enum inbound_end end, int64_t id)
{
	(void)id;
	fetched_end(arrival->arg, end == INBOUND_STORED || end == INBOUND_REPEATED);
}

static void
arrive(struct fetched *f)
{
	struct mailboxes *all = f->mailbox->all;

	if (inbound_receive(all->inbound, &f->arrival) == 0)
		return;
	list_add(&all->waiting, f);
	timer_start(all->again, AGAIN_MS);
}

void
mailboxes_on_again(void *arg)
{
	struct mailboxes *all = arg;
	struct fetched *f = all->waiting;

	/* Each once; who is refused again stands in the list again. */
	all->waiting = NULL;
	while (f) {
		struct fetched *next = f->next;

		f->link = NULL;
		arrive(f);
		f = next;
	}
}

static void
file_keep(void *arg)
{
	struct fetched *f = arg;

	f->end = files_keep_raw(f->mailbox->all->conf->files, f->data, f->size, f->sha256, f->reason);
}

static void files_go_on(struct mailboxes *all);

static void
on_file_kept(void *arg)
{
	struct fetched *f = arg;
	struct mailboxes *all = f->mailbox->all;

	worker_free(f->worker);
	f->worker = NULL;
	all->workers--;
	list_remove(f);
	if (f->end == FILES_KEPT) {
		f->arrival.raw_file = f->sha256;
		arrive(f);
	} else {
		log_error("mail.unkept", "mailbox=%s reason=\"%s\"", f->mailbox->conf->name, f->reason);
		fetched_end(f, false);
	}
	files_go_on(all);
}

static void
files_go_on(struct mailboxes *all)
{
	while (all->queued && all->workers < WORKERS_MAX && !all->stopping) {
		struct fetched *f = all->queued;
		struct err e;

		list_remove(f);
		f->worker = worker_start(all->loop, file_keep, on_file_kept, f, &e);
		if (!f->worker) {
			log_error("mail.unkept", "mailbox=%s reason=\"%s\"", f->mailbox->conf->name, e.text);
			fetched_end(f, false);
			continue;
		}
		all->workers++;
		list_add(&all->working, f);
	}
}

static struct fetched *
fetched_new(struct mailbox *m, struct imap_mail *mail)
{
	struct fetched *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->mailbox = m;
	f->data = mail->data;
	f->size = mail->size;
	f->promised = mail->data ? m->promised : 0;
	f->arrival = (struct inbound_arrival){.source = m->source,
	    .content_type = "message/rfc822",
	    .raw = f->data ? f->data : "",
	    .size = f->size,
	    .state = mail->whole ? "stored" : "triage",
	    .verdict = mail->whole  ? NULL
		       : mail->data ? too_large
				    : not_given,
	    .on_end = on_arrival_end,
	    .arg = f};
	if (!mail->data) {
		snprintf(f->source_id, sizeof(f->source_id), "uid %lld/%u", (long long)m->uid_validity, mail->uid);
		f->arrival.source_id = f->source_id;
	}
	m->promised = 0;
	m->pending++;
	return f;
}

void
mailbox_on_mail(void *arg, struct imap_mail *mail)
{
	struct mailbox *m = arg;
	struct fetched *f = fetched_new(m, mail);

	if (mail->data && (f->size > MAILBOX_ROW_MAX || m->conf->registered))
		list_add(&m->all->queued, f);
	else
		arrive(f);
	files_go_on(m->all);
}

void
mailboxes_store_clear(struct mailboxes *all)
{
	struct fetched **lists[] = {&all->working, &all->queued, &all->waiting};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		while (*lists[i]) {
			struct fetched *f = *lists[i];

			worker_free(f->worker);
			list_remove(f);
			free(f->data);
			free(f);
		}
}
