/* doctor_machine: the schema against the folder, the clocks, the disks, the services. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "common/base/ids.h"
#include "services/kopru/doctor.h"
#include "services/kopru/http_get.h"
#include "services/kopru/migrate.sql.h"
#include "services/kopru/migrations.h"
#include "services/kopru/operator.sql.h"

#define CLOCK_MAX 1000000 /* microseconds that the two clocks may differ */
#define GIB (1024.0 * 1024 * 1024)

static void
migrations_compare(struct doctor *d, const struct migrations *m, const struct script_rows *rows)
{
	const char **names = arena_array(d->arena, rows->count + 1, sizeof(*names));
	const char **checksums = arena_array(d->arena, rows->count + 1, sizeof(*checksums));
	struct err e;

	for (size_t i = 0; i < rows->count; i++) {
		names[i] = rows->cells[i * rows->columns + 1];
		checksums[i] = rows->cells[i * rows->columns + 2];
	}
	if (migrations_check(m, names, checksums, rows->count, &e) < 0)
		doctor_find(d, FINDING_WRONG, e.text,
		    "The database and this program do not belong together, and no migration runs any more",
		    "install the version that the database was migrated with, or put the file back");
	else if (rows->count < m->count)
		doctor_find(d, FINDING_WRONG,
		    arena_printf(d->arena, "%zu migrations are missing, from %s on", m->count - rows->count,
			m->list[rows->count].name),
		    "The services of this version may not start", "kopru migrate");
}

void
doctor_migrations(struct doctor *d)
{
	struct migrations m;
	struct script_rows rows;
	struct err e;

	if (script_call(d->script, &migrate_statements[MIGRATIONS_APPLIED], NULL, d->arena, &rows, &e) < 0) {
		if (!strstr(e.text, "42P01")) { /* no such table */
			doctor_find(d, FINDING_NOTE, e.text, "Whether migrations are missing cannot be said",
			    "let KOPRU_DATABASE connect as the owner");
			return;
		}
		doctor_find(d, FINDING_WRONG, arena_printf(d->arena, "the database holds nothing of Köprü: %s", e.text),
		    "No service can start", "kopru migrate");
		return;
	}
	if (migrations_read(d->arena, d->folder, &m, &e) < 0)
		doctor_find(d, FINDING_NOTE, e.text, "Whether migrations are missing cannot be said",
		    "kopru doctor --folder FOLDER");
	else
		migrations_compare(d, &m, &rows);
}

void
doctor_clock(struct doctor *d)
{
	struct script_rows rows;
	struct err e;
	int64_t before = clock_now(), after, theirs;

	if (script_call(d->script, &operator_statements[DOCTOR_PLACE], NULL, d->arena, &rows, &e) < 0) {
		doctor_find(d, FINDING_NOTE, e.text, "The clocks could not be compared", "");
		return;
	}
	after = clock_now();
	theirs = strtoll(rows.cells[0], NULL, 10);
	if (theirs > before - CLOCK_MAX && theirs < after + CLOCK_MAX)
		return;
	doctor_find(d, FINDING_WRONG,
	    arena_printf(d->arena, "the clock of the database is %.1f s %s ours",
		(double)llabs(theirs - (before + after) / 2) / 1e6, theirs > after ? "ahead of" : "behind"),
	    "Dates of receipt and deadlines are told by one, leases and ages by the other",
	    "timedatectl (both machines should follow a time server)");
}

bool
doctor_judge_disk(double free_bytes, double part, enum finding_state *state)
{
	*state = free_bytes > GIB && part > 0.05 ? FINDING_NOTE : FINDING_WRONG;
	return *state == FINDING_WRONG || (free_bytes <= 10 * GIB && part <= 0.15);
}

static void
disk_look(struct doctor *d, const char *path)
{
	enum finding_state state;
	struct statvfs s;
	double free_bytes, part;

	if (statvfs(path, &s) < 0) {
		doctor_find(d, FINDING_NOTE, arena_printf(d->arena, "cannot look at %s: %s", path, strerror(errno)),
		    "How full its disk is cannot be said", arena_printf(d->arena, "df -h %s", path));
		return;
	}
	free_bytes = (double)s.f_bavail * (double)s.f_frsize;
	part = s.f_blocks > 0 ? (double)s.f_bavail / (double)s.f_blocks : 0;
	if (doctor_judge_disk(free_bytes, part, &state))
		doctor_find(d, state,
		    arena_printf(
			d->arena, "the disk of %s has %.1f GiB free (%.0f %%)", path, free_bytes / GIB, part * 100),
		    "When it is full nothing can be stored",
		    arena_printf(d->arena, "df -h %s; du -xh --max-depth 2 %s", path, path));
}

void
doctor_disks(struct doctor *d)
{
	struct script_rows rows;
	struct err e;

	if (*d->conf->state)
		disk_look(d, d->conf->state);
	if (!d->script)
		return;
	if (script_call(d->script, &operator_statements[DOCTOR_PLACE], NULL, d->arena, &rows, &e) < 0)
		doctor_find(d, FINDING_NOTE, e.text, "Where the data is cannot be said", "");
	else if (*rows.cells[1])
		disk_look(d, rows.cells[1]);
}

/* Where is one of "NAME=unix:/path,NAME=host:port"; it is cut up. */
static void
service_ask(struct doctor *d, char *item)
{
	struct http_question question = {.seconds = 5};
	struct http_got got;
	struct err e;
	char *place = strchr(item, '=');
	const char *run;

	if (!place || place == item || !place[1]) {
		doctor_find(d, FINDING_WRONG, arena_printf(d->arena, "\"%s\" in KOPRU_SERVICES is no NAME=PLACE", item),
		    "This service is not looked at", "NAME=unix:/path or NAME=host:port");
		return;
	}
	*place++ = '\0';
	run = *d->conf->state ? arena_printf(d->arena, "tail -n 20 %s/log/%s.log; make status", d->conf->state, item)
			      : arena_printf(d->arena, "look at the log of %s (event=failed); make status", item);
	question.socket = strncmp(place, "unix:", 5) == 0 ? place + 5 : NULL;
	question.url =
	    question.socket ? "http://localhost/healthz" : arena_printf(d->arena, "http://%s/healthz", place);
	if (http_get(&question, d->arena, &got, &e) < 0)
		doctor_find(d, FINDING_WRONG,
		    arena_printf(d->arena, "%s does not answer at %s: %s", item, place, e.text),
		    "Its part of the work stands still", run);
	else if (got.status != 200)
		doctor_find(d, FINDING_WRONG,
		    arena_printf(
			d->arena, "%s says that it is not well: %.*s", item, (int)strcspn(got.body, "\r\n"), got.body),
		    "Its part of the work stands still", run);
}

void
doctor_services(struct doctor *d)
{
	char *item = arena_string(d->arena, d->conf->services), *end;

	if (!*item)
		doctor_find(d, FINDING_NOTE, "the services were not asked: KOPRU_SERVICES is not set",
		    "A service that is down is seen by what waits for it only", ". var/environment");
	for (; *item; item = end) {
		end = item + strcspn(item, ",");
		if (*end)
			*end++ = '\0';
		service_ask(d, item);
	}
}
