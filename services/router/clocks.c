/* clocks: see the header. Law 3071 knows no stop: a question to the citizen stops the municipality's own target only;
 * a fee of Law 4982 stops the law's clock (art. 11). */
#include "services/router/clocks.h"

#include "common/domain/deadlines.h"
#include "services/router/cases.h"
#include "services/router/routing.h"

#define STATE(name) (1U << KOPRU__V1__STATE__STATE_##name)
#define CLOCK(name) KOPRU__V1__CLOCK__CLOCK_##name
#define OPEN (STATE(RECEIVED) | STATE(ASSIGNED) | STATE(IN_PROGRESS) | STATE(WAITING_FOR_CITIZEN) | STATE(REOPENED))

static const int stages[] = {50, 75, 90, 100, 110, 150, 200};
#define STAGES (sizeof(stages) / sizeof(stages[0]))
#define BEFORE_LATE 90 /* the last stage that is told before the end */

/* Merged into another one a case goes on: it may stand alone again, and each applicant keeps the law's date. */
static bool
goes_on(const struct case_record *r)
{
	return ((OPEN | STATE(MERGED)) & (1U << r->state)) != 0;
}

static bool
law_wanted(const struct case_record *r)
{
	bool working = false;

	return goes_on(r) && deadline_days(r->legal_basis, r->extended, &working) > 0;
}

static bool
target_wanted(const struct case_record *r)
{
	return goes_on(r) && r->target_on != 0;
}

static bool
promise_wanted(const struct case_record *r)
{
	return goes_on(r) && r->promised_on != 0;
}

static bool
arbiter_wanted(const struct case_record *r)
{
	return goes_on(r) && r->with_arbiter && r->arbiter_due_on != 0;
}

static int64_t
law_due(const struct catalogue *c, const struct case_record *r, const struct case_clock *clock)
{
	(void)c;
	(void)clock;
	return deadline_day_given(r->due_on).at;
}

/* The topic's hours where they give the day that is shown; else that day. */
static int64_t
target_due(const struct catalogue *c, const struct case_record *r, const struct case_clock *clock)
{
	const struct catalogue_topic *topic = r->topic ? catalogue_topic(c, r->topic) : NULL;
	struct deadline due = {0, 0};

	if (clock->due_at != 0 && date_in_istanbul(clock->due_at - 1) == r->target_on)
		return clock->due_at;
	if (topic)
		due = routing_target(c, topic, clock->started_at, NULL);
	return due.on == r->target_on ? due.at : deadline_day_given(r->target_on).at;
}

static int64_t
promise_due(const struct catalogue *c, const struct case_record *r, const struct case_clock *clock)
{
	(void)c;
	(void)clock;
	return deadline_day_given(r->promised_on).at;
}

static int64_t
arbiter_due(const struct catalogue *c, const struct case_record *r, const struct case_clock *clock)
{
	(void)c;
	(void)clock;
	return deadline_day_given(r->arbiter_due_on).at;
}

static bool
law_stands(const struct case_record *r)
{
	return r->fee_due_on != 0;
}

static bool
target_stands(const struct case_record *r)
{
	return r->state == KOPRU__V1__STATE__STATE_WAITING_FOR_CITIZEN;
}

/* By kind. */
static const struct kind {
	bool (*wanted)(const struct case_record *r);
	int64_t (*due)(const struct catalogue *c, const struct case_record *r, const struct case_clock *clock);
	bool (*stands)(const struct case_record *r); /* NULL: never */
	enum time_measure measure;
	bool from_receipt; /* else: from when it was given */
} kinds[CLOCKS_KINDS] = {
    [CLOCK(LAW)] = {law_wanted, law_due, law_stands, TIME_DAYS, true},
    [CLOCK(TARGET)] = {target_wanted, target_due, target_stands, TIME_OFFICE, true},
    [CLOCK(PROMISE)] = {promise_wanted, promise_due, NULL, TIME_DAYS, false},
    [CLOCK(ARBITER)] = {arbiter_wanted, arbiter_due, NULL, TIME_WORKING_DAYS, false},
};

int
clocks_stage_after(int stage)
{
	for (size_t i = 0; i < STAGES; i++) {
		if (stages[i] > stage)
			return stages[i];
	}
	return 0;
}

static int64_t
stage_at(const struct catalogue *c, int kind, const struct case_clock *clock, int stage)
{
	struct deadline_clock counted = {kinds[kind].measure, clock->started_at, clock->due_at};

	if (kind == CLOCK(LAW))
		counted = deadline_clock_legal(clock->legal_basis, clock->started_on, clock->due_at);
	return deadline_stage(catalogue_calendar(c), &counted, (unsigned)stage);
}

bool
clocks_stage_passed(const struct catalogue *c, int kind, const struct case_clock *clock, int stage, int64_t now)
{
	return stage_at(c, kind, clock, stage) <= now;
}

int
clocks_stage_due(const struct catalogue *c, int kind, const struct case_clock *clock, int64_t now)
{
	int due = clocks_stage_after(clock->stage);

	for (int next = due; next != 0 && clocks_stage_passed(c, kind, clock, next, now);
	     next = clocks_stage_after(next))
		due = next;
	return due;
}

