/* catalogue: see catalogue.h. */
#include "services/kopru/catalogue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/csv.h"
#include "common/base/text.h"
#include "common/domain/calendar.h"

#define ROWS_MAX 20000
#define EMERGENCY_MAX 40
#define MINUTES_MAX 100000

/* Units are data; a unit that is not here is shown to English readers under its Turkish name. */
static const struct {
	const char *code;
	const char *name_en;
} english_names[] = {
    {"BIM", "Information Technology Directorate"},
    {"DGR", "Another public institution"},
    {"DST", "Support Services Directorate"},
    {"EML", "Real Estate and Expropriation Directorate"},
    {"EMN", "Konya Provincial Police / 112"},
    {"ENERYA", "Enerya Konya (natural gas distribution)"},
    {"FEN", "Public Works Directorate"},
    {"GSM", "Youth and Sports Services Directorate"},
    {"HIM", "Public Relations Directorate (Service Desk)"},
    {"HUK", "Legal Affairs Directorate"},
    {"IKE", "Human Resources and Training Directorate"},
    {"IKL", "Climate Change and Zero Waste Directorate"},
    {"ILC", "Another district municipality (Selçuklu, Meram …)"},
    {"IMR", "Zoning and Urban Planning Directorate"},
    {"KBB", "Konya Metropolitan Municipality"},
    {"KDA", "Women and Family Services Directorate"},
    {"KGM", "3rd Regional Directorate of Highways"},
    {"KLT", "Culture and Social Affairs Directorate"},
    {"KOSKI", "KOSKİ General Directorate (water and sewerage)"},
    {"MAL", "Financial Services Directorate"},
    {"MEDAS", "MEDAŞ (electricity distribution)"},
    {"MUH", "Neighbourhood Mukhtars' Affairs Directorate"},
    {"OZK", "Office of the Mayor"},
    {"PLN", "Planning and Projects Directorate"},
    {"PRK", "Parks and Gardens Directorate"},
    {"RHS", "Licensing and Inspection Directorate"},
    {"SYM", "Social Assistance Directorate"},
    {"TEM", "Cleaning Services Directorate"},
    {"TFT", "Inspection Board Directorate"},
    {"TOB", "Provincial / District Directorate of Agriculture and Forestry"},
    {"VET", "Veterinary Services Directorate"},
    {"YAZ", "Registry and Correspondence Directorate"},
    {"YKM", "Building Control Directorate"},
    {"YRG", "Judicial authority (not examined, Law 3071 art. 6)"},
    {"ZAB", "Municipal Police Directorate"},
};

bool
catalogue_code_valid(const char *code)
{
	size_t size = strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	return code[size] == '\0' && size >= 2 && size <= 12;
}

static const char *
english_name(const char *code, const char *name_tr)
{
	for (size_t i = 0; i < sizeof(english_names) / sizeof(english_names[0]); i++)
		if (strcmp(english_names[i].code, code) == 0)
			return english_names[i].name_en;
	return name_tr;
}

/* A cell that must hold something. */
static int
cell(const struct csv_table *t, size_t row, const char *column, const char **text, struct err *e)
{
	*text = csv_cell(t, row, column);
	if (!*text)
		return err_set(e, "there is no column \"%s\"", column);
	return text_blank(*text) ? err_set(e, "row %zu: \"%s\" is empty", row + 1, column) : 0;
}

static int
cell_among(const struct csv_table *t, size_t row, const char *column, const char *const *allowed, const char **text,
    struct err *e)
{
	if (cell(t, row, column, text, e) < 0)
		return -1;
	for (size_t i = 0; allowed[i]; i++)
		if (strcmp(allowed[i], *text) == 0)
			return 0;
	return err_set(e, "row %zu: \"%s\" cannot be \"%s\"", row + 1, column, *text);
}

static int
cell_days(const struct csv_table *t, size_t row, const char *column, int32_t *days, struct err *e)
{
	const char *text;
	char *end;
	long value;

	if (cell(t, row, column, &text, e) < 0)
		return -1;
	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || *end || !ascii_digit(text[0]) || value > 365)
		return err_set(e, "row %zu: \"%s\" is no number from 0 to 365: \"%s\"", row + 1, column, text);
	*days = (int32_t)value;
	return 0;
}

