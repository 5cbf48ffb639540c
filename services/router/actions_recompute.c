/* actions_recompute: a deadline that a change of the calendar moves; by the router itself, which found it. */
#include "common/domain/words.h"
#include "services/router/actions_internal.h"

#define EVENT(name) KOPRU__V1__EVENT__BODY_##name
#define CLOCK(name) KOPRU__V1__CLOCK__CLOCK_##name

static void
move_note(struct deed *d, int64_t old_due_at)
{
	struct cases *c = d->cases;
	struct case_move *move = arena_alloc(c->arena, sizeof(*move));

	*move = (struct case_move){.application_id = d->record->application_id,
	    .kind = d->order->clock,
	    .old_due_at = old_due_at,
	    .new_due_at = d->order->new_due_at,
	    .calendar_version = (int32_t)d->order->calendar_version,
	    .next = c->moves};
	c->moves = move;
	c->move_count++;
}

/* What it was found by still holds: the same calendar, the same clock, due at the same instant. A term of law that stands
 * begins anew one day; of a target that stands the rest goes on, so it moves. */
bool
action_recompute(struct deed *d)
{
	const struct order *o = d->order;
	struct case_record *r = d->record;
	struct case_telling telling = {0};
	Kopru__V1__DeadlineMoved body;
	const struct case_clock *clock = NULL;
	int64_t old_due_at = 0;

	if (o->clock != CLOCK(LAW) && o->clock != CLOCK(TARGET))
		return deed_conflict(d, SENTENCE_NOT_DUE, NULL);
	clock = &r->clocks[o->clock];
	if (!clock->exists || (o->clock == CLOCK(LAW) && clock->stopped_at != 0) || clock->due_at != o->clock_due_at ||
	    o->new_due_at == o->clock_due_at ||
	    (int32_t)o->calendar_version != catalogue_calendar_version(d->cases->catalogue))
		return deed_conflict(d, SENTENCE_NOT_DUE, NULL);
	old_due_at = clock->due_at;
	kopru__v1__deadline_moved__init(&body);
	body.clock = (Kopru__V1__Clock)o->clock;
	body.old_due_on = o->clock == CLOCK(LAW) ? r->due_on : 0;
	body.old_target_on = o->clock == CLOCK(TARGET) ? r->target_on : 0;
	body.reason = deed_string(d, o->reason);
	body.calendar_version = o->calendar_version;
	clocks_move(d->cases->catalogue, d->cases->now, r, o->clock, o->new_due_at);
	move_note(d, old_due_at);
	deed_tell(d, &telling, EVENT(DEADLINE_MOVED), &body);
	return true;
}
