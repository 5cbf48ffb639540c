/* figures_out: figures as JSON and as rows of a table; how groups are called, and where the list behind each is. */
#include <math.h>
#include <string.h>

#include "common/domain/calendar.h"
#include "common/domain/words.h"
#include "services/reporting/figures_internal.h"
#include "services/reporting/listing.h"

static const char *const table_names[FIGURES_TABLES] = {"total", "by_channel", "by_kind", "by_topic", "by_department",
    "by_status", "by_neighbourhood", "by_day", "by_week", "by_month"};
/* What the list is asked by; NULL: by its days. */
static const char *const filters[FIGURES_TABLES] = {
    NULL, "channel", "kind", "topic", "department", "status", "neighbourhood", NULL, NULL, NULL};

static const char *const months_tr[] = {
    "Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım", "Aralık"};
static const char *const months_en[] = {"January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December"};

const char *const figures_columns[FIGURES_COLUMNS] = {"table", "key", "name", "count", "answered", "open", "overdue",
    "forwarded", "handed_back", "reopened", "reacted", "reaction_median_hours", "reaction_p90_hours",
    "reaction_mean_hours", "reaction_median_working_hours", "reaction_p90_working_hours", "reaction_mean_working_hours",
    "answer_median_hours", "answer_p90_hours", "answer_mean_hours", "answer_median_working_hours",
    "answer_p90_working_hours", "answer_mean_working_hours", "list"};

const char *
figures_table_name(int table)
{
	return table_names[table];
}

static void
word_name(const struct figures *f, const struct word *words, struct figure *figure)
{
	int32_t value = 0;
	const struct word *word;

	for (const char *c = figure->key; *c >= '0' && *c <= '9' && value < 100000; c++)
		value = value * 10 + (*c - '0');
	word = word_find(words, value);
	figure->token = word ? word->token : arena_printf(f->arena, "unknown-%s", figure->key);
	figure->label = word ? (f->english ? word->name_en : word->name_tr) : (f->english ? "Unknown" : "Bilinmiyor");
}

static void
code_name(struct figure *figure, const char *none)
{
	figure->token = figure->key;
	figure->label = *figure->name ? figure->name : *figure->key ? figure->key : none;
}

static void
time_name(const struct figures *f, struct figure *figure)
{
	int year, month, day;

	figure->token = figure->key;
	date_to_civil(figure->first, &year, &month, &day);
	if (figure->table == FIGURES_BY_DAY)
		figure->label = arena_printf(f->arena, "%02d.%02d.%04d", day, month, year);
	else if (figure->table == FIGURES_BY_MONTH)
		figure->label = arena_printf(f->arena, "%s %d", (f->english ? months_en : months_tr)[month - 1], year);
	else if (f->english)
		figure->label = arena_printf(f->arena, "Week %s of %.4s", figure->key + 6, figure->key);
	else
		figure->label = arena_printf(f->arena, "%.4s yılının %s. haftası", figure->key, figure->key + 6);
}

void
figures_name(const struct figures *f, struct figure *figure)
{
	switch (figure->table) {
	case FIGURES_TOTAL:
		figure->token = "";
		figure->label = f->english ? "All applications" : "Tüm başvurular";
		break;
	case FIGURES_BY_CHANNEL:
		word_name(f, channel_words, figure);
		break;
	case FIGURES_BY_KIND:
		word_name(f, kind_words, figure);
		break;
	case FIGURES_BY_STATUS:
		word_name(f, state_words, figure);
		break;
	case FIGURES_BY_TOPIC:
		code_name(figure, f->english ? "No topic yet" : "Konusu henüz belirlenmedi");
		break;
	case FIGURES_BY_DEPARTMENT:
		code_name(figure, f->english ? "Not routed yet" : "Henüz yönlendirilmedi");
		break;
	case FIGURES_BY_NEIGHBOURHOOD:
		code_name(figure, f->english ? "No neighbourhood given" : "Mahalle belirtilmedi");
		break;
	default:
		time_name(f, figure);
	}
}

const char *
figures_list(const struct figures *f, const struct figure *figure)
{
	int32_t first = f->from, last = f->to;
	char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE];
	const char *filter = filters[figure->table];

	if (figure->table >= FIGURES_BY_DAY) {
		first = figure->first > first ? figure->first : first;
		last = figure->last < last ? figure->last : last;
	}
	date_text(first, from);
	date_text(last, to);
	return arena_printf(f->arena, FIGURES_LIST "?from=%s&to=%s%s%s%s%s", from, to, filter ? "&" : "",
	    filter ? filter : "", filter ? "=" : "",
	    !filter          ? ""
	    : *figure->token ? listing_encode(f->arena, figure->token)
			     : "none");
}

static json_t *
hours_json(const struct figure *figure, int lapse, int percent)
{
	double hours;

	return figures_hours(figure, lapse, percent, &hours) ? json_real(round(hours * 100) / 100) : json_null();
}

