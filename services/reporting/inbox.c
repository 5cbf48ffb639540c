/* inbox: see the header. */
#include "services/reporting/inbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/domain/calendar.h"
#include "common/domain/words.h"
#include "services/reporting/listing.h"
#include "services/reporting/query.h"
#include "services/reporting/store.h"
#include "services/reporting/store_ledger.h"
#include "services/reporting/tracked.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000
#define INBOX_PATH "/api/v1/inbox"

static const char *const roles[] = {"officer", "manager", "arbiter", "mayor", "duty"};
#define OF_DEPARTMENT 2 /* the first so many are a department's own */
#define ROLES (sizeof(roles) / sizeof(roles[0]))

struct asking {
	const struct inbox *inbox;
	struct http_request *request;
	struct store_inbox_asked asked;
	int64_t limit;
	struct after_place after;
	size_t cursor, call;
};

static const char *
role_known(const char *role, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(roles[i], role) == 0)
			return roles[i];
	}
	return NULL;
}

static json_t *
row_json(const struct store_inbox_row *row, bool english)
{
	json_t *json = json_object();
	const char *name = english && row->department_name_en ? row->department_name_en : row->department_name;
	char text[TIME_TEXT_SIZE];

	json_object_set_new(json, "number", json_string(row->number));
	json_object_set_new(json, "what", json_string(row->what));
	json_object_set_new(json, "role", json_string(row->role));
	json_object_set_new(json, "department", json_string(row->department));
	json_object_set_new(json, "department_text", tracked_text(name));
	json_object_set_new(json, "topic_text", tracked_text(row->topic_name));
	json_object_set_new(json, "status", json_string(word_token(state_words, row->state)));
	time_text_istanbul(row->at, text);
	json_object_set_new(json, "at", json_string(text));
	if (row->clock == 0)
		return json;
	json_object_set_new(json, "clock", json_string(word_token(clock_words, row->clock)));
	json_object_set_new(json, "clock_text", tracked_word(clock_words, row->clock, english));
	json_object_set_new(json, "stage", json_integer(row->stage));
	tracked_set_day(json, "due_on", row->due_at ? date_in_istanbul(row->due_at - 1) : 0);
	return json;
}

/* "1_<microseconds>_<uuid>_officer". */
static const char *
place_text(struct arena *a, const struct store_inbox_row *row)
{
	char id[UUID_TEXT_SIZE];

	uuid_text(&row->event_id, id);
	return arena_printf(a, "%d_%lld_%s_%s", strcmp(row->what, "page") != 0, (long long)row->at, id, row->role);
}

static bool
place_parse(struct arena *a, const char *text, struct store_inbox_after *after)
{
	char *end = NULL;

	*after = (struct store_inbox_after){.given = true, .rank = text[0] - '0'};
	if ((text[0] != '0' && text[0] != '1') || text[1] != '_')
		return false;
	after->at = strtoll(text + 2, &end, 10);
	if (*end != '_' || after->at <= 0 || strlen(end + 1) < UUID_TEXT_SIZE ||
	    !uuid_parse(arena_string_n(a, end + 1, UUID_TEXT_SIZE - 1), &after->event_id) || end[UUID_TEXT_SIZE] != '_')
		return false;
	after->role = role_known(end + UUID_TEXT_SIZE + 1, ROLES);
	return after->role != NULL;
}

static const char *
next_text(const struct asking *asking, const struct store_inbox_row *last)
{
	static const char *const kept[] = {"department", "role", "limit"};
	struct arena *a = http_arena(asking->request);
	const char *next = arena_printf(a, INBOX_PATH "?page=%s", place_text(a, last));

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const char *value = http_query(asking->request, kept[i]);

		if (value)
			next = arena_printf(a, "%s&%s=%s", next, kept[i], listing_encode(a, value));
	}
	return next;
}

