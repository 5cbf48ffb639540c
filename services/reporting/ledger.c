/* ledger: one function for each kind of event that says something of terms or of who has to look. */
#include "services/reporting/ledger.h"

#include "common/domain/calendar.h"
#include "services/reporting/store_ledger.h"

#define BODY(name) KOPRU__V1__EVENT__BODY_##name
#define CLOCK(name) KOPRU__V1__CLOCK__CLOCK_##name

/* One event, with what is asked of all of them. */
struct entry {
	struct db_tx *tx;
	const Kopru__V1__Event *event;
	struct store_ledger_place place;
};

typedef void entry_reader(const struct entry *e);

static void
promise(const struct entry *e, const char *what, int32_t day, const char *reason)
{
	if (day > 0)
		store_promise_add(e->tx, &e->place, &(struct store_promise){what, day, reason});
}

/* The term of a law that has one. */
static void
law_promise(const struct entry *e, const char *reason)
{
	const Kopru__V1__Standing *s = e->event->standing;

	if (s->legal_basis != KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_NONE)
		promise(e, "law", s->due_on, reason);
	store_inbox_end(e->tx, &e->place, "escalation", CLOCK(LAW));
}

/* The page is for whoever is there first. */
static void
routed_read(const struct entry *e)
{
	static const char *const roles[] = {"duty", "manager", "officer"};

	if (e->event->application_routed->urgent)
		store_inbox_add(
		    e->tx, &e->place, &(struct store_inbox){.roles = roles, .role_count = 3, .what = "page"});
}

static void
escalated_read(const struct entry *e)
{
	static const char *const roles[] = {"officer", "manager", "arbiter", "mayor"};
	const Kopru__V1__CaseEscalated *escalated = e->event->case_escalated;
	struct store_inbox inbox = {.roles = roles,
	    .role_count = 1,
	    .what = "escalation",
	    .clock = (int32_t)escalated->clock,
	    .stage = (int32_t)escalated->stage,
	    .due_at = escalated->due_at};

	if (escalated->to == KOPRU__V1__ACTOR__ROLE__ROLE_MANAGER)
		inbox.role_count = 2;
	else if (escalated->to == KOPRU__V1__ACTOR__ROLE__ROLE_ARBITER)
		inbox.role_count = 3;
	if (escalated->to_mayor)
		inbox.role_count = 4;
	if (escalated->clock == CLOCK(ARBITER)) { /* nobody else decides on it */
		inbox.roles = roles + 2;
		inbox.role_count -= 2;
	}
	store_inbox_add(e->tx, &e->place, &inbox);
}

/* What is open is the new department's to keep, and to look at. */
static void
moved_read(const struct entry *e)
{
	store_inbox_end(e->tx, &e->place, "escalation", CLOCK(ARBITER));
	store_ledger_move(e->tx, &e->place);
}

static void
accepted_read(const struct entry *e)
{
	store_inbox_end(e->tx, &e->place, "page", 0);
}

static void
answered_read(const struct entry *e)
{
	store_promises_end(e->tx, &e->place, "", "");
	store_inbox_end(e->tx, &e->place, "", 0);
}

static void
withdrawn_read(const struct entry *e)
{
	store_promises_end(e->tx, &e->place, "", "void");
	store_inbox_end(e->tx, &e->place, "", 0);
}

/* Its text says why. A planned date gives way to that of the final answer, and the other way round. */
static void
interim_read(const struct entry *e)
{
	if (e->event->interim_answer_given->final_by == 0)
		return;
	store_promises_end(e->tx, &e->place, "planned", "moved");
	promise(e, "final_answer", e->event->interim_answer_given->final_by, "");
	store_inbox_end(e->tx, &e->place, "escalation", CLOCK(PROMISE));
}

/* The municipality's own targets were not told. */
static void
deadline_read(const struct entry *e)
{
	Kopru__V1__Clock clock = e->event->deadline_moved->clock;

	if (clock != KOPRU__V1__CLOCK__CLOCK_UNSPECIFIED && clock != CLOCK(LAW))
		return;
	law_promise(e, e->event->deadline_moved->reason);
}

/* No date is told until the fee is paid. */
static void
fee_told_read(const struct entry *e)
{
	store_promises_end(e->tx, &e->place, "law", "void");
	store_inbox_end(e->tx, &e->place, "escalation", CLOCK(LAW));
}

static void
anew_read(const struct entry *e)
{
	law_promise(e, "");
}

static void
promised_read(const struct entry *e)
{
	store_promises_end(e->tx, &e->place, "final_answer", "moved");
	promise(e, "planned", e->event->date_promised->promised_on, e->event->date_promised->reason);
	store_inbox_end(e->tx, &e->place, "escalation", CLOCK(PROMISE));
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

/* What was routed has one date, of the law: written together, for there are many. */
static void
laws_record(struct db_tx *tx, const struct turn_event *events, size_t count)
{
	struct store_ledger_place *places = arena_array(db_tx_arena(tx), count + 1, sizeof(*places));
	int32_t *days = arena_array(db_tx_arena(tx), count + 1, sizeof(*days));
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		const Kopru__V1__Application *application = events[i].event->body_case == BODY(APPLICATION_ROUTED)
								? events[i].event->application_routed->application
								: NULL;

		if (!application || application->due_on <= 0 ||
		    application->legal_basis == KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_NONE)
			continue;
		places[found] = place_of(&events[i]);
		places[found].number = application->number;
		days[found++] = application->due_on;
	}
	if (found > 0)
		store_promises_add(tx, places, days, found);
}

void
ledger_record(struct db_tx *tx, const struct turn_event *events, size_t count)
{
	laws_record(tx, events, count);
	for (size_t i = 0; i < count; i++) {
		const struct entry entry = {tx, events[i].event, place_of(&events[i])};
		bool told = events[i].event->body_case == BODY(APPLICATION_ROUTED) || events[i].event->standing;

		for (size_t k = 0; told && k < sizeof(readers) / sizeof(readers[0]); k++) {
			if (readers[k].body == (int)events[i].event->body_case)
				readers[k].read(&entry);
		}
	}
}
