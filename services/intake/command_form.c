/* command_form: the whole form of a command: from its action follow the fields that it may and must have. */
#include "services/intake/command_form.h"

#include <string.h>

#include "services/intake/command_form_fields.h"

static bool
is_new(const struct command_form *forms, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (forms[i].has_id && forms[count].has_id && uuid_compare(&forms[i].id, &forms[count].id) == 0)
			return false;
	return true;
}

static void
check_required(struct form_reader *r, const struct command_form_field *chosen, const json_t *object)
{
	for (; chosen->field.name; chosen++)
		if (chosen->field.required && !json_object_get(object, chosen->field.name))
			form_fault(r, chosen->field.name, arena_printf(r->arena, "zorunlu: %s", chosen->tr),
			    arena_printf(r->arena, "required: %s", chosen->en));
}

/* Of those that need not all be given, one must. */
static void
check_some(struct form_reader *r, const struct command_form_field *chosen, const json_t *object, unsigned some)
{
	const struct command_form_field *first = NULL;

	for (; chosen->field.name; chosen++) {
		if (!(chosen->bit & some))
			continue;
		if (json_object_get(object, chosen->field.name))
			return;
		first = first ? first : chosen;
	}
	if (first)
		form_fault(r, first->field.name, "zorunlu: metin, ekler ya da ikisi",
		    "required: a text, attachments, or both");
}

/* By the table, as form_read_fields wants it. */
static void
read_all(struct form_reader *r, const struct command_form_field *chosen, const json_t *object)
{
	size_t count = 0;
	struct form_field *fields;

	while (chosen[count].field.name)
		count++;
	fields = arena_array(r->arena, count + 1, sizeof(*fields));
	for (size_t i = 0; i < count; i++)
		fields[i] = chosen[i].field;
	form_read_fields(r, fields, object);
	check_required(r, chosen, object);
}

static void
read_chosen(struct form_reader *r, int action, const struct command_form_field *chosen, const json_t *object)
{
	const struct command_shape *shape = command_shape(action);

	read_all(r, chosen, object);
	check_some(r, chosen, object, shape ? shape->some : 0);
}

/* The action that is named, or 0 with its fault. */
static int
action_of(struct form_reader *r, const json_t *object)
{
	const char *text = json_string_value(json_object_get(object, "action"));
	int action = text ? word_value(action_words, text) : 0;

	if (command_shape(action))
		return action;
	command_form_fault_action(r);
	return 0;
}

static void
read_command(struct form_reader *r, const json_t *object, struct command_form *form)
{
	*form = (struct command_form){.action = action_of(r, object)};
	r->filled = form;
	read_chosen(r, form->action, command_form_fields(r->arena, form->action, false), object);
}

/* A member of the list. */
static void
read_member(struct form_reader *r, const json_t *value, struct command_form *forms, size_t i)
{
	r->place = arena_printf(r->arena, "commands.%zu.", i);
	if (json_is_object(value)) {
		read_command(r, value, &forms[i]);
		if (!is_new(forms, i))
			form_fault(r, "id", "listede iki kez var; her komutun kendi kimliği olmalı",
			    "stands twice in the list; each command needs its own");
	} else {
		r->place = "";
		form_fault(r, arena_printf(r->arena, "commands.%zu", i), "nesne olmalı: {\"number\", \"action\", ...}",
		    "must be an object: {\"number\", \"action\", ...}");
	}
	r->place = "";
}

static void
read_list(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	struct command_form **forms = r->filled;
	size_t count = json_array_size(value);

	if (count < 1 || count > COMMAND_FORMS_MAX) {
		form_fault(r, field->name, "1-100 komutluk bir dizi olmalı", "must be an array of 1 to 100 commands");
		return;
	}
	*forms = arena_array(r->arena, count, sizeof(**forms));
	for (size_t i = 0; i < count; i++)
		read_member(r, json_array_get(value, i), *forms, i);
	r->filled = forms;
}

