/* open311: see the header. */
#include "services/reporting/open311.h"

#include <string.h>

#include "common/base/log.h"
#include "common/domain/number.h"
#include "common/open311/open311.h"
#include "services/reporting/open311_out.h"

#define KEPT_SECONDS 15

struct asking311 {
	const struct open311 *open311;
	struct open311_turn *turn;
	struct open311_query query;
	bool one; /* a single request, which has to be there */
	bool updates;
	size_t call;
};

static const char *
parameter(void *arg, const char *name)
{
	return http_query(arg, name);
}

static void
refuse_unknown(struct open311_turn *t)
{
	open311_refuse_one(t, 404, "Böyle bir Open311 adresi yok", "There is no such Open311 address");
}

static struct document *
requests_out(const struct asking311 *asking, const struct db_results *results)
{
	const struct open311_turn *t = asking->turn;
	struct document *d = document_new(t->arena, t->format);
	struct shown shown;

	document_list(d, "service_requests");
	for (size_t row = 0; row < db_rows(results, asking->call); row++) {
		store_get_shown(results, asking->call, row, &shown);
		document_object(d, "request");
		open311_out_request(d, t->arena, &shown, t->english, asking->query.extensions);
		document_close(d);
	}
	document_close(d);
	return d;
}

static struct document *
updates_out(const struct asking311 *asking, const struct db_results *results)
{
	const struct open311_turn *t = asking->turn;
	struct document *d = document_new(t->arena, t->format);
	struct shown_update update;

	document_list(d, "service_request_updates");
	for (size_t row = 0; row < db_rows(results, asking->call); row++) {
		store_get_shown_update(results, asking->call, row, &update);
		document_object(d, "request_update");
		open311_out_update(d, t->arena, &update, t->english);
		document_close(d);
	}
	document_close(d);
	return d;
}

static void
on_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct asking311 *asking = arg;
	struct open311_turn *t = asking->turn;

	if (outcome != DB_COMMITTED) {
		if (outcome == DB_REFUSED)
			log_error("open311.refused", "reason=\"%s\"", e->text);
		open311_refuse_one(t, 503, "Kayıtlar şu anda okunamıyor; biraz sonra yeniden deneyin",
		    "The requests cannot be read now; try again in a moment");
	} else if (asking->one && db_rows(results, asking->call) == 0) {
		open311_refuse_one(t, 404, "Bu numarayla kamuya açık bir başvuru yok",
		    "There is no public request under this service_request_id");
	} else {
		open311_reply(
		    t, asking->updates ? updates_out(asking, results) : requests_out(asking, results), KEPT_SECONDS);
	}
}

static void
look(struct asking311 *asking)
{
	struct db_tx *tx = db_begin(asking->open311->db);

	asking->call =
	    asking->updates ? store_updates_shown(tx, &asking->query) : store_requests_shown(tx, &asking->query);
	db_read(tx, on_read, asking);
}

/* false: answered. */
static bool
query_read(struct asking311 *asking)
{
	struct open311_turn *t = asking->turn;
	struct open311_query_faults wrong;
	struct open311_faults faults = {.count = 0};

	open311_query_read(
	    t->arena, parameter, t->request, feed_clock_now(asking->open311->clock), &asking->query, &wrong);
	for (size_t i = 0; i < wrong.count; i++)
		open311_fault(&faults, 400, wrong.list[i].text_tr, wrong.list[i].text_en);
	if (faults.count > 0)
		open311_refuse(t, &faults);
	return faults.count == 0;
}

static struct asking311 *
begin(const struct open311 *o, struct http_request *r)
{
	struct open311_turn *t = open311_begin(r);
	struct asking311 *asking;

	if (!t || !open311_jurisdiction(t, o->jurisdiction, http_query(r, "jurisdiction_id")))
		return NULL;
	asking = arena_alloc(t->arena, sizeof(*asking));
	asking->open311 = o;
	asking->turn = t;
	return asking;
}

void
open311_list(const struct open311 *o, struct http_request *r)
{
	struct asking311 *asking = begin(o, r);

	if (!asking)
		return;
	asking->updates = strcmp(asking->turn->name, "servicerequestupdates") == 0;
	if (!asking->updates && strcmp(asking->turn->name, "requests") != 0)
		refuse_unknown(asking->turn);
	else if (query_read(asking))
		look(asking);
}

void
open311_one(const struct open311 *o, struct http_request *r)
{
	struct asking311 *asking = begin(o, r);
	const char *extensions = http_query(r, "extensions");
	char *number;
	int32_t serial;
	int year;

	if (!asking)
		return;
	number = arena_alloc(asking->turn->arena, NUMBER_TEXT_SIZE);
	asking->one = asking->query.by_number = true;
	asking->query.extensions = extensions && strcmp(extensions, "true") == 0;
	asking->query.numbers = arena_alloc(asking->turn->arena, sizeof(*asking->query.numbers));
	if (number_parse(asking->turn->name, &year, &serial) && number_format(year, serial, number))
		asking->query.numbers[asking->query.number_count++] = number;
	look(asking);
}

void
open311_posted(const struct open311 *o, struct http_request *r)
{
	struct asking311 *asking = begin(o, r);

	if (!asking)
		return;
	if (strcmp(asking->turn->name, "servicerequestupdates") == 0)
		open311_refuse_one(asking->turn, 403,
		    "Bu hizmette güncelleme gönderilemez; durum değişiklikleri yalnızca belediyeden gelir",
		    "Updates cannot be posted here; only the municipality moves a request");
	else
		refuse_unknown(asking->turn);
}
