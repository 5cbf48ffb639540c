/* listing: see the header. */
#include "services/reporting/listing.h"

#include <string.h>

#include "common/domain/calendar.h"
#include "common/domain/words.h"

const char *const listing_columns[LISTING_COLUMNS] = {"number", "received_on", "received_at", "kind", "kind_text",
    "channel", "channel_text", "topic", "topic_text", "department", "department_text", "neighbourhood", "status",
    "status_text", "due_on", "overdue", "forwarded", "handed_back", "reopened", "answered_at", "reaction_hours",
    "reaction_working_hours", "answer_hours", "answer_working_hours"};

static const char *const measures[LISTING_MEASURES] = {
    "received", "answered", "open", "overdue", "forwarded", "handed_back", "reopened", "reacted"};

int
listing_measure(const char *token)
{
	for (int measure = 0; measure < LISTING_MEASURES; measure++)
		if (strcmp(measures[measure], token) == 0)
			return measure;
	return -1;
}

const char *
listing_encode(struct arena *a, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	char *encoded = arena_alloc(a, strlen(text) * 3 + 1), *to = encoded;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("-._~", c)) {
			*to++ = (char)c;
		} else {
			*to++ = '%';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		}
	}
	return encoded;
}

const char *
listing_place_text(struct arena *a, const struct listing_place *place)
{
	char day[DATE_TEXT_SIZE], id[UUID_TEXT_SIZE];

	date_text(place->received_on, day);
	uuid_text(&place->id, id);
	return arena_printf(a, "%s_%s", day, id);
}

bool
listing_place_parse(const char *text, struct listing_place *place)
{
	char day[DATE_TEXT_SIZE];
	size_t length = DATE_TEXT_SIZE - 1;

	if (strlen(text) != length + 1 + UUID_TEXT_SIZE - 1 || text[length] != '_')
		return false;
	memcpy(day, text, length);
	day[length] = '\0';
	return date_parse(day, &place->received_on) && uuid_parse(text + length + 1, &place->id);
}

static const char *
word_name(const struct word *words, int32_t value, bool english)
{
	const struct word *word = word_find(words, value);

	return word ? (english ? word->name_en : word->name_tr) : "";
}

static const char *
day_text(struct arena *a, int32_t day)
{
	char text[DATE_TEXT_SIZE];

	date_text(day, text);
	return arena_string(a, text);
}

static const char *
time_text(struct arena *a, int64_t at)
{
	char text[TIME_TEXT_SIZE];

	if (!at)
		return "";
	time_text_istanbul(at, text);
	return arena_string(a, text);
}

static const char *
yes_or_no(bool yes)
{
	return yes ? "1" : "0";
}

static const char *
hours_text(struct arena *a, int64_t at, int32_t minutes)
{
	return at ? arena_printf(a, "%.2f", minutes / 60.0) : "";
}

void
listing_cells(struct arena *a, const struct listing_row *row, bool english, const char *cells[LISTING_COLUMNS])
{
	size_t i = 0;

	cells[i++] = row->number;
	cells[i++] = day_text(a, row->place.received_on);
	cells[i++] = time_text(a, row->received_at);
	cells[i++] = word_token(kind_words, row->kind);
	cells[i++] = word_name(kind_words, row->kind, english);
	cells[i++] = word_token(channel_words, row->channel);
	cells[i++] = word_name(channel_words, row->channel, english);
	cells[i++] = row->topic ? row->topic : "";
	cells[i++] = row->topic_name ? row->topic_name : "";
	cells[i++] = row->department ? row->department : "";
	cells[i++] = row->department_name ? row->department_name : "";
	cells[i++] = row->neighbourhood ? row->neighbourhood : "";
	cells[i++] = word_token(state_words, row->state);
	cells[i++] = word_name(state_words, row->state, english);
	cells[i++] = day_text(a, row->due_on);
	cells[i++] = yes_or_no(row->overdue);
	cells[i++] = yes_or_no(row->forwarded);
	cells[i++] = yes_or_no(row->handed_back);
	cells[i++] = yes_or_no(row->reopened);
	cells[i++] = time_text(a, row->answered_at);
	cells[i++] = hours_text(a, row->reaction_at, row->reaction_minutes);
	cells[i++] = hours_text(a, row->reaction_at, row->reaction_working_minutes);
	cells[i++] = hours_text(a, row->answered_at, row->answer_minutes);
	cells[i++] = hours_text(a, row->answered_at, row->answer_working_minutes);
}

static json_t *
hours_json(int64_t at, int32_t minutes)
{
	return at ? json_real(minutes / 60.0) : json_null();
}

json_t *
listing_json(struct arena *a, const struct listing_row *row, bool english)
{
	const char *cells[LISTING_COLUMNS];
	json_t *json = json_object();

	listing_cells(a, row, english, cells);
	for (size_t i = 0; i < LISTING_FIRST_NUMBER; i++)
		json_object_set_new(json, listing_columns[i], *cells[i] ? json_string(cells[i]) : json_null());
	json_object_set_new(json, "overdue", json_boolean(row->overdue));
	json_object_set_new(json, "forwarded", json_boolean(row->forwarded));
	json_object_set_new(json, "handed_back", json_boolean(row->handed_back));
	json_object_set_new(json, "reopened", json_boolean(row->reopened));
	json_object_set_new(json, "reaction_hours", hours_json(row->reaction_at, row->reaction_minutes));
	json_object_set_new(
	    json, "reaction_working_hours", hours_json(row->reaction_at, row->reaction_working_minutes));
	json_object_set_new(json, "answer_hours", hours_json(row->answered_at, row->answer_minutes));
	json_object_set_new(json, "answer_working_hours", hours_json(row->answered_at, row->answer_working_minutes));
	return json;
}