static json_t *
lapse_json(const struct figure *figure, int lapse)
{
	json_t *json = json_object();

	json_object_set_new(json, "median", hours_json(figure, lapse, 50));
	json_object_set_new(json, "p90", hours_json(figure, lapse, 90));
	json_object_set_new(json, "mean", hours_json(figure, lapse, 0));
	return json;
}

static void
set_count(json_t *json, const char *key, int64_t count)
{
	json_object_set_new_nocheck(json, key, json_integer(count));
}

static json_t *
figure_json(const struct figures *f, const struct figure *figure)
{
	const struct figures_counts *c = &figure->counts;
	json_t *json = json_object(), *reaction = json_object(), *answer = json_object();

	json_object_set_new(json, "key", json_string(figure->token));
	json_object_set_new(json, "name", json_string(figure->label));
	set_count(json, "count", c->received);
	set_count(json, "received", c->received);
	set_count(json, "answered", c->answered);
	set_count(json, "open", c->open);
	set_count(json, "overdue", c->overdue);
	set_count(json, "forwarded", c->forwarded);
	set_count(json, "handed_back", c->handed_back);
	set_count(json, "reopened", c->reopened);
	set_count(json, "reacted", c->reacted);
	json_object_set_new(reaction, "calendar_hours", lapse_json(figure, FIGURES_REACTION));
	json_object_set_new(reaction, "working_hours", lapse_json(figure, FIGURES_REACTION_WORKING));
	json_object_set_new(answer, "calendar_hours", lapse_json(figure, FIGURES_ANSWER));
	json_object_set_new(answer, "working_hours", lapse_json(figure, FIGURES_ANSWER_WORKING));
	json_object_set_new(json, "first_reaction", reaction);
	json_object_set_new(json, "final_answer", answer);
	json_object_set_new(json, "list", json_string(figures_list(f, figure)));
	return json;
}

static json_t *
backlog_json(const struct figures *f)
{
	json_t *list = json_array();
	char day[DATE_TEXT_SIZE];

	for (size_t i = 0; i < f->days_count; i++) {
		date_text(f->from + (int32_t)i, day);
		json_array_append_new(
		    list, json_pack("{s:s, s:I, s:s}", "day", day, "open", (json_int_t)f->days[i].open, "list",
			      arena_printf(f->arena, FIGURES_LIST "?backlog=%s", day)));
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
	json = json_pack("{s:s, s:s, s:s, s:i, s:s, s:I}", "from", from, "to", to, "generated_at", at,
	    "definition_version", FIGURES_VERSION, "list_of_a_measure", "list + \"&measure=\" + its name", "total",
	    (json_int_t)f->total->counts.received);
	json_object_set_new(json, "all", figure_json(f, f->total));
	for (int table = FIGURES_BY_CHANNEL; table < FIGURES_TABLES; table++) {
		json_t *list = json_array();

		for (size_t i = 0; i < f->counts[table]; i++)
			json_array_append_new(list, figure_json(f, f->sorted[table][i]));
		json_object_set_new(json, table_names[table], list);
	}
	json_object_set_new(json, "backlog", backlog_json(f));
	return json;
}

static void
figure_row(const struct figures *f, const struct figure *figure, const char *cells[FIGURES_COLUMNS])
{
	static const int percents[] = {50, 90, 0};
	const struct figures_counts *c = &figure->counts;
	const int64_t counts[] = {
	    c->received, c->answered, c->open, c->overdue, c->forwarded, c->handed_back, c->reopened, c->reacted};
	size_t column = 0;
	double hours;

	cells[column++] = table_names[figure->table];
	cells[column++] = figure->token;
	cells[column++] = figure->label;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		cells[column++] = arena_printf(f->arena, "%lld", (long long)counts[i]);
	for (int lapse = 0; lapse < FIGURES_LAPSES; lapse++)
		for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
			cells[column++] = figures_hours(figure, lapse, percents[i], &hours)
					      ? arena_printf(f->arena, "%.2f", hours)
					      : "";
	cells[column++] = figures_list(f, figure);
}

void
figures_rows(const struct figures *f, void (*on_row)(void *arg, const char *const *cells), void *arg)
{
	const char *cells[FIGURES_COLUMNS];

	for (int table = FIGURES_TOTAL; table < FIGURES_TABLES; table++) {
		for (size_t i = 0; i < f->counts[table]; i++) {
			figure_row(f, f->sorted[table][i], cells);
			on_row(arg, cells);
		}
	}
	for (size_t i = 0; i < f->days_count; i++) {
		char day[DATE_TEXT_SIZE];

		for (size_t column = 0; column < FIGURES_COLUMNS; column++)
			cells[column] = "";
		date_text(f->from + (int32_t)i, day);
		cells[0] = "backlog";
		cells[1] = cells[2] = day;
		cells[3] = arena_printf(f->arena, "%lld", (long long)f->days[i].open);
		cells[FIGURES_COLUMNS - 1] = arena_printf(f->arena, FIGURES_LIST "?backlog=%s", day);
		on_row(arg, cells);
	}
}
