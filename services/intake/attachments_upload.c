/* attachments_upload: a file comes in over HTTP: into "incoming" while it comes, looked at and kept on a thread, then its row. */
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/domain/calendar.h"
#include "services/intake/attachments.sql.h"
#include "services/intake/attachments_internal.h"

#define UPLOADS_MAX 24 /* looked at or waiting for it, at once */
#define PUBLIC_BYTES_MAX (INT64_C(2) * 1024 * 1024 * 1024) /* of what the public has uploaded and not used yet */
#define PUBLIC_COUNT_MAX 20000
#define DAY_US INT64_C(86400000000)
#define NAME_HEADER_MAX 2000

struct attachments_upload {
	struct attachments *attachments;
	struct attachments_upload *previous, *next;
	struct arena *arena; /* its own: a thread may still hold it when the request is gone */
	struct http_request *request; /* NULL: gone with the server */
	struct worker *worker;
	const char *file; /* in "incoming"; NULL: not ours any more */
	const char *name, *scope;
	struct uuid id;
	struct files_kept kept;
	enum files_end end;
	char reason[FILES_REASON_SIZE];
};

int
attachments_file_new(struct files *f, char name[HTTP_FILE_NAME_SIZE])
{
	_Static_assert(HTTP_FILE_NAME_SIZE == FILES_NAME_SIZE, "one name");
	return files_incoming_new(f, name);
}

