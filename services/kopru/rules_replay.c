/* rules_replay: goes back through stream "intake" piece by piece until a whole piece is older than was asked for. */
#include "services/kopru/rules_replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/base/wire.h"
#include "proto/kopru/v1/event.pb-c.h"

#define PIECE 200
#define PIECE_TEXT "200"
#define DESK "HM"
#define DESK_TOPIC "HM-00" /* kept for the desk: no rule is asked */
#define PAIRS_MAX 4096

enum column {
	SEQ,
	PAYLOAD,
	NUMBER,
	DEPARTMENT,
	TOPIC,
	RULE,
	CANDIDATE,
	TOO_OLD,
};

struct replaying {
	struct session session;
	struct rules_known known;
	struct rules *rules;
	struct places *places;
	struct calendar *calendar;
	struct rules_replay *replay;
	struct arena *piece; /* reset after each */
};

static const char *
cell(const struct script_rows *rows, size_t row, enum column column)
{
	return rows->cells[row * rows->columns + (size_t)column];
}

static int
compare_topics(const void *a, const void *b)
{
	const struct rules_topic *x = a, *y = b;

	return strcmp(x->code, y->code);
}

/* The department of a topic; the desk's for one that is not there any more. */
static const char *
topic_department(const struct replaying *r, const char *topic)
{
	const struct rules_topic wanted = {.code = topic}, *found = NULL;

	if (r->known.topic_count > 0)
		found = bsearch(&wanted, r->known.topics, r->known.topic_count, sizeof(wanted), compare_topics);
	return found ? found->department : DESK;
}

static uint8_t
hex_digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* NULL: erased, or not to be read. */
static const Kopru__V1__Application *
application_read(struct replaying *r, const char *hex)
{
	size_t size = strlen(hex) / 2;
	uint8_t *bytes = arena_alloc(r->piece, size + 1);
	const Kopru__V1__Event *event;
	struct err ignored;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
	event = wire_unpack(&kopru__v1__event__descriptor, r->piece, bytes, size, &ignored);
	if (!event || event->body_case != KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED)
		return NULL;
	return event->application_received->application;
}

static void
place_find(struct replaying *r, const Kopru__V1__Application *application, struct rules_facts *facts)
{
	const Kopru__V1__Location *location = application->location;
	struct places_question question = {
	    .neighbourhood = location ? location->neighbourhood : "",
	    .address = location ? location->address : "",
	    .text = application->text,
	};
	struct places_answer answer;
	size_t count;
	const char *const *areas = rules_areas(r->rules, &count);
	const char **in = arena_array(r->piece, count + 1, sizeof(*in));

	if (location && location->point) {
		question.has_point = true;
		question.latitude_e7 = location->point->latitude_e7;
		question.longitude_e7 = location->point->longitude_e7;
	}
	places_find(r->places, r->piece, &question, &answer);
	facts->neighbourhood = answer.neighbourhood ? answer.neighbourhood->code : "";
	facts->street_owner = answer.street ? answer.street->owner : "";
	for (size_t i = 0; i < count && question.has_point; i++)
		if (places_within(r->places, areas[i], question.latitude_e7, question.longitude_e7))
			in[facts->area_count++] = areas[i];
	facts->areas = in;
}

static void
pair_count(struct rules_replay *replay, const char *from, const char *to)
{
	for (size_t i = 0; i < replay->pair_count; i++) {
		if (strcmp(replay->pairs[i].from, from) == 0 && strcmp(replay->pairs[i].to, to) == 0) {
			replay->pairs[i].count++;
			return;
		}
	}
	if (replay->pair_count == PAIRS_MAX)
		return;
	replay->pairs[replay->pair_count++] = (struct rules_replay_pair){
	    .from = arena_string(replay->arena, from), .to = arena_string(replay->arena, to), .count = 1};
}

static void
case_add(struct rules_replay *replay, const struct rules_replay_case *moved)
{
	struct arena *a = replay->arena;

	replay->moved++;
	pair_count(replay, moved->from, moved->to);
	if (replay->case_count == replay->case_max)
		return;
	replay->cases[replay->case_count++] = (struct rules_replay_case){
	    .number = arena_string(a, moved->number),
	    .from = arena_string(a, moved->from),
	    .from_topic = arena_string(a, moved->from_topic),
	    .to = arena_string(a, moved->to),
	    .to_topic = arena_string(a, moved->to_topic),
	    .rule = arena_string(a, moved->rule),
	};
}

