/* staff: escalations and life safety. */
#include "services/notifier/staff.h"

#include <string.h>

#include "common/base/text.h"
#include "common/domain/calendar.h"
#include "common/domain/number.h"

#define LATE 100 /* percent of a term */

/* Those of a stage: each hears of the stages above his own, too. */
static const char *
roles_of(const Kopru__V1__CaseEscalated *escalated)
{
	if (escalated->clock == KOPRU__V1__CLOCK__CLOCK_ARBITER)
		return escalated->to_mayor ? "arbiter,mayor" : "arbiter";
	if (escalated->to_mayor)
		return "officer,manager,arbiter,mayor";
	if (escalated->to == KOPRU__V1__ACTOR__ROLE__ROLE_ARBITER)
		return "officer,manager,arbiter";
	return escalated->to == KOPRU__V1__ACTOR__ROLE__ROLE_MANAGER ? "officer,manager" : "officer";
}

static int
escalation_read(const Kopru__V1__Event *event, struct staff_notice *n, struct err *e)
{
	const Kopru__V1__CaseEscalated *escalated = event->case_escalated;
	const Kopru__V1__Standing *standing = event->standing;

	if (!standing)
		return err_set(e, "the event does not say where the case stands");
	n->department = standing->department;
	n->roles = roles_of(escalated);
	n->template = TEMPLATE_STAFF_ESCALATION;
	n->urgent = escalated->stage >= LATE;
	n->fields.department_name = standing->department_name;
	n->fields.topic_name = standing->topic_name;
	n->fields.received_on = date_in_istanbul(standing->received_at);
	n->fields.due_on = date_in_istanbul(escalated->due_at - 1);
	n->fields.clock = (int32_t)escalated->clock;
	n->fields.stage = (int32_t)escalated->stage;
	return 1;
}

static int
page_read(const Kopru__V1__Event *event, struct staff_notice *n, struct err *e)
{
	const Kopru__V1__ApplicationRouted *routed = event->application_routed;

	if (!routed->application)
		return err_set(e, "the event holds no application");
	n->department = routed->department;
	n->roles = "duty,officer,manager";
	n->template = TEMPLATE_STAFF_PAGE;
	n->urgent = true;
	n->number = routed->application->number;
	n->fields.department_name = routed->department_name;
	n->fields.topic_name = routed->topic_name;
	n->fields.received_on = date_in_istanbul(routed->application->received_at);
	n->fields.emergency = routed->emergency;
	return 1;
}

static int
texts_take(struct arena *a, struct staff_notice *n, struct err *e)
{
	const char **texts[] = {
	    &n->number, &n->department, &n->fields.department_name, &n->fields.topic_name, &n->fields.emergency};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (text_has_line_break_or_control(*texts[i]))
			return err_set(e, "a name of the event holds a control character");
		*texts[i] = arena_string(a, *texts[i]);
	}
	return 1;
}

int
staff_decide(struct arena *a, const Kopru__V1__Event *event, struct staff_notice *notice, struct err *e)
{
	bool page = event->body_case == KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED && event->application_routed->urgent;
	struct staff_notice n = {.number = event->number,
	    .version = event->version,
	    .fields = {.department_name = "", .topic_name = "", .emergency = "", .text = "", .reason = ""}};
	int told;

	if (!page && event->body_case != KOPRU__V1__EVENT__BODY_CASE_ESCALATED)
		return 0;
	told = page ? page_read(event, &n, e) : escalation_read(event, &n, e);
	if (told < 0)
		return -1;
	if (!number_parse(n.number, NULL, NULL) || n.version > INT32_MAX ||
	    !uuid_from_bytes(event->id.data, event->id.len, &n.event_id) ||
	    !uuid_from_bytes(event->application_id.data, event->application_id.len, &n.application_id))
		return err_set(e, "the event's ids, number or version are not valid");
	told = texts_take(a, &n, e);
	*notice = n;
	return told;
}
