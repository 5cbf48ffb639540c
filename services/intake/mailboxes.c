/* mailboxes: when a mailbox is looked into, and how far it got. What becomes of a mail is in mailboxes_store.c. */
#include "services/intake/mailboxes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "services/intake/mailboxes.sql.h"
#include "services/intake/mailboxes_internal.h"

#define LEASE_SECONDS 20
#define EXTEND_MS (LEASE_SECONDS * INT64_C(1000) / 4)
#define ANSWER_MS 60000
#define FAILURES_COUNTED 10
#define WAIT_MAX_MS 600000

static void
look_later(struct mailbox *m)
{
	int64_t wait = m->conf->poll_ms;

	for (unsigned i = 0; i < m->failures && wait < WAIT_MAX_MS; i++)
		wait *= 2;
	if (!m->all->stopping)
		timer_start(m->timer, wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS);
}

static void
on_finished(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct mailbox *m = arg;

	(void)results;
	(void)e;
	m->in_database = false;
	if (outcome != DB_COMMITTED)
		log_warn("mailbox.unfinished", "mailbox=%s outcome=%s", m->conf->name, db_outcome_text(outcome));
	look_later(m);
}

/* The look is over: error NULL when it went well. */
void
mailbox_finish(struct mailbox *m, const char *error)
{
	struct db_tx *tx;

	imap_session_free(m->session);
	m->session = NULL;
	mailbox_room_back(m);
	m->failures = error ? m->failures + (m->failures < FAILURES_COUNTED) : 0;
	if (error) {
		metric_add(m->failed_total, 1);
		log_warn("mailbox.failed", "mailbox=%s failures=%u reason=\"%s\"", m->conf->name, m->failures, error);
	}
	metric_set(m->failing, m->failures > 0);
	if (m->all->stopping)
		return;
	tx = db_begin(m->all->work);
	db_call(tx, &mailboxes_statements[MAILBOX_FINISH]);
	db_bind_text(tx, m->conf->name);
	db_bind_int8(tx, m->token);
	db_bind_text(tx, error ? arena_string(db_tx_arena(tx), error) : NULL);
	m->in_database = true;
	db_commit(tx, on_finished, m);
}

static void
on_advanced(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct mailbox *m = arg;

	(void)e;
	m->in_database = false;
	if (!m->session)
		return;
	if (outcome != DB_COMMITTED)
		mailbox_finish(m, "the database is not reachable");
	else if (db_rows(results, 0) == 0)
		mailbox_finish(m, "another instance looks into it");
	else
		imap_session_next(m->session);
}

/* All of the round is stored: only now is it done with. */
void
mailbox_go_on(struct mailbox *m)
{
	struct db_tx *tx;

	if (!m->session || m->pending > 0 || !m->round_ended || m->in_database)
		return;
	m->round_ended = false;
	if (m->store_failed) {
		mailbox_finish(m, "mails could not be stored");
		return;
	}
	tx = db_begin(m->all->work);
	db_call(tx, &mailboxes_statements[MAILBOX_ADVANCE]);
	db_bind_text(tx, m->conf->name);
	db_bind_int8(tx, m->token);
	db_bind_int8(tx, m->uid_validity);
	db_bind_int8(tx, m->round_uid);
	db_bind_int4(tx, LEASE_SECONDS);
	m->in_database = true;
	db_commit(tx, on_advanced, m);
}

static uint32_t
on_opened(void *arg, uint32_t uid_validity)
{
	struct mailbox *m = arg;

	if (m->uid_validity != 0 && m->uid_validity != uid_validity)
		log_warn("mailbox.anew", "mailbox=%s uid_validity=%u", m->conf->name, uid_validity);
	if (m->uid_validity != uid_validity)
		m->uid = 0;
	m->uid_validity = uid_validity;
	return (uint32_t)m->uid;
}

static void
on_round(void *arg, uint32_t uid)
{
	struct mailbox *m = arg;

	m->round_uid = uid;
	m->round_ended = true;
	mailbox_go_on(m);
}

static void
on_end(void *arg, const char *error)
{
	mailbox_finish(arg, error);
}

static void
session_begin(struct mailbox *m)
{
	static const struct imap_limits limits = {
	    .size_max = MAIL_SIZE_MAX, .begin_max = MAILBOX_BEGIN_MAX, .answer_ms = ANSWER_MS};
	const struct imap_events events = {.on_opened = on_opened,
	    .may_come = mailbox_may_come,
	    .on_mail = mailbox_on_mail,
	    .on_round = on_round,
	    .on_end = on_end,
	    .arg = m};

	m->round_ended = m->store_failed = false;
	m->session = imap_session_new(m->all->loop, m->conf, &limits, &events);
}

