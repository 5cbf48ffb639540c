/* tracked: see the header. */
#include "services/reporting/tracked.h"

#include <string.h>

#include "common/domain/calendar.h"
#include "common/domain/words.h"
#include "services/reporting/application.h"

json_t *
tracked_text(const char *text)
{
	return text ? json_string(text) : json_null();
}

json_t *
tracked_word(const struct word *words, int32_t value, bool english)
{
	const struct word *word = word_find(words, value);

	return word ? json_string(english ? word->name_en : word->name_tr) : json_null();
}

static void
set_time(json_t *json, const char *key, int64_t at)
{
	char text[TIME_TEXT_SIZE];

	time_text_istanbul(at, text);
	json_object_set_new(json, key, json_string(text));
}

void
tracked_set_day(json_t *json, const char *key, int32_t day)
{
	char text[DATE_TEXT_SIZE];

	if (!day)
		return;
	date_text(day, text);
	json_object_set_new(json, key, json_string(text));
}

static void
set_text(json_t *json, const char *key, const char *text)
{
	if (text)
		json_object_set_new(json, key, json_string(text));
}

/* What the day of a step means, by its event; steps without one have no day to show. */
static const struct {
	int event;
	const char *key;
} days[] = {
    {KOPRU__V1__EVENT__BODY_CITIZEN_ASKED, "answer_by"},
    {KOPRU__V1__EVENT__BODY_CITIZEN_REMINDED, "answer_by"},
    {KOPRU__V1__EVENT__BODY_QUESTION_EXPIRED, "answer_by"},
    {KOPRU__V1__EVENT__BODY_INTERIM_ANSWER_GIVEN, "final_by"},
    {KOPRU__V1__EVENT__BODY_CASE_FORWARDED, "letter_on"},
    {KOPRU__V1__EVENT__BODY_DEADLINE_MOVED, "due_before"},
    {KOPRU__V1__EVENT__BODY_FEE_TOLD, "pay_by"},
    {KOPRU__V1__EVENT__BODY_FEE_PAID, "paid_on"},
    {KOPRU__V1__EVENT__BODY_DATE_PROMISED, "promised_on"},
};

json_t *
tracked_step_json(const struct tracked_step *step, bool english)
{
	int event = word_value(event_words, step->event);
	json_t *json = json_object();

	json_object_set_new(json, "event", json_string(step->event));
	json_object_set_new(json, "event_text", tracked_word(event_words, event, english));
	json_object_set_new(json, "status", json_string(word_token(state_words, step->state)));
	json_object_set_new(json, "status_text", tracked_word(state_words, step->state, english));
	set_time(json, "at", step->at);
	set_text(
	    json, "department", english && step->department_name_en ? step->department_name_en : step->department_name);
	set_text(json, "text", step->text);
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++)
		if (days[i].event == event)
			tracked_set_day(json, days[i].key, step->day);
	tracked_set_day(json, "due_on", step->due_on);
	if (event == KOPRU__V1__EVENT__BODY_CASE_FORWARDED) {
		set_text(json, "institution", step->name);
		set_text(json, "letter_number", step->reference);
	}
	if (event == KOPRU__V1__EVENT__BODY_CASE_REJECTED) {
		json_object_set_new(json, "reason", json_string(word_token(reject_reason_words, step->code)));
		json_object_set_new(json, "reason_text", tracked_word(reject_reason_words, step->code, english));
	}
	return json;
}

static json_t *
file_json(const struct tracked_file *file, bool ids, bool names)
{
	json_t *json = json_object();
	char id[UUID_TEXT_SIZE];

	uuid_text(&file->id, id);
	set_text(json, "id", ids ? id : NULL);
	set_text(json, "name", names ? file->name : NULL);
	json_object_set_new(json, "media_type", json_string(file->media_type));
	json_object_set_new(json, "size", json_integer(file->size));
	return json;
}

void
tracked_set_files(json_t *json, const struct tracked_files *files, int32_t version, bool ids, bool names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < files->count; i++)
		if (files->list[i].version == version)
			json_array_append_new(list, file_json(&files->list[i], ids, names));
	if (json_array_size(list) > 0)
		json_object_set(json, "attachments", list);
	json_decref(list);
}

