/* open311_services: see the header. */
#include "services/intake/open311_services.h"

#include <string.h>

#include "common/base/csv.h"
#include "common/base/text.h"
#include "common/domain/calendar.h"

#define ROWS_MAX 5000

static const char *const datatypes[] = {
    [OPEN311_STRING] = "string",
    [OPEN311_NUMBER] = "number",
    [OPEN311_DATETIME] = "datetime",
    [OPEN311_LONG_TEXT] = "text",
    [OPEN311_ONE_OF] = "singlevaluelist",
    [OPEN311_SOME_OF] = "multivaluelist",
};

/* Categories are data; one that is not here is shown to English readers under its Turkish name. */
static const struct {
	const char *tr, *en;
} categories[] = {
    {"Yol ve kaldırım", "Roads and pavements"},
    {"Temizlik", "Cleaning"},
    {"Çevre", "Environment"},
    {"Park ve yeşil alan", "Parks and green areas"},
    {"Zabıta", "Municipal police"},
    {"İmar ve yapı", "Zoning and building"},
    {"Veteriner", "Veterinary"},
    {"Başka kurum", "Other institutions"},
};

void
open311_texts_add(struct open311_texts *t, const char *tr, const char *en)
{
	if (t->count < sizeof(t->list) / sizeof(t->list[0]))
		t->list[t->count++] = (struct open311_text){tr, en};
}

static bool
code_valid(const char *code)
{
	size_t length = strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return length > 0 && length <= 40 && code[length] == '\0';
}

static int
cell(const struct csv_table *t, size_t row, const char *column, const char **text, struct err *e)
{
	*text = csv_cell(t, row, column);
	if (!*text)
		return err_set(e, "there is no column \"%s\"", column);
	return 0;
}

static int
attribute_take(const struct csv_table *t, size_t row, struct open311_attribute *to, struct err *e)
{
	const char *datatype, *required;

	if (cell(t, row, "applies_to", &to->applies_to, e) < 0 || cell(t, row, "code", &to->code, e) < 0 ||
	    cell(t, row, "datatype", &datatype, e) < 0 || cell(t, row, "required", &required, e) < 0 ||
	    cell(t, row, "question_tr", &to->question_tr, e) < 0 ||
	    cell(t, row, "question_en", &to->question_en, e) < 0)
		return -1;
	if (!code_valid(to->code) || !*to->applies_to || !*to->question_tr || !*to->question_en)
		return err_set(
		    e, "row %zu: applies_to, code (letters, digits, _ and -) and both questions are needed", row + 1);
	to->required = strcmp(required, "yes") == 0;
	for (size_t i = 0; i < sizeof(datatypes) / sizeof(datatypes[0]); i++) {
		if (strcmp(datatypes[i], datatype) == 0) {
			to->datatype = (enum open311_datatype)i;
			return 0;
		}
	}
	return err_set(e, "row %zu: \"%s\" is no datatype", row + 1, datatype);
}

static bool
is_list(const struct open311_attribute *attribute)
{
	return attribute->datatype == OPEN311_ONE_OF || attribute->datatype == OPEN311_SOME_OF;
}

static int
value_take(struct arena *a, const struct csv_table *t, size_t row, struct open311_attribute *to, struct err *e)
{
	struct open311_value value;

	if (cell(t, row, "key", &value.key, e) < 0 || cell(t, row, "name_tr", &value.name_tr, e) < 0 ||
	    cell(t, row, "name_en", &value.name_en, e) < 0)
		return -1;
	if (!is_list(to))
		return *value.key ? err_set(e, "row %zu: only a list has values", row + 1) : 0;
	if (!code_valid(value.key) || !*value.name_tr || !*value.name_en || to->value_count == OPEN311_VALUES_MAX)
		return err_set(e, "row %zu: a value has a key and both names, and a list %d values at most", row + 1,
		    OPEN311_VALUES_MAX);
	if (!to->values)
		to->values = arena_array(a, OPEN311_VALUES_MAX, sizeof(*to->values));
	to->values[to->value_count++] = value;
	return 0;
}

