/* ledger: one function for each kind of event that says something of terms or of who has to look. */
#include "services/reporting/ledger.h"

#include <stdlib.h>

#include "common/domain/calendar.h"
#include "services/reporting/store_ledger.h"

#define BODY(name) KOPRU__V1__EVENT__BODY_##name
#define CLOCK(name) KOPRU__V1__CLOCK__CLOCK_##name

#define ENDS_MAX 2 /* promises that one event ends; of inboxes and all else one */
#define ROLES_MAX 4

struct entry;
struct round;
typedef void entry_reader(const struct entry *e, struct round *to);

/* One event. round: how many of the same application come before it in the turn. */
struct entry {
	const Kopru__V1__Event *event;
	struct store_ledger_place place;
	entry_reader *read;
	size_t order, round;
};

/* What events of different applications do: all of one kind is one statement. */
struct round {
	struct store_promise_end *promise_ends;
	struct store_promise *promises;
	struct store_inbox_end *inbox_ends;
	struct store_inbox *inboxes;
	struct store_ledger_place *moves;
	size_t promise_end_count, promise_count, inbox_end_count, inbox_count, move_count;
};

static void
promises_end(const struct entry *e, struct round *to, const char *what, const char *outcome)
{
	to->promise_ends[to->promise_end_count++] = (struct store_promise_end){e->place, what, outcome};
}

static void
inbox_end(const struct entry *e, struct round *to, const char *what, int32_t clock)
{
	to->inbox_ends[to->inbox_end_count++] = (struct store_inbox_end){e->place, what, clock};
}

/* The one before of the same kind was moved. */
static void
promise(const struct entry *e, struct round *to, const char *what, int32_t day, const char *reason)
{
	if (day <= 0)
		return;
	promises_end(e, to, what, "moved");
	to->promises[to->promise_count++] = (struct store_promise){e->place, what, day, reason};
}

/* The one before about the same clock is no longer to be looked at. */
static void
inbox_add(
    const struct entry *e, struct round *to, const struct store_inbox *inbox, const char *const *roles, size_t count)
{
	inbox_end(e, to, inbox->what, inbox->clock);
	for (size_t i = 0; i < count; i++) {
		to->inboxes[to->inbox_count] = *inbox;
		to->inboxes[to->inbox_count].place = e->place;
		to->inboxes[to->inbox_count++].role = roles[i];
	}
}

/* The term of a law that has one. */
static void
law_promise(const struct entry *e, struct round *to, const char *reason)
{
	const Kopru__V1__Standing *s = e->event->standing;

	if (s->legal_basis != KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_NONE)
		promise(e, to, "law", s->due_on, reason);
	inbox_end(e, to, "escalation", CLOCK(LAW));
}

/* The page is for whoever is there first. */
static void
routed_read(const struct entry *e, struct round *to)
{
	static const char *const roles[] = {"duty", "manager", "officer"};

	if (e->event->application_routed->urgent)
		inbox_add(e, to, &(struct store_inbox){.what = "page"}, roles, 3);
}

static void
escalated_read(const struct entry *e, struct round *to)
{
	static const char *const roles[ROLES_MAX] = {"officer", "manager", "arbiter", "mayor"};
	const Kopru__V1__CaseEscalated *escalated = e->event->case_escalated;
	const struct store_inbox inbox = {.what = "escalation",
	    .clock = (int32_t)escalated->clock,
	    .stage = (int32_t)escalated->stage,
	    .due_at = escalated->due_at};
	size_t first = escalated->clock == CLOCK(ARBITER) ? 2 : 0, count = 1; /* nobody else decides on it */

	if (escalated->to == KOPRU__V1__ACTOR__ROLE__ROLE_MANAGER)
		count = 2;
	else if (escalated->to == KOPRU__V1__ACTOR__ROLE__ROLE_ARBITER)
		count = 3;
	if (escalated->to_mayor)
		count = ROLES_MAX;
	inbox_add(e, to, &inbox, roles + first, count > first ? count - first : 1);
}

/* What is open is the new department's to keep, and to look at. */
static void
moved_read(const struct entry *e, struct round *to)
{
	inbox_end(e, to, "escalation", CLOCK(ARBITER));
	to->moves[to->move_count++] = e->place;
}

static void
accepted_read(const struct entry *e, struct round *to)
{
	inbox_end(e, to, "page", 0);
}

static void
answered_read(const struct entry *e, struct round *to)
{
	promises_end(e, to, "", "");
	inbox_end(e, to, "", 0);
}

static void
withdrawn_read(const struct entry *e, struct round *to)
{
	promises_end(e, to, "", "void");
	inbox_end(e, to, "", 0);
}

/* Its text says why. A planned date gives way to that of the final answer, and the other way round. */
static void
interim_read(const struct entry *e, struct round *to)
{
	if (e->event->interim_answer_given->final_by == 0)
		return;
	promises_end(e, to, "planned", "moved");
	promise(e, to, "final_answer", e->event->interim_answer_given->final_by, "");
	inbox_end(e, to, "escalation", CLOCK(PROMISE));
}

/* The municipality's own targets were not told. */
static void
deadline_read(const struct entry *e, struct round *to)
{
	Kopru__V1__Clock clock = e->event->deadline_moved->clock;

	if (clock != KOPRU__V1__CLOCK__CLOCK_UNSPECIFIED && clock != CLOCK(LAW))
		return;
	law_promise(e, to, e->event->deadline_moved->reason);
}

/* No date is told until the fee is paid. */
static void
fee_told_read(const struct entry *e, struct round *to)
{
	promises_end(e, to, "law", "void");
	inbox_end(e, to, "escalation", CLOCK(LAW));
}

