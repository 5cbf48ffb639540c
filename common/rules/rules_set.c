/* rules_set: the file: members of each rule, codes, dates, sizes. */
#include "common/rules/rules_set.h"

#include <string.h>

#include "common/base/jsontext.h"
#include "common/base/text.h"
#include "common/domain/calendar.h"

#define JSON_DEPTH 8
#define CODE_MAX 40
#define OWNER_MAX 100 /* letters */
#define REASON_MAX 500

static bool
code_valid(const char *code)
{
	size_t size = strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return code[size] == '\0' && size >= 1 && size <= CODE_MAX && code[0] != '-';
}

static int
text_read(struct arena *a, const json_t *json, const char *key, size_t most, const char **text, struct err *e)
{
	const char *value = json_string_value(json_object_get(json, key));

	if (!value || text_blank(value) || text_has_line_break_or_control(value) || text_length(value) > most)
		return err_set(e, "\"%s\" must be a text of one line, 1 to %zu letters", key, most);
	*text = arena_string(a, value);
	return 0;
}

static int
date_read(const json_t *json, const char *key, int32_t *date, struct err *e)
{
	const char *value = json_string_value(json_object_get(json, key));

	if (!value || !date_parse(value, date) || *date <= 0)
		return err_set(e, "\"%s\" must be a day, \"YYYY-MM-DD\"", key);
	return 0;
}

static int
dates_read(const json_t *json, struct rule *r, struct err *e)
{
	const json_t *to = json_object_get(json, "valid_to");

	if (date_read(json, "valid_from", &r->valid_from, e) < 0)
		return -1;
	if (to && !json_is_null(to) && date_read(json, "valid_to", &r->valid_to, e) < 0)
		return -1;
	if (r->valid_to != 0 && r->valid_to <= r->valid_from)
		return err_set(e, "it can never hold: \"valid_to\" (the first day on which it counts no more) must be "
				  "after \"valid_from\"");
	return 0;
}

static int
members_known(json_t *json, struct err *e)
{
	static const char *const known[] = {"code", "owner", "reason", "valid_from", "valid_to", "when", "then"};
	const char *key;
	json_t *value;

	json_object_foreach(json, key, value)
	{
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found = found || strcmp(known[i], key) == 0;
		if (!found)
			return err_set(e,
			    "there is no member \"%s\"; there are code, owner, reason, valid_from, valid_to, when "
			    "and then",
			    rule_shown(key).text);
	}
	return 0;
}

static int
member_read(struct arena *a, json_t *json, struct rule *r, struct err *e)
{
	if (json_dumpb(json, NULL, 0, JSON_COMPACT) > RULES_RULE_BYTES)
		return err_set(e, "it is larger than %d bytes", RULES_RULE_BYTES);
	if (members_known(json, e) < 0 || text_read(a, json, "owner", OWNER_MAX, &r->owner, e) < 0 ||
	    text_read(a, json, "reason", REASON_MAX, &r->reason, e) < 0 || dates_read(json, r, e) < 0)
		return -1;
	return rule_read(a, json_object_get(json, "when"), json_object_get(json, "then"), r, e);
}

static int
one_read(struct arena *a, json_t *json, struct rules_set *set, struct err *e)
{
	struct rule *r = &set->list[set->count];
	const char *code = json_string_value(json_object_get(json, "code"));

	if (!json_is_object(json) || !code || !code_valid(code))
		return err_set(e, "rule number %zu: \"code\" must be 1 to %d of a-z, 0-9 and -, not beginning with -",
		    set->count + 1, CODE_MAX);
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->list[i].code, code) == 0)
			return err_set(e, "rule \"%s\": its code stands twice (rules number %zu and %zu)", code, i + 1,
			    set->count + 1);
	*r = (struct rule){.code = arena_string(a, code)};
	set->count++;
	return member_read(a, json, r, e) < 0 ? err_prefix(e, "rule \"%s\"", r->code) : 0;
}

static int
set_read(struct arena *a, const json_t *json, struct rules_set *set, struct err *e)
{
	const json_t *list = json_object_get(json, "rules");
	size_t count = json_array_size(list);

	if (!json_is_array(list) || json_object_size(json) != 1)
		return err_set(e, "the file must be {\"rules\": [...]} and hold nothing else");
	if (count > RULES_MAX)
		return err_set(e, "it has %zu rules; allowed are at most %d", count, RULES_MAX);
	set->list = arena_array(a, count, sizeof(*set->list));
	for (size_t i = 0; i < count; i++)
		if (one_read(a, json_array_get(list, i), set, e) < 0)
			return -1;
	return 0;
}

int
rules_set_read(struct arena *a, const char *text, size_t size, struct rules_set *set, struct err *e)
{
	struct arena *scratch = arena_new(0);
	struct jsontext_fault fault = {"", ""};
	json_t *json = NULL;
	int rc;

	jsontext_start();
	*set = (struct rules_set){0};
	if (size > RULES_FILE_BYTES)
		rc = err_set(e, "it is larger than %d MiB", RULES_FILE_BYTES / 1024 / 1024);
	else if (!(json = jsontext_read(scratch, text, size, JSON_DEPTH, &fault)))
		rc = err_set(e, "%s", fault.en);
	else
		rc = set_read(a, json, set, e);
	arena_free(scratch);
	return rc;
}

/* As the database stores it. */
static const char *
json_text(struct arena *a, json_t *json)
{
	size_t size = json_dumpb(json, NULL, 0, JSON_COMPACT);
	char *text = arena_alloc(a, size + 1);

	json_dumpb(json, text, size, JSON_COMPACT);
	json_decref(json);
	return text;
}

struct rules *
rules_set_compile(const struct rules_set *set, uint32_t version, struct err *e)
{
	struct arena *a = arena_new(0);
	struct rules_row *rows = arena_array(a, set->count + 1, sizeof(*rows));
	struct rules *r;

	for (size_t i = 0; i < set->count; i++) {
		const struct rule *rule = &set->list[i];

		rows[i] = (struct rules_row){.code = rule->code,
		    .valid_from = rule->valid_from,
		    .valid_to = rule->valid_to,
		    .conditions = json_text(a, rule_conditions_json(rule)),
		    .outcome = json_text(a, rule_outcome_json(rule))};
	}
	r = rules_new(rows, set->count, version, e);
	arena_free(a);
	return r;
}