const char *
catalogue_keywords(struct arena *a, const char *text)
{
	char *rest = arena_string(a, text), *word;
	const char *all = "";

	while ((word = strsep(&rest, ","))) {
		const char *folded = text_trim(a, text_fold_tr(a, word));

		if (*folded)
			all = arena_printf(a, *all ? "%s,%s" : "%s%s", all, folded);
	}
	return all;
}

static struct catalogue_department *
department_find(struct catalogue *c, const char *code)
{
	for (size_t i = 0; i < c->departments_count; i++)
		if (strcmp(c->departments[i].code, code) == 0)
			return &c->departments[i];
	return NULL;
}

static int
department_take(struct catalogue *c, const struct csv_table *t, size_t row, struct err *e)
{
	struct catalogue_topic *topic = &c->topics[row];
	struct catalogue_department *d;
	const char *name;

	if (cell(t, row, "unit_code", &topic->department, e) < 0 || cell(t, row, "responsible_unit", &name, e) < 0)
		return -1;
	if (!catalogue_code_valid(topic->department))
		return err_set(e, "row %zu: \"%s\" is no department's code", row + 1, topic->department);
	d = department_find(c, topic->department);
	if (!d) {
		d = &c->departments[c->departments_count++];
		*d = (struct catalogue_department){topic->department, name, english_name(topic->department, name),
		    strcmp(topic->competence, "none") == 0};
	}
	if (strcmp(d->name_tr, name) != 0)
		return err_set(e, "row %zu: \"%s\" has two names", row + 1, d->code);
	return 0;
}

/* A file of before has no such column. */
static int
open311_take(const struct csv_table *t, size_t row, bool *open311, struct err *e)
{
	static const char *const words[] = {"yes", "no", NULL};
	const char *text;

	if (!csv_cell(t, row, "open311"))
		return 0;
	if (cell_among(t, row, "open311", words, &text, e) < 0)
		return -1;
	*open311 = strcmp(text, "yes") == 0;
	return 0;
}

/* Digits and ", " between numbers. */
static bool
emergency_valid(const char *text)
{
	return strspn(text, "0123456789, ") == strlen(text) && strlen(text) <= EMERGENCY_MAX;
}

/* A file of before has no such column. */
static int
minutes_take(const struct csv_table *t, size_t row, int32_t *minutes, struct err *e)
{
	const char *text = csv_cell(t, row, "target_working_minutes");
	char *end;
	long value;

	if (!text || *text == '\0')
		return 0;
	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || *end || !ascii_digit(text[0]) || value < 1 || value > MINUTES_MAX)
		return err_set(e, "row %zu: \"target_working_minutes\" is no number from 1 to %d: \"%s\"", row + 1,
		    MINUTES_MAX, text);
	*minutes = (int32_t)value;
	return 0;
}

/* How it is decided on. A file of before has no such columns. */
static int
deciding_take(const struct csv_table *t, size_t row, struct catalogue_topic *topic, struct err *e)
{
	static const char *const baskets[] = {"", "thanks", "irrelevant", "follow_up", NULL};
	const char *shared_with = csv_cell(t, row, "shared_with"), *emergency = csv_cell(t, row, "emergency"),
		   *basket = csv_cell(t, row, "basket");
	size_t known = 0;

	topic->shared_with = shared_with ? shared_with : "";
	topic->emergency = emergency ? emergency : "";
	topic->basket = basket ? basket : "";
	if (!emergency_valid(topic->emergency))
		return err_set(e, "row %zu: \"emergency\" is no list of telephone numbers: \"%s\"", row + 1, emergency);
	while (baskets[known] && strcmp(baskets[known], topic->basket) != 0)
		known++;
	if (!baskets[known])
		return err_set(e,
		    "row %zu: \"basket\" is \"%s\"; allowed are thanks, irrelevant, follow_up and nothing", row + 1,
		    basket);
	return 0;
}