int
open311_attributes_parse(struct arena *a, const char *csv, struct open311_attributes *attributes, struct err *e)
{
	struct csv_table t;

	if (!text_valid(csv, strlen(csv)))
		return err_set(e, "the file is not UTF-8");
	if (csv_parse(a, csv, ROWS_MAX, &t, e) < 0)
		return -1;
	attributes->count = 0;
	attributes->list = arena_array(a, t.rows + 1, sizeof(*attributes->list));
	for (size_t row = 0; row < t.rows; row++) {
		struct open311_attribute next = {.values = NULL}, *last;

		if (attribute_take(&t, row, &next, e) < 0)
			return -1;
		last = attributes->count > 0 ? &attributes->list[attributes->count - 1] : NULL;
		if (!last || strcmp(last->code, next.code) != 0 || strcmp(last->applies_to, next.applies_to) != 0) {
			last = &attributes->list[attributes->count++];
			*last = next;
		}
		if (value_take(a, &t, row, last, e) < 0)
			return -1;
	}
	return 0;
}

void
open311_service_attach(struct open311_service *service, const struct open311_attributes *attributes)
{
	service->attribute_count = 0;
	for (size_t i = 0; i < attributes->count && service->attribute_count < OPEN311_ATTRIBUTES_MAX; i++) {
		const struct open311_attribute *attribute = &attributes->list[i];

		if (strcmp(attribute->applies_to, service->code) == 0 ||
		    strcmp(attribute->applies_to, service->category_tr) == 0)
			service->attributes[service->attribute_count++] = attribute;
	}
}

static const char *
category_of(const struct open311_service *service, bool english)
{
	for (size_t i = 0; english && i < sizeof(categories) / sizeof(categories[0]); i++)
		if (strcmp(categories[i].tr, service->category_tr) == 0)
			return categories[i].en;
	return service->category_tr;
}

static const char *
description_of(struct arena *a, const struct open311_service *s, bool english)
{
	if (english)
		return s->target_working_days > 0 ? arena_printf(a, "%s. In charge: %s. Target: %d working days.",
							s->name_en, s->department_en, s->target_working_days)
						  : arena_printf(a, "%s. In charge: %s.", s->name_en, s->department_en);
	return s->target_working_days > 0 ? arena_printf(a, "%s. Sorumlu birim: %s. Hedef süre: %d iş günü.",
						s->name_tr, s->department_tr, s->target_working_days)
					  : arena_printf(a, "%s. Sorumlu birim: %s.", s->name_tr, s->department_tr);
}

void
open311_service_out(struct document *d, struct arena *a, const struct open311_service *service, bool english)
{
	document_text(d, "service_code", service->code);
	document_text(d, "service_name", english ? service->name_en : service->name_tr);
	document_text(d, "description", description_of(a, service, english));
	document_bool(d, "metadata", service->attribute_count > 0);
	document_text(d, "type", "realtime");
	document_text(d, "keywords", service->keywords);
	document_text(d, "group", category_of(service, english));
}

static void
values_out(struct document *d, const struct open311_attribute *attribute, bool english)
{
	document_list(d, "values");
	for (size_t i = 0; i < attribute->value_count; i++) {
		document_object(d, "value");
		document_text(d, "key", attribute->values[i].key);
		document_text(d, "name", english ? attribute->values[i].name_en : attribute->values[i].name_tr);
		document_close(d);
	}
	document_close(d);
}

static const char *
datatype_help(enum open311_datatype datatype, bool english)
{
	static const struct open311_text helps[] = {
	    [OPEN311_STRING] = {"En çok 500 karakter, tek satır", "At most 500 characters, one line"},
	    [OPEN311_NUMBER] = {"Sayı", "A number"},
	    [OPEN311_DATETIME] = {"Saat dilimiyle tarih ve saat: 2026-05-24T10:30:00+03:00",
		"Date and time with a zone: 2026-05-24T10:30:00+03:00"},
	    [OPEN311_LONG_TEXT] = {"En çok 500 karakter", "At most 500 characters"},
	    [OPEN311_ONE_OF] = {"Listeden biri", "One of the list"},
	    [OPEN311_SOME_OF] = {"Listeden biri ya da birkaçı", "One or several of the list"},
	};

	return english ? helps[datatype].en : helps[datatype].tr;
}

