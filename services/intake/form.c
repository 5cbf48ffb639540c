/* form: the whole form and its own fields. */
#include "services/intake/form_reader.h"

#include <stddef.h>
#include <string.h>

#include "proto/kopru/v1/application.pb-c.h"

static void
read_kind(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	r->form->kind = form_word(r, field, value, kind_words);
}

static void
read_channel(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	r->form->channel = form_word(r, field, value, channel_words);
	if (r->form->channel == KOPRU__V1__CHANNEL__CHANNEL_TELEGRAM) {
		r->form->channel = 0;
		form_fault(r, field->name,
		    "Telegram mesajları yalnızca kanalın kendisinden gelir; başka bir kanal seçin",
		    "messages of Telegram come from the channel itself only; choose another one");
	}
}

static void
read_received_at(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	int64_t time;

	if (form_time(r, field, value, &time))
		r->form->received_at = time;
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
    {.name = "entered_by",
	.read = form_read_clerk,
	.offset = offsetof(struct application_form, entered_by),
	.length_max = FORM_SHORT_MAX,
	.trusted = true},
    {.name = "brought_by",
	.read = form_read_text,
	.offset = offsetof(struct application_form, brought_by),
	.length_max = FORM_NAME_MAX,
	.trusted = true},
    {.name = "registry_number",
	.read = form_read_text,
	.offset = offsetof(struct application_form, registry_number),
	.length_max = FORM_REGISTRY_MAX,
	.trusted = true},
    {.name = "registry_on",
	.read = form_read_date,
	.offset = offsetof(struct application_form, registry_on),
	.length_max = FORM_SHORT_MAX,
	.trusted = true},
    {.name = "sender_institution",
	.read = form_read_text,
	.offset = offsetof(struct application_form, sender_institution),
	.length_max = FORM_NAME_MAX,
	.trusted = true},
    {.name = "reply_by",
	.read = form_read_date,
	.offset = offsetof(struct application_form, reply_by),
	.length_max = FORM_SHORT_MAX,
	.trusted = true},
    {.name = "call_id",
	.read = form_read_text,
	.offset = offsetof(struct application_form, call_id),
	.length_max = FORM_CALL_ID_MAX,
	.trusted = true},
    {.name = "recording",
	.read = form_read_text,
	.offset = offsetof(struct application_form, recording),
	.length_max = FORM_RECORDING_MAX,
	.trusted = true},
    {.name = "source_url",
	.read = form_read_url,
	.offset = offsetof(struct application_form, source_url),
	.length_max = FORM_URL_MAX,
	.trusted = true},
    {.name = "attachments", .read = form_read_attachments},
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
	form_check_origin(&r, body);
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
