/* import_mapping: see the header. */
#include "services/kopru/import_mapping.h"

#include <string.h>

#include "common/domain/words.h"
#include "services/kopru/import_values.h"

const struct import_field_words import_fields[IMPORT_FIELDS] = {
    [IMPORT_NUMBER] = {"number", "external_id", true},
    [IMPORT_RECEIVED_AT] = {"received_at", "received_at", true},
    [IMPORT_TEXT] = {"text", "text", true},
    [IMPORT_KIND] = {"kind", "kind", false},
    [IMPORT_SUBJECT] = {"subject", "subject", false},
    [IMPORT_TOPIC] = {"topic", "topic", false},
    [IMPORT_NEIGHBOURHOOD] = {"neighbourhood", "location.neighbourhood", false},
    [IMPORT_NAME] = {"name", "applicant.name", false},
    [IMPORT_NATIONAL_ID] = {"national_id", "applicant.national_id", false},
    [IMPORT_PHONE] = {"phone", "applicant.phone", false},
    [IMPORT_EMAIL] = {"email", "applicant.email", false},
    [IMPORT_ADDRESS] = {"address", "applicant.address", false},
    [IMPORT_HIDDEN] = {"hidden", "applicant.hide_identity", false},
    [IMPORT_REPLY_BY] = {"reply_by", "reply_by", false},
    [IMPORT_SENDER_INSTITUTION] = {"sender_institution", "sender_institution", false},
    [IMPORT_REGISTRY_NUMBER] = {"registry_number", "registry_number", false},
    [IMPORT_REGISTRY_ON] = {"registry_on", "registry_on", false},
    [IMPORT_STATUS] = {"status", NULL, false},
    [IMPORT_ATTACHMENTS] = {"attachments", NULL, false},
    [IMPORT_ANSWER] = {"answer", NULL, false},
    [IMPORT_ANSWERED_AT] = {"answered_at", NULL, false},
    [IMPORT_CLOSED] = {"closed", NULL, false},
};

static int
field_find(const char *name)
{
	for (int i = 0; i < IMPORT_FIELDS; i++)
		if (strcmp(import_fields[i].name, name) == 0)
			return i;
	return -1;
}

static int
read_names(struct arena *a, struct import_mapping *m, int field, const json_t *list, struct err *e)
{
	size_t count = json_is_string(list) ? 1 : json_array_size(list);

	if (count > IMPORT_NAMES_MAX || (!json_is_string(list) && !json_is_array(list)))
		return err_set(e, "columns.%s must be a column's name, or a list of at most %d of them",
		    import_fields[field].name, IMPORT_NAMES_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *name = json_string_value(json_is_string(list) ? list : json_array_get(list, i));

		if (!name || !*import_fold(a, name))
			return err_set(e, "columns.%s holds what is no column's name", import_fields[field].name);
		m->names[field][i] = arena_string(a, name);
	}
	m->name_counts[field] = count;
	return 0;
}

static int
read_columns(struct arena *a, struct import_mapping *m, json_t *columns, struct err *e)
{
	const char *name;
	json_t *value;

	json_object_foreach(columns, name, value)
	{
		int field = field_find(name);

		if (field < 0)
			return err_set(e,
			    "columns.%.60s is no field; allowed are number, received_at, text, kind, subject, topic, "
			    "neighbourhood, name, national_id, phone, email, address, hidden, reply_by, "
			    "sender_institution, registry_number, registry_on, status, attachments, answer, "
			    "answered_at, closed",
			    name);
		if (read_names(a, m, field, value, e) < 0)
			return -1;
	}
	for (int i = 0; i < IMPORT_FIELDS; i++)
		if (import_fields[i].required && m->name_counts[i] == 0)
			return err_set(e, "columns.%s is missing: its column must be named", import_fields[i].name);
	return 0;
}

static int
add_word(struct arena *a, struct import_words *words, const char *word, const char *meaning, struct err *e)
{
	if (words->count == IMPORT_WORDS_MAX)
		return err_set(e, "more than %d words in a list", IMPORT_WORDS_MAX);
	if (!word || (*word && !*import_fold(a, word)))
		return err_set(e, "a list of words holds what is no word");
	words->folded[words->count] = import_fold(a, word);
	words->meaning[words->count++] = arena_string(a, meaning);
	return 0;
}