void
open311_definition_out(struct document *d, const struct open311_service *service, bool english)
{
	document_object(d, "service_definition");
	document_text(d, "service_code", service->code);
	document_list(d, "attributes");
	for (size_t i = 0; i < service->attribute_count; i++) {
		const struct open311_attribute *attribute = service->attributes[i];

		document_object(d, "attribute");
		document_bool(d, "variable", true);
		document_text(d, "code", attribute->code);
		document_text(d, "datatype", datatypes[attribute->datatype]);
		document_bool(d, "required", attribute->required);
		document_text(d, "datatype_description", datatype_help(attribute->datatype, english));
		document_number(d, "order", (int64_t)i + 1);
		document_text(d, "description", english ? attribute->question_en : attribute->question_tr);
		values_out(d, attribute, english);
		document_close(d);
	}
	document_close(d);
	document_close(d);
}

static const struct open311_value *
value_find(const struct open311_attribute *attribute, const char *key)
{
	for (size_t i = 0; i < attribute->value_count; i++)
		if (strcmp(attribute->values[i].key, key) == 0)
			return &attribute->values[i];
	return NULL;
}

static bool
number_valid(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (*text == '-' || *text == '+')
		return number_valid(text + 1) && text[1] != '-' && text[1] != '+';
	if (digits == 0 || digits > 15)
		return false;
	text += digits;
	if (*text == '.' || *text == ',') {
		digits = strspn(text + 1, "0123456789");
		return digits > 0 && digits <= 15 && text[1 + digits] == '\0';
	}
	return *text == '\0';
}

static bool
plain_valid(enum open311_datatype datatype, const char *answer)
{
	int64_t time;

	if (text_length(answer) > OPEN311_ANSWER_MAX || text_has_control(answer))
		return false;
	if (datatype == OPEN311_NUMBER)
		return number_valid(answer);
	if (datatype == OPEN311_DATETIME)
		return time_parse(answer, &time);
	return datatype == OPEN311_LONG_TEXT || !text_has_line_break_or_control(answer);
}

static const char *
keys_text(struct arena *a, const struct open311_attribute *attribute)
{
	const char *list = "";

	for (size_t i = 0; i < attribute->value_count; i++)
		list = arena_printf(a, "%s%s%s", list, *list ? ", " : "", attribute->values[i].key);
	return list;
}

static const char *
refuse(struct arena *a, const struct open311_attribute *attribute, struct open311_texts *faults)
{
	const char *code = attribute->code;

	if (is_list(attribute))
		open311_texts_add(faults,
		    arena_printf(a, "attribute[%s] şunlardan %s olmalıdır: %s", code,
			attribute->datatype == OPEN311_ONE_OF ? "biri" : "biri ya da birkaçı", keys_text(a, attribute)),
		    arena_printf(a, "attribute[%s] is %s of: %s", code,
			attribute->datatype == OPEN311_ONE_OF ? "one" : "one or several", keys_text(a, attribute)));
	else
		open311_texts_add(faults,
		    arena_printf(a, "attribute[%s] geçersiz: %s", code, datatype_help(attribute->datatype, false)),
		    arena_printf(a, "attribute[%s] is not valid: %s", code, datatype_help(attribute->datatype, true)));
	return NULL;
}

const char *
open311_answers_read(struct arena *a, const struct open311_attribute *attribute, const char *const *answers,
    size_t count, struct open311_texts *faults)
{
	const char *said = "";

	if (count == 0 && attribute->required) {
		open311_texts_add(faults,
		    arena_printf(a, "attribute[%s] gerekli: %s", attribute->code, attribute->question_tr),
		    arena_printf(a, "attribute[%s] is required: %s", attribute->code, attribute->question_en));
		return NULL;
	}
	if (count > 1 && attribute->datatype != OPEN311_SOME_OF)
		return refuse(a, attribute, faults);
	for (size_t i = 0; i < count; i++) {
		const struct open311_value *value = value_find(attribute, answers[i]);

		if (is_list(attribute) ? !value : !plain_valid(attribute->datatype, answers[i]))
			return refuse(a, attribute, faults);
		said = arena_printf(a, "%s%s%s", said, *said ? ", " : "", value ? value->name_tr : answers[i]);
	}
	return said;
}
