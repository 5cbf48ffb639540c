/* notice: the rule for channel and language, and the words of the letter's fields. */
#include "services/notifier/notice.h"

#include <string.h>

#include "common/base/text.h"
#include "common/domain/calendar.h"
#include "common/domain/identity.h"
#include "common/domain/number.h"

struct law {
	int32_t legal_basis;
	const char *tr, *en;
};

/* The article that gives the date. The last row is for whatever has no law of its own. */
static const struct law laws[] = {
    {KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071, "3071 sayılı Dilekçe Hakkının Kullanılmasına Dair Kanun'un 7. maddesi",
	"article 7 of Law No. 3071 on the Exercise of the Right to Petition"},
    {KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_4982, "4982 sayılı Bilgi Edinme Hakkı Kanunu'nun 11. maddesi",
	"article 11 of Law No. 4982 on the Right to Information"},
    {KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_6698, "6698 sayılı Kişisel Verilerin Korunması Kanunu'nun 13. maddesi",
	"article 13 of Law No. 6698 on the Protection of Personal Data"},
    {KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_NONE, "Belediyemizin hizmet standardı", "our service standard"},
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

int
notice_decide(struct arena *a, const Kopru__V1__Event *event, struct notice *notice, struct err *e)
{
	const Kopru__V1__ApplicationRouted *routed = event->application_routed;
	const Kopru__V1__Application *application = routed ? routed->application : NULL;
	const Kopru__V1__Applicant *applicant = application ? application->applicant : NULL;
	struct notice n = {.id = uuid_new(), .template = "received"};

	if (event->body_case != KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED || !applicant)
		return err_set(e, "the event holds no applicant");
	if (!uuid_from_bytes(event->id.data, event->id.len, &n.event_id) ||
	    !uuid_from_bytes(application->id.data, application->id.len, &n.application_id))
		return err_set(e, "the event or the application has no id");
	if (!number_parse(application->number, NULL, NULL) || strlen(application->number) >= NUMBER_TEXT_SIZE)
		return err_set(e, "the number is not valid");
	if (text_has_line_break_or_control(routed->department_name))
		return err_set(e, "the department's name holds a control character");
	n.number = arena_string(a, application->number);
	n.language = strcmp(applicant->language, "en") == 0 ? "en" : "tr";
	n.reason = silence_reason(applicant);
	n.channel = n.reason ? "none" : "email";
	n.state = n.reason ? "none" : "pending";
	n.address = n.reason ? NULL : arena_string(a, applicant->email);
	n.fields = (struct notice_fields){
	    .received_on = date_in_istanbul(application->received_at),
	    .due_on = application->due_on,
	    .legal_basis = (int32_t)application->legal_basis,
	    .department_name = arena_string(a, *routed->department_name ? routed->department_name : routed->department),
	    .triage = routed->triage,
	    .access_code_generation = routed->access_code_generation,
	};
	*notice = n;
	return 0;
}

static const char *
law_text(int32_t legal_basis, bool english)
{
	size_t i = 0;

	while (i + 1 < sizeof(laws) / sizeof(laws[0]) && laws[i].legal_basis != legal_basis)
		i++;
	return english ? laws[i].en : laws[i].tr;
}

/* 23.11.2026, in both languages. */
static const char *
date_words(struct arena *a, int32_t date)
{
	int year, month, day;

	date_to_civil(date, &year, &month, &day);
	return arena_printf(a, "%02d.%02d.%04d", day, month, year);
}

const char *const *
notice_texts(struct arena *a, const struct notice *notice, const char *public_url, const char *access_code)
{
	const char **texts = arena_array(a, TEMPLATE_FIELDS, sizeof(*texts));
	const struct notice_fields *fields = &notice->fields;
	bool english = strcmp(notice->language, "en") == 0;

	texts[TEMPLATE_NUMBER] = notice->number;
	texts[TEMPLATE_RECEIVED_ON] = date_words(a, fields->received_on);
	texts[TEMPLATE_DUE_ON] = date_words(a, fields->due_on);
	texts[TEMPLATE_DEPARTMENT] = fields->department_name;
	if (fields->triage)
		texts[TEMPLATE_DEPARTMENT] =
		    english ? "the Service Desk (Hizmet Masası) is assessing it" : "Hizmet Masası değerlendiriyor";
	texts[TEMPLATE_LAW] = law_text(fields->legal_basis, english);
	texts[TEMPLATE_TRACKING_URL] =
	    arena_printf(a, "%s/takip#no=%s&kod=%s", public_url, notice->number, access_code);
	texts[TEMPLATE_ACCESS_CODE] = access_code;
	return texts;
}