static int
read_kinds(struct arena *a, struct import_mapping *m, json_t *kinds, struct err *e)
{
	const char *word;
	json_t *value;

	json_object_foreach(kinds, word, value)
	{
		const char *token = json_string_value(value);

		if (!token || word_value(kind_words, token) == 0)
			return err_set(e,
			    "kinds: \"%.60s\" means no kind; allowed are request, complaint, suggestion, "
			    "tip_off, information_request, thanks",
			    word);
		if (add_word(a, &m->kinds, word, token, e) < 0)
			return -1;
	}
	return 0;
}

static int
read_words(struct arena *a, struct import_words *words, const json_t *list, struct err *e)
{
	size_t i;
	json_t *value;

	json_array_foreach(list, i, value) if (add_word(a, words, json_string_value(value), NULL, e) < 0) return -1;
	return 0;
}

/* A token of words, or NULL. */
static int
read_token(struct arena *a, const json_t *object, const char *name, const struct word *words, const char **token,
    struct err *e)
{
	const json_t *value = json_object_get(object, name);

	*token = arena_string(a, json_string_value(value));
	if (value && (!*token || word_value(words, *token) == 0))
		return err_set(e, "%s is not one of the words that are allowed", name);
	return 0;
}

static int
check_types(const json_t *json, struct err *e)
{
	static const char *const lists[] = {"hidden", "visible", "closed", "open"}, *const objects[] = {
											"columns", "kinds"};
	const json_t *digits = json_object_get(json, "number_digits");

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const json_t *list = json_object_get(json, lists[i]);

		if (list && !json_is_array(list) && !(i == 0 && json_is_false(list)))
			return err_set(
			    e, "%s must be a list of words%s", lists[i], i == 0 ? ", or false: nobody is hidden" : "");
	}
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (json_object_get(json, objects[i]) && !json_is_object(json_object_get(json, objects[i])))
			return err_set(e, "%s must be an object", objects[i]);
	if (digits && (!json_is_integer(digits) || json_integer_value(digits) < 0 || json_integer_value(digits) > 100))
		return err_set(e, "number_digits must be a whole number from 0 to 100");
	return 0;
}

static int
read_object(struct arena *a, json_t *json, struct import_mapping *m, struct err *e)
{
	static const char *const allowed[] = {"channel", "kind", "prefers", "number_digits", "columns", "kinds",
	    "hidden", "visible", "closed", "open", NULL};
	const char *name;
	json_t *value;

	json_object_foreach(json, name, value)
	{
		size_t i = 0;

		while (allowed[i] && strcmp(allowed[i], name) != 0)
			i++;
		if (!allowed[i])
			return err_set(e,
			    "\"%.60s\" is unknown; allowed are channel, kind, prefers, number_digits, "
			    "columns, kinds, hidden, visible, closed, open",
			    name);
	}
	if (check_types(json, e) < 0)
		return -1;
	m->nobody_hidden = json_is_false(json_object_get(json, "hidden"));
	m->number_digits = (size_t)json_integer_value(json_object_get(json, "number_digits"));
	if (read_token(a, json, "channel", channel_words, &m->channel, e) < 0 ||
	    read_token(a, json, "kind", kind_words, &m->kind, e) < 0 ||
	    read_token(a, json, "prefers", prefers_words, &m->prefers, e) < 0)
		return -1;
	if (!m->channel)
		return err_set(e, "channel is missing, such as \"cimer\" or \"desk\"");
	if (read_columns(a, m, json_object_get(json, "columns"), e) < 0 ||
	    read_kinds(a, m, json_object_get(json, "kinds"), e) < 0 ||
	    read_words(a, &m->hidden, json_object_get(json, "hidden"), e) < 0 ||
	    read_words(a, &m->visible, json_object_get(json, "visible"), e) < 0 ||
	    read_words(a, &m->closed, json_object_get(json, "closed"), e) < 0)
		return -1;
	return read_words(a, &m->open, json_object_get(json, "open"), e);
}

int
import_mapping_read(struct arena *a, const char *text, struct import_mapping *m, struct err *e)
{
	json_error_t error;
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	int rc;

	*m = (struct import_mapping){0};
	if (!json)
		return err_set(e, "line %d: %s", error.line, error.text);
	rc = json_is_object(json) ? read_object(a, json, m, e) : err_set(e, "it must be a JSON object");
	if (rc == 0 && !m->prefers)
		m->prefers = "none";
	json_decref(json);
	return rc;
}

size_t
import_words_find(const struct import_words *words, const char *folded)
{
	size_t i = 0;

	while (i < words->count && strcmp(words->folded[i], folded) != 0)
		i++;
	return i;
}

