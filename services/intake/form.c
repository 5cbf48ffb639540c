/* form: the whole form and its own fields. */
#include "services/intake/form_reader.h"

#include <stddef.h>
#include <string.h>

#include "common/base/text.h"
#include "common/domain/calendar.h"
#include "proto/kopru/v1/application.pb-c.h"

#define SKEW_MICROSECONDS INT64_C(60000000) /* clocks differ */
#define EARLIEST_YEAR 2020

static void
read_kind(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	r->form->kind = form_word(r, field, value, kind_words);
}

static void
read_channel(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	r->form->channel = form_word(r, field, value, channel_words);
}

static void
read_received_at(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = form_text(r, field, value);
	int32_t earliest = 0;
	int64_t time;

	if (!text)
		return;
	date_from_civil(EARLIEST_YEAR, 1, 1, &earliest);
	if (!time_parse(text, &time))
		form_fault(r, field->name,
		    "RFC 3339 biçiminde, gelecekte olmayan bir an olmalı, örneğin 2026-11-23T09:30:00+03:00",
		    "must be an instant as in RFC 3339 that is not in the future, such as 2026-11-23T09:30:00+03:00");
	else if (time > r->rules->now + SKEW_MICROSECONDS)
		form_fault(r, field->name, "gelecekte olamaz", "must not lie in the future");
	else if (time < date_start_in_istanbul(earliest))
		form_fault(r, field->name, "2020-01-01 tarihinden önce olamaz", "must not lie before 2020-01-01");
	else
		r->form->received_at = time < r->rules->now ? time : r->rules->now;
}

static const struct form_field fields[] = {
    {.name = "kind", .read = read_kind},
    {.name = "text",
	.read = form_read_text,
	.offset = offsetof(struct application_form, text),
	.length_max = FORM_TEXT_MAX,
	.lines = true,
	.required = true},
    {.name = "subject",
	.read = form_read_text,
	.offset = offsetof(struct application_form, subject),
	.length_max = FORM_SUBJECT_MAX},
    {.name = "topic",
	.read = form_read_topic,
	.offset = offsetof(struct application_form, topic),
	.length_max = FORM_SHORT_MAX},
    {.name = "location", .read = form_read_location},
    {.name = "applicant", .read = form_read_applicant},
    {.name = "channel", .read = read_channel, .trusted = true},
    {.name = "external_id",
	.read = form_read_text,
	.offset = offsetof(struct application_form, external_id),
	.length_max = FORM_EXTERNAL_ID_MAX,
	.trusted = true},
    {.name = "received_at", .read = read_received_at, .length_max = FORM_SHORT_MAX, .trusted = true},
    {.name = NULL},
};

int
form_read(struct arena *a, const json_t *body, const struct form_rules *rules, struct application_form *form,
    struct form_faults *faults)
{
	struct form_reader r = {
	    .arena = a, .rules = rules, .form = form, .filled = form, .faults = faults, .place = ""};

	memset(form, 0, sizeof(*form));
	faults->count = 0;
	form->channel = KOPRU__V1__CHANNEL__CHANNEL_WEB;
	form->received_at = rules->now;
	form->language = rules->english ? "en" : "tr";
	form_read_fields(&r, fields, body);
	if (!json_object_get(body, "kind"))
		form_fault_words(&r, "kind", kind_words);
	if (!json_object_get(body, "text"))
		form_fault(&r, "text", "zorunlu: başvurunun metni, 1-10.000 karakter",
		    "required: the text of the application, 1 to 10,000 characters");
	return faults->count > 0 ? -1 : 0;
}

bool
form_key_valid(const char *key)
{
	size_t length = strnlen(key, FORM_KEY_MAX + 1);

	if (length < 1 || length > FORM_KEY_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if (key[i] < 0x21 || key[i] > 0x7e)
			return false;
	return true;
}