static void
anew_read(const struct entry *e, struct round *to)
{
	law_promise(e, to, "");
}

static void
promised_read(const struct entry *e, struct round *to)
{
	promises_end(e, to, "final_answer", "moved");
	promise(e, to, "planned", e->event->date_promised->promised_on, e->event->date_promised->reason);
	inbox_end(e, to, "escalation", CLOCK(PROMISE));
}

static const struct {
	int body;
	entry_reader *read;
} readers[] = {
    {BODY(APPLICATION_ROUTED), routed_read},
    {BODY(CASE_ESCALATED), escalated_read},
    {BODY(CASE_ASSIGNED), moved_read},
    {BODY(CASE_TRANSFERRED), moved_read},
    {BODY(CASE_HANDED_BACK), moved_read},
    {BODY(CASE_ACCEPTED), accepted_read},
    {BODY(CASE_ANSWERED), answered_read},
    {BODY(CASE_FORWARDED), answered_read},
    {BODY(CASE_REJECTED), answered_read},
    {BODY(CASE_WITHDRAWN), withdrawn_read},
    {BODY(INTERIM_ANSWER_GIVEN), interim_read},
    {BODY(DEADLINE_MOVED), deadline_read},
    {BODY(FEE_TOLD), fee_told_read},
    {BODY(FEE_PAID), anew_read},
    {BODY(CASE_REOPENED), anew_read},
    {BODY(DATE_PROMISED), promised_read},
};

static struct store_ledger_place
place_of(const struct turn_event *from)
{
	const Kopru__V1__Event *event = from->event;
	struct store_ledger_place place = {
	    .application_id = from->application_id, .number = event->number, .at = event->at, .department = ""};

	uuid_from_bytes(event->id.data, event->id.len, &place.event_id);
	if (event->body_case == BODY(APPLICATION_ROUTED))
		place.department = event->application_routed->department;
	else if (event->standing)
		place.department = event->standing->department;
	return place;
}

/* What was routed has one date, of the law, and nothing of before. */
static void
laws_record(struct db_tx *tx, const struct turn_event *events, size_t count)
{
	struct store_promise *list = arena_array(db_tx_arena(tx), count + 1, sizeof(*list));
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		const Kopru__V1__Application *application = events[i].event->body_case == BODY(APPLICATION_ROUTED)
								? events[i].event->application_routed->application
								: NULL;

		if (!application || application->due_on <= 0 ||
		    application->legal_basis == KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_NONE)
			continue;
		list[found] = (struct store_promise){place_of(&events[i]), "law", application->due_on, ""};
		list[found++].place.number = application->number;
	}
	store_promises_add(tx, list, found);
}

static size_t
entries_read(const struct turn_event *events, size_t count, struct entry *entries)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		const Kopru__V1__Event *event = events[i].event;

		if (event->body_case != BODY(APPLICATION_ROUTED) && !event->standing)
			continue;
		for (size_t k = 0; k < sizeof(readers) / sizeof(readers[0]); k++) {
			if (readers[k].body == (int)event->body_case)
				entries[found++] = (struct entry){event, place_of(&events[i]), readers[k].read, i, 0};
		}
	}
	return found;
}

static int
application_compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = uuid_compare(&a->place.application_id, &b->place.application_id);

	return order ? order : (a->order > b->order) - (a->order < b->order);
}

static int
round_compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return a->round != b->round ? (a->round > b->round) - (a->round < b->round) : application_compare(left, right);
}

static void
rounds_make(struct entry *entries, size_t count)
{
	qsort(entries, count, sizeof(*entries), application_compare);
	for (size_t i = 1; i < count; i++) {
		if (uuid_compare(&entries[i - 1].place.application_id, &entries[i].place.application_id) == 0)
			entries[i].round = entries[i - 1].round + 1;
	}
	qsort(entries, count, sizeof(*entries), round_compare);
}

/* What ends goes before what begins, what begins before what moves. */
static void
round_record(struct db_tx *tx, const struct entry *entries, size_t count)
{
	struct arena *a = db_tx_arena(tx);
	struct round round = {
	    .promise_ends = arena_array(a, count * ENDS_MAX, sizeof(*round.promise_ends)),
	    .promises = arena_array(a, count, sizeof(*round.promises)),
	    .inbox_ends = arena_array(a, count, sizeof(*round.inbox_ends)),
	    .inboxes = arena_array(a, count * ROLES_MAX, sizeof(*round.inboxes)),
	    .moves = arena_array(a, count, sizeof(*round.moves)),
	};

	for (size_t i = 0; i < count; i++)
		entries[i].read(&entries[i], &round);
	store_promises_end(tx, round.promise_ends, round.promise_end_count);
	store_promises_add(tx, round.promises, round.promise_count);
	store_inbox_end(tx, round.inbox_ends, round.inbox_end_count);
	store_inbox_add(tx, round.inboxes, round.inbox_count);
	store_ledger_move(tx, round.moves, round.move_count);
}

void
ledger_record(struct db_tx *tx, const struct turn_event *events, size_t count)
{
	struct entry *entries = arena_array(db_tx_arena(tx), count + 1, sizeof(*entries));
	size_t found = entries_read(events, count, entries);

	laws_record(tx, events, count);
	rounds_make(entries, found);
	for (size_t first = 0, end; first < found; first = end) {
		for (end = first + 1; end < found && entries[end].round == entries[first].round;)
			end++;
		round_record(tx, entries + first, end - first);
	}
}
