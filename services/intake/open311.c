/* open311: what may be asked for, from the catalogue, read anew every few seconds; and what is answered from it. */
#include "services/intake/open311_internal.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/domain/number.h"
#include "services/intake/open311.sql.h"

#define REFRESH_MS 5000
#define FIRST_MS 200 /* until they were read once */
#define FILE_MAX ((size_t)1024 * 1024)
#define KEPT_SECONDS 60
#define CHANGESET "2026-11-25T00:00:00+03:00" /* of this interface */

struct looking {
	struct open311_turn *turn;
	char number[NUMBER_TEXT_SIZE];
	size_t call;
};

static void
service_take(struct open311 *o, const struct db_results *r, size_t row)
{
	struct arena *a = o->topics;
	struct open311_service *to = &o->services[o->count++];

	to->code = arena_string(a, db_text(r, 0, row, 0));
	to->name_tr = arena_string(a, db_text(r, 0, row, 1));
	to->name_en = arena_string(a, db_text(r, 0, row, 2));
	to->category_tr = arena_string(a, db_text(r, 0, row, 3));
	to->department_tr = arena_string(a, db_text(r, 0, row, 4));
	to->department_en = arena_string(a, db_text(r, 0, row, 5));
	to->keywords = arena_string(a, db_text(r, 0, row, 6));
	to->target_working_days = db_int4(r, 0, row, 7);
	open311_service_attach(to, &o->attributes);
}

static void
on_topics_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct open311 *o = arg;

	o->reading = false;
	if (outcome != DB_COMMITTED) {
		log_warn("open311.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
		return;
	}
	arena_reset(o->topics);
	o->services = arena_array(o->topics, db_rows(results, 0) + 1, sizeof(*o->services));
	o->count = 0;
	for (size_t row = 0; row < db_rows(results, 0); row++)
		service_take(o, results, row);
	o->ready = true;
}

static void
on_refresh(void *arg)
{
	struct open311 *o = arg;
	struct db_tx *tx;

	if (!o->reading && db_is_up(o->desk.db)) {
		o->reading = true;
		tx = db_begin(o->desk.db);
		db_call(tx, &open311_statements[OPEN311_TOPICS]);
		db_read(tx, on_topics_read, o);
	}
	timer_start(o->refresh, o->ready ? REFRESH_MS : FIRST_MS);
}

static int
attributes_read(struct open311 *o, struct err *e)
{
	const char *file = o->desk.conf->attributes_file;
	char *text;
	size_t size;

	if (!file)
		return 0;
	if (file_read(o->arena, file, FILE_MAX, &text, &size, e) < 0 ||
	    open311_attributes_parse(o->arena, text, &o->attributes, e) < 0)
		return err_prefix(e, "open311.attributes_file");
	return 0;
}

struct open311 *
open311_new(const struct open311_desk *desk, struct metrics *m, struct err *e)
{
	struct open311 *o = calloc(1, sizeof(*o));

	if (!o)
		abort();
	document_start();
	o->desk = *desk;
	o->arena = arena_new(0);
	o->topics = arena_new(0);
	if (desk->conf && attributes_read(o, e) < 0) {
		open311_free(o);
		return NULL;
	}
	o->metrics.accepted = metrics_counter(
	    m, "kopru_intake_open311_total", "end=\"accepted\"", "Requests posted over Open311, by their end");
	o->metrics.repeated = metrics_counter(m, "kopru_intake_open311_total", "end=\"repeated\"", "");
	o->metrics.refused = metrics_counter(m, "kopru_intake_open311_total", "end=\"refused\"", "");
	o->metrics.unavailable = metrics_counter(m, "kopru_intake_open311_total", "end=\"unavailable\"", "");
	if (desk->conf) {
		o->refresh = timer_new(desk->loop, on_refresh, o);
		timer_start(o->refresh, 0);
	}
	return o;
}

void
open311_free(struct open311 *o)
{
	if (!o)
		return;
	timer_free(o->refresh);
	arena_free(o->topics);
	arena_free(o->arena);
	free(o);
}

const struct open311_service *
open311_service_find(const struct open311 *o, const char *code)
{
	for (size_t i = 0; i < o->count; i++)
		if (strcmp(o->services[i].code, code) == 0)
			return &o->services[i];
	return NULL;
}

void
open311_refuse_unready(struct open311_turn *t)
{
	open311_refuse_one(t, 503, "Hizmet şu anda verilemiyor; biraz sonra yeniden deneyin",
	    "The service is unavailable; try again in a moment");
}

void
open311_refuse_no_service(struct open311_turn *t)
{
	open311_refuse_one(t, 404, "Bu service_code bilinmiyor; bilinenler services listesindedir",
	    "The service_code is unknown; those that are known stand in the list of services");
}

