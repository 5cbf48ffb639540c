/* attachments: see the header. Rows looked up, claimed, fetched. */
#include "services/intake/attachments.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "services/intake/attachments.sql.h"
#include "services/intake/attachments_internal.h"
#include "services/intake/file_type.h"

struct attachments *
attachments_new(const struct attachments_desk *desk, struct metrics *m, struct err *e)
{
	struct attachments *a = calloc(1, sizeof(*a));
	struct clamd_address clamd;

	if (!a)
		abort();
	a->desk = *desk;
	a->metrics.stored = metrics_counter(m, "kopru_intake_uploads_total", "end=\"stored\"", "Uploads by their end");
	a->metrics.refused =
	    metrics_counter(m, "kopru_intake_uploads_total", "end=\"refused\"", "Uploads by their end");
	a->metrics.failed = metrics_counter(m, "kopru_intake_uploads_total", "end=\"failed\"", "Uploads by their end");
	if (*desk->clamd) {
		if (clamd_address_read(desk->clamd, &clamd, e) < 0) {
			free(a);
			return NULL;
		}
		a->scan = attachments_scan_new(desk, &clamd, m);
	}
	a->clean = attachments_clean_new(desk, m);
	return a;
}

void
attachments_stop(struct attachments *a)
{
	if (!a)
		return;
	a->stopping = true;
	files_stop(a->desk.files);
	attachments_uploads_stop(a);
	attachments_scan_stop(a->scan);
	attachments_clean_stop(a->clean);
}

void
attachments_free(struct attachments *a)
{
	if (!a)
		return;
	attachments_uploads_free(a);
	attachments_scan_free(a->scan);
	attachments_clean_free(a->clean);
	free(a);
}

/* What a row says of a file, from its first column on: name, media type, size, SHA-256. */
static void
take_file(struct arena *arena, struct attachment *one, const struct db_results *results, size_t row, int first)
{
	size_t size;
	const void *hash = db_bytes(results, 0, row, first + 3, &size);

	one->name = db_null(results, 0, row, first) ? NULL : arena_string(arena, db_text(results, 0, row, first));
	one->media_type = arena_string(arena, db_text(results, 0, row, first + 1));
	one->size = (uint64_t)db_int8(results, 0, row, first + 2);
	memcpy(one->sha256, hash, size < sizeof(one->sha256) ? size : sizeof(one->sha256));
}

static enum attachments_end
judge_row(const struct attachments_wish *wish, const struct db_results *results, size_t row)
{
	const char *state = db_text(results, 0, row, 5);

	if (strcmp(state, "infected") == 0)
		return ATTACHMENTS_INFECTED;
	if (strcmp(state, "gone") == 0)
		return ATTACHMENTS_MISSING;
	if (db_bool(results, 0, row, 6))
		return wish->perhaps_repeated ? ATTACHMENTS_FOUND : ATTACHMENTS_USED;
	return db_bool(results, 0, row, 7) ? ATTACHMENTS_MISSING : ATTACHMENTS_FOUND;
}

static void
on_found(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct attachments_wish *wish = arg;
	enum attachments_end ends[ATTACHMENTS_MAX];

	(void)e;
	if (outcome != DB_COMMITTED) {
		wish->on_end(wish, ATTACHMENTS_UNAVAILABLE, 0);
		return;
	}
	for (size_t i = 0; i < wish->count; i++)
		ends[i] = ATTACHMENTS_MISSING;
	for (size_t row = 0; row < db_rows(results, 0); row++) {
		size_t place = (size_t)db_int4(results, 0, row, 0) - 1;

		take_file(wish->arena, &wish->list[place], results, row, 1);
		ends[place] = judge_row(wish, results, row);
	}
	for (size_t i = 0; i < wish->count; i++)
		if (ends[i] != ATTACHMENTS_FOUND) {
			wish->on_end(wish, ends[i], i);
			return;
		}
	wish->on_end(wish, ATTACHMENTS_FOUND, 0);
}

static void
bind_ids(struct db_tx *tx, const struct attachments_wish *wish)
{
	if (wish->count > ATTACHMENTS_MAX)
		abort(); /* forms take no more */
	db_bind_array(tx, DB_UUIDS, wish->count);
	for (size_t i = 0; i < wish->count; i++)
		db_put_uuid(tx, &wish->list[i].id);
}

void
attachments_find(struct attachments *a, struct attachments_wish *wish)
{
	struct db_tx *tx = db_begin(a->desk.db);

	db_call(tx, &attachments_statements[ATTACHMENTS_BY_ID]);
	bind_ids(tx, wish);
	db_bind_text(tx, wish->scope);
	db_read(tx, on_found, wish);
}

