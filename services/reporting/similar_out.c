/* similar_out: see the header. */
#include "services/reporting/similar_out.h"

#include <string.h>

#include "common/domain/calendar.h"
#include "common/domain/words.h"
#include "services/reporting/tracked.h"

#define ISTANBUL_US INT64_C(10800000000)
#define DAY_MINUTES 1440

/* What a spoken number ends on, for "-den": of ones, and of tens. */
static const char *const ablative_ones[] = {"dan", "den", "den", "ten", "ten", "ten", "dan", "den", "den", "dan"};
static const char *const ablative_tens[] = {"dan", "dan", "den", "dan", "tan", "den"};

/* "08:10" ends on "on": -dan; "08:00" is said as "sekiz": -den. */
static const char *
ablative(int hour, int minute)
{
	int last = minute ? minute : hour;

	return last % 10 || last == 0 ? ablative_ones[last % 10] : ablative_tens[last / 10];
}

const char *
similar_since(struct arena *a, int64_t since, int64_t now, bool english)
{
	int64_t minutes = (since + ISTANBUL_US) / 60000000;
	int32_t day = date_in_istanbul(since), today = date_in_istanbul(now);
	int hour = (int)(minutes % DAY_MINUTES / 60), minute = (int)(minutes % 60), year, month, mday;
	const char *date;

	date_to_civil(day, &year, &month, &mday);
	date = arena_printf(a, "%02d.%02d.%04d ", mday, month, year);
	if (day == today)
		date = english ? "" : "bugün ";
	else if (day == today - 1)
		date = english ? "yesterday " : "dün ";
	if (english)
		return arena_printf(a, "since %s%02d:%02d", date, hour, minute);
	return arena_printf(a, "%s%02d:%02d'%s beri", date, hour, minute, ablative(hour, minute));
}

const char *
similar_sentence(struct arena *a, const struct similar_sum *sum, int64_t now, bool english)
{
	const char *more = sum->more ? "+" : "", *since = "";

	if (sum->places + sum->persons == 0)
		return english ? "No others are known" : "Başka başvuru bilinmiyor";
	if (sum->since)
		since = similar_since(a, sum->since, now, english);
	if (sum->places == 0)
		return english ? arena_printf(a, "%zu other%s by the same person, %s", sum->persons,
				     sum->persons == 1 ? "" : "s", since)
			       : arena_printf(a, "aynı kişiden %zu başvuru daha, %s", sum->persons, since);
	if (english)
		return arena_printf(a, "%zu%s other%s, same spot, %s%s", sum->places, more, sum->places == 1 ? "" : "s",
		    since, sum->persons ? arena_printf(a, "; %zu elsewhere by the same person", sum->persons) : "");
	return arena_printf(a, "%zu%s başvuru daha: aynı yer, %s%s", sum->places, more, since,
	    sum->persons ? arena_printf(a, "; aynı kişiden %zu başvuru daha", sum->persons) : "");
}

int
similar_compare(const void *left, const void *right)
{
	const struct similar_one *a = left, *b = right;
	bool a_open = application_is_open(a->row.state), b_open = application_is_open(b->row.state);

	if (a->leading != b->leading)
		return a->leading ? -1 : 1;
	if (a_open != b_open)
		return a_open ? -1 : 1;
	if (a->row.side.received_at != b->row.side.received_at)
		return a->row.side.received_at > b->row.side.received_at ? -1 : 1;
	return uuid_compare(&b->row.id, &a->row.id);
}

static void
add_reason(json_t *list, const char *code, const char *text)
{
	json_array_append_new(list, json_pack("{s:s,s:s}", "code", code, "text", text));
}

static const struct {
	enum likeness_place place;
	const char *code, *tr, *en;
} places[] = {
    {LIKENESS_STREET, "street", "aynı sokak", "same street"},
    {LIKENESS_QUARTER, "neighbourhood", "aynı mahalle", "same neighbourhood"},
};

static const struct {
	enum likeness_topic topic;
	const char *code, *tr, *en;
} topics[] = {
    {LIKENESS_SAME, "topic", "aynı konu", "same topic"},
    {LIKENESS_CANDIDATE, "candidate", "önerilen konulardan biri", "one of the proposed topics"},
    {LIKENESS_GROUP, "group", "yakın konu", "a near topic"},
};

static json_t *
reasons_json(struct arena *a, const struct likeness_verdict *v, bool english)
{
	json_t *list = json_array();

	if (v->place == LIKENESS_SPOT)
		add_reason(list, "spot", arena_printf(a, english ? "%d m away" : "%d m uzakta", (int)v->distance_m));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i].place == v->place)
			add_reason(list, places[i].code, english ? places[i].en : places[i].tr);
	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
		if (topics[i].topic == v->topic)
			add_reason(list, topics[i].code, english ? topics[i].en : topics[i].tr);
	if (v->text >= 100)
		add_reason(
		    list, "text", arena_printf(a, english ? "texts alike: %d%%" : "benzer metin: %%%d", v->text / 10));
	if (v->same_person)
		add_reason(list, "person",
		    english ? "same telephone, e-mail address or national id"
			    : "aynı telefon, e-posta adresi veya T.C. kimlik numarası");
	return list;
}

json_t *
similar_one_json(struct arena *a, const struct similar_one *one, bool english)
{
	const struct similar_row *row = &one->row;
	char time[TIME_TEXT_SIZE];
	json_t *json = json_object();

	time_text_istanbul(row->side.received_at, time);
	json_object_set_new(json, "number", json_string(row->number));
	json_object_set_new(json, "version", json_integer(row->version));
	json_object_set_new(json, "channel", json_string(word_token(channel_words, row->channel)));
	json_object_set_new(json, "channel_text", tracked_word(channel_words, row->channel, english));
	json_object_set_new(json, "received_at", json_string(time));
	json_object_set_new(json, "status", json_string(word_token(state_words, row->state)));
	json_object_set_new(json, "status_text", tracked_word(state_words, row->state, english));
	json_object_set_new(json, "topic", *row->side.topic ? json_string(row->side.topic) : json_null());
	json_object_set_new(json, "topic_text", tracked_text(row->topic_name));
	json_object_set_new(json, "department", tracked_text(row->department));
	json_object_set_new(json, "merged_into", tracked_text(row->merged_into));
	json_object_set_new(json, "leading", json_boolean(one->leading));
	json_object_set_new(
	    json, "distance_m", one->verdict.distance_m >= 0 ? json_integer(one->verdict.distance_m) : json_null());
	json_object_set_new(json, "likeness", json_real((one->verdict.text < 0 ? 0 : one->verdict.text) / 1000.0));
	json_object_set_new(json, "same_person", json_boolean(one->verdict.same_person));
	json_object_set_new(json, "reasons", reasons_json(a, &one->verdict, english));
	return json;
}
