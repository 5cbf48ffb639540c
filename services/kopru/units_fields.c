/* units_fields: see the header. */
#include "services/kopru/units_fields.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "services/kopru/catalogue.h"

#define NAME_MAX_LENGTH 200
#define EMERGENCY_MAX 40
#define PHONE_MAX 20
#define LETTER_MAX 8000
#define LETTER_FILE_MAX (64 * 1024)

bool
units_topic_code_valid(const char *code)
{
	size_t letters = strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return letters >= 2 && letters <= 5 && code[letters] == '-' && strspn(code + letters + 1, "0123456789") == 2 &&
	       strlen(code) == letters + 3;
}

int
units_name_check(const char *what, const char *name, struct err *e)
{
	if (!text_valid(name, strlen(name)) || text_blank(name) || text_length(name) > NAME_MAX_LENGTH ||
	    text_has_line_break_or_control(name))
		return err_set(e, "the %s name must have 1 to %d characters on one line", what, NAME_MAX_LENGTH);
	return 0;
}

/* One option: reads its text into a value; NULL with a reason. */
struct field {
	const char *option, *column;
	size_t offset; /* in struct command_line */
	bool topic, department;
	const char *fallback; /* of a new topic; NULL: none */
	json_t *(*read)(struct arena *a, const struct field *field, const char *text, struct err *e);
	const char *const *words;
	long least, most;
};

static json_t *
name_read(struct arena *a, const struct field *field, const char *text, struct err *e)
{
	(void)a;
	return units_name_check(field->option, text, e) < 0 ? NULL : json_string(text);
}

static json_t *
word_read(struct arena *a, const struct field *field, const char *text, struct err *e)
{
	const char *allowed = "";

	for (size_t i = 0; field->words[i]; i++) {
		if (strcmp(field->words[i], text) == 0)
			return json_string(text);
		allowed = arena_printf(a, "%s%s\"%s\"", allowed, *allowed ? ", " : "", field->words[i]);
	}
	err_set(e, "%s is \"%.40s\"; allowed are %s", field->option, text, allowed);
	return NULL;
}

static json_t *
switch_read(struct arena *a, const struct field *field, const char *text, struct err *e)
{
	(void)a;
	if (strcmp(text, "yes") == 0 || strcmp(text, "no") == 0)
		return json_boolean(strcmp(text, "yes") == 0);
	err_set(e, "%s is \"%.40s\"; allowed are yes and no", field->option, text);
	return NULL;
}

/* "" takes the value away where that may be. */
static json_t *
number_read(struct arena *a, const struct field *field, const char *text, struct err *e)
{
	const long range[2] = {field->least, field->most};
	long number;

	(void)a;
	if (*text == '\0' && field->least > 0)
		return json_null();
	return command_number(field->option, text, range, 0, &number, e) < 0 ? NULL : json_integer(number);
}

static json_t *
code_read(struct arena *a, const struct field *field, const char *text, struct err *e)
{
	(void)a;
	if (*text == '\0' && strcmp(field->column, "shared_with") == 0)
		return json_null();
	if (catalogue_code_valid(text))
		return json_string(text);
	err_set(e, "%s is no department's code: \"%.40s\"", field->option, text);
	return NULL;
}

static json_t *
keywords_read(struct arena *a, const struct field *field, const char *text, struct err *e)
{
	json_t *list;
	char *rest, *word;

	if (!text_valid(text, strlen(text))) {
		err_set(e, "%s is not UTF-8", field->option);
		return NULL;
	}
	list = json_array();
	rest = arena_string(a, catalogue_keywords(a, text));
	while ((word = strsep(&rest, ",")))
		if (*word)
			json_array_append_new(list, json_string(word));
	return list;
}

static json_t *
phone_read(struct arena *a, const struct field *field, const char *text, struct err *e)
{
	(void)a;
	if (strspn(text, "0123456789, +") == strlen(text) && strlen(text) <= (size_t)field->most)
		return json_string(text);
	err_set(e, "%s is no telephone number: \"%.60s\"", field->option, text);
	return NULL;
}

static json_t *
letter_read(struct arena *a, const struct field *field, const char *path, struct err *e)
{
	char *text;
	size_t size;

	(void)field;
	if (file_read(a, path, LETTER_FILE_MAX, &text, &size, e) < 0)
		return NULL;
	if (text_valid(text, size) && text_length(text) <= LETTER_MAX && !text_has_control(text))
		return json_string(text);
	err_set(e, "%.200s must be UTF-8 with at most %d characters", path, LETTER_MAX);
	return NULL;
}

static const char *const competences[] = {"own", "shared", "forward", "none", NULL};
static const char *const priorities[] = {"acil", "yuksek", "normal", "dusuk", NULL};
static const char *const baskets[] = {"", "thanks", "irrelevant", "follow_up", NULL};

#define AT(field) offsetof(struct command_line, field)
static const struct field fields[] = {
    {"--name-tr", "name_tr", AT(name_tr), true, true, NULL, name_read, NULL, 0, 0},
    {"--name-en", "name_en", AT(name_en), true, true, NULL, name_read, NULL, 0, 0},
    {"--category", "category_tr", AT(category), true, false, NULL, name_read, NULL, 0, 0},
    {"--department", "department", AT(department), true, false, NULL, code_read, NULL, 0, 0},
    {"--competence", "competence", AT(competence), true, false, "own", word_read, competences, 0, 0},
    {"--target-days", "target_working_days", AT(target_days), true, false, "5", number_read, NULL, 0, 365},
    {"--target-minutes", "target_working_minutes", AT(target_minutes), true, false, NULL, number_read, NULL, 1, 100000},
    {"--priority", "priority", AT(priority), true, false, "normal", word_read, priorities, 0, 0},
    {"--keywords", "keywords", AT(keywords), true, false, "", keywords_read, NULL, 0, 0},
    {"--shared-with", "shared_with", AT(shared_with), true, false, NULL, code_read, NULL, 0, 0},
    {"--emergency", "emergency", AT(emergency), true, false, "", phone_read, NULL, 0, EMERGENCY_MAX},
    {"--basket", "basket", AT(basket), true, false, "", word_read, baskets, 0, 0},
    {"--open311", "open311", AT(open311), true, false, "no", switch_read, NULL, 0, 0},
    {"--phone", "phone", AT(phone), false, true, NULL, phone_read, NULL, 0, PHONE_MAX},
    {"--letter-file", "letter_tr", AT(letter_file), false, true, NULL, letter_read, NULL, 0, 0},
};

json_t *
units_fields(struct arena *a, const struct command_line *line, bool topic, struct err *e)
{
	bool new = topic && line->count > 1;
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *text = NULL;
		json_t *value;

		memcpy(&text, (const char *)line + fields[i].offset, sizeof(text));
		text = !text && new ? fields[i].fallback : text;
		if (!text || !(topic ? fields[i].topic : fields[i].department))
			continue;
		value = fields[i].read(a, &fields[i], text, e);
		if (!value) {
			json_decref(object);
			return NULL;
		}
		json_object_set_new(object, fields[i].column, value);
	}
	return object;
}
