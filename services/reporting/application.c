/* application: reads and checks the fields of an event; folds events. */
#include "services/reporting/application.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/domain/access_code.h"
#include "common/domain/number.h"
#include "common/domain/working_time.h"
#include "services/reporting/duration.h"

#define TIME_MAX 4102444800000000 /* 2100-01-01 */

/* What an event means for the figures. */
enum meaning {
	REACTION = 1, /* someone decided something: notes, drafts and approvals are not yet that */
	ANSWER = 2,
	HANDED_BACK = 4,
	FORWARDED = 8,
	REOPENED = 16,
};

static const struct {
	Kopru__V1__Event__BodyCase body;
	unsigned meaning;
} meanings[] = {
    {KOPRU__V1__EVENT__BODY_CASE_ASSIGNED, REACTION},
    {KOPRU__V1__EVENT__BODY_CASE_ACCEPTED, REACTION},
    {KOPRU__V1__EVENT__BODY_CASE_TRANSFERRED, REACTION},
    {KOPRU__V1__EVENT__BODY_CASE_HANDED_BACK, REACTION | HANDED_BACK},
    {KOPRU__V1__EVENT__BODY_CITIZEN_ASKED, REACTION},
    {KOPRU__V1__EVENT__BODY_CASE_ANSWERED, REACTION | ANSWER},
    {KOPRU__V1__EVENT__BODY_INTERIM_ANSWER_GIVEN, REACTION},
    {KOPRU__V1__EVENT__BODY_CASE_FORWARDED, REACTION | FORWARDED},
    {KOPRU__V1__EVENT__BODY_CASE_REJECTED, REACTION},
    {KOPRU__V1__EVENT__BODY_CASE_MERGED, REACTION},
    {KOPRU__V1__EVENT__BODY_CASE_SPLIT, REACTION},
    {KOPRU__V1__EVENT__BODY_PART_ANSWERED, REACTION},
    {KOPRU__V1__EVENT__BODY_CASE_CLOSED, REACTION},
    {KOPRU__V1__EVENT__BODY_CASE_REOPENED, REOPENED},
};

bool
application_is_open(int32_t state)
{
	return state != KOPRU__V1__STATE__STATE_ANSWERED && state != KOPRU__V1__STATE__STATE_CLOSED &&
	       state != KOPRU__V1__STATE__STATE_FORWARDED && state != KOPRU__V1__STATE__STATE_REJECTED &&
	       state != KOPRU__V1__STATE__STATE_WITHDRAWN;
}

static const char *
text_or_null(const char *text)
{
	return text && *text ? text : NULL;
}

const char *
application_neighbourhood(struct arena *a, const char *text)
{
	char *words = text_lower_tr(a, text ? text : ""), *rest = NULL;
	const char *name = NULL;

	for (char *word = strtok_r(words, " \t\r\n", &rest); word; word = strtok_r(NULL, " \t\r\n", &rest)) {
		size_t first = 1;

		while (((unsigned char)word[first] & 0xc0) == 0x80)
			first++;
		name = arena_printf(a, "%s%s%s%s", name ? name : "", name ? " " : "",
		    text_upper_tr(a, arena_string_n(a, word, first)), word + first);
	}
	return name;
}

static void
head_read(const Kopru__V1__Event *event, struct application *to)
{
	to->version = (int32_t)event->version;
	to->at = event->at;
	to->first_version = to->version;
	to->first_on = date_in_istanbul(event->at);
	to->received_on = date_in_istanbul(to->received_at);
}

/* Of the two events that hold the application. */
static int
content_read(const Kopru__V1__Application *from, struct arena *a, struct application *to, struct err *e)
{
	if (!from || !uuid_from_bytes(from->id.data, from->id.len, &to->id))
		return err_set(e, "the event holds no application with an id");
	to->number = from->number;
	to->kind = (int32_t)from->kind;
	to->channel = (int32_t)from->channel;
	to->received_at = from->received_at;
	to->due_on = from->due_on;
	to->subject = text_or_null(from->subject);
	to->text = text_or_null(from->text);
	to->neighbourhood = from->location ? application_neighbourhood(a, from->location->neighbourhood) : NULL;
	return 0;
}

static int
received_read(const Kopru__V1__Event *event, struct arena *a, struct application *to, struct err *e)
{
	const Kopru__V1__ApplicationReceived *received = event->application_received;

	if (content_read(received->application, a, to, e) < 0)
		return -1;
	if (received->access_code_hash.len != ACCESS_CODE_HASH_SIZE)
		return err_set(e, "the hash of the access code has %zu bytes", received->access_code_hash.len);
	to->access_code_hash = received->access_code_hash.data;
	to->state = KOPRU__V1__STATE__STATE_RECEIVED;
	return 0;
}

static int
routed_read(const Kopru__V1__Event *event, struct arena *a, struct application *to, struct err *e)
{
	const Kopru__V1__ApplicationRouted *routed = event->application_routed;

	if (content_read(routed->application, a, to, e) < 0)
		return -1;
	to->state = (int32_t)routed->state;
	to->department = text_or_null(routed->department);
	to->department_name = text_or_null(routed->department_name);
	to->topic = text_or_null(routed->topic);
	to->topic_name = text_or_null(routed->topic_name);
	to->triage = routed->triage;
	to->outside = routed->outside;
	to->target_on = routed->target_on;
	return 0;
}

