/* replay: `kopru replay reporting`: drops the read side and waits until reporting has made it again from the streams. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/base/ids.h"
#include "services/kopru/command.h"
#include "services/kopru/session.h"

#define LOOK_MS 300
#define STILL_SECONDS 60 /* without any progress nobody is at work */
#define WAIT_MAX 86400

struct progress {
	long long done, all; /* events */
};

static int
look(struct session *s, struct progress *p, struct err *e)
{
	struct script_rows rows;

	if (session_ask(s, REPLAY_PROGRESS, NULL, &rows, e) < 0)
		return -1;
	p->done = strtoll(rows.cells[0], NULL, 10);
	p->all = strtoll(rows.cells[1], NULL, 10);
	return 0;
}

static void
show(const struct progress *p, int64_t began, bool terminal)
{
	int64_t seconds = (clock_monotonic() - began) / 1000000;

	if (terminal)
		fprintf(stderr, "\r%lld of %lld events, %lld s ", p->done, p->all, (long long)seconds);
}

/* Until it is at the heads of its streams, or stands still, or the time is over. */
static int
await(struct session *s, long seconds, struct progress *p, struct err *e)
{
	bool terminal = isatty(STDERR_FILENO);
	int64_t began = clock_monotonic(), moved = began;
	long long before = -1;

	for (;;) {
		if (look(s, p, e) < 0)
			return -1;
		show(p, began, terminal);
		if (p->done >= p->all)
			return 0;
		if (p->done != before)
			moved = clock_monotonic();
		before = p->done;
		if (clock_monotonic() - moved > (int64_t)STILL_SECONDS * 1000000)
			return err_set(e, "reporting does not move since %d s: is it running?", STILL_SECONDS);
		if (clock_monotonic() - began > seconds * 1000000)
			return err_set(
			    e, "after %ld s it is at %lld of %lld events, and goes on", seconds, p->done, p->all);
		nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000}, NULL);
	}
}

static int
replay(struct session *s, long seconds, bool json, struct err *e)
{
	struct progress p = {0, 0};
	int64_t began = clock_monotonic();
	double took;
	int rc;

	if (session_ask(s, REPLAY_REPORTING, NULL, NULL, e) < 0)
		return -1;
	rc = seconds > 0 ? await(s, seconds, &p, e) : 0;
	if (isatty(STDERR_FILENO) && seconds > 0)
		fputc('\n', stderr);
	took = (double)(clock_monotonic() - began) / 1e6;
	if (rc == 0 && seconds > 0)
		command_say(json, json_pack("{s:I, s:f}", "events", (json_int_t)p.done, "seconds", took),
		    "the read side is made again: %lld events in %.1f s\n", p.done, took);
	else if (rc == 0)
		command_say(json, json_pack("{s:i}", "events", 0),
		    "the read side is empty; reporting makes it again (kopru streams shows how far it is)\n");
	return rc;
}

int
replay_reporting(const struct command_line *line, struct err *e)
{
	static const long range[] = {0, WAIT_MAX};
	struct session s;
	long seconds;
	int rc;

	if (!line->yes) {
		err_set(e, "this empties all figures, lists and histories until they are made again: say --yes if it "
			   "is meant");
		return COMMAND_WRONG_USAGE;
	}
	if (command_number("--wait", line->wait, range, 3600, &seconds, e) < 0)
		return COMMAND_WRONG_USAGE;
	if (session_open(&s, e) < 0)
		return -1;
	rc = replay(&s, seconds, line->json, e);
	session_close(&s);
	return rc;
}