static const struct tracked_step *
last_step(const struct tracked_step *steps, size_t count, int event)
{
	for (size_t i = count; i-- > 0;)
		if (word_value(event_words, steps[i].event) == event)
			return &steps[i];
	return NULL;
}

/* Open while it is waited for. */
static json_t *
question_json(const struct tracked *tracked, const struct tracked_step *steps, size_t count)
{
	const struct tracked_step *asked = last_step(steps, count, KOPRU__V1__EVENT__BODY_CITIZEN_ASKED);
	json_t *json;

	if (!asked || tracked->state != KOPRU__V1__STATE__STATE_WAITING_FOR_CITIZEN)
		return json_null();
	json = json_object();
	json_object_set_new(json, "text", tracked_text(asked->text));
	set_time(json, "asked_at", asked->at);
	tracked_set_day(json, "answer_by", asked->day);
	return json;
}

static json_t *
answer_json(const struct tracked_step *steps, size_t count)
{
	const struct tracked_step *answered = last_step(steps, count, KOPRU__V1__EVENT__BODY_CASE_ANSWERED);
	json_t *json;

	if (!answered)
		return json_null();
	json = json_object();
	json_object_set_new(json, "text", tracked_text(answered->text));
	set_time(json, "at", answered->at);
	return json;
}

static json_t *
history_json(const struct tracked_step *steps, size_t count, const struct tracked_files *files, bool english)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *json = tracked_step_json(&steps[i], english);

		tracked_set_files(json, files, steps[i].version, false, true);
		json_array_append_new(list, json);
	}
	return list;
}

static void
set_facts(json_t *json, const struct tracked *tracked, bool english)
{
	json_object_set_new(json, "status", json_string(word_token(state_words, tracked->state)));
	json_object_set_new(json, "status_text", tracked_word(state_words, tracked->state, english));
	json_object_set_new(json, "kind", json_string(word_token(kind_words, tracked->kind)));
	json_object_set_new(json, "kind_text", tracked_word(kind_words, tracked->kind, english));
	json_object_set_new(json, "channel", json_string(word_token(channel_words, tracked->channel)));
	json_object_set_new(json, "channel_text", tracked_word(channel_words, tracked->channel, english));
	set_time(json, "received_at", tracked->received_at);
	tracked_set_day(json, "due_on", tracked->due_on);
	set_time(json, "changed_at", tracked->changed_at);
	json_object_set_new(json, "department",
	    tracked_text(
		english && tracked->department_name_en ? tracked->department_name_en : tracked->department_name));
	json_object_set_new(json, "department_code", tracked_text(tracked->department));
	set_text(json, "institution_phone", tracked->phone);
	set_text(json, "emergency", tracked->emergency);
	json_object_set_new(json, "topic", tracked_text(tracked->topic_name));
	json_object_set_new(json, "topic_code", tracked_text(tracked->topic));
	json_object_set_new(json, "triage", json_boolean(tracked->triage));
	json_object_set_new(json, "subject", tracked_text(tracked->subject));
	json_object_set_new(json, "text", tracked_text(tracked->text));
	json_object_set_new(json, "erased", json_boolean(tracked->erased));
	json_object_set_new(json, "final_owed", json_boolean(tracked->final_owed));
	json_object_set_new(json, "merged", json_boolean(tracked->state == KOPRU__V1__STATE__STATE_MERGED));
}

static bool
can_add(int32_t state)
{
	return state != KOPRU__V1__STATE__STATE_CLOSED && state != KOPRU__V1__STATE__STATE_WITHDRAWN;
}

json_t *
tracked_json(const char *number, const struct tracked *tracked, const struct tracked_step *steps, size_t count,
    const struct tracked_files *files, bool english)
{
	json_t *json = json_object();

	json_object_set_new(json, "number", json_string(number));
	set_facts(json, tracked, english);
	json_object_set_new(json, "question", question_json(tracked, steps, count));
	json_object_set_new(json, "answer", answer_json(steps, count));
	json_object_set_new(
	    json, "can_reply", json_boolean(tracked->state == KOPRU__V1__STATE__STATE_WAITING_FOR_CITIZEN));
	json_object_set_new(json, "can_add", json_boolean(can_add(tracked->state)));
	json_object_set_new(json, "can_withdraw", json_boolean(application_is_open(tracked->state)));
	json_object_set_new(json, "history", history_json(steps, count, files, english));
	return json;
}