static void
on_leased(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct mailbox *m = arg;

	(void)e;
	m->in_database = false;
	if (m->all->stopping)
		return;
	if (outcome != DB_COMMITTED || db_rows(results, 0) == 0) {
		look_later(m);
		return;
	}
	timer_start(m->timer, EXTEND_MS);
	m->token = db_int8(results, 0, 0, 0);
	m->uid_validity = db_int8(results, 0, 0, 1);
	m->uid = db_int8(results, 0, 0, 2);
	session_begin(m);
}

static void
on_extended(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct mailbox *m = arg;

	(void)e;
	m->in_database = false;
	if (m->session && outcome == DB_COMMITTED && db_rows(results, 0) == 0)
		mailbox_finish(m, "another instance looks into it");
	else
		mailbox_go_on(m); /* a round may have ended meanwhile */
}

/* However long a round takes, nobody else begins meanwhile. */
static void
lease_extend(struct mailbox *m)
{
	struct db_tx *tx;

	timer_start(m->timer, EXTEND_MS);
	if (m->in_database || !db_is_up(m->all->work))
		return;
	tx = db_begin(m->all->work);
	db_call(tx, &mailboxes_statements[MAILBOX_EXTEND]);
	db_bind_text(tx, m->conf->name);
	db_bind_int8(tx, m->token);
	db_bind_int4(tx, LEASE_SECONDS);
	m->in_database = true;
	db_commit(tx, on_extended, m);
}

/* What an earlier look left to be stored comes first. */
static void
on_timer(void *arg)
{
	struct mailbox *m = arg;
	struct db_tx *tx;

	if (m->session) {
		lease_extend(m);
		return;
	}
	if (m->pending > 0 || m->in_database || !db_is_up(m->all->work)) {
		timer_start(m->timer, 200);
		return;
	}
	tx = db_begin(m->all->work);
	db_call(tx, &mailboxes_statements[MAILBOX_LEASE]);
	db_bind_text(tx, m->conf->name);
	db_bind_int4(tx, LEASE_SECONDS);
	db_bind_int8(tx, m->conf->poll_ms / 2);
	m->in_database = true;
	db_commit(tx, on_leased, m);
}

static void
mailbox_start(struct mailboxes *all, struct mailbox *m, const struct mailbox_conf *conf, struct metrics *metrics)
{
	char labels[64];

	snprintf(labels, sizeof(labels), "mailbox=\"%s\"", conf->name);
	m->all = all;
	m->conf = conf;
	snprintf(m->source, sizeof(m->source), "email/%s", conf->name);
	m->timer = timer_new(all->loop, on_timer, m);
	m->mails_total = metrics_counter(metrics, "kopru_intake_mailbox_mails_total", labels, "Mails stored");
	m->failed_total = metrics_counter(metrics, "kopru_intake_mailbox_failures_total", labels, "Looks that failed");
	m->failing = metrics_gauge(metrics, "kopru_intake_mailbox_failing", labels, "1: the last look failed");
	timer_start(m->timer, 0);
}

struct mailboxes *
mailboxes_new(
    struct loop *l, struct db *work, struct inbound *inbound, const struct channels_conf *conf, struct metrics *m)
{
	struct mailboxes *all = calloc(1, sizeof(*all));

	if (!all)
		abort();
	all->loop = l;
	all->work = work;
	all->inbound = inbound;
	all->conf = conf;
	all->again = timer_new(l, mailboxes_on_again, all);
	all->count = conf->mailbox_count;
	all->list = calloc(all->count + 1, sizeof(*all->list));
	if (!all->list)
		abort();
	for (size_t i = 0; i < all->count; i++)
		mailbox_start(all, &all->list[i], &conf->mailboxes[i], m);
	return all;
}

void
mailboxes_stop(struct mailboxes *all)
{
	if (!all)
		return;
	all->stopping = true;
	for (size_t i = 0; i < all->count; i++) {
		imap_session_free(all->list[i].session);
		all->list[i].session = NULL;
		timer_stop(all->list[i].timer);
	}
}

void
mailboxes_free(struct mailboxes *all)
{
	if (!all)
		return;
	mailboxes_stop(all);
	mailboxes_store_clear(all);
	for (size_t i = 0; i < all->count; i++)
		timer_free(all->list[i].timer);
	timer_free(all->again);
	free(all->list);
	free(all);
}
