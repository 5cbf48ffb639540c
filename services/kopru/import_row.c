/* import_row: see the header. */
#include "services/kopru/import_row.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/domain/calendar.h"
#include "services/kopru/import_values.h"

#define NUMBER_MAX 100 /* characters, as intake's form has it */
#define KEY_MAX 100
#define ANSWER_MAX 20000 /* characters, as the router's commands have it */
#define STATUS_MAX 200

struct maker {
	struct arena *arena;
	const struct import_source *source;
	const char *const *cells;
	struct import_item *item;
	struct import_fault *fault;
	json_t *json, *applicant;
};

/* Cut at both ends; "" when the file has no such column. */
static const char *
cell(const struct maker *m, enum import_field field)
{
	size_t place = m->source->columns->places[field];

	return place < IMPORT_CELLS_MAX ? text_trim(m->arena, m->cells[place]) : "";
}

static int
refuse(const struct maker *m, enum import_field field, const char *reason)
{
	size_t place = m->source->columns->places[field];

	m->fault->column = place < IMPORT_CELLS_MAX ? m->source->columns->head[place] : "";
	m->fault->reason = reason;
	return -1;
}

/* Its SHA-256 when it holds what no key may have, or what JSON would escape. */
static const char *
key_of(struct arena *a, const char *prefix, const char *number)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(hash) + 1];
	const char *c = number;

	while (*c > ' ' && *c < 0x7f && *c != '"' && *c != '\\')
		c++;
	if (!*c && strlen(number) <= KEY_MAX)
		return arena_printf(a, "%s%s", prefix, number);
	crypto_hash_sha256(hash, (const uint8_t *)number, strlen(number));
	return arena_printf(a, "%ssha256-%s", prefix, sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash)));
}

static int
make_number(struct maker *m)
{
	const char *number = cell(m, IMPORT_NUMBER);
	size_t digits = m->source->mapping->number_digits;

	if (!*number)
		return refuse(m, IMPORT_NUMBER, "is empty; each row needs its number");
	if (digits > 0 && (strlen(number) != digits || strspn(number, "0123456789") != digits))
		return refuse(m, IMPORT_NUMBER, arena_printf(m->arena, "must have exactly %zu digits", digits));
	if (text_length(number) > NUMBER_MAX || text_has_line_break_or_control(number))
		return refuse(m, IMPORT_NUMBER, "must be one line of at most 100 characters");
	m->item->number = number;
	m->item->key = key_of(m->arena, strcmp(m->source->name, "cimer") == 0 ? "cimer-" : "", number);
	json_object_set_new(m->json, "external_id", json_string(number));
	return 0;
}

static int
make_received_at(struct maker *m)
{
	char text[TIME_TEXT_SIZE];
	const char *fault;
	int64_t time;

	if ((fault = import_time(m->arena, cell(m, IMPORT_RECEIVED_AT), &time)))
		return refuse(m, IMPORT_RECEIVED_AT, fault);
	time_text_istanbul(time, text);
	json_object_set_new(m->json, "received_at", json_string(text));
	return 0;
}

/* A day of the form; a time there is its day's. */
static int
make_day(struct maker *m, enum import_field field)
{
	const char *value = cell(m, field), *fault;
	char text[DATE_TEXT_SIZE];
	int64_t time;

	if (!*value)
		return 0;
	if ((fault = import_time(m->arena, value, &time)))
		return refuse(m, field, fault);
	date_text(date_in_istanbul(time), text);
	json_object_set_new(m->json, import_fields[field].form, json_string(text));
	return 0;
}

static int
make_kind(struct maker *m)
{
	const struct import_mapping *mapping = m->source->mapping;
	const char *value = import_fold(m->arena, cell(m, IMPORT_KIND)), *token = mapping->kind;
	size_t i;

	if (*value) {
		i = import_words_find(&mapping->kinds, value);
		token = i < mapping->kinds.count ? mapping->kinds.meaning[i] : NULL;
	}
	if (!token)
		return refuse(m, IMPORT_KIND,
		    *value ? "is no kind that the mapping knows (its \"kinds\")"
			   : "is empty or has no column, and the mapping names no \"kind\" for such rows");
	json_object_set_new(m->json, "kind", json_string(token));
	return 0;
}

/* Neither guessed nor forgotten: what nobody explained, be it nothing, refuses the row. */
static int
make_hidden(struct maker *m)
{
	const struct import_mapping *mapping = m->source->mapping;
	const char *written = cell(m, IMPORT_HIDDEN), *value = import_fold(m->arena, written);
	bool known = !*written || *value; /* "-" is no empty cell */
	bool hidden = known && import_words_find(&mapping->hidden, value) < mapping->hidden.count;

	if (m->source->columns->places[IMPORT_HIDDEN] == IMPORT_CELLS_MAX)
		return 0; /* the mapping says that nobody is */
	if (!hidden && (!known || import_words_find(&mapping->visible, value) == mapping->visible.count))
		return refuse(m, IMPORT_HIDDEN,
		    *written
			? "is no word that the mapping knows (its \"hidden\" and \"visible\")"
			: "is empty, and the mapping does not say what that means (\"\" in \"visible\" or \"hidden\")");
	if (hidden)
		json_object_set_new(m->applicant, "hide_identity", json_true());
	return 0;
}

