/* triage_form: see the header. */
#include "services/intake/triage_form.h"

#include <stddef.h>
#include <string.h>

#include "services/intake/form_reader.h"

static void
read_id(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	struct triage_form *form = r->filled;

	form->id = json_is_integer(value) ? (int64_t)json_integer_value(value) : 0;
	if (form->id < 1)
		form_fault(r, field->name, "gelen kaydın kimliği (pozitif tam sayı) olmalı",
		    "must be the id of what arrived (a positive whole number)");
}

static void
read_decision(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	static const char *const allowed[] = {"application", "addition", "dismiss"};
	const char *text = json_string_value(value);
	struct triage_form *form = r->filled;

	for (size_t i = 0; text && i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (strcmp(text, allowed[i]) == 0)
			form->decision = allowed[i];
	if (!form->decision)
		form_fault(r, field->name, "application, addition ya da dismiss olmalı",
		    "must be application, addition or dismiss");
}

static void
read_number(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = json_string_value(value);
	struct triage_form *form = r->filled;
	int32_t serial;
	int year;

	if (!text || !number_parse(text, &year, &serial) || !number_format(year, serial, form->number))
		form_fault(r, field->name, "başvuru numarası olmalı: HM-2026-0000123-4",
		    "must be the number of an application: HM-2026-0000123-4");
}

static const struct form_field fields[] = {
    {.name = "id", .read = read_id},
    {.name = "decision", .read = read_decision},
    {.name = "number", .read = read_number},
    {.name = "text",
	.read = form_read_text,
	.offset = offsetof(struct triage_form, text),
	.length_max = FORM_TEXT_MAX,
	.lines = true},
    {.name = "reason",
	.read = form_read_text,
	.offset = offsetof(struct triage_form, reason),
	.length_max = TRIAGE_REASON_MAX},
    {.name = NULL},
};

static void
want(struct form_reader *r, const json_t *body, const char *name)
{
	if (!json_object_get(body, name))
		form_fault(r, name, "zorunlu", "required");
}

int
triage_form_read(struct arena *a, const json_t *body, struct triage_form *form, struct form_faults *faults)
{
	static const struct form_rules rules = {.trusted = true};
	struct form_reader r = {.arena = a, .rules = &rules, .filled = form, .faults = faults, .place = ""};

	*form = (struct triage_form){0};
	faults->count = 0;
	form_read_fields(&r, fields, body);
	want(&r, body, "id");
	want(&r, body, "decision");
	if (form->decision && strcmp(form->decision, "addition") == 0)
		want(&r, body, "number");
	else if (form->decision && json_object_get(body, "number"))
		form_fault(&r, "number", "yalnızca addition kararında verilir", "is given with addition only");
	if (form->decision && strcmp(form->decision, "dismiss") == 0) {
		want(&r, body, "reason");
		if (form->text)
			form_fault(&r, "text", "dismiss kararında verilmez", "is not given with dismiss");
	}
	return faults->count > 0 ? -1 : 0;
}
