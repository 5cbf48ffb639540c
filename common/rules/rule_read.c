/* rule: conditions and outcome out of JSON, and back. */
#include "common/rules/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/domain/words.h"

const struct word weekday_words[] = {{1, "mon", "Pazartesi", "Monday"}, {2, "tue", "Salı", "Tuesday"},
    {3, "wed", "Çarşamba", "Wednesday"}, {4, "thu", "Perşembe", "Thursday"}, {5, "fri", "Cuma", "Friday"},
    {6, "sat", "Cumartesi", "Saturday"}, {7, "sun", "Pazar", "Sunday"}, {0, NULL, NULL, NULL}};

#define CODE_MAX 60

static int
compare_items(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

struct rule_shown
rule_shown(const char *text)
{
	struct rule_shown shown;
	size_t size = strnlen(text, RULE_SHOWN);

	while (text[size] != '\0' && size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
		size--;
	(void)snprintf(shown.text, sizeof(shown.text), "%.*s%s", (int)size, text, text[size] == '\0' ? "" : "...");
	return shown;
}

/* Texts, each once; they become sorted copies. */
static int
list_read(struct arena *a, const char *field, const json_t *json, struct rule_list *list, size_t most, struct err *e)
{
	size_t count = json_array_size(json);

	if (!json_is_array(json) || count == 0 || count > most)
		return err_set(e, "\"%s\" must be a list of 1 to %zu texts", field, most);
	list->items = arena_array(a, count, sizeof(*list->items));
	list->count = count;
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(json, i);

		if (!json_is_string(item) || text_blank(json_string_value(item)) ||
		    text_has_line_break_or_control(json_string_value(item)) || json_string_length(item) > 400)
			return err_set(e, "\"%s\" holds what is no text of one line", field);
		list->items[i] = arena_string(a, json_string_value(item));
	}
	return 0;
}

int
rule_list_sort(const char *field, struct rule_list *list, struct err *e)
{
	if (list->count > 0)
		qsort(list->items, list->count, sizeof(*list->items), compare_items);
	for (size_t i = 1; i < list->count; i++)
		if (strcmp(list->items[i - 1], list->items[i]) == 0)
			return err_set(e, "\"%s\": \"%s\" stands twice", field, rule_shown(list->items[i]).text);
	return 0;
}

static int
codes_read(struct arena *a, const char *field, const json_t *json, struct rule_list *list, struct err *e)
{
	if (list_read(a, field, json, list, RULE_LIST_MAX, e) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++)
		if (strlen(list->items[i]) > CODE_MAX)
			return err_set(e, "\"%s\": \"%s\" is longer than %d bytes", field,
			    rule_shown(list->items[i]).text, CODE_MAX);
	return rule_list_sort(field, list, e);
}

static int
topics_read(struct arena *a, const json_t *json, struct rule *r, struct err *e)
{
	return codes_read(a, "when.topics", json, &r->topics, e);
}

static int
neighbourhoods_read(struct arena *a, const json_t *json, struct rule *r, struct err *e)
{
	return codes_read(a, "when.neighbourhoods", json, &r->neighbourhoods, e);
}

static int
areas_read(struct arena *a, const json_t *json, struct rule *r, struct err *e)
{
	return codes_read(a, "when.areas", json, &r->areas, e);
}

static int
street_owners_read(struct arena *a, const json_t *json, struct rule *r, struct err *e)
{
	return codes_read(a, "when.street_owners", json, &r->street_owners, e);
}

/* Two digits at text: their number, -1 when they are none. */
static int
two_digits(const char *text)
{
	if (!ascii_digit(text[0]) || !ascii_digit(text[1]))
		return -1;
	return (text[0] - '0') * 10 + (text[1] - '0');
}

static bool
day_parse(const char *text, int *day)
{
	static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int month, of_month;

	if (strlen(text) != 5 || text[2] != '-')
		return false;
	month = two_digits(text);
	of_month = two_digits(text + 3);
	if (month < 1 || month > 12 || of_month < 1 || of_month > lengths[month - 1])
		return false;
	*day = rule_day_of_year(month, of_month);
	return true;
}

static bool
minute_parse(const char *text, int *minute)
{
	int hour, of_hour;

	if (strlen(text) != 5 || text[2] != ':')
		return false;
	hour = two_digits(text);
	of_hour = two_digits(text + 3);
	if (hour < 0 || of_hour < 0 || of_hour > 59 || hour * 60 + of_hour > RULE_MINUTES)
		return false;
	*minute = (hour * 60 + of_hour) % RULE_MINUTES;
	return true;
}

/* {"from": ..., "to": ...} and nothing else. */
static int
span_read(const char *field, const json_t *json, bool (*parse)(const char *text, int *at), struct rule_span *span,
    struct err *e)
{
	const char *form = parse == day_parse ? "\"MM-DD\", a day of the year" : "\"HH:MM\" from 00:00 to 24:00";
	const char *from = json_string_value(json_object_get(json, "from"));
	const char *to = json_string_value(json_object_get(json, "to"));

	if (!from || !to || json_object_size(json) != 2)
		return err_set(e, "\"%s\" must be {\"from\": ..., \"to\": ...} and hold nothing else", field);
	if (!parse(from, &span->from))
		return err_set(e, "\"%s.from\" is \"%s\"; allowed is %s", field, rule_shown(from).text, form);
	if (!parse(to, &span->to))
		return err_set(e, "\"%s.to\" is \"%s\"; allowed is %s", field, rule_shown(to).text, form);
	return 0;
}

static int
dates_read(struct arena *a, const json_t *json, struct rule *r, struct err *e)
{
	(void)a;
	if (span_read("when.dates", json, day_parse, &r->dates, e) < 0)
		return -1;
	r->dates.to = (r->dates.to + 1) % RULE_DAYS; /* the last day counts */
	if (r->dates.from == r->dates.to)
		return err_set(e, "\"when.dates\" holds the whole year: it is to be left out");
	return 0;
}

static int
hours_read(struct arena *a, const json_t *json, struct rule *r, struct err *e)
{
	(void)a;
	if (span_read("when.hours", json, minute_parse, &r->hours, e) < 0)
		return -1;
	if (r->hours.from == r->hours.to)
		return err_set(e, "\"when.hours\" holds no time, or all of the day: \"from\" and \"to\" (which counts "
				  "no more) must differ");
	return 0;
}

/* Bits by number of tokens, which must not be all there are. */
static int
tokens_read(
    struct arena *a, const char *field, const json_t *json, const struct word *words, unsigned *bits, struct err *e)
{
	struct rule_list list = {NULL, 0};
	const char *allowed = "";
	unsigned all = 0;

	for (const struct word *w = words; w->value != 0; w++) {
		allowed = arena_printf(a, "%s%s%s", allowed, w == words ? "" : " ", w->token);
		all |= 1U << w->value;
	}
	if (list_read(a, field, json, &list, RULE_LIST_MAX, e) < 0 || rule_list_sort(field, &list, e) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		int value = word_value(words, list.items[i]);

		if (value <= 0)
			return err_set(e, "\"%s\": there is no \"%s\"; allowed are %s", field,
			    rule_shown(list.items[i]).text, allowed);
		*bits |= 1U << value;
	}
	return *bits == all ? err_set(e, "\"%s\" names all there are: it is to be left out", field) : 0;
}

static int
weekdays_read(struct arena *a, const json_t *json, struct rule *r, struct err *e)
{
	if (tokens_read(a, "when.weekdays", json, weekday_words, &r->weekdays, e) < 0)
		return -1;
	r->weekdays >>= 1;
	return 0;
}

static int
channels_read(struct arena *a, const json_t *json, struct rule *r, struct err *e)
{
	return tokens_read(a, "when.channels", json, channel_words, &r->channels, e);
}

static int
kinds_read(struct arena *a, const json_t *json, struct rule *r, struct err *e)
{
	return tokens_read(a, "when.kinds", json, kind_words, &r->application_kinds, e);
}

static int
working_time_read(struct arena *a, const json_t *json, struct rule *r, struct err *e)
{
	(void)a;
	if (!json_is_boolean(json))
		return err_set(e, "\"when.working_time\" must be true or false");
	r->working_time = json_is_true(json);
	return 0;
}

/* One space between the words of a folded phrase. */
static int
phrase_read(struct arena *a, const char *field, const char **item, struct err *e)
{
	const char *folded = text_fold_tr(a, *item), *phrase = "";
	struct word_tr *words = arena_array(a, strlen(folded) / 2 + 1, sizeof(*words));
	size_t count = words_tr_split(folded, strlen(folded), words);

	if (count == 0 || count > RULE_PHRASE_MAX)
		return err_set(e, "\"%s\": \"%s\" has %zu words; allowed are 1 to %d", field, rule_shown(*item).text,
		    count, RULE_PHRASE_MAX);
	for (size_t i = 0; i < count; i++) {
		if (words[i].size < 2 || words[i].size > RULE_WORD_BYTES)
			return err_set(e, "\"%s\": a word of \"%s\" is not 2 to %d bytes long", field,
			    rule_shown(*item).text, RULE_WORD_BYTES);
		phrase = arena_printf(a, "%s%s%.*s", phrase, i > 0 ? " " : "", (int)words[i].size, words[i].text);
	}
	*item = phrase;
	return 0;
}

static int
words_list_read(struct arena *a, const char *field, const json_t *json, struct rule_list *list, struct err *e)
{
	if (!json)
		return 0;
	if (list_read(a, field, json, list, RULE_WORDS_MAX, e) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++)
		if (phrase_read(a, field, &list->items[i], e) < 0)
			return -1;
	return rule_list_sort(field, list, e);
}

static int
words_read(struct arena *a, const json_t *json, struct rule *r, struct err *e)
{
	const json_t *all = json_object_get(json, "all"), *any = json_object_get(json, "any");
	const json_t *none = json_object_get(json, "none");
	size_t known = (size_t)(all != NULL) + (any != NULL) + (none != NULL);

	if (!json_is_object(json) || known == 0 || json_object_size(json) != known)
		return err_set(
		    e, "\"when.words\" must hold \"all\", \"any\" or \"none\", lists of words, and nothing else");
	if (words_list_read(a, "when.words.all", all, &r->all, e) < 0 ||
	    words_list_read(a, "when.words.any", any, &r->any, e) < 0)
		return -1;
	return words_list_read(a, "when.words.none", none, &r->none, e);
}

/* Keys in the order in which rules are compared. */
static const struct {
	const char *key;
	unsigned kind;
	int (*read)(struct arena *a, const json_t *json, struct rule *r, struct err *e);
} conditions[RULE_KINDS] = {
    {"words", RULE_WORDS, words_read},
    {"neighbourhoods", RULE_NEIGHBOURHOOD, neighbourhoods_read},
    {"areas", RULE_AREA, areas_read},
    {"street_owners", RULE_STREET_OWNER, street_owners_read},
    {"topics", RULE_TOPIC, topics_read},
    {"dates", RULE_DATES, dates_read},
    {"hours", RULE_HOURS, hours_read},
    {"weekdays", RULE_WEEKDAYS, weekdays_read},
    {"working_time", RULE_WORKING_TIME, working_time_read},
    {"channels", RULE_CHANNEL, channels_read},
    {"kinds", RULE_KIND, kinds_read},
};

static int
key_find(const char *key)
{
	for (int i = 0; i < RULE_KINDS; i++)
		if (strcmp(conditions[i].key, key) == 0)
			return i;
	return -1;
}

static int
when_read(struct arena *a, json_t *when, struct rule *r, struct err *e)
{
	const char *key;
	json_t *value;

	if (!json_is_object(when) || json_object_size(when) == 0)
		return err_set(e, "\"when\" must be an object with at least one condition");
	json_object_foreach(when, key, value)
	{
		int i = key_find(key);

		if (i < 0)
			return err_set(e,
			    "\"when\" has no condition \"%s\"; there are words, neighbourhoods, areas, "
			    "street_owners, "
			    "topics, dates, hours, weekdays, working_time, channels and kinds",
			    rule_shown(key).text);
		if (conditions[i].read(a, value, r, e) < 0)
			return -1;
		r->kinds |= conditions[i].kind;
	}
	return 0;
}

static int
then_text(struct arena *a, const json_t *then, const char *key, const char **text, struct err *e)
{
	const json_t *value = json_object_get(then, key);

	if (!value)
		return 0;
	if (!json_is_string(value) || text_blank(json_string_value(value)) || json_string_length(value) > CODE_MAX)
		return err_set(e, "\"then.%s\" must be a code", key);
	*text = arena_string(a, json_string_value(value));
	return 0;
}

static int
then_read(struct arena *a, const json_t *then, struct rule *r, struct err *e)
{
	const json_t *triage = json_object_get(then, "triage");
	size_t known = 0;

	if (!json_is_object(then))
		return err_set(e, "\"then\" must be an object");
	if (then_text(a, then, "department", &r->department, e) < 0 || then_text(a, then, "topic", &r->topic, e) < 0)
		return -1;
	if (triage && !json_is_true(triage))
		return err_set(e, "\"then.triage\" can only be true");
	r->triage = triage != NULL;
	known = (size_t)(r->department != NULL) + (size_t)(r->topic != NULL) + (size_t)r->triage;
	if (known == 0 || json_object_size(then) != known || (r->triage && known > 1))
		return err_set(e,
		    "\"then\" must be {\"triage\": true}, or hold \"department\", \"topic\" or both, and nothing else");
	return 0;
}

int
rule_read(struct arena *a, json_t *when, const json_t *then, struct rule *r, struct err *e)
{
	return when_read(a, when, r, e) < 0 ? -1 : then_read(a, then, r, e);
}
