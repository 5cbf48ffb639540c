/* catalogue: copies of the rows, found by code, with the topics' keywords and the calendar made of them. */
#include "services/router/catalogue.h"

#include <stdlib.h>
#include <string.h>

struct catalogue {
	struct arena *arena;
	struct catalogue_department *departments;
	size_t department_count;
	struct catalogue_topic *topics;
	size_t topic_count;
	struct topics *matcher;
	struct calendar *calendar;
	int32_t calendar_version;
	uint64_t fingerprint;
};

static int
compare_departments(const void *a, const void *b)
{
	const struct catalogue_department *x = a, *y = b;

	return strcmp(x->code, y->code);
}

static int
compare_topics(const void *a, const void *b)
{
	const struct catalogue_topic *x = a, *y = b;

	return strcmp(x->code, y->code);
}

static char *
text_copy(struct arena *a, const char *text)
{
	return arena_string(a, text ? text : "");
}

static void
rows_copy(struct catalogue *c, const struct catalogue_rows *rows)
{
	struct arena *a = c->arena;

	c->department_count = rows->department_count;
	c->departments = arena_array(a, rows->department_count + 1, sizeof(*c->departments));
	for (size_t i = 0; i < rows->department_count; i++) {
		const struct catalogue_department *d = &rows->departments[i];

		c->departments[i] = (struct catalogue_department){.code = arena_string(a, d->code),
		    .name_tr = arena_string(a, d->name_tr),
		    .name_en = arena_string(a, d->name_en),
		    .outside = d->outside,
		    .phone = text_copy(a, d->phone),
		    .letter = text_copy(a, d->letter)};
	}
	c->topic_count = rows->topic_count;
	c->topics = arena_array(a, rows->topic_count + 1, sizeof(*c->topics));
	for (size_t i = 0; i < rows->topic_count; i++) {
		const struct catalogue_topic *t = &rows->topics[i];

		c->topics[i] = (struct catalogue_topic){.code = arena_string(a, t->code),
		    .name_tr = arena_string(a, t->name_tr),
		    .department = arena_string(a, t->department),
		    .target_working_days = t->target_working_days,
		    .target_working_minutes = t->target_working_minutes,
		    .keywords = arena_string(a, t->keywords),
		    .name_en = text_copy(a, t->name_en),
		    .shared_with = text_copy(a, t->shared_with),
		    .emergency = text_copy(a, t->emergency),
		    .basket = text_copy(a, t->basket)};
	}
	qsort(c->departments, c->department_count, sizeof(*c->departments), compare_departments);
	qsort(c->topics, c->topic_count, sizeof(*c->topics), compare_topics);
}

/* Lines of text, cut in a copy of it. */
static const char *const *
lines_split(struct arena *a, const char *text, size_t *count)
{
	char *copy = arena_string(a, text);
	const char **lines = arena_array(a, strlen(text) / 2 + 2, sizeof(*lines));

	for (char *line = copy; line && *line;) {
		char *end = strchr(line, '\n');

		if (end)
			*end++ = '\0';
		if (*line)
			lines[(*count)++] = line;
		line = end;
	}
	return lines;
}

static void
matcher_make(struct catalogue *c)
{
	struct topics_topic *list = arena_array(c->arena, c->topic_count + 1, sizeof(*list));

	for (size_t i = 0; i < c->topic_count; i++) {
		list[i].code = c->topics[i].code;
		list[i].department = c->topics[i].department;
		list[i].keywords = lines_split(c->arena, c->topics[i].keywords, &list[i].keyword_count);
	}
	c->matcher = topics_new(list, c->topic_count);
}

static int
days_make(struct catalogue *c, const struct catalogue_rows *rows, struct err *e)
{
	struct calendar_rows days = {.count = rows->day_count};

	days.list = arena_array(c->arena, days.count + 1, sizeof(*days.list));
	for (size_t i = 0; i < days.count; i++)
		days.list[i] = (struct calendar_row){.day = rows->days[i].day, .kind = rows->days[i].kind, .name = ""};
	c->calendar = calendar_make(&days, e);
	c->calendar_version = rows->calendar_version;
	return c->calendar ? 0 : err_prefix(e, "calendar");
}

