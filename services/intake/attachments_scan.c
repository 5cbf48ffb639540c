/* attachments_scan: what lies in quarantine is shown to clamd, one file after another, on a thread. What it cannot say anything
 * about is asked again later, after the others. Several instances may ask about the same file: they get the same answer. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "services/intake/attachments.sql.h"
#include "services/intake/attachments_internal.h"

#define FILES_AT_ONCE 20 /* as attachments_quarantined has it */
#define LOOK_MS 5000
#define BEGINNING (-INT64_C(62135596800000000)) /* 0001-01-01 */

struct file {
	uint8_t sha256[FILES_HASH_SIZE];
	enum clamd_answer answer;
	bool gone;
};

struct attachments_scan {
	struct attachments_desk desk;
	struct clamd_address address;
	struct loop_timer *look;
	struct worker *worker;
	bool busy;
	atomic_bool stopping; /* the thread looks at it, too */
	int64_t after_time; /* where the last look ended */
	struct uuid after_id;
	struct file files[FILES_AT_ONCE];
	size_t count;
	struct err error; /* why the last one could not be judged; empty: none */
	int unreadable; /* errno of the last file that could not be opened though it may be there; 0: none */
	int64_t waiting, age; /* seconds */
	struct {
		struct metric *clean, *infected, *unknown, *waiting, *age;
	} metrics;
};

static void
look_later(struct attachments_scan *s, int64_t milliseconds)
{
	s->busy = false;
	if (!s->stopping && !loop_stopping(s->desk.loop))
		timer_start(s->look, milliseconds);
}

/* More right away while all goes well and there are more. */
static void
go_on(struct attachments_scan *s)
{
	look_later(s, s->count == FILES_AT_ONCE && !s->error.text[0] && !s->unreadable ? 0 : LOOK_MS);
}

