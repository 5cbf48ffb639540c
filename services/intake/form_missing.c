/* form_missing: what the law wants of an application beside its text. */
#include "services/intake/form.h"

#include <string.h>

#include "proto/kopru/v1/application.pb-c.h"

#define IN(channel) (1U << KOPRU__V1__CHANNEL__CHANNEL_##channel)
#define OF(kind) (1U << KOPRU__V1__KIND__KIND_##kind)
#define BY_CLERKS (IN(DESK) | IN(PETITION) | IN(LETTER) | IN(PHONE))
#define PETITIONS (OF(REQUEST) | OF(COMPLAINT) | OF(SUGGESTION) | OF(TIP_OFF))

/* Whether it was signed nobody but the clerk can see. */
static const struct {
	struct form_missing missing;
	size_t offset; /* of the text that says it */
	unsigned channels, kinds;
} wanted[] = {
    {{"applicant.name", "3071", "4"}, offsetof(struct application_form, applicant_name), BY_CLERKS, PETITIONS},
    {{"applicant.address", "3071", "4"}, offsetof(struct application_form, applicant_address), BY_CLERKS, PETITIONS},
    {{"applicant.name", "4982", "6"}, offsetof(struct application_form, applicant_name),
	BY_CLERKS | IN(EMAIL) | IN(WEB), OF(INFORMATION_REQUEST)},
    {{"applicant.address", "4982", "6"}, offsetof(struct application_form, applicant_address),
	BY_CLERKS | IN(EMAIL) | IN(WEB), OF(INFORMATION_REQUEST)},
    /* In place of the signature: article 10 of the law's regulation. */
    {{"applicant.national_id", "4982", "6"}, offsetof(struct application_form, national_id), IN(EMAIL) | IN(WEB),
	OF(INFORMATION_REQUEST)},
};

size_t
form_find_missing(const struct application_form *form, struct form_missing missing[FORM_MISSING_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const char *text;

		memcpy(&text, (const char *)form + wanted[i].offset, sizeof(text));
		if (!text && (wanted[i].channels & (1U << form->channel)) && (wanted[i].kinds & (1U << form->kind)) &&
		    count < FORM_MISSING_MAX)
			missing[count++] = wanted[i].missing;
	}
	return count;
}

/* Nothing in it needs escaping. */
const char *
form_missing_json(struct arena *a, const struct application_form *form)
{
	struct form_missing missing[FORM_MISSING_MAX];
	size_t count = form_find_missing(form, missing);
	const char *list = "";

	for (size_t i = 0; i < count; i++)
		list = arena_printf(a, "%s%s{\"field\":\"%s\",\"law\":\"%s\",\"article\":\"%s\"}", list,
		    i > 0 ? "," : "", missing[i].field, missing[i].law, missing[i].article);
	return arena_printf(a, "[%s]", list);
}