/* "A", "B" ... as much as fits into a reason. */
static const char *
list_names(struct arena *a, const char *const *names, size_t count)
{
	const char *list = "";

	for (size_t i = 0; i < count && strlen(list) < 160; i++)
		list = arena_printf(a, "%s%s\"%.40s\"", list, i == 0 ? "" : ", ", names[i]);
	return list;
}

static int
find_one(struct arena *a, const struct import_mapping *m, int field, struct import_columns *c, struct err *e)
{
	size_t found = IMPORT_CELLS_MAX;

	for (size_t n = 0; n < m->name_counts[field]; n++) {
		const char *wanted = import_fold(a, m->names[field][n]);

		for (size_t i = 0; i < c->count; i++) {
			if (strcmp(import_fold(a, c->head[i]), wanted) != 0 || i == found)
				continue;
			if (found < IMPORT_CELLS_MAX)
				return err_set(e,
				    "two columns stand for %s: \"%.60s\" and \"%.60s\"; name one in the mapping",
				    import_fields[field].name, c->head[found], c->head[i]);
			found = i;
		}
	}
	c->places[field] = found;
	if (found < IMPORT_CELLS_MAX)
		c->used[found] = true;
	else if (import_fields[field].required || (field == IMPORT_HIDDEN && !m->nobody_hidden))
		return err_set(e, "no column for %s: expected %s; found %s%s", import_fields[field].name,
		    list_names(a, m->names[field], m->name_counts[field]), list_names(a, c->head, c->count),
		    field == IMPORT_HIDDEN ? "; \"hidden\": false in the mapping when nobody wants to be" : "");
	return 0;
}

int
import_columns_find(struct arena *a, const struct import_mapping *m, const char *const *head, size_t count,
    struct import_columns *columns, struct err *e)
{
	*columns = (struct import_columns){.count = count};
	for (size_t i = 0; i < count; i++) {
		columns->head[i] = arena_string(a, head[i]);
		for (size_t j = 0; j < i && *head[i]; j++)
			if (strcmp(import_fold(a, head[i]), import_fold(a, head[j])) == 0)
				return err_set(e, "the column \"%.60s\" stands there twice", head[i]);
	}
	for (int i = 0; i < IMPORT_FIELDS; i++)
		if (find_one(a, m, i, columns, e) < 0)
			return -1;
	return 0;
}

/* Do the words of part stand in whole, one after the other? */
static bool
holds_words(const char *whole, const char *part)
{
	size_t size = strlen(part);

	for (const char *c = whole; (c = strstr(c, part)); c++)
		if ((c == whole || c[-1] == ' ') && (c[size] == ' ' || c[size] == '\0'))
			return true;
	return false;
}

/* The cell that no field has yet whose name is one of the field's (or holds it); count when there is none. */
static size_t
propose_one(struct arena *a, const struct import_mapping *m, int field, struct import_columns *c, bool whole)
{
	for (size_t n = 0; n < m->name_counts[field]; n++) {
		const char *wanted = import_fold(a, m->names[field][n]);

		for (size_t i = 0; i < c->count; i++) {
			const char *here = import_fold(a, c->head[i]);

			if (!c->used[i] && (whole ? strcmp(here, wanted) == 0 : holds_words(here, wanted))) {
				c->used[i] = true;
				return i;
			}
		}
	}
	return c->count;
}

json_t *
import_mapping_propose(struct arena *a, const struct import_mapping *m, const char *text, const char *const *head,
    size_t count, size_t *missing)
{
	struct import_columns c = {.count = count};
	json_t *json = json_loads(text, 0, NULL), *columns = json_object();

	*missing = 0;
	for (size_t i = 0; i < count; i++)
		c.head[i] = head[i];
	for (int i = 0; i < IMPORT_FIELDS; i++)
		c.places[i] = propose_one(a, m, i, &c, true);
	for (int i = 0; i < IMPORT_FIELDS; i++) {
		if (c.places[i] == count)
			c.places[i] = propose_one(a, m, i, &c, false);
		if (c.places[i] < count)
			json_object_set_new(columns, import_fields[i].name, json_string(head[c.places[i]]));
		else if (import_fields[i].required) {
			json_object_set_new(columns, import_fields[i].name, json_array());
			(*missing)++;
		}
	}
	json_object_set_new(json, "columns", columns);
	return json;
}