static int
hex_digit(char c)
{
	c = ascii_lower(c);
	return ascii_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *
attachments_name_read(struct arena *arena, const char *header)
{
	char *name, *to, *slash;

	if (strlen(header) > NAME_HEADER_MAX)
		return NULL;
	if (ascii_starts_nocase(header, "UTF-8''"))
		header += 7;
	name = to = arena_alloc(arena, strlen(header) + 1);
	for (; *header; header++) {
		int high = *header == '%' ? hex_digit(header[1]) : -1, low = high >= 0 ? hex_digit(header[2]) : -1;

		if (*header == '%' && low < 0)
			return NULL;
		*to++ = low < 0 ? *header : (char)(high * 16 + low);
		header += low < 0 ? 0 : 2;
	}
	if (!text_valid(name, (size_t)(to - name)) || text_has_line_break_or_control(name))
		return NULL;
	/* A path is not part of a name. */
	while ((slash = strpbrk(name, "/\\")))
		name = slash + 1;
	name = text_trim(arena, name);
	return text_length(name) <= ATTACHMENT_NAME_MAX && !text_blank(name) ? name : NULL;
}

static void
end_upload(struct attachments_upload *u)
{
	struct attachments *a = u->attachments;

	if (u->file)
		files_incoming_remove(a->desk.files, u->file);
	if (u->previous)
		u->previous->next = u->next;
	else
		a->uploads = u->next;
	if (u->next)
		u->next->previous = u->previous;
	a->upload_count--;
	arena_free(u->arena);
}

static void
end_with(struct attachments_upload *u, const char *problem, const char *detail)
{
	struct http_request *r = u->request;

	metric_add(u->end == FILES_REFUSED ? u->attachments->metrics.refused : u->attachments->metrics.failed, 1);
	http_reply_problem_json(r, problem, http_problem_json(r, problem, detail));
	end_upload(u);
}

static void
on_stored(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct attachments_upload *u = arg;
	const struct files_kept *kept = &u->kept;
	char id[UUID_TEXT_SIZE], expires[TIME_TEXT_SIZE], hash[2 * FILES_HASH_SIZE + 1];
	json_t *json;

	(void)e;
	if (outcome != DB_COMMITTED) { /* without a row the file goes in a day; with one that nobody knows of, too */
		end_with(u, "unavailable", NULL);
		return;
	}
	uuid_text(&u->id, id);
	time_text_istanbul(db_time(results, 0, 0, 0) + DAY_US, expires);
	for (size_t i = 0; i < FILES_HASH_SIZE; i++)
		snprintf(hash + 2 * i, 3, "%02x", kept->kept_sha256[i]);
	json = json_pack("{s:s,s:s?,s:s,s:I,s:s,s:s,s:b}", "id", id, "name", u->name, "media_type", kept->media_type,
	    "size", (json_int_t)kept->size, "sha256", hash, "expires_at", expires, "quarantine", kept->quarantine);
	if (kept->has_point)
		json_object_set_new(json, "point",
		    json_pack("{s:f,s:f}", "latitude", kept->latitude_e7 / 1e7, "longitude", kept->longitude_e7 / 1e7));
	metric_add(u->attachments->metrics.stored, 1);
	http_reply_json(u->request, 201, json);
	if (kept->quarantine)
		attachments_scan_wake(u->attachments->scan);
	end_upload(u);
}

static void
store(struct attachments_upload *u)
{
	struct db_tx *tx = db_begin(u->attachments->desk.db);
	const struct files_kept *kept = &u->kept;

	u->id = files_id_new();
	db_call(tx, &attachments_statements[ATTACHMENT_INSERT]);
	db_bind_uuid(tx, &u->id);
	db_bind_bytes(tx, kept->kept_sha256, FILES_HASH_SIZE);
	db_bind_bytes(tx, kept->original_sha256, FILES_HASH_SIZE);
	db_bind_int8(tx, (int64_t)kept->size);
	db_bind_text(tx, kept->media_type);
	db_bind_text(tx, u->name);
	db_bind_text(tx, u->scope);
	db_bind_text(tx, kept->quarantine ? "quarantine" : "clean");
	db_commit(tx, on_stored, u);
}

static void
on_keep(void *arg)
{
	struct attachments_upload *u = arg;

	u->end = files_keep_incoming(u->attachments->desk.files, u->file, &u->kept, u->reason);
}

/* reason has both languages. A file whose type is known was refused for what is in it. */
static void
refuse(struct attachments_upload *u)
{
	char *english = strstr(u->reason, " / ");
	const char *detail = u->reason;

	if (english) {
		*english = '\0';
		detail = http_language(u->request) == HTTP_EN ? english + 3 : u->reason;
	}
	end_with(u, u->kept.media_type[0] ? "invalid" : "media-type", detail);
}

static void
on_kept(void *arg)
{
	struct attachments_upload *u = arg;

	worker_free(u->worker);
	u->worker = NULL;
	u->file = NULL;
	switch (u->end) {
	case FILES_KEPT:
		store(u);
		return;
	case FILES_REFUSED:
		refuse(u);
		return;
	case FILES_FAILED:
	default:
		log_error("upload.failed", "reason=\"%s\"", u->reason);
		end_with(u, "unavailable", NULL);
	}
}

static void
keep(struct attachments_upload *u)
{
	struct err e;

	u->worker = worker_start(u->attachments->desk.loop, on_keep, on_kept, u, &e);
	if (u->worker)
		return;
	log_error("upload.failed", "reason=\"%s\"", e.text);
	end_with(u, "unavailable", NULL);
}

/* Before anything is kept: what is kept and then not named stays for a day. */
static void
on_room(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct attachments_upload *u = arg;
	int64_t bytes, count;

	if (outcome != DB_COMMITTED) {
		log_warn("upload.unstored", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
		end_with(u, "unavailable", NULL);
		return;
	}
	bytes = db_int8(results, 0, 0, 0);
	count = db_int8(results, 0, 0, 1);
	if (strcmp(u->scope, ATTACHMENTS_SCOPE_PUBLIC) == 0 &&
	    (bytes >= PUBLIC_BYTES_MAX || count >= PUBLIC_COUNT_MAX)) {
		log_warn("uploads.full", "bytes=%lld count=%lld", (long long)bytes, (long long)count);
		end_with(u, "busy", NULL);
		return;
	}
	keep(u);
}

static struct attachments_upload *
upload_begin(struct attachments *a, struct http_request *r, const struct api_key *key)
{
	struct arena *arena = arena_new(0);
	struct attachments_upload *u = arena_alloc(arena, sizeof(*u));
	uint64_t size;

	u->attachments = a;
	u->arena = arena;
	u->request = r;
	u->end = FILES_FAILED;
	u->file = arena_string(arena, http_take_file(r, &size));
	u->scope = key ? arena_string(arena, key->id) : ATTACHMENTS_SCOPE_PUBLIC;
	u->next = a->uploads;
	if (a->uploads)
		a->uploads->previous = u;
	a->uploads = u;
	a->upload_count++;
	return u;
}

static void
refuse_name(struct http_request *r)
{
	struct http_faults faults = {.count = 0};

	http_fault_add(&faults, "header:Attachment-Name",
	    "dosyanın adı olmalı: UTF-8, yüzde kodlamalı (örneğin foto%C4%9Fraf.jpg), en çok 255 karakter",
	    "must be the name of the file: UTF-8, percent-encoded (such as foto%C4%9Fraf.jpg), 255 characters at most");
	http_reply_problem(r, "bad-request", &faults);
}

/* A form is no file, though one may be in it. */
static void
refuse_form(struct http_request *r)
{
	http_reply_problem_json(r, "media-type",
	    http_problem_json(r, "media-type",
		http_language(r) == HTTP_EN
		    ? "multipart/form-data is not taken: send the file itself as the body, its name in the header "
		      "Attachment-Name. Nothing was stored."
		    : "multipart/form-data alınmaz: dosyayı gövde olarak, adını Attachment-Name başlığında gönderin. "
		      "Hiçbir şey kaydedilmedi."));
}

void
attachments_post(struct attachments *a, struct http_request *r)
{
	const struct api_key *key = NULL;
	enum api_answer answer = api_keys_check(a->desk.api_keys, r, API_APPLICATIONS, &key);
	const char *header = http_header(r, "Attachment-Name"), *type = http_header(r, "Content-Type"), *name = NULL;
	struct attachments_upload *u;
	struct db_tx *tx;

	if (answer != API_ABSENT && answer != API_GRANTED) {
		api_keys_reply(r, answer);
		return;
	}
	if (type && ascii_starts_nocase(type, "multipart/")) {
		refuse_form(r);
		return;
	}
	if (http_has_header(r, "Attachment-Name") &&
	    (!header || !(name = attachments_name_read(http_arena(r), header)))) {
		refuse_name(r);
		return;
	}
	if (a->stopping || a->upload_count >= UPLOADS_MAX || !db_is_up(a->desk.db)) {
		http_reply_problem(r, db_is_up(a->desk.db) ? "busy" : "unavailable", NULL);
		return;
	}
	u = upload_begin(a, r, key);
	u->name = arena_string(u->arena, name);
	tx = db_begin(a->desk.db);
	db_call(tx, &attachments_statements[ATTACHMENTS_ROOM]);
	db_read(tx, on_room, u);
}

void
attachments_uploads_free(struct attachments *a)
{
	while (a->uploads)
		end_upload(a->uploads);
}

/* Threads end before what they hold; their requests end with the server. */
void
attachments_uploads_stop(struct attachments *a)
{
	for (struct attachments_upload *u = a->uploads; u; u = u->next) {
		worker_free(u->worker);
		u->worker = NULL;
	}
}
