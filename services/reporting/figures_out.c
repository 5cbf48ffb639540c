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
		figure->label =
		    arena_printf(f->arena, "%s %d", f->english ? months_en[month - 1] : months_tr[month - 1], year);
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

/* Text that grows in the figures' arena. */
struct text {
	struct arena *arena;
	char *data;
	size_t size, room;
};

static char *
text_room(struct text *t, size_t more)
{
	if (t->room - t->size < more) {
		size_t room = 2 * t->room + more + 65536;
		char *data = arena_alloc(t->arena, room);

		if (t->size > 0)
			memcpy(data, t->data, t->size);
		t->data = data;
		t->room = room;
	}
	return t->data + t->size;
}

static void
put(struct text *t, const char *text)
{
	size_t size = strlen(text);

	memcpy(text_room(t, size), text, size);
	t->size += size;
}

static void
put_number(struct text *t, int64_t value)
{
	char digits[24], *at = digits + sizeof(digits) - 1;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	*at = '\0';
	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		*--at = '-';
	put(t, at);
}

/* A JSON string: what is not allowed in one is escaped. */
static void
put_string(struct text *t, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	char *to = text_room(t, 6 * strlen(text) + 2), *begin = to;

	*to++ = '"';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			*to++ = '\\';
			*to++ = (char)c;
		} else if (c < 0x20) {
			memcpy(to, "\\u00", 4);
			to[4] = hex[c >> 4];
			to[5] = hex[c & 15];
			to += 6;
		} else {
			*to++ = (char)c;
		}
	}
	*to++ = '"';
	t->size += (size_t)(to - begin);
}

/* With two decimals. */
static void
put_hours(struct text *t, const struct figure *figure, int lapse, int percent)
{
	double hours;
	int64_t hundredths;

	if (!figures_hours(figure, lapse, percent, &hours)) {
		put(t, "null");
		return;
	}
	hundredths = llround(hours * 100);
	put_number(t, hundredths / 100);
	put(t, hundredths % 100 < 10 ? ".0" : ".");
	put_number(t, hundredths % 100);
}

static void
put_lapse(struct text *t, const char *name, const struct figure *figure, int lapse)
{
	put(t, name);
	put(t, ":{\"median\":");
	put_hours(t, figure, lapse, 50);
	put(t, ",\"p90\":");
	put_hours(t, figure, lapse, 90);
	put(t, ",\"mean\":");
	put_hours(t, figure, lapse, 0);
	put(t, "}");
}

static void
put_counts(struct text *t, const struct figures_counts *c)
{
	const struct {
		const char *name;
		int64_t count;
	} counts[] = {{"\"count\":", c->received}, {",\"received\":", c->received}, {",\"answered\":", c->answered},
	    {",\"open\":", c->open}, {",\"overdue\":", c->overdue}, {",\"forwarded\":", c->forwarded},
	    {",\"handed_back\":", c->handed_back}, {",\"reopened\":", c->reopened}, {",\"reacted\":", c->reacted}};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		put(t, counts[i].name);
		put_number(t, counts[i].count);
	}
}

static void
put_figure(struct text *t, const struct figures *f, const struct figure *figure)
{
	put(t, "{\"key\":");
	put_string(t, figure->token);
	put(t, ",\"name\":");
	put_string(t, figure->label);
	put(t, ",");
	put_counts(t, &figure->counts);
	put(t, ",\"first_reaction\":{");
	put_lapse(t, "\"calendar_hours\"", figure, FIGURES_REACTION);
	put_lapse(t, ",\"working_hours\"", figure, FIGURES_REACTION_WORKING);
	put(t, "},\"final_answer\":{");
	put_lapse(t, "\"calendar_hours\"", figure, FIGURES_ANSWER);
	put_lapse(t, ",\"working_hours\"", figure, FIGURES_ANSWER_WORKING);
	put(t, "},\"list\":");
	put_string(t, figures_list(f, figure));
	put(t, "}");
}

static void
put_table(struct text *t, const struct figures *f, int table)
{
	put(t, ",");
	put_string(t, table_names[table]);
	put(t, ":[");
	for (size_t i = 0; i < f->counts[table]; i++) {
		put(t, i > 0 ? "," : "");
		put_figure(t, f, f->sorted[table][i]);
	}
	put(t, "]");
}

static void
put_backlog(struct text *t, const struct figures *f)
{
	char day[DATE_TEXT_SIZE];

	put(t, ",\"backlog\":[");
	for (size_t i = 0; i < f->days_count; i++) {
		date_text(f->from + (int32_t)i, day);
		put(t, i > 0 ? ",{\"day\":\"" : "{\"day\":\"");
		put(t, day);
		put(t, "\",\"open\":");
		put_number(t, f->days[i].open);
		put(t, ",\"list\":\"" FIGURES_LIST "?backlog=");
		put(t, day);
		put(t, "\"}");
	}
	put(t, "]");
}

const char *
figures_json(const struct figures *f, const struct figures_told *told, size_t *size)
{
	char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE], at[TIME_TEXT_SIZE];
	struct text t = {.arena = f->arena};

	date_text(f->from, from);
	date_text(f->to, to);
	time_text_istanbul(told->at, at);
	put(&t, arena_printf(f->arena,
		    "{\"from\":\"%s\",\"to\":\"%s\",\"generated_at\":\"%s\",\"definition_version\":%d,"
		    "\"list_of_a_measure\":\"list + '&measure=' + its name\",\"total\":%lld,\"all\":",
		    from, to, at, FIGURES_VERSION, (long long)f->total->counts.received));
	put_figure(&t, f, f->total);
	for (int table = FIGURES_BY_CHANNEL; table < FIGURES_TABLES; table++)
		put_table(&t, f, table);
	put_backlog(&t, f);
	put(&t, ",\"promises\":");
	put(&t, told->promises);
	put(&t, "}");
	*text_room(&t, 1) = '\0';
	*size = t.size;
	return t.data;
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
