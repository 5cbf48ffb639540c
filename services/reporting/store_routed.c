/* store_routed: see the header. */
#include "services/reporting/store_routed.h"

#include <stddef.h>
#include <stdlib.h>

#include "services/reporting/routed.sql.h"

static void
bind_texts(struct db_tx *tx, const struct routed *list, size_t count, size_t offset)
{
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, *(const char *const *)((const char *)&list[i] + offset));
}

static void
bind_numbers(struct db_tx *tx, const struct routed *list, size_t count, size_t offset)
{
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, *(const int32_t *)((const char *)&list[i] + offset));
}

void
store_routings(struct db_tx *tx, const struct routed *list, size_t count)
{
	static const size_t reasons[] = {offsetof(struct routed, model), offsetof(struct routed, reason_tr),
	    offsetof(struct routed, reason_en), offsetof(struct routed, candidates), offsetof(struct routed, matters),
	    offsetof(struct routed, emergency), offsetof(struct routed, phone)};

	db_call(tx, &routed_statements[ROUTINGS_INSERT]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &list[i].application_id);
	bind_texts(tx, list, count, offsetof(struct routed, outcome));
	bind_texts(tx, list, count, offsetof(struct routed, basket));
	db_bind_array(tx, DB_BOOLS, count);
	for (size_t i = 0; i < count; i++)
		db_put_bool(tx, list[i].urgent);
	bind_numbers(tx, list, count, offsetof(struct routed, confidence));
	bind_texts(tx, list, count, offsetof(struct routed, rule));
	bind_numbers(tx, list, count, offsetof(struct routed, rules_version));
	for (size_t k = 0; k < sizeof(reasons) / sizeof(reasons[0]); k++)
		bind_texts(tx, list, count, reasons[k]);
}

void
store_routings_erase(struct db_tx *tx, const struct uuid *ids, size_t count)
{
	db_call(tx, &routed_statements[ROUTINGS_ERASE]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &ids[i]);
}

struct store_routed_calls
store_case_routing(struct db_tx *tx, const char *number)
{
	struct store_routed_calls calls;

	calls.routing = db_call(tx, &routed_statements[CASE_ROUTING]);
	db_bind_text(tx, number);
	calls.candidates = db_call(tx, &routed_statements[CASE_CANDIDATES]);
	db_bind_text(tx, number);
	return calls;
}

bool
store_get_case_routing(const struct db_results *r, size_t call, struct routed *routed)
{
	if (db_rows(r, call) != 1)
		return false;
	*routed = (struct routed){
	    .outcome = db_text(r, call, 0, 0),
	    .basket = db_text(r, call, 0, 1),
	    .urgent = db_bool(r, call, 0, 2),
	    .confidence = db_int4(r, call, 0, 3),
	    .rule = db_text(r, call, 0, 4),
	    .rules_version = db_int4(r, call, 0, 5),
	    .model = db_text(r, call, 0, 6),
	    .reason_tr = db_text(r, call, 0, 7),
	    .reason_en = db_text(r, call, 0, 8),
	    .emergency = db_text(r, call, 0, 9),
	    .phone = db_text(r, call, 0, 10),
	};
	return true;
}

static const char *
text_or_null(const struct db_results *r, size_t call, size_t row, int column)
{
	return db_null(r, call, row, column) ? NULL : db_text(r, call, row, column);
}

void
store_get_case_candidate(const struct db_results *r, size_t call, size_t row, struct routed_candidate *candidate)
{
	*candidate = (struct routed_candidate){
	    .matter = db_bool(r, call, row, 0),
	    .topic = text_or_null(r, call, row, 1),
	    .topic_name = text_or_null(r, call, row, 2),
	    .topic_name_en = text_or_null(r, call, row, 3),
	    .department = text_or_null(r, call, row, 4),
	    .department_name = text_or_null(r, call, row, 5),
	    .department_name_en = text_or_null(r, call, row, 6),
	    .score = db_int4(r, call, row, 7),
	    .words = text_or_null(r, call, row, 8),
	};
}
