/* notice_fields: the fields as JSON, under names that stay: what is stored today is read by later versions. */
#include <stddef.h>
#include <string.h>

#include <jansson.h>

#include "common/domain/calendar.h"
#include "services/notifier/notice.h"

enum type { DATE, TEXT, NUMBER, SWITCH };

static const struct field {
	const char *name;
	enum type type;
	size_t offset;
} fields_known[] = {
    {"received_on", DATE, offsetof(struct notice_fields, received_on)},
    {"due_on", DATE, offsetof(struct notice_fields, due_on)},
    {"legal_basis", NUMBER, offsetof(struct notice_fields, legal_basis)},
    {"department_name", TEXT, offsetof(struct notice_fields, department_name)},
    {"triage", SWITCH, offsetof(struct notice_fields, triage)},
    {"text", TEXT, offsetof(struct notice_fields, text)},
    {"reason", TEXT, offsetof(struct notice_fields, reason)},
    {"reject_reason", NUMBER, offsetof(struct notice_fields, reject_reason)},
    {"answer_by", DATE, offsetof(struct notice_fields, answer_by)},
    {"final_by", DATE, offsetof(struct notice_fields, final_by)},
    {"old_due_on", DATE, offsetof(struct notice_fields, old_due_on)},
    {"institution", TEXT, offsetof(struct notice_fields, institution)},
    {"letter_on", DATE, offsetof(struct notice_fields, letter_on)},
    {"letter_number", TEXT, offsetof(struct notice_fields, letter_number)},
    {"joint", SWITCH, offsetof(struct notice_fields, joint)},
    {"pay_by", DATE, offsetof(struct notice_fields, pay_by)},
    {"promised_on", DATE, offsetof(struct notice_fields, promised_on)},
    {"old_promised_on", DATE, offsetof(struct notice_fields, old_promised_on)},
    {"topic_name", TEXT, offsetof(struct notice_fields, topic_name)},
    {"emergency", TEXT, offsetof(struct notice_fields, emergency)},
    {"clock", NUMBER, offsetof(struct notice_fields, clock)},
    {"stage", NUMBER, offsetof(struct notice_fields, stage)},
    {"count", NUMBER, offsetof(struct notice_fields, count)},
};
#define FIELDS (sizeof(fields_known) / sizeof(fields_known[0]))

static const void *
place_of(const struct notice_fields *fields, const struct field *field)
{
	return (const char *)fields + field->offset;
}

/* NULL for what need not be kept. */
static json_t *
value_pack(const struct notice_fields *fields, const struct field *field)
{
	char date[DATE_TEXT_SIZE];
	const char *text;
	int32_t number;
	bool on;

	switch (field->type) {
	case TEXT:
		memcpy(&text, place_of(fields, field), sizeof(text));
		return text && *text ? json_string(text) : NULL;
	case SWITCH:
		memcpy(&on, place_of(fields, field), sizeof(on));
		return on ? json_true() : NULL;
	case DATE:
	case NUMBER:
		break;
	}
	memcpy(&number, place_of(fields, field), sizeof(number));
	if (number == 0 || field->type == NUMBER)
		return number ? json_integer(number) : NULL;
	date_text(number, date);
	return json_string(date);
}

char *
notice_fields_pack(struct arena *a, const struct notice_fields *fields)
{
	json_t *object = json_object();
	size_t size;
	char *text;

	json_object_set_new(object, "generation", json_integer(fields->access_code_generation));
	for (size_t i = 0; i < FIELDS; i++) {
		json_t *value = value_pack(fields, &fields_known[i]);

		if (value)
			json_object_set_new(object, fields_known[i].name, value);
	}
	size = json_dumpb(object, NULL, 0, JSON_COMPACT);
	text = arena_alloc(a, size + 1);
	json_dumpb(object, text, size, JSON_COMPACT);
	json_decref(object);
	return text;
}

static void
value_unpack(struct arena *a, const json_t *value, const struct field *field, struct notice_fields *fields)
{
	char *place = (char *)fields + field->offset;
	int32_t number = (int32_t)json_integer_value(value);
	const char *text = "";
	bool on = json_is_true(value);

	switch (field->type) {
	case TEXT:
		if (json_is_string(value))
			text = arena_string(a, json_string_value(value));
		memcpy(place, &text, sizeof(text));
		return;
	case SWITCH:
		memcpy(place, &on, sizeof(on));
		return;
	case DATE:
		if (!json_is_string(value) || !date_parse(json_string_value(value), &number))
			number = 0;
		break;
	case NUMBER:
		break;
	}
	memcpy(place, &number, sizeof(number));
}

void
notice_fields_unpack(struct arena *a, const char *json, struct notice_fields *fields)
{
	json_t *object = json_loads(json, 0, NULL);

	*fields = (struct notice_fields){.access_code_generation = 0};
	fields->access_code_generation = (uint32_t)json_integer_value(json_object_get(object, "generation"));
	for (size_t i = 0; i < FIELDS; i++)
		value_unpack(a, json_object_get(object, fields_known[i].name), &fields_known[i], fields);
	json_decref(object);
}
