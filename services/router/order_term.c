/* order_term: commands about terms: fees, promises, and those of the router's own clock. */
#include "services/router/order.h"

#define ACTION(name) KOPRU__V1__COMMAND__ACTION_##name

void
order_read_term(const Kopru__V1__Command *c, struct order *o)
{
	switch ((int)c->action_case) {
	case ACTION(TELL_FEE):
		o->text = c->tell_fee->text;
		o->day = c->tell_fee->pay_by;
		return;
	case ACTION(FEE_WAS_PAID):
		o->reason = c->fee_was_paid->evidence;
		o->day = c->fee_was_paid->paid_on;
		return;
	case ACTION(PROMISE):
		o->day = c->promise->promised_on;
		o->reason = c->promise->reason;
		return;
	case ACTION(ESCALATE):
		o->clock = (int)c->escalate->clock;
		o->stage = c->escalate->stage;
		o->clock_due_at = c->escalate->due_at;
		return;
	case ACTION(RECOMPUTE):
		o->clock = (int)c->recompute->clock;
		o->clock_due_at = c->recompute->due_at;
		o->new_due_at = c->recompute->new_due_at;
		o->calendar_version = c->recompute->calendar_version;
		o->reason = c->recompute->reason;
		return;
	default: /* accept, approve, remind, expire hold nothing */
		return;
	}
}
