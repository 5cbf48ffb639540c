/* call_form: see the header. */
#include "services/intake/call_form.h"

#include <stddef.h>
#include <string.h>

#include "services/intake/form_reader.h"

#define WITHHELD "withheld"
#define SCOPE_MAX 20

static void
set_text(struct form_reader *r, const struct form_field *field, const char *text)
{
	memcpy((char *)r->filled + field->offset, &text, sizeof(text));
}

static void
read_phone(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = form_text(r, field, value);
	char *phone = arena_alloc(r->arena, PHONE_TEXT_SIZE);

	if (!text)
		return;
	if (phone_normalize(text, phone))
		set_text(r, field, phone);
	else
		form_fault(r, field->name, "telefon numarası olmalı, örneğin +905000000000",
		    "must be a telephone number, such as +905000000000");
}

static void
read_caller(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = json_string_value(value);
	char *phone = arena_alloc(r->arena, PHONE_TEXT_SIZE);

	if (text && strcmp(text, WITHHELD) == 0)
		return;
	if (text && json_string_length(value) <= FORM_SHORT_MAX && phone_normalize(text, phone))
		set_text(r, field, phone);
	else
		form_fault(r, field->name, "telefon numarası (+905000000000) ya da \"withheld\" (gizli numara) olmalı",
		    "must be a telephone number (+905000000000) or \"withheld\"");
}

static void
read_time(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	int64_t time;

	if (form_time(r, field, value, &time))
		memcpy((char *)r->filled + field->offset, &time, sizeof(time));
}

static void
read_national_id(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = form_text(r, field, value);

	if (text && national_id_valid(text))
		set_text(r, field, text);
	else if (text)
		form_fault(r, field->name, "geçerli bir T.C. kimlik numarası olmalı (11 rakam)",
		    "must be a valid T.C. national id (11 digits)");
}

static void
read_email(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = form_text(r, field, value);

	if (text && email_valid(text))
		set_text(r, field, text);
	else if (text)
		form_fault(r, field->name, "geçerli bir e-posta adresi olmalı: ad@example.org",
		    "must be a valid e-mail address: name@example.org");
}

static void
want(struct form_reader *r, const json_t *body, const char *name)
{
	if (!json_object_get(body, name))
		form_fault(r, name, "zorunlu", "required");
}

#define AT(member) offsetof(struct call_form, member)

static const struct form_field call_fields[] = {
    {.name = "call_id",
	.read = form_read_text,
	.offset = AT(call_id),
	.length_max = FORM_CALL_ID_MAX,
	.required = true},
    {.name = "caller", .read = read_caller, .offset = AT(caller)},
    {.name = "started_at", .read = read_time, .offset = AT(started_at), .length_max = FORM_SHORT_MAX},
    {.name = "ended_at", .read = read_time, .offset = AT(ended_at), .length_max = FORM_SHORT_MAX},
    {.name = "answered_by", .read = form_read_clerk, .offset = AT(answered_by), .length_max = FORM_SHORT_MAX},
    {.name = "missed", .read = form_read_switch, .offset = AT(missed)},
    {.name = "recording", .read = form_read_text, .offset = AT(recording), .length_max = FORM_RECORDING_MAX},
    {.name = NULL},
};

int
call_form_read(struct arena *a, const json_t *body, const struct form_rules *rules, struct call_form *form,
    struct form_faults *faults)
{
	struct form_reader r = {.arena = a, .rules = rules, .filled = form, .faults = faults, .place = ""};

	memset(form, 0, sizeof(*form));
	faults->count = 0;
	form_read_fields(&r, call_fields, body);
	want(&r, body, "call_id");
	want(&r, body, "caller");
	want(&r, body, "started_at");
	if (form->ended_at != 0 && form->ended_at < form->started_at)
		form_fault(&r, "ended_at", "started_at değerinden önce olamaz", "must not lie before started_at");
	if (form->missed && form->answered_by)
		form_fault(&r, "missed", "cevaplanan (answered_by) bir arama cevapsız olamaz",
		    "cannot be true of a call that was answered (answered_by)");
	return faults->count > 0 ? -1 : 0;
}

#undef AT
#define AT(member) offsetof(struct call_back_form, member)

static const struct form_field call_back_fields[] = {
    {.name = "scope", .read = form_read_text, .offset = AT(scope), .length_max = SCOPE_MAX},
    {.name = "call_id",
	.read = form_read_text,
	.offset = AT(call_id),
	.length_max = FORM_CALL_ID_MAX,
	.required = true},
    {.name = "entered_by", .read = form_read_clerk, .offset = AT(entered_by), .length_max = FORM_SHORT_MAX},
    {.name = NULL},
};

int
call_back_form_read(struct arena *a, const json_t *body, struct call_back_form *form, struct form_faults *faults)
{
	static const struct form_rules rules = {.trusted = true};
	struct form_reader r = {.arena = a, .rules = &rules, .filled = form, .faults = faults, .place = ""};

	memset(form, 0, sizeof(*form));
	faults->count = 0;
	form_read_fields(&r, call_back_fields, body);
	want(&r, body, "call_id");
	return faults->count > 0 ? -1 : 0;
}

#undef AT
#define AT(member) offsetof(struct search_form, member)

static const struct form_field search_fields[] = {
    {.name = "phone", .read = read_phone, .offset = AT(phone), .length_max = FORM_SHORT_MAX},
    {.name = "national_id", .read = read_national_id, .offset = AT(national_id), .length_max = FORM_SHORT_MAX},
    {.name = "email", .read = read_email, .offset = AT(email), .length_max = FORM_SHORT_MAX},
    {.name = NULL},
};

int
search_form_read(struct arena *a, const json_t *body, struct search_form *form, struct form_faults *faults)
{
	static const struct form_rules rules = {.trusted = true};
	struct form_reader r = {.arena = a, .rules = &rules, .filled = form, .faults = faults, .place = ""};

	memset(form, 0, sizeof(*form));
	faults->count = 0;
	form_read_fields(&r, search_fields, body);
	if (faults->count == 0 && json_object_size(body) != 1)
		form_fault(&r, "phone", "phone, national_id ve email alanlarından tam biri verilmeli",
		    "exactly one of phone, national_id and email must be given");
	return faults->count > 0 ? -1 : 0;
}