static void
on_judged(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct attachments_scan *s = arg;

	if (outcome == DB_COMMITTED) {
		s->waiting = db_int8(results, 0, 0, 0);
		s->age = db_int8(results, 0, 0, 1);
	} else {
		log_warn("attachments.unjudged", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
	}
	go_on(s);
}

static void
judge(struct attachments_scan *s)
{
	struct db_tx *tx = db_begin(s->desk.db);

	db_call(tx, &attachments_statements[ATTACHMENTS_WAITING]);
	for (size_t i = 0; i < s->count; i++) {
		const struct file *file = &s->files[i];

		if (!file->gone && file->answer == CLAMD_UNKNOWN) {
			metric_add(s->metrics.unknown, 1);
			continue;
		}
		metric_add(file->answer == CLAMD_CLEAN ? s->metrics.clean : s->metrics.infected, file->gone ? 0 : 1);
		if (!file->gone && file->answer == CLAMD_INFECTED)
			log_warn("attachment.infected", "sha256=%02x%02x%02x%02x", file->sha256[0], file->sha256[1],
			    file->sha256[2], file->sha256[3]);
		db_call(tx, &attachments_statements[ATTACHMENTS_JUDGE]);
		db_bind_bytes(tx, file->sha256, sizeof(file->sha256));
		db_bind_text(tx, file->gone ? "gone" : file->answer == CLAMD_CLEAN ? "clean" : "infected");
	}
	db_commit(tx, on_judged, s);
}

static void
on_work(void *arg)
{
	struct attachments_scan *s = arg;

	s->error.text[0] = '\0';
	s->unreadable = 0;
	for (size_t i = 0; i < s->count && !s->stopping; i++) {
		struct file *file = &s->files[i];
		uint64_t size;
		int fd = files_open(s->desk.files, file->sha256, &size), reason = fd < 0 ? errno : 0;

		/* Only what is surely not there is gone: too many open files, or a volume that is away, pass. */
		file->gone = reason == ENOENT && files_lack(s->desk.files, file->sha256);
		file->answer = CLAMD_UNKNOWN;
		if (fd >= 0) {
			file->answer = clamd_scan(&s->address, fd, &s->error);
			close(fd);
		} else if (!file->gone) {
			s->unreadable = reason;
		}
	}
}

static void
on_worked(void *arg)
{
	struct attachments_scan *s = arg;

	worker_free(s->worker);
	s->worker = NULL;
	if (s->error.text[0])
		log_warn("attachments.unscanned", "reason=\"%s\"", s->error.text);
	if (s->unreadable)
		log_error("attachments.unreadable", "reason=\"%s\"", strerror(s->unreadable));
	if (s->stopping)
		s->busy = false;
	else
		judge(s);
}

static void
on_quarantined(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct attachments_scan *s = arg;
	struct err no_thread;

	(void)e;
	s->count = outcome == DB_COMMITTED ? db_rows(results, 0) : 0;
	for (size_t i = 0; i < s->count; i++) {
		size_t size;
		const void *hash = db_bytes(results, 0, i, 2, &size);

		memset(&s->files[i], 0, sizeof(s->files[i]));
		memcpy(s->files[i].sha256, hash, size < FILES_HASH_SIZE ? size : FILES_HASH_SIZE);
		s->after_id = db_uuid(results, 0, i, 0);
		s->after_time = db_time(results, 0, i, 1);
	}
	if (s->count < FILES_AT_ONCE)
		s->after_time = BEGINNING;
	if (s->count == 0 || s->stopping) {
		s->waiting = s->age = 0;
		look_later(s, LOOK_MS);
		return;
	}
	s->worker = worker_start(s->desk.loop, on_work, on_worked, s, &no_thread);
	if (!s->worker)
		look_later(s, LOOK_MS);
}

static void
on_look(void *arg)
{
	struct attachments_scan *s = arg;
	struct db_tx *tx;

	if (!db_is_up(s->desk.db)) {
		look_later(s, LOOK_MS);
		return;
	}
	s->busy = true;
	tx = db_begin(s->desk.db);
	db_call(tx, &attachments_statements[ATTACHMENTS_QUARANTINED]);
	db_bind_time(tx, s->after_time);
	db_bind_uuid(tx, &s->after_id);
	db_read(tx, on_quarantined, s);
}

static void
on_metrics_read(void *arg)
{
	const struct attachments_scan *s = arg;

	metric_set(s->metrics.waiting, s->waiting);
	metric_set(s->metrics.age, s->age);
}

struct attachments_scan *
attachments_scan_new(const struct attachments_desk *desk, const struct clamd_address *address, struct metrics *m)
{
	struct attachments_scan *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->desk = *desk;
	s->address = *address;
	s->after_time = BEGINNING;
	s->metrics.clean =
	    metrics_counter(m, "kopru_intake_scanned_total", "answer=\"clean\"", "Files by what clamd said");
	s->metrics.infected =
	    metrics_counter(m, "kopru_intake_scanned_total", "answer=\"infected\"", "Files by what clamd said");
	s->metrics.unknown =
	    metrics_counter(m, "kopru_intake_scanned_total", "answer=\"unknown\"", "Files by what clamd said");
	s->metrics.waiting = metrics_gauge(m, "kopru_intake_quarantine", "", "Files that clamd has not yet looked at");
	s->metrics.age = metrics_gauge(m, "kopru_intake_quarantine_oldest_seconds", "", "Age of the oldest of them");
	metrics_on_read(m, on_metrics_read, s);
	s->look = timer_new(desk->loop, on_look, s);
	timer_start(s->look, 0);
	return s;
}

void
attachments_scan_wake(struct attachments_scan *s)
{
	if (s && !s->busy)
		look_later(s, 0);
}

void
attachments_scan_stop(struct attachments_scan *s)
{
	if (!s)
		return;
	s->stopping = true;
	worker_free(s->worker);
	s->worker = NULL;
}

void
attachments_scan_free(struct attachments_scan *s)
{
	if (!s)
		return;
	timer_free(s->look);
	free(s);
}