static int
standing_read(const Kopru__V1__Event *event, struct application *to, struct err *e)
{
	const Kopru__V1__Standing *s = event->standing;

	if (!uuid_from_bytes(event->application_id.data, event->application_id.len, &to->id))
		return err_set(e, "the event names no application");
	if (!s)
		return err_set(e, "the event does not say where the case stands");
	to->number = event->number;
	to->kind = (int32_t)s->kind;
	to->channel = (int32_t)s->channel;
	to->received_at = s->received_at;
	to->due_on = s->due_on;
	to->state = (int32_t)s->state;
	to->department = text_or_null(s->department);
	to->department_name = text_or_null(s->department_name);
	to->department_name_en = text_or_null(s->department_name_en);
	to->topic = text_or_null(s->topic);
	to->topic_name = text_or_null(s->topic_name);
	to->merged_into = text_or_null(s->merged_into_number);
	to->triage = s->triage;
	to->outside = s->outside;
	to->with_arbiter = s->with_arbiter;
	to->final_owed = s->final_owed;
	to->target_on = s->target_on;
	return 0;
}

static int
checked(const Kopru__V1__Event *event, const struct application *a, struct err *e)
{
	if (!number_parse(a->number, NULL, NULL))
		return err_set(e, "the number is not valid");
	if (a->received_at <= 0 || a->received_at >= TIME_MAX || event->at <= 0 || event->at >= TIME_MAX)
		return err_set(e, "a time is not valid");
	if (event->version == 0 || event->version > INT32_MAX)
		return err_set(e, "the version is not valid");
	if (a->due_on <= 0 || a->due_on > (int32_t)(TIME_MAX / INT64_C(86400000000)) || a->target_on < 0 ||
	    a->target_on > (int32_t)(TIME_MAX / INT64_C(86400000000)))
		return err_set(e, "a day is not valid");
	return 0;
}

static struct lapse
lapse_until(const struct calendar *calendar, const struct application *a)
{
	struct lapse lapse = {
	    .at = a->at,
	    .minutes = duration_minutes(a->received_at, a->at),
	    .working_minutes = working_time_minutes(calendar, a->received_at, a->at),
	};

	lapse.bucket = duration_bucket(lapse.minutes);
	lapse.working_bucket = duration_bucket(lapse.working_minutes);
	return lapse;
}

static void
meaning_read(const Kopru__V1__Event *event, const struct calendar *calendar, struct application *to)
{
	bool service = event->actor && event->actor->type == KOPRU__V1__ACTOR__TYPE__TYPE_SERVICE;
	unsigned meaning = 0;

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].body == event->body_case)
			meaning = meanings[i].meaning;
	if (meaning & REACTION && !service)
		to->reaction = lapse_until(calendar, to);
	if (meaning & ANSWER)
		to->answer = lapse_until(calendar, to);
	to->handed_back = meaning & HANDED_BACK;
	to->forwarded = meaning & FORWARDED;
	to->reopened = meaning & REOPENED;
}

int
application_read_event(const Kopru__V1__Event *event, const struct calendar *calendar, struct arena *a,
    struct application *application, struct err *e)
{
	struct application read = {0};
	int rc;

	if (event->body_case == KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED)
		rc = received_read(event, a, &read, e);
	else if (event->body_case == KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED)
		rc = routed_read(event, a, &read, e);
	else if (event->body_case == KOPRU__V1__EVENT__BODY__NOT_SET)
		rc = err_set(e, "the event says nothing about an application");
	else
		rc = standing_read(event, &read, e);
	if (rc < 0 || checked(event, &read, e) < 0)
		return -1;
	head_read(event, &read);
	meaning_read(event, calendar, &read);
	*application = read;
	return 0;
}

static int
application_compare(const void *left, const void *right)
{
	const struct application *a = left, *b = right;
	int order = uuid_compare(&a->id, &b->id);

	return order ? order : (a->version > b->version) - (a->version < b->version);
}

static int
round_compare(const void *left, const void *right)
{
	const struct application *a = left, *b = right;

	return a->round != b->round ? (a->round > b->round) - (a->round < b->round) : application_compare(left, right);
}

/* What a later event does not say again. */
static struct application
application_follow(const struct application *earlier, const struct application *later)
{
	struct application a = *later;

	a.subject = a.subject ? a.subject : earlier->subject;
	a.text = a.text ? a.text : earlier->text;
	a.neighbourhood = a.neighbourhood ? a.neighbourhood : earlier->neighbourhood;
	a.access_code_hash = a.access_code_hash ? a.access_code_hash : earlier->access_code_hash;
	a.first_version = earlier->first_version;
	a.first_on = earlier->first_on;
	a.round = earlier->round;
	a.handed_back |= earlier->handed_back;
	a.forwarded |= earlier->forwarded;
	a.reopened |= earlier->reopened;
	if (earlier->reaction.at)
		a.reaction = earlier->reaction;
	if (earlier->answer.at)
		a.answer = earlier->answer;
	return a;
}

size_t
applications_fold(struct application *list, size_t count)
{
	size_t kept = 0;

	if (count == 0)
		return 0;
	qsort(list, count, sizeof(*list), application_compare);
	list[0].round = 0;
	for (size_t i = 1; i < count; i++) {
		bool same = uuid_compare(&list[kept].id, &list[i].id) == 0;

		if (same && application_is_open(list[kept].state) == application_is_open(list[i].state)) {
			list[kept] = application_follow(&list[kept], &list[i]);
			continue;
		}
		list[i].round = same ? list[kept].round + 1 : 0;
		list[++kept] = list[i];
	}
	qsort(list, kept + 1, sizeof(*list), round_compare);
	return kept + 1;
}
