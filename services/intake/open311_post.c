/* open311_post: POST requests, from the form to the number. In order: who posts, what, whether it is a repetition; then it is
 * kept as it came, what is to be fetched is written down, and only then it becomes an application. A repetition finds all of
 * that done, so a client that got no answer just posts again.
 *
 * GeoReport knows no idempotency key. The same body from the same key within ten minutes is one request (a phone that lost
 * the answer repeats it; who reports the same again tomorrow means it), as is the same Idempotency-Key, for ever. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/open311.sql.h"
#include "services/intake/open311_internal.h"

#define FORM_TYPE "application/x-www-form-urlencoded"
#define SOURCE "open311"
#define SAME_WITHIN INT64_C(600000000) /* microseconds */
#define WAITING_MAX 1000
#define HASH_SIZE crypto_hash_sha256_BYTES

struct post {
	struct entry entry; /* first: on_end gets it */
	struct inbound_arrival arrival;
	struct open311 *open311;
	struct open311_turn *turn;
	struct open311_given given;
	const char *before; /* the key of the ten minutes before; NULL: the client has its own */
	size_t call;
};

static void
finish(struct post *p)
{
	p->open311->waiting--;
	http_release(p->turn->request);
}

static void
finish_refused(struct post *p, int code, const char *text_tr, const char *text_en)
{
	if (!http_answered(p->turn->request))
		open311_refuse_one(p->turn, code, text_tr, text_en);
	finish(p);
}

static void
finish_unavailable(struct post *p)
{
	metric_add(p->open311->metrics.unavailable, 1);
	finish_refused(p, 503, "Başvuru şu anda kaydedilemiyor; biraz sonra yeniden gönderin",
	    "The request cannot be stored now; send it again in a moment");
}

static void
finish_unknown(struct post *p)
{
	metric_add(p->open311->metrics.unavailable, 1);
	finish_refused(p, 503,
	    "Başvurunun kaydedilip kaydedilmediği bilinmiyor; aynısını yeniden gönderin, ikinci bir kayıt oluşmaz",
	    "It is not known whether the request was stored; send the same again, no second one is made");
}

static void
reply_number(struct post *p)
{
	struct open311_turn *t = p->turn;
	struct document *d = document_new(t->arena, t->format);
	char day[DATE_TEXT_SIZE];

	date_text(p->entry.receipt.due_on, day);
	document_list(d, "service_requests");
	document_object(d, "request");
	document_text(d, "service_request_id", p->entry.receipt.number);
	document_text(d, "service_notice",
	    arena_printf(t->arena,
		t->english ? "The request was received. It will be answered by %s at the latest."
			   : "Başvurunuz alındı. En geç %s tarihine kadar cevaplanacaktır.",
		day));
	document_text(d, "account_id", p->given.account_id);
	document_close(d);
	document_close(d);
	open311_reply_once(t, d);
}

static void
on_entered(struct entry *entry, enum entry_end end, const struct err *e)
{
	struct post *p = (struct post *)(void *)entry;
	struct open311 *o = p->open311;

	switch (end) {
	case ENTRY_STORED:
	case ENTRY_REPEATED:
		metric_add(end == ENTRY_STORED ? o->metrics.accepted : o->metrics.repeated, 1);
		if (!http_answered(p->turn->request))
			reply_number(p);
		if (p->given.media_url && o->desk.media_wanted)
			o->desk.media_wanted(o->desk.media_arg);
		finish(p);
		return;
	case ENTRY_KEY_REUSED:
		metric_add(o->metrics.refused, 1);
		finish_refused(p, 400, "Bu Idempotency-Key daha önce başka bir içerikle kullanıldı",
		    "This Idempotency-Key was used before with another content");
		return;
	case ENTRY_UNKNOWN:
		finish_unknown(p);
		return;
	case ENTRY_TOO_LARGE:
		finish_refused(p, 400, "Başvuru çok büyük", "The request is too large");
		return;
	case ENTRY_FILES_USED: /* it names none */
	case ENTRY_REFUSED:
		log_error("open311.refused", "reason=\"%s\"", e->text);
		finish_refused(p, 500, "Sistemde bir hata oluştu", "An error happened inside");
		return;
	case ENTRY_BUSY:
	case ENTRY_UNAVAILABLE:
	default:
		finish_unavailable(p);
	}
}

static void
on_media_wanted(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct post *p = arg;

	(void)results;
	(void)e;
	if (outcome == DB_COMMITTED)
		entry_begin(p->open311->desk.entry, &p->entry);
	else
		finish_unavailable(p);
}