struct catalogue *
catalogue_new(const struct catalogue_rows *rows, struct err *e)
{
	struct arena *arena = arena_new(0);
	struct catalogue *c = arena_alloc(arena, sizeof(*c));

	c->arena = arena;
	c->fingerprint = catalogue_rows_fingerprint(rows);
	rows_copy(c, rows);
	if (!catalogue_department(c, CATALOGUE_DESK)) {
		err_set(e, "department \"%s\" is missing, not valid today, or has no stream", CATALOGUE_DESK);
		catalogue_free(c);
		return NULL;
	}
	if (days_make(c, rows, e) < 0) {
		catalogue_free(c);
		return NULL;
	}
	matcher_make(c);
	return c;
}

void
catalogue_free(struct catalogue *c)
{
	if (!c)
		return;
	topics_free(c->matcher);
	calendar_free(c->calendar);
	arena_free(c->arena);
}

const struct catalogue_department *
catalogue_department(const struct catalogue *c, const char *code)
{
	struct catalogue_department wanted = {.code = code};

	return bsearch(&wanted, c->departments, c->department_count, sizeof(wanted), compare_departments);
}

const struct catalogue_topic *
catalogue_topic(const struct catalogue *c, const char *code)
{
	struct catalogue_topic wanted = {.code = code};

	return bsearch(&wanted, c->topics, c->topic_count, sizeof(wanted), compare_topics);
}

const struct catalogue_topic *
catalogue_topic_at(const struct catalogue *c, size_t i)
{
	return &c->topics[i];
}

const struct topics *
catalogue_topics(const struct catalogue *c)
{
	return c->matcher;
}

const struct calendar *
catalogue_calendar(const struct catalogue *c)
{
	return c->calendar;
}

int32_t
catalogue_calendar_version(const struct catalogue *c)
{
	return c->calendar_version;
}

static void
hash_bytes(uint64_t *hash, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		*hash = (*hash ^ bytes[i]) * UINT64_C(1099511628211); /* FNV-1a */
}

static void
hash_text(uint64_t *hash, const char *text)
{
	if (text)
		hash_bytes(hash, text, strlen(text));
	hash_bytes(hash, "", 1);
}

uint64_t
catalogue_rows_fingerprint(const struct catalogue_rows *rows)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < rows->department_count; i++) {
		hash_text(&hash, rows->departments[i].code);
		hash_text(&hash, rows->departments[i].name_tr);
		hash_text(&hash, rows->departments[i].name_en);
		hash_bytes(&hash, rows->departments[i].outside ? "o" : "i", 1);
		hash_text(&hash, rows->departments[i].phone);
		hash_text(&hash, rows->departments[i].letter);
	}
	for (size_t i = 0; i < rows->topic_count; i++) {
		hash_text(&hash, rows->topics[i].code);
		hash_text(&hash, rows->topics[i].name_tr);
		hash_text(&hash, rows->topics[i].department);
		hash_text(&hash, rows->topics[i].keywords);
		hash_text(&hash, rows->topics[i].name_en);
		hash_text(&hash, rows->topics[i].shared_with);
		hash_text(&hash, rows->topics[i].emergency);
		hash_text(&hash, rows->topics[i].basket);
		hash_bytes(&hash, &rows->topics[i].target_working_days, sizeof(rows->topics[i].target_working_days));
		hash_bytes(
		    &hash, &rows->topics[i].target_working_minutes, sizeof(rows->topics[i].target_working_minutes));
	}
	hash_bytes(&hash, &rows->calendar_version, sizeof(rows->calendar_version));
	for (size_t i = 0; i < rows->day_count; i++) {
		hash_bytes(&hash, &rows->days[i].day, sizeof(rows->days[i].day));
		hash_bytes(&hash, &rows->days[i].kind, sizeof(rows->days[i].kind));
	}
	return hash;
}

uint64_t
catalogue_fingerprint(const struct catalogue *c)
{
	return c->fingerprint;
}

size_t
catalogue_size(const struct catalogue *c, size_t *topics)
{
	*topics = c->topic_count;
	return c->department_count;
}