static void
refuse_unknown(struct open311_turn *t)
{
	open311_refuse_one(t, 404, "Böyle bir Open311 adresi yok", "There is no such Open311 address");
}

/* NULL: answered. */
static struct open311_turn *
begin(const struct open311 *o, struct http_request *r)
{
	struct open311_turn *t = open311_begin(r);
	const char *jurisdiction = o->desk.conf ? o->desk.conf->jurisdiction : NULL;

	return t && open311_jurisdiction(t, jurisdiction, http_query(r, "jurisdiction_id")) ? t : NULL;
}

static void
discovery_out(const struct open311 *o, const struct open311_turn *t, struct document *d)
{
	const char *contact = o->desk.conf->contact;

	document_object(d, "discovery");
	document_text(d, "changeset", CHANGESET);
	document_text(d, "contact", contact);
	document_text(d, "key_service",
	    arena_printf(t->arena,
		t->english
		    ? "A key is needed to post requests, not to read: ask %s. Updates (servicerequestupdates) are "
		      "read, not posted."
		    : "Anahtar yalnızca başvuru göndermek için gerekir: %s. Güncellemeler "
		      "(servicerequestupdates) okunur, gönderilmez.",
		contact));
	document_list(d, "endpoints");
	document_object(d, "endpoint");
	document_text(d, "specification", "http://wiki.open311.org/GeoReport_v2");
	document_text(d, "url", arena_printf(t->arena, "%s/open311/v2", o->desk.public_url));
	document_text(d, "changeset", CHANGESET);
	document_text(d, "type", "production");
	document_list(d, "formats");
	document_text(d, "format", "text/xml");
	document_text(d, "format", "application/json");
	for (int i = 0; i < 4; i++)
		document_close(d);
}

void
open311_get(struct open311 *o, struct http_request *r)
{
	struct open311_turn *t = begin(o, r);
	struct document *d;

	if (!t)
		return;
	if (strcmp(t->name, "discovery") != 0) {
		refuse_unknown(t);
		return;
	}
	d = document_new(t->arena, t->format);
	discovery_out(o, t, d);
	open311_reply(t, d, KEPT_SECONDS);
}

void
open311_get_v2(struct open311 *o, struct http_request *r)
{
	struct open311_turn *t = begin(o, r);
	struct document *d;

	if (!t)
		return;
	if (strcmp(t->name, "services") != 0) {
		refuse_unknown(t);
	} else if (!o->ready) {
		open311_refuse_unready(t);
	} else {
		d = document_new(t->arena, t->format);
		document_list(d, "services");
		for (size_t i = 0; i < o->count; i++) {
			document_object(d, "service");
			open311_service_out(d, t->arena, &o->services[i], t->english);
			document_close(d);
		}
		document_close(d);
		open311_reply(t, d, KEPT_SECONDS);
	}
}

void
open311_get_service(struct open311 *o, struct http_request *r)
{
	struct open311_turn *t = begin(o, r);
	const struct open311_service *service;
	struct document *d;

	if (!t)
		return;
	service = open311_service_find(o, t->name);
	if (!o->ready) {
		open311_refuse_unready(t);
	} else if (!service) {
		open311_refuse_no_service(t);
	} else {
		d = document_new(t->arena, t->format);
		open311_definition_out(d, service, t->english);
		open311_reply(t, d, KEPT_SECONDS);
	}
}

static void
on_token_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct looking *looking = arg;
	struct open311_turn *t = looking->turn;
	struct document *d;

	(void)e;
	if (outcome != DB_COMMITTED) {
		open311_refuse_unready(t);
	} else if (db_rows(results, looking->call) == 0) {
		open311_refuse_one(t, 404, "Bu token bilinmiyor", "The token is unknown");
	} else {
		d = document_new(t->arena, t->format);
		document_list(d, "service_requests");
		document_object(d, "request");
		document_text(d, "service_request_id", looking->number);
		document_text(d, "token", t->name);
		document_close(d);
		document_close(d);
		open311_reply_once(t, d);
	}
}

/* Every post is answered with its number at once; who takes that for a token gets it back. */
void
open311_get_token(struct open311 *o, struct http_request *r)
{
	struct open311_turn *t = begin(o, r);
	struct looking *looking;
	struct db_tx *tx;
	int32_t serial;
	int year;

	if (!t)
		return;
	looking = arena_alloc(t->arena, sizeof(*looking));
	looking->turn = t;
	if (number_parse(t->name, &year, &serial))
		number_format(year, serial, looking->number);
	tx = db_begin(o->desk.db);
	looking->call = db_call(tx, &open311_statements[OPEN311_TOKEN]);
	db_bind_text(tx, looking->number);
	db_read(tx, on_token_read, looking);
}