static void
on_kept(struct inbound_arrival *arrival, enum inbound_end end, int64_t id)
{
	struct post *p = arrival->arg;
	struct db_tx *tx;

	if (end != INBOUND_STORED && end != INBOUND_REPEATED) {
		finish_unavailable(p);
		return;
	}
	p->entry.form.inbound_id = id;
	if (!p->given.media_url) {
		entry_begin(p->open311->desk.entry, &p->entry);
		return;
	}
	tx = db_begin(p->open311->desk.db);
	db_call(tx, &open311_statements[OPEN311_MEDIA_WANT]);
	db_bind_int8(tx, id);
	db_bind_text(tx, p->given.media_url);
	db_commit(tx, on_media_wanted, p);
}

static void
keep(struct post *p)
{
	struct arena *a = p->turn->arena;

	p->arrival.source = SOURCE;
	p->arrival.source_id = arena_printf(a, "%s %s", p->entry.record.key_scope, p->entry.record.key);
	p->arrival.state = "done";
	p->arrival.verdict = "application";
	p->arrival.on_end = on_kept;
	p->arrival.arg = p;
	if (inbound_receive(p->open311->desk.inbound, &p->arrival) < 0)
		finish_unavailable(p);
}

static void
on_recent_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct post *p = arg;

	(void)e;
	if (outcome != DB_COMMITTED) {
		finish_unavailable(p);
		return;
	}
	if (db_rows(results, p->call) > 0)
		p->entry.record.key = p->before;
	keep(p);
}

static void
look_before(struct post *p)
{
	struct db_tx *tx = db_begin(p->open311->desk.db);

	p->call = db_call(tx, &open311_statements[OPEN311_RECENT]);
	db_bind_text(tx, p->entry.record.key_scope);
	db_bind_text(tx, p->before);
	db_bind_int8(tx, SAME_WITHIN);
	db_read(tx, on_recent_read, p);
}

/* Keys of this ten minutes and of those before; the body, with the key left out, is what they are made of. */
static void
keys_make(struct post *p, const char *own)
{
	struct arena *a = p->turn->arena;
	char hex[2 * HASH_SIZE + 1];
	int64_t span = p->entry.now / SAME_WITHIN;

	sodium_bin2hex(hex, sizeof(hex), p->entry.record.body_hash, HASH_SIZE);
	p->entry.record.key = own ? own : arena_printf(a, "%s-%lld", hex, (long long)span);
	p->before = own ? NULL : arena_printf(a, "%s-%lld", hex, (long long)span - 1);
}

static void
post_begin(struct post *p, const struct api_key *key, const char *own)
{
	struct arena *a = p->turn->arena;
	struct entry *entry = &p->entry;

	entry->arena = a;
	entry->now = source_now(p->open311->desk.entry->source);
	entry->form.received_at = entry->now;
	entry->form.language = p->turn->english ? "en" : "tr";
	entry->record.key_scope = arena_printf(a, "open311/%s", key->id);
	crypto_hash_sha256(entry->record.body_hash, p->arrival.raw, p->arrival.size);
	entry->receipt.traceparent = http_traceparent(p->turn->request);
	entry->receipt.key_name = arena_string(a, key->name);
	entry->on_end = on_entered;
	keys_make(p, own ? arena_string(a, own) : NULL);
	p->open311->waiting++;
	http_keep(p->turn->request);
	if (p->before)
		look_before(p);
	else
		keep(p);
}

/* What is refused is kept for a while, with why, but for the key. */
static void
refuse(struct post *p, const char *verdict)
{
	metric_add(p->open311->metrics.refused, 1);
	inbound_refuse(p->open311->desk.inbound, SOURCE, FORM_TYPE, p->arrival.raw, p->arrival.size, verdict);
}

/* The specification has 403 for a key that is missing or wrong. */
static const struct api_key *
admitted(struct post *p)
{
	struct open311 *o = p->open311;
	const char *authorization = http_header(p->turn->request, "Authorization");
	const struct api_key *key = NULL;
	enum api_answer answer;

	if (!authorization && p->given.api_key)
		authorization = arena_printf(p->turn->arena, "Bearer %s", p->given.api_key);
	answer = api_keys_find(o->desk.api_keys, authorization, API_OPEN311, &key);
	if (answer == API_GRANTED)
		return key;
	if (answer == API_NOT_READY) {
		open311_refuse_unready(p->turn);
		return NULL;
	}
	refuse(p, "refused: api_key");
	if (answer == API_ABSENT)
		open311_refuse_one(p->turn, 403,
		    "api_key gerekli: formda ya da Authorization başlığında; adreste okunmaz",
		    "An api_key is required: in the form or the header Authorization; it is not read in the address");
	else if (answer == API_FORBIDDEN)
		open311_refuse_one(
		    p->turn, 403, "Bu api_key'in Open311 yetkisi yok", "This api_key may not post over Open311");
	else
		open311_refuse_one(p->turn, 403, "api_key geçersiz", "The api_key is not valid");
	return NULL;
}