/* Texts that go as they stand into the form, by its own names. */
static void
make_texts(struct maker *m)
{
	static const enum import_field fields[] = {IMPORT_TEXT, IMPORT_SUBJECT, IMPORT_TOPIC, IMPORT_NEIGHBOURHOOD,
	    IMPORT_NAME, IMPORT_NATIONAL_ID, IMPORT_PHONE, IMPORT_EMAIL, IMPORT_ADDRESS, IMPORT_SENDER_INSTITUTION,
	    IMPORT_REGISTRY_NUMBER};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *value = cell(m, fields[i]), *form = import_fields[fields[i]].form;
		const char *dot = strchr(form, '.');
		json_t *object = m->json;

		if (!*value)
			continue;
		if (dot && *form == 'a')
			object = m->applicant;
		else if (dot)
			json_object_set_new(m->json, "location", object = json_object());
		json_object_set_new(object, dot ? dot + 1 : form, json_string(value));
	}
}

/* Names of files may be personal: only how many there are. */
static void
make_note(struct maker *m)
{
	const char *status = cell(m, IMPORT_STATUS), *files = cell(m, IMPORT_ATTACHMENTS);
	size_t count = *files ? 1 : 0;

	for (const char *c = files; *c; c++)
		count += strchr(";,|\n", *c) && c[1];
	if (!*status && count == 0)
		return;
	if (text_length(status) > STATUS_MAX)
		status = "";
	m->item->note = arena_printf(m->arena, "%s%s%s",
	    *status ? arena_printf(m->arena, "Kaynaktaki durumu: %s", status) : "", *status && count > 0 ? "\n" : "",
	    count > 0 ? arena_printf(m->arena, "Kaynakta %zu eki var.", count) : "");
}

/* Whether its case is closed there: a word of the mapping, or the day of its end. */
static int
read_closed(struct maker *m, bool *done, const char **at)
{
	const struct import_mapping *mapping = m->source->mapping;
	const char *written = cell(m, IMPORT_CLOSED), *word = import_fold(m->arena, written);
	bool known = !*written || *word;
	int64_t time;

	*done = true; /* where no column says so, an answer ends it */
	if (m->source->columns->places[IMPORT_CLOSED] == IMPORT_CELLS_MAX)
		return 0;
	*done = known && import_words_find(&mapping->closed, word) < mapping->closed.count;
	if (*done || (known && import_words_find(&mapping->open, word) < mapping->open.count))
		return 0;
	if (!*written || import_time(m->arena, written, &time))
		return refuse(m, IMPORT_CLOSED,
		    *written
			? "is neither a day nor a word that the mapping knows (its \"closed\" and \"open\")"
			: "is empty, and the mapping does not say what that means (\"\" in \"open\" or \"closed\")");
	*done = true;
	*at = **at ? *at : written;
	return 0;
}

/* What the old system did with it. The day of its answer is told by the reason to close. */
static int
make_answer(struct maker *m)
{
	const char *answer = cell(m, IMPORT_ANSWER), *at = cell(m, IMPORT_ANSWERED_AT);
	bool has_column = m->source->columns->places[IMPORT_CLOSED] < IMPORT_CELLS_MAX, done;
	char day[DATE_TEXT_SIZE] = "";
	const char *fault;
	int64_t time;

	if (read_closed(m, &done, &at) < 0)
		return -1;
	if (*at && (fault = import_time(m->arena, at, &time)))
		return refuse(m, IMPORT_ANSWERED_AT, fault);
	if (*at)
		date_text(date_in_istanbul(time), day);
	if (text_length(answer) > ANSWER_MAX)
		return refuse(m, IMPORT_ANSWER, "is longer than 20,000 characters");
	if (text_has_control(answer))
		return refuse(m, IMPORT_ANSWER, "holds control characters other than tab and line breaks");
	if (!*answer && done && has_column)
		answer = "Başvuru eski sistemde sonuçlandırılmıştır; cevabın metni aktarılmamıştır.";
	if (!*answer)
		return 0;
	m->item->answer = answer;
	m->item->for_desk = !*cell(m, IMPORT_TOPIC);
	if (done)
		m->item->closing = arena_printf(m->arena, "Eski sistemden aktarıldı (%s, no %s)%s%s", m->source->name,
		    m->item->number, *day ? "; cevap tarihi: " : "", day);
	return 0;
}

static int
make_all(struct maker *m)
{
	if (make_number(m) < 0 || make_received_at(m) < 0 || make_kind(m) < 0 || make_hidden(m) < 0 ||
	    make_day(m, IMPORT_REPLY_BY) < 0 || make_day(m, IMPORT_REGISTRY_ON) < 0 || make_answer(m) < 0)
		return -1;
	if (!*cell(m, IMPORT_TEXT))
		return refuse(m, IMPORT_TEXT, "is empty; an application needs its text");
	make_texts(m);
	make_note(m);
	return 0;
}

int
import_row_make(struct arena *a, const struct import_source *source, const char *const *cells, struct import_item *item,
    struct import_fault *fault)
{
	struct maker m = {.arena = a, .source = source, .cells = cells, .item = item, .fault = fault};
	char *text = NULL;
	int rc;

	m.json = json_object();
	m.applicant = json_object();
	json_object_set_new(m.json, "applicant", m.applicant);
	json_object_set_new(m.json, "channel", json_string(source->mapping->channel));
	json_object_set_new(m.applicant, "prefers", json_string(source->mapping->prefers));
	if ((rc = make_all(&m)) == 0) {
		text = json_dumps(m.json, JSON_COMPACT);
		if (!text)
			abort(); /* cells are valid UTF-8 */
		item->application = arena_string(a, text);
		free(text);
	}
	json_decref(m.json);
	return rc;
}

const char *
import_row_column(const struct import_source *source, const char *field)
{
	for (int i = 0; i < IMPORT_FIELDS; i++) {
		size_t place = source->columns->places[i];

		if (import_fields[i].form && strcmp(import_fields[i].form, field) == 0 && place < IMPORT_CELLS_MAX)
			return source->columns->head[place];
	}
	return field;
}