/* The highest stage, up to one, that has passed. */
static int
stage_lowered(const struct catalogue *c, int kind, const struct case_clock *clock, int stage, int64_t now)
{
	int lowered = 0;

	for (size_t i = 0; i < STAGES && stages[i] <= stage; i++) {
		if (clocks_stage_passed(c, kind, clock, stages[i], now))
			lowered = stages[i];
	}
	return lowered;
}

static void
start(const struct catalogue *c, int kind, int64_t now, const struct case_record *r, struct case_clock *clock)
{
	int64_t from = r->term_from != 0 ? r->term_from : r->received_at;

	*clock = (struct case_clock){.exists = true, .started_at = kinds[kind].from_receipt ? from : now};
	clock->started_on = date_in_istanbul(clock->started_at);
	clock->due_at = kinds[kind].due(c, r, clock);
}

/* A stop ends: what was left of the target goes on from now; one that was late stays late. */
static void
go_on(const struct catalogue *c, int kind, int64_t now, struct case_record *r, struct case_clock *clock)
{
	const struct calendar *calendar = catalogue_calendar(c);
	int64_t left = working_time_between(calendar, TIME_OFFICE, clock->stopped_at, clock->due_at);

	if (kind == CLOCK(TARGET) && clock->due_at > clock->stopped_at &&
	    date_in_istanbul(clock->due_at - 1) == r->target_on) {
		clock->due_at = working_time_after(calendar, TIME_OFFICE, now, left);
		r->target_on = date_in_istanbul(clock->due_at - 1);
	}
	clock->stopped_at = 0;
}

static void
stop_or_go_on(const struct catalogue *c, int kind, int64_t now, struct case_record *r, struct case_clock *clock)
{
	bool stands = kinds[kind].stands && kinds[kind].stands(r);

	if (stands && clock->stopped_at == 0)
		clock->stopped_at = now;
	else if (!stands && clock->stopped_at != 0)
		go_on(c, kind, now, r, clock);
}

/* While it is merged the leading case's stages are told; each applicant keeps his own of the law. */
static bool
is_led(int kind, const struct case_record *r)
{
	return r->state == KOPRU__V1__STATE__STATE_MERGED && kind != CLOCK(LAW);
}

static void
next_set(const struct catalogue *c, int kind, const struct case_record *r, struct case_clock *clock)
{
	int next = clocks_stage_after(clock->stage);

	clock->next_at = 0;
	if (is_led(kind, r))
		return;
	if (clock->stopped_at == 0)
		clock->next_at = next != 0 ? stage_at(c, kind, clock, next) : 0;
	else if (kind == CLOCK(LAW) && r->fee_due_on != 0)
		clock->next_at = deadline_day_given(r->fee_due_on).at;
}

static bool
same(const struct case_clock *a, const struct case_clock *b)
{
	return a->exists == b->exists && a->legal_basis == b->legal_basis && a->started_at == b->started_at &&
	       a->started_on == b->started_on && a->due_at == b->due_at && a->extended == b->extended &&
	       a->stopped_at == b->stopped_at && a->stage == b->stage && a->next_at == b->next_at;
}

static void
settle_one(const struct catalogue *c, int kind, int64_t now, struct case_record *r)
{
	struct case_clock *clock = &r->clocks[kind], before = *clock;
	int64_t due = 0;

	if (!kinds[kind].wanted(r)) {
		*clock = (struct case_clock){.changed = before.changed || before.exists};
		return;
	}
	if (!before.exists || (kind == CLOCK(PROMISE) && promise_due(c, r, clock) != before.due_at))
		start(c, kind, now, r, clock);
	stop_or_go_on(c, kind, now, r, clock);
	due = kinds[kind].due(c, r, clock);
	if (due != before.due_at) {
		clock->due_at = due;
		clock->calendar_version = catalogue_calendar_version(c);
		clock->stage = stage_lowered(c, kind, clock, clock->stage, now);
	}
	clock->legal_basis = kind == CLOCK(LAW) ? r->legal_basis : 0;
	clock->extended = kind == CLOCK(LAW) && r->extended;
	if (before.changed || !same(&before, clock) || is_led(kind, r) == (clock->next_at != 0))
		next_set(c, kind, r, clock);
	clock->changed = before.changed || !same(&before, clock);
}

void
clocks_settle(const struct catalogue *c, int64_t now, struct case_record *r)
{
	for (int kind = 1; kind < CLOCKS_KINDS; kind++)
		settle_one(c, kind, now, r);
}

/* What was told before the end is not told twice because days were put to the term; that it is late is, if it is no more. */
static int
late_lowered(const struct catalogue *c, int kind, const struct case_clock *clock, int64_t now)
{
	int lowered = stage_lowered(c, kind, clock, clock->stage, now);

	return lowered > BEFORE_LATE ? lowered : BEFORE_LATE;
}

void
clocks_move(const struct catalogue *c, int64_t now, struct case_record *r, int kind, int64_t due_at)
{
	struct case_clock *clock = &r->clocks[kind];

	clock->due_at = due_at;
	clock->calendar_version = catalogue_calendar_version(c);
	if (clock->stage > BEFORE_LATE)
		clock->stage = late_lowered(c, kind, clock, now);
	clock->changed = true;
	*(kind == CLOCK(LAW) ? &r->due_on : &r->target_on) = date_in_istanbul(due_at - 1);
}