int
command_forms_read(
    struct arena *a, const json_t *body, struct command_form **forms, bool *list, struct form_faults *faults)
{
	static const struct form_field list_fields[] = {{.name = "commands", .read = read_list}, {.name = NULL}};
	static const struct form_rules rules = {.trusted = true};
	struct form_reader r = {.arena = a, .rules = &rules, .filled = forms, .faults = faults, .place = ""};
	const json_t *commands = json_object_get(body, "commands");

	faults->count = 0;
	*list = commands != NULL;
	if (commands) {
		form_read_fields(&r, list_fields, body);
	} else {
		*forms = arena_alloc(a, sizeof(**forms));
		read_command(&r, body, *forms);
	}
	if (faults->count > 0)
		return -1;
	return commands ? (int)json_array_size(commands) : 1;
}

static int
incident_action(struct form_reader *r, const json_t *body)
{
	const json_t *action = json_object_get(body, "action");
	const char *text = json_string_value(action);

	if (!action || (text && strcmp(text, "merge") == 0))
		return KOPRU__V1__COMMAND__ACTION_MERGE;
	if (!text || strcmp(text, "unmerge") != 0)
		form_fault(r, "action", "merge veya unmerge olmalı", "must be merge or unmerge");
	return KOPRU__V1__COMMAND__ACTION_UNMERGE;
}

/* Each once, and none the leading one. */
static void
read_incident_member(
    struct form_reader *r, const json_t *value, const struct command_form *head, struct command_form *forms, size_t i)
{
	bool twice;

	r->place = arena_printf(r->arena, "members.%zu.", i);
	r->filled = &forms[i];
	forms[i] = *head;
	read_all(r, command_form_member_fields, value);
	twice = *forms[i].number && strcmp(forms[i].number, head->into) == 0;
	for (size_t k = 0; k < i && !twice; k++)
		twice = *forms[i].number && strcmp(forms[i].number, forms[k].number) == 0;
	if (twice)
		form_fault(r, "number", "her başvuru bir kez geçebilir, ana başvuru üye olamaz",
		    "each application may stand once, and the leading one is no member");
	if (head->action == KOPRU__V1__COMMAND__ACTION_UNMERGE)
		forms[i].into[0] = '\0';
}

int
command_forms_read_incident(
    struct arena *a, const json_t *body, struct command_form **forms, const char **leading, struct form_faults *faults)
{
	static const struct form_rules rules = {.trusted = true};
	struct command_form head = {.action = 0};
	struct form_reader r = {.arena = a, .rules = &rules, .filled = &head, .faults = faults, .place = ""};
	const json_t *members = json_object_get(body, "members");
	size_t count = json_array_size(members);

	faults->count = 0;
	head.action = incident_action(&r, body);
	read_all(&r, command_form_incident_fields, body);
	*leading = arena_string(a, head.into);
	if (members && (count < 1 || count > COMMAND_INCIDENT_MAX)) {
		form_fault(
		    &r, "members", "1-200 başvuruluk bir dizi olmalı", "must be an array of 1 to 200 applications");
		return -1;
	}
	*forms = arena_array(a, count + 1, sizeof(**forms));
	for (size_t i = 0; i < count; i++) {
		const json_t *member = json_array_get(members, i);

		if (json_is_object(member))
			read_incident_member(&r, member, &head, *forms, i);
		else
			form_fault(&r, arena_printf(a, "members.%zu", i),
			    "nesne olmalı: {\"number\", \"expected_version\"}",
			    "must be an object: {\"number\", \"expected_version\"}");
		r.place = "";
	}
	return faults->count > 0 ? -1 : (int)count;
}

int
command_form_read_applicant(
    struct arena *a, int action, const json_t *body, struct command_form *form, struct form_faults *faults)
{
	static const struct form_rules rules = {.trusted = false};
	struct form_reader r = {.arena = a, .rules = &rules, .filled = form, .faults = faults, .place = ""};

	faults->count = 0;
	*form = (struct command_form){.action = action};
	read_chosen(&r, action, command_form_fields(a, action, true), body);
	return faults->count > 0 ? -1 : 0;
}