static int
topic_take(struct arena *a, struct catalogue *c, const struct csv_table *t, size_t row, struct err *e)
{
	static const char *const competences[] = {"own", "shared", "forward", "none", NULL};
	static const char *const priorities[] = {"acil", "yuksek", "normal", "dusuk", NULL};
	struct catalogue_topic *topic = &c->topics[row];
	const char *keywords = csv_cell(t, row, "keywords_folded");

	if (!keywords)
		return err_set(e, "there is no column \"keywords_folded\"");
	if (cell(t, row, "code", &topic->code, e) < 0 || cell(t, row, "topic_tr", &topic->name_tr, e) < 0 ||
	    cell(t, row, "topic_en", &topic->name_en, e) < 0 ||
	    cell(t, row, "category_tr", &topic->category_tr, e) < 0 ||
	    cell_among(t, row, "competence", competences, &topic->competence, e) < 0 ||
	    cell_days(t, row, "target_working_days", &topic->target_working_days, e) < 0 ||
	    cell_among(t, row, "priority", priorities, &topic->priority, e) < 0 ||
	    open311_take(t, row, &topic->open311, e) < 0 || deciding_take(t, row, topic, e) < 0 ||
	    minutes_take(t, row, &topic->target_working_minutes, e) < 0)
		return -1;
	topic->keywords = catalogue_keywords(a, keywords);
	for (size_t i = 0; i < row; i++)
		if (strcmp(c->topics[i].code, topic->code) == 0)
			return err_set(e, "row %zu: \"%s\" stands twice", row + 1, topic->code);
	return department_take(c, t, row, e);
}

static int
shared_check(struct catalogue *c, struct err *e)
{
	for (size_t i = 0; i < c->topics_count; i++)
		if (*c->topics[i].shared_with && !department_find(c, c->topics[i].shared_with))
			return err_set(e, "row %zu: \"shared_with\" is no unit of this file: \"%s\"", i + 1,
			    c->topics[i].shared_with);
	return 0;
}

/* Outside: somebody else's topics are passed on to it, and none is our own. */
static void
outside_decide(struct catalogue *c)
{
	for (size_t i = 0; i < c->topics_count; i++) {
		const struct catalogue_topic *topic = &c->topics[i];

		if (strcmp(topic->competence, "forward") == 0)
			department_find(c, topic->department)->outside = true;
	}
	for (size_t i = 0; i < c->topics_count; i++) {
		const struct catalogue_topic *topic = &c->topics[i];

		if (strcmp(topic->competence, "own") == 0)
			department_find(c, topic->department)->outside = false;
	}
}

static int
table_read(struct arena *a, const char *text, struct csv_table *t, struct err *e)
{
	if (!text_valid(text, strlen(text)))
		return err_set(e, "the file is not UTF-8; spreadsheets call it \"CSV UTF-8\"");
	return csv_parse(a, text, ROWS_MAX, t, e);
}

static int
topics_take(struct arena *a, const char *text, struct catalogue *c, struct err *e)
{
	struct csv_table t;

	if (table_read(a, text, &t, e) < 0)
		return -1;
	c->topics = arena_array(a, t.rows + 1, sizeof(*c->topics));
	c->topics_count = t.rows;
	c->departments = arena_array(a, t.rows + 1, sizeof(*c->departments));
	c->departments[c->departments_count++] =
	    (struct catalogue_department){"HM", "Hizmet Masası", "Service Desk", false};
	for (size_t row = 0; row < t.rows; row++)
		if (topic_take(a, c, &t, row, e) < 0)
			return -1;
	outside_decide(c);
	return shared_check(c, e);
}

static int
holidays_take(struct arena *a, const char *text, struct catalogue *c, struct err *e)
{
	static const char *const kinds[] = {"tam", "yarim", NULL};
	struct csv_table t;
	const char *day, *kind;

	if (table_read(a, text, &t, e) < 0)
		return -1;
	c->holidays = arena_array(a, t.rows + 1, sizeof(*c->holidays));
	c->holidays_count = t.rows;
	for (size_t row = 0; row < t.rows; row++) {
		struct catalogue_holiday *h = &c->holidays[row];

		if (cell(&t, row, "date", &day, e) < 0 || cell(&t, row, "name", &h->name_tr, e) < 0 ||
		    cell_among(&t, row, "kind", kinds, &kind, e) < 0)
			return -1;
		if (!date_parse(day, &h->day))
			return err_set(e, "row %zu: \"%s\" is no date", row + 1, day);
		h->half = strcmp(kind, "yarim") == 0;
	}
	return 0;
}

int
catalogue_parse(struct arena *a, const char *topics, const char *holidays, struct catalogue *c, struct err *e)
{
	*c = (struct catalogue){0};
	if (topics_take(a, topics, c, e) < 0)
		return err_prefix(e, "topics");
	if (holidays_take(a, holidays, c, e) < 0)
		return err_prefix(e, "holidays");
	return 0;
}