static void
page_reply(struct asking *asking, const struct db_results *results)
{
	struct http_request *r = asking->request;
	bool english = http_language(r) == HTTP_EN;
	json_t *json = json_object(), *list = json_array();
	struct store_inbox_row row = {.what = "", .role = ""}, last = row;
	size_t i = 0;

	for (; i < (size_t)asking->limit && store_get_inbox_row(results, asking->call, i, &row); i++) {
		json_array_append_new(list, row_json(&row, english));
		last = row;
	}
	json_object_set_new(json, "count", json_integer(store_get_inbox_count(results, asking->call)));
	json_object_set_new(json, "rows", list);
	json_object_set_new(json, "next",
	    i == (size_t)asking->limit && store_get_inbox_row(results, asking->call, i, &row)
		? json_string(next_text(asking, &last))
		: json_null());
	http_reply_json(r, 200, json);
}

static void
on_listed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *reason)
{
	struct asking *asking = arg;

	if (outcome != DB_COMMITTED) {
		log_warn("inbox.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), reason->text);
		http_reply_problem(asking->request, "unavailable", NULL);
	} else if (asking->after.stream && store_get_reporting_cursor(results, asking->cursor) < asking->after.seq) {
		http_reply_problem(asking->request, "busy", NULL);
	} else {
		page_reply(asking, results);
	}
}

static void
on_ready(void *arg)
{
	struct asking *asking = arg;
	struct db_tx *tx = db_begin(asking->inbox->db);

	asking->asked.limit = asking->limit + 1;
	asking->call = store_inbox_page(tx, &asking->asked);
	if (asking->after.stream)
		asking->cursor = store_reporting_cursor(tx, asking->after.stream);
	db_read(tx, on_listed, asking);
}

static void
page_read(struct http_request *r, struct asking *asking, struct http_faults *faults)
{
	const char *page = http_query(r, "page"), *limit = http_query(r, "limit");
	char *end = NULL;

	if (page && !place_parse(http_arena(r), page, &asking->asked.after))
		http_fault_add(faults, "page", "Önceki sayfanın \"next\" adresindeki değer olmalıdır",
		    "The value in the address \"next\" of the page before");
	asking->limit = limit ? strtol(limit, &end, 10) : LIMIT_DEFAULT;
	if ((limit && (*limit < '0' || *limit > '9' || *end)) || asking->limit < 1 || asking->limit > LIMIT_MAX)
		http_fault_add(faults, "limit", "1 ile 1000 arasında bir sayı olmalıdır", "A number from 1 to 1000");
}

/* A department's key sees its own, whatever it asks for. */
static void
whose_read(struct http_request *r, const struct api_key *key, struct asking *asking, struct http_faults *faults)
{
	const char *role = http_query(r, "role"), *department = http_query(r, "department");
	bool own = key->department[0] != '\0';

	asking->asked.role = role_known(role ? role : key->role, own ? OF_DEPARTMENT : ROLES);
	if (role && !asking->asked.role)
		http_fault_add(faults, "role",
		    own ? "officer ya da manager olmalıdır" : "officer, manager, arbiter, mayor ya da duty olmalıdır",
		    own ? "officer or manager" : "officer, manager, arbiter, mayor or duty");
	asking->asked.department = own ? arena_string(http_arena(r), key->department) : department;
	if (own && department && strcmp(department, key->department) != 0)
		http_fault_add(faults, "department", "Yalnızca kendi biriminizinki görülebilir",
		    "Only that of your own department can be seen");
}

void
inbox_answer(const struct inbox *inbox, struct http_request *r)
{
	struct asking *asking = arena_alloc(http_arena(r), sizeof(*asking));
	struct http_faults faults = {.count = 0};
	const struct api_key *key = NULL;
	enum api_answer granted = api_keys_check(inbox->keys, r, API_CASES, &key);

	if (granted != API_GRANTED) {
		api_keys_reply(r, granted);
		return;
	}
	asking->inbox = inbox;
	asking->request = r;
	whose_read(r, key, asking, &faults);
	page_read(r, asking, &faults);
	query_read_after(r, &asking->after, &faults);
	if (faults.count > 0)
		http_reply_problem(r, "invalid", &faults);
	else
		after_wait(inbox->after, &asking->after, on_ready, asking);
}
