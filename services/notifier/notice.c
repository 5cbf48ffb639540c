/* notice: the rule for channel and language, and what of an event is kept for the letter. */
#include "services/notifier/notice.h"

#include <string.h>

#include "common/base/text.h"
#include "common/domain/calendar.h"
#include "common/domain/identity.h"
#include "common/domain/number.h"

/* What every event tells, wherever it stands in it. */
struct facts {
	const Kopru__V1__Applicant *applicant;
	const char *department, *department_name, *department_name_en;
};

/* Why the applicant gets no e-mail; NULL when there is one to send. */
static const char *
silence_reason(const Kopru__V1__Applicant *applicant)
{
	if (applicant->prefers == KOPRU__V1__PREFERS__PREFERS_NONE)
		return "does not want messages";
	if (*applicant->email)
		return email_valid(applicant->email) ? NULL : "address not valid";
	return applicant->anonymous ? "anonymous" : "no address";
}

static int
facts_of_routing(const Kopru__V1__Event *event, struct facts *facts, struct notice_fields *f, struct err *e)
{
	const Kopru__V1__ApplicationRouted *routed = event->application_routed;
	const Kopru__V1__Application *application = routed->application;

	if (!application || !application->applicant)
		return err_set(e, "the event holds no applicant");
	*facts = (struct facts){application->applicant, routed->department, routed->department_name, ""};
	f->received_on = date_in_istanbul(application->received_at);
	f->due_on = application->due_on;
	f->legal_basis = (int32_t)application->legal_basis;
	f->triage = routed->triage;
	f->access_code_generation = routed->access_code_generation;
	return 0;
}

static int
facts_of_standing(const Kopru__V1__Event *event, struct facts *facts, struct notice_fields *f, struct err *e)
{
	const Kopru__V1__Standing *standing = event->standing;

	if (!standing || !standing->applicant)
		return err_set(e, "the event does not say where the case stands");
	*facts = (struct facts){
	    standing->applicant, standing->department, standing->department_name, standing->department_name_en};
	f->received_on = date_in_istanbul(standing->received_at);
	f->due_on = standing->due_on;
	f->legal_basis = (int32_t)standing->legal_basis;
	f->triage = standing->triage;
	f->access_code_generation = standing->access_code_generation;
	return 0;
}

static int
ids_take(const Kopru__V1__Event *event, struct notice *n, struct err *e)
{
	const Kopru__V1__Application *application = event->body_case == KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED
							? event->application_routed->application
							: NULL;
	const ProtobufCBinaryData *id = application ? &application->id : &event->application_id;

	n->number = application ? application->number : event->number;
	n->version = event->version;
	if (!uuid_from_bytes(event->id.data, event->id.len, &n->event_id) ||
	    !uuid_from_bytes(id->data, id->len, &n->application_id))
		return err_set(e, "the event or the application has no id");
	if (!number_parse(n->number, NULL, NULL) || strlen(n->number) >= NUMBER_TEXT_SIZE)
		return err_set(e, "the number is not valid");
	if (n->version > INT32_MAX)
		return err_set(e, "the version is not valid");
	return 0;
}

/* Texts of one line stand where lines end; texts of many lines must not hold what no mail program shows. */
static int
texts_check(const struct notice_fields *f, struct err *e)
{
	if (text_has_line_break_or_control(f->department_name))
		return err_set(e, "the department's name holds a control character");
	if (text_has_line_break_or_control(f->institution) || text_has_line_break_or_control(f->letter_number))
		return err_set(e, "the institution's name or the letter's number holds a control character");
	if (text_has_control(f->text) || text_has_control(f->reason))
		return err_set(e, "a text holds a control character");
	return 0;
}

static const char *
department_pick(const struct facts *facts, bool english)
{
	if (english && *facts->department_name_en)
		return facts->department_name_en;
	return *facts->department_name ? facts->department_name : facts->department;
}

static void
texts_copy(struct arena *a, struct notice *n)
{
	n->number = arena_string(a, n->number);
	n->fields.department_name = arena_string(a, n->fields.department_name);
	n->fields.text = arena_string(a, n->fields.text);
	n->fields.reason = arena_string(a, n->fields.reason);
	n->fields.institution = arena_string(a, n->fields.institution);
	n->fields.letter_number = arena_string(a, n->fields.letter_number);
}

int
notice_decide(struct arena *a, const Kopru__V1__Event *event, struct notice *notice, struct err *e)
{
	const struct event_rule *rule = event_rule_of(event);
	struct notice n = {.fields = {.text = "", .reason = "", .institution = "", .letter_number = ""}};
	struct facts facts = {.applicant = NULL};
	int rc;

	if (!rule)
		return err_set(e, "an event of this type makes no notice");
	if (!rule->template || (rule->tells && !rule->tells(event)))
		return 0;
	rc = event->body_case == KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED
		 ? facts_of_routing(event, &facts, &n.fields, e)
		 : facts_of_standing(event, &facts, &n.fields, e);
	if (rc < 0 || ids_take(event, &n, e) < 0)
		return -1;
	n.language = strcmp(facts.applicant->language, "en") == 0 ? "en" : "tr";
	n.fields.department_name = department_pick(&facts, *n.language == 'e');
	if (rule->fill)
		rule->fill(event, &n.fields);
	if (texts_check(&n.fields, e) < 0)
		return -1;
	texts_copy(a, &n);
	n.id = uuid_new();
	n.template = rule->template;
	n.policy = template_rule_find(rule->template)->policy;
	n.reason = silence_reason(facts.applicant);
	n.channel = n.reason ? "none" : "email";
	n.state = n.reason ? "none" : "pending";
	n.address = n.reason ? NULL : arena_string(a, facts.applicant->email);
	n.verified = facts.applicant->email_verified;
	*notice = n;
	return 1;
}