/* Where the case goes by the rule, or, when none holds and one had decided, by its first candidate. */
static void
case_judge(struct replaying *r, const struct script_rows *rows, size_t row, const struct rules_outcome *outcome)
{
	const char *topic = cell(rows, row, CANDIDATE);
	struct rules_replay_case moved = {
	    .number = cell(rows, row, NUMBER),
	    .from = cell(rows, row, DEPARTMENT),
	    .from_topic = cell(rows, row, TOPIC),
	    .rule = outcome ? outcome->rule : "",
	};

	moved.to = moved.from;
	moved.to_topic = moved.from_topic;
	if (*cell(rows, row, RULE)) {
		moved.to = *topic ? topic_department(r, topic) : DESK;
		moved.to_topic = topic;
	}
	if (outcome && outcome->triage) {
		moved.to = DESK;
		moved.to_topic = "";
	} else if (outcome) {
		moved.to_topic = outcome->topic ? outcome->topic : topic;
		moved.to = outcome->department ? outcome->department : topic_department(r, moved.to_topic);
	}
	if (strcmp(moved.from, moved.to) != 0 || strcmp(moved.from_topic, moved.to_topic) != 0)
		case_add(r->replay, &moved);
}

static void
decision_replay(struct replaying *r, const struct script_rows *rows, size_t row)
{
	const Kopru__V1__Application *application = application_read(r, cell(rows, row, PAYLOAD));
	struct rules_facts facts = {.on = r->known.today, .calendar = r->calendar};
	struct rules_outcome outcome;
	bool held;

	r->replay->decisions++;
	if (!application) {
		r->replay->skipped++;
		return;
	}
	facts.topic = cell(rows, row, CANDIDATE);
	facts.kind = (int)application->kind;
	facts.channel = (int)application->channel;
	facts.received_at = application->received_at;
	facts.folded =
	    text_fold_tr(r->piece, arena_printf(r->piece, "%s\n%s", application->subject, application->text));
	place_find(r, application, &facts);
	held = strcmp(application->topic, DESK_TOPIC) != 0 && rules_pick(r->rules, r->piece, &facts, &outcome);
	r->replay->held += held;
	case_judge(r, rows, row, held ? &outcome : NULL);
}

/* 1: there may be more; 0: that was all. */
static int
piece_replay(struct replaying *r, const char **before, struct err *e)
{
	char days[16];
	const char *const values[] = {*before, days, PIECE_TEXT, NULL};
	struct script_rows rows;
	size_t old = 0;

	snprintf(days, sizeof(days), "%ld", r->replay->days);
	if (script_call(r->session.script, &rule_sets_statements[RULES_DECISIONS], values, r->piece, &rows, e) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++) {
		if (!*cell(&rows, i, PAYLOAD))
			continue; /* not decided on yet */
		if (strtol(cell(&rows, i, TOO_OLD), NULL, 10) > 0)
			old++;
		else
			decision_replay(r, &rows, i);
	}
	if (rows.count < PIECE || old == rows.count)
		return 0;
	*before = arena_string(r->session.arena, cell(&rows, rows.count - 1, SEQ));
	return 1;
}

static int
replaying_open(struct replaying *r, const struct rules_set *set, struct err *e)
{
	if (rules_ask(&r->session, RULES_REPLAY_SESSION, NULL, NULL, e) < 0 ||
	    rules_known_load(&r->session, &r->known, e) < 0 || rules_places_load(&r->session, &r->places, e) < 0 ||
	    rules_calendar_load(&r->session, &r->calendar, e) < 0)
		return -1;
	r->rules = rules_set_compile(set, 1, e);
	for (size_t i = 0; i < set->count; i++)
		r->replay->not_valid += !rule_valid_on(&set->list[i], r->known.today);
	return r->rules ? 0 : -1;
}

int
rules_replay_run(struct arena *a, const struct rules_set *set, long days, size_t case_max, struct rules_replay *replay,
    struct err *e)
{
	struct replaying r = {.replay = replay};
	const char *before = "0";
	int rc;

	*replay = (struct rules_replay){.arena = a, .days = days, .case_max = case_max};
	replay->pairs = arena_array(a, PAIRS_MAX, sizeof(*replay->pairs));
	replay->cases = arena_array(a, case_max + 1, sizeof(*replay->cases));
	if (session_open(&r.session, e) < 0)
		return -1;
	r.piece = arena_new(0);
	rc = replaying_open(&r, set, e) < 0 ? -1 : 1;
	while (rc > 0) {
		rc = piece_replay(&r, &before, e);
		arena_reset(r.piece);
	}
	rules_free(r.rules);
	places_free(r.places);
	calendar_free(r.calendar);
	arena_free(r.piece);
	session_close(&r.session);
	return rc;
}