static const struct open311_service *
service_of(struct post *p)
{
	const struct open311_service *service;

	if (!p->given.service_code) {
		refuse(p, "refused: no service_code");
		open311_refuse_one(p->turn, 400, "service_code gerekli", "A service_code is required");
		return NULL;
	}
	if (!(service = open311_service_find(p->open311, p->given.service_code))) {
		refuse(p, "refused: unknown service_code");
		open311_refuse_no_service(p->turn);
	}
	return service;
}

/* The service is copied: its own may be read anew before the end. */
static bool
form_taken(struct post *p, const struct open311_pairs *pairs, const struct open311_service *service)
{
	struct arena *a = p->turn->arena;
	struct open311_service copy = *service;
	struct open311_texts wrong = {.count = 0};
	struct open311_faults faults = {.count = 0};

	copy.code = arena_string(a, service->code);
	copy.name_tr = arena_string(a, service->name_tr);
	open311_form_read(a, &p->given, pairs, &copy, &p->entry.form, &wrong);
	for (size_t i = 0; i < wrong.count; i++)
		open311_fault(&faults, 400, wrong.list[i].tr, wrong.list[i].en);
	if (faults.count == 0)
		return true;
	refuse(p, "refused: content");
	open311_refuse(p->turn, &faults);
	return false;
}

/* -1: answered. */
static int
pairs_read(struct post *p, struct open311_pairs *pairs)
{
	struct http_request *r = p->turn->request;
	const char *type = http_header(r, "Content-Type"), *body;
	const struct open311_text *wrong;
	size_t size;

	body = http_body(r, &size);
	p->arrival.raw = open311_form_without_key(p->turn->arena, body, size, &p->arrival.size);
	p->arrival.content_type = FORM_TYPE;
	if (!type || !ascii_starts_nocase(type, FORM_TYPE)) {
		refuse(p, "refused: content type");
		open311_refuse_one(
		    p->turn, 400, "Content-Type " FORM_TYPE " olmalıdır", "The Content-Type is " FORM_TYPE);
		return -1;
	}
	if (open311_form_decode(p->turn->arena, body, size, pairs, &wrong) < 0) {
		refuse(p, "refused: malformed form");
		open311_refuse_one(p->turn, 400, wrong->tr, wrong->en);
		return -1;
	}
	open311_form_given(pairs, &p->given);
	return 0;
}

/* false: answered. */
static bool
key_of_client(struct post *p, const char **own)
{
	*own = http_header(p->turn->request, "Idempotency-Key");
	if (!http_has_header(p->turn->request, "Idempotency-Key") || (*own && form_key_valid(*own)))
		return true;
	refuse(p, "refused: Idempotency-Key");
	open311_refuse_one(p->turn, 400, "Idempotency-Key 1 ile 128 arasında ASCII karakter olmalıdır",
	    "The Idempotency-Key has 1 to 128 ASCII characters");
	return false;
}

/* Of the form and of the address: either may name it. false: answered. */
static bool
jurisdiction_ours(struct post *p)
{
	const char *ours = p->open311->desk.conf->jurisdiction, *form = p->given.jurisdiction_id;
	const char *asked =
	    form && *form && strcmp(form, ours) != 0 ? form : http_query(p->turn->request, "jurisdiction_id");

	if (!asked || !*asked || strcmp(asked, ours) == 0)
		return true;
	refuse(p, "refused: jurisdiction_id");
	return open311_jurisdiction(p->turn, ours, asked);
}

void
open311_post(struct open311 *o, struct http_request *r)
{
	struct open311_turn *t = open311_begin(r);
	const struct open311_service *service;
	const struct api_key *key;
	struct open311_pairs *pairs;
	const char *own;
	struct post *p;

	if (!t || !open311_jurisdiction(t, o->desk.conf ? o->desk.conf->jurisdiction : NULL, NULL))
		return;
	if (strcmp(t->name, "requests") != 0) {
		open311_refuse_one(t, 404, "Böyle bir Open311 adresi yok", "There is no such Open311 address");
		return;
	}
	p = arena_alloc(t->arena, sizeof(*p));
	p->open311 = o;
	p->turn = t;
	pairs = arena_alloc(t->arena, sizeof(*pairs));
	if (pairs_read(p, pairs) < 0 || !jurisdiction_ours(p) || !(key = admitted(p)) || !key_of_client(p, &own))
		return;
	if (!o->ready || !db_is_up(o->desk.db) || !source_knows_time(o->desk.entry->source) ||
	    o->waiting >= WAITING_MAX) {
		metric_add(o->metrics.unavailable, 1);
		open311_refuse_unready(t);
	} else if ((service = service_of(p)) && form_taken(p, pairs, service)) {
		post_begin(p, key, own);
	}
}