static void
on_claimed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct attachments_wish *wish = arg;

	(void)e;
	if (outcome != DB_COMMITTED || db_rows(results, 0) != wish->count) {
		wish->on_end(wish, outcome == DB_COMMITTED ? ATTACHMENTS_MISSING : ATTACHMENTS_UNAVAILABLE, 0);
		return;
	}
	for (size_t row = 0; row < wish->count; row++) {
		struct uuid id = db_uuid(results, 0, row, 0);

		wish->fresh = db_bool(results, 0, row, 5);
		for (size_t i = 0; i < wish->count; i++)
			if (uuid_compare(&id, &wish->list[i].id) == 0)
				take_file(wish->arena, &wish->list[i], results, row, 1);
	}
	wish->on_end(wish, ATTACHMENTS_FOUND, 0);
}

void
attachments_claim(struct attachments *a, struct attachments_wish *wish)
{
	struct db_tx *tx = db_begin(a->desk.db);

	db_call(tx, &attachments_statements[ATTACHMENTS_CLAIM]);
	bind_ids(tx, wish);
	db_bind_text(tx, wish->scope);
	db_bind_uuid(tx, &wish->application_id);
	db_bind_uuid(tx, &wish->command_id);
	db_commit(tx, on_claimed, wish);
}

/* When it is not known, they stay bound: kept for nothing rather than lost. */
static void
on_released(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	(void)arg;
	(void)results;
	if (outcome != DB_COMMITTED)
		log_warn("attachments.unreleased", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
}

void
attachments_release(struct attachments *a, const struct uuid *command_id, const struct uuid *application_id)
{
	struct db_tx *tx = db_begin(a->desk.db);

	db_call(tx, &attachments_statements[ATTACHMENTS_RELEASE]);
	db_bind_uuid(tx, command_id);
	db_bind_uuid(tx, application_id);
	db_commit(tx, on_released, a);
}

/* Who asks for one file. */
struct fetch {
	struct attachments *attachments;
	struct http_request *request;
};

static void
refuse_fetch(struct http_request *r, bool infected)
{
	const char *problem = infected ? "forbidden" : "conflict";
	const bool english = http_language(r) == HTTP_EN;
	const char *detail;
	json_t *json;

	if (infected)
		detail = english ? "A virus was found in this file; nobody gets it."
				 : "Bu dosyada virüs bulundu; kimseye verilmez.";
	else
		detail = english ? "This file is still being checked for viruses. Ask again later."
				 : "Bu dosya henüz virüs denetiminden geçmedi. Daha sonra yeniden isteyin.";
	json = http_problem_json(r, problem, detail);
	json_object_set_new(json, "state", json_string(infected ? "infected" : "quarantine"));
	http_reply_problem_json(r, problem, json);
}

static void
send_file(struct fetch *fetch, const struct db_results *results)
{
	struct http_request *r = fetch->request;
	struct arena *arena = http_arena(r);
	const char *media_type = arena_string(arena, db_text(results, 0, 0, 1)), *name;
	size_t hash_size;
	const void *hash = db_bytes(results, 0, 0, 2, &hash_size);
	uint64_t size = 0;
	int fd = files_open(fetch->attachments->desk.files, hash, &size);

	if (fd < 0) {
		http_reply_problem(r, "unavailable", NULL);
		return;
	}
	if (db_null(results, 0, 0, 0))
		name = arena_printf(arena, "ek-%.8s.%s", http_segment(r), file_type_extension(media_type));
	else
		name = arena_string(arena, db_text(results, 0, 0, 0));
	http_reply_file(r, media_type, name, fd, size);
}

static void
on_fetched(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct fetch *fetch = arg;
	const char *state;

	(void)e;
	if (outcome != DB_COMMITTED) {
		http_reply_problem(fetch->request, "unavailable", NULL);
		return;
	}
	if (db_rows(results, 0) == 0) {
		http_reply_problem(fetch->request, "not-found", NULL);
		return;
	}
	state = db_text(results, 0, 0, 3);
	if (strcmp(state, "clean") == 0)
		send_file(fetch, results);
	else
		refuse_fetch(fetch->request, strcmp(state, "infected") == 0);
}

void
attachments_get(struct attachments *a, struct http_request *r)
{
	const struct api_key *key = NULL;
	enum api_answer answer = api_keys_check(a->desk.api_keys, r, API_CASES, &key);
	struct fetch *fetch;
	struct uuid id;
	struct db_tx *tx;

	if (answer != API_GRANTED) {
		api_keys_reply(r, answer);
		return;
	}
	if (!uuid_parse(http_segment(r), &id)) {
		http_reply_problem(r, "not-found", NULL);
		return;
	}
	fetch = arena_alloc(http_arena(r), sizeof(*fetch));
	*fetch = (struct fetch){a, r};
	tx = db_begin(a->desk.db);
	db_call(tx, &attachments_statements[ATTACHMENT_FETCH]);
	db_bind_uuid(tx, &id);
	db_bind_bool(tx, strcmp(key->role, "clerk") == 0);
	db_bind_text(tx, arena_string(http_arena(r), key->department));
	db_read(tx, on_fetched, fetch);
}
