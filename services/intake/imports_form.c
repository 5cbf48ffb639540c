/* imports_form: see the header. */
#include "services/intake/imports_form.h"

#include <string.h>

#include "services/intake/form_reader.h"

static bool
source_valid(const char *text)
{
	const char *name = text + strlen("import/");

	if (strcmp(text, "cimer") == 0)
		return true;
	return strncmp(text, "import/", strlen("import/")) == 0 && *name && strlen(name) <= 40 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == strlen(name);
}

static void
read_source(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	struct imports_form *form = r->filled;
	const char *text = json_string_value(value);

	if (text && source_valid(text))
		form->source = text;
	else
		form_fault(r, field->name,
		    "\"cimer\" ya da \"import/AD\" olmalı; AD: a-z, 0-9, _ . -, en çok 40 karakter",
		    "must be \"cimer\" or \"import/NAME\"; NAME: a-z, 0-9, _ . -, at most 40 characters");
}

static void
read_inbound(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	struct imports_form *form = r->filled;

	if (json_is_integer(value) && json_integer_value(value) > 0)
		form->inbound_id = json_integer_value(value);
	else
		form_fault(r, field->name, "pozitif tam sayı olmalı: dosyanın gelen kaydı",
		    "must be a positive whole number: the file's row of what came in");
}

static void
read_item(struct form_reader *r, const json_t *value, size_t i)
{
	struct imports_form *form = r->filled;
	const char *key = json_string_value(json_object_get(value, "key")), *name;
	json_t *application = json_object_get(value, "application"), *topic = json_object_get(value, "topic");
	size_t members = topic ? 3 : 2;

	if (!key || !form_key_valid(key) || !json_is_object(application) || json_object_size(value) != members ||
	    (topic && !json_is_string(topic))) {
		name = arena_printf(r->arena, "applications.%zu", i);
		form_fault(r, name,
		    "{\"key\", \"application\"} olmalı, isteğe bağlı \"topic\" ile; key: 1-128 yazdırılabilir ASCII "
		    "karakter, boşluksuz",
		    "must be {\"key\", \"application\"}, perhaps with \"topic\"; key: 1 to 128 printable ASCII "
		    "characters without spaces");
		return;
	}
	form->items[i] =
	    (struct imports_item){.key = key, .application = application, .topic = json_string_value(topic)};
}

static void
read_applications(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	struct imports_form *form = r->filled;
	size_t count = json_array_size(value);

	if (count < 1 || count > IMPORTS_MAX) {
		form_fault(
		    r, field->name, "1-100 başvuruluk bir dizi olmalı", "must be an array of 1 to 100 applications");
		return;
	}
	for (size_t i = 0; i < count; i++)
		read_item(r, json_array_get(value, i), i);
	form->count = count;
}

int
imports_form_read(struct arena *a, const json_t *body, struct imports_form *form, struct form_faults *faults)
{
	static const struct form_field fields[] = {{.name = "source", .read = read_source},
	    {.name = "dry_run", .read = form_read_switch, .offset = offsetof(struct imports_form, dry_run)},
	    {.name = "inbound_id", .read = read_inbound}, {.name = "applications", .read = read_applications},
	    {.name = NULL}};
	static const struct form_rules rules = {.trusted = true};
	struct form_reader r = {.arena = a, .rules = &rules, .filled = form, .faults = faults, .place = ""};

	*form = (struct imports_form){.source = NULL};
	faults->count = 0;
	form_read_fields(&r, fields, body);
	if (!json_object_get(body, "source"))
		form_fault(
		    &r, "source", "zorunlu: \"cimer\" ya da \"import/AD\"", "required: \"cimer\" or \"import/NAME\"");
	if (!json_object_get(body, "applications"))
		form_fault(&r, "applications", "zorunlu: 1-100 başvuruluk bir dizi",
		    "required: an array of 1 to 100 applications");
	return faults->count > 0 ? -1 : 0;
}
