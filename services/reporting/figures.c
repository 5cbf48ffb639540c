/* figures: names the groups, sorts them, checks the sums, writes them down. */
#include "services/reporting/figures.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/csv.h"
#include "common/domain/calendar.h"
#include "common/domain/words.h"

struct figure {
	const char *key, *name;
	int64_t count;
};

struct figures {
	struct arena *arena;
	int32_t from, to;
	bool english;
	size_t groups_max;
	int64_t total;
	struct figure *tables[FIGURES_TABLES];
	size_t counts[FIGURES_TABLES];
};

static const char *const table_names[FIGURES_TABLES] = {
    "total", "by_channel", "by_kind", "by_topic", "by_department", "by_status", "by_day"};

struct figures *
figures_new(struct arena *a, int32_t from, int32_t to, bool english, size_t groups_max)
{
	struct figures *f = arena_alloc(a, sizeof(*f));

	f->arena = a;
	f->from = from;
	f->to = to;
	f->english = english;
	f->groups_max = groups_max;
	return f;
}

static void
word_name(const struct figures *f, const struct word *words, int32_t value, struct figure *figure)
{
	const struct word *word = word_find(words, value);

	figure->key = word ? word->token : "unknown";
	figure->name = word ? (f->english ? word->name_en : word->name_tr) : (f->english ? "Unknown" : "Bilinmiyor");
}

static void
code_name(const struct figures *f, const struct figures_group *group, const char *none, struct figure *figure)
{
	figure->key = arena_string(f->arena, group->code ? group->code : "");
	figure->name =
	    group->code ? arena_string(f->arena, group->name && *group->name ? group->name : group->code) : none;
}

static void
day_name(const struct figures *f, int32_t day, struct figure *figure)
{
	char key[DATE_TEXT_SIZE];
	int year, month, number;

	date_text(day, key);
	date_to_civil(day, &year, &month, &number);
	figure->key = arena_string(f->arena, key);
	figure->name = arena_printf(f->arena, "%02d.%02d.%04d", number, month, year);
}

static void
figure_name(const struct figures *f, const struct figures_group *group, struct figure *figure)
{
	switch (group->table) {
	case FIGURES_BY_CHANNEL:
		word_name(f, channel_words, group->value, figure);
		break;
	case FIGURES_BY_KIND:
		word_name(f, kind_words, group->value, figure);
		break;
	case FIGURES_BY_STATUS:
		word_name(f, state_words, group->value, figure);
		break;
	case FIGURES_BY_TOPIC:
		code_name(f, group, f->english ? "No topic yet" : "Konusu henüz belirlenmedi", figure);
		break;
	case FIGURES_BY_DEPARTMENT:
		code_name(f, group, f->english ? "Not routed yet" : "Henüz yönlendirilmedi", figure);
		break;
	default:
		day_name(f, group->day, figure);
	}
}

void
figures_add(struct figures *f, const struct figures_group *group)
{
	struct figure *figure;

	if (group->table == FIGURES_TOTAL)
		f->total = group->count;
	if (group->table <= FIGURES_TOTAL || group->table >= FIGURES_TABLES || f->counts[group->table] == f->groups_max)
		return;
	if (!f->tables[group->table])
		f->tables[group->table] = arena_array(f->arena, f->groups_max, sizeof(*figure));
	figure = &f->tables[group->table][f->counts[group->table]++];
	figure->count = group->count;
	figure_name(f, group, figure);
}

static int
figure_compare(const void *left, const void *right)
{
	const struct figure *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->key, b->key);
}

static int
day_compare(const void *left, const void *right)
{
	const struct figure *a = left, *b = right;

	return strcmp(a->key, b->key);
}

int
figures_finish(struct figures *f, struct err *e)
{
	for (int table = FIGURES_BY_CHANNEL; table < FIGURES_TABLES; table++) {
		int64_t sum = 0;

		for (size_t i = 0; i < f->counts[table]; i++)
			sum += f->tables[table][i].count;
		if (sum != f->total)
			return err_set(
			    e, "%s sums to %" PRId64 ", the total is %" PRId64, table_names[table], sum, f->total);
		if (f->counts[table] > 1)
			qsort(f->tables[table], f->counts[table], sizeof(struct figure),
			    table == FIGURES_BY_DAY ? day_compare : figure_compare);
	}
	return 0;
}

static json_t *
table_json(const struct figures *f, int table)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->counts[table]; i++) {
		const struct figure *figure = &f->tables[table][i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:I}", "key", figure->key, "name", figure->name,
						"count", (json_int_t)figure->count));
	}
	return list;
}

json_t *
figures_json(const struct figures *f, int64_t generated_at)
{
	char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE], at[TIME_TEXT_SIZE];
	json_t *json;

	date_text(f->from, from);
	date_text(f->to, to);
	time_text_istanbul(generated_at, at);
	json = json_pack(
	    "{s:s, s:s, s:s, s:I}", "from", from, "to", to, "generated_at", at, "total", (json_int_t)f->total);
	for (int table = FIGURES_BY_CHANNEL; table < FIGURES_TABLES; table++)
		json_object_set_new(json, table_names[table], table_json(f, table));
	return json;
}

/* One line of the file, at *at; gives its size. at NULL: only the size. */
static size_t
line_put(const struct figures *f, int table, const struct figure *figure, char *at)
{
	const char *line = arena_printf(f->arena, "%s,%s,%s,%" PRId64 "\r\n", table_names[table],
	    csv_quote(f->arena, figure->key), csv_quote(f->arena, figure->name), figure->count);
	size_t size = strlen(line);

	if (at)
		memcpy(at, line, size);
	return size;
}

static size_t
lines_put(const struct figures *f, char *data)
{
	static const char head[] = "\xef\xbb\xbftable,key,name,count\r\n";
	const struct figure total = {"", f->english ? "All applications" : "Tüm başvurular", f->total};
	size_t used = sizeof(head) - 1;

	if (data)
		memcpy(data, head, used);
	used += line_put(f, FIGURES_TOTAL, &total, data ? data + used : NULL);
	for (int table = FIGURES_BY_CHANNEL; table < FIGURES_TABLES; table++)
		for (size_t i = 0; i < f->counts[table]; i++)
			used += line_put(f, table, &f->tables[table][i], data ? data + used : NULL);
	return used;
}

char *
figures_csv(const struct figures *f, size_t *size)
{
	char *data;

	*size = lines_put(f, NULL);
	data = arena_alloc(f->arena, *size + 1);
	lines_put(f, data);
	data[*size] = '\0';
	return data;
}
