/* learning_store: one function for each statement of learning.sql, besides examples_put (store_cases_write). */
#include "services/router/learning_store.h"

#include "services/router/learning.sql.h"

#define MODELS_WITH_BYTES 20

void
learning_store_take(struct db_tx *tx, const struct learning_taking *taking)
{
	db_call(tx, &learning_statements[LEARNING_TAKE]);
	db_bind_uuid(tx, &taking->holder);
	db_bind_int4(tx, taking->lease_seconds);
	db_bind_int4(tx, taking->days);
	db_bind_int4(tx, taking->examples);
	db_bind_int4(tx, taking->in_force);
	db_bind_int4(tx, taking->refused);
}

bool
learning_store_taken(const struct db_results *results, int32_t *active)
{
	if (db_rows(results, 0) == 0)
		return false;
	*active = db_int4(results, 0, 0, 0);
	return true;
}

void
learning_store_renew(struct db_tx *tx, const struct uuid *holder, int lease_seconds)
{
	db_call(tx, &learning_statements[LEARNING_RENEW]);
	db_bind_uuid(tx, holder);
	db_bind_int4(tx, lease_seconds);
}

void
learning_store_shipped(struct db_tx *tx, const struct learning_place *place)
{
	db_call(tx, &learning_statements[EXAMPLES_SHIPPED]);
	db_bind_int8(tx, place->shipped_id);
	db_bind_int4(tx, LEARNING_SHIPPED_LIMIT);
}

bool
learning_store_shipped_read(const struct db_results *results, struct learning_place *place, struct corpus *c)
{
	size_t count = db_rows(results, 0);

	for (size_t i = 0; i < count; i++) {
		place->shipped_id = db_int8(results, 0, i, 0);
		if (!corpus_add_shipped(c, db_text(results, 0, i, 1), db_text(results, 0, i, 2)))
			return false;
	}
	return count == LEARNING_SHIPPED_LIMIT;
}

void
learning_store_own(struct db_tx *tx, const struct learning_place *place)
{
	db_call(tx, &learning_statements[EXAMPLES_OWN]);
	db_bind_time(tx, place->own_at);
	db_bind_int8(tx, place->own_id);
	db_bind_int4(tx, place->months);
	db_bind_int4(tx, LEARNING_OWN_LIMIT);
}

bool
learning_store_own_read(const struct db_results *results, struct learning_place *place, struct corpus *c)
{
	size_t count = db_rows(results, 0);

	for (size_t i = 0; i < count; i++) {
		size_t size = 0;
		const void *payload = db_bytes(results, 0, i, 3, &size);

		place->own_at = db_time(results, 0, i, 0);
		place->own_id = db_int8(results, 0, i, 1);
		if (!corpus_add_own(c, db_text(results, 0, i, 2), payload, size))
			return false;
	}
	return count == LEARNING_OWN_LIMIT;
}

void
learning_store_end(
    struct db_tx *tx, const struct uuid *holder, const char *outcome, const char *reason, const char *figures)
{
	db_call(tx, &learning_statements[LEARNING_END]);
	db_bind_uuid(tx, holder);
	db_bind_text(tx, outcome);
	db_bind_text(tx, reason);
	db_bind_text(tx, figures);
}

void
learning_store_model(struct db_tx *tx, const struct trial *trial, int32_t active)
{
	if (trial->better) {
		db_call(tx, &learning_statements[MODEL_RETIRE]);
		db_bind_int4(tx, active);
	}
	db_call(tx, &learning_statements[MODEL_ADD]);
	db_bind_text(tx, trial->name);
	db_bind_bytes(tx, trial->bytes, trial->size);
	db_bind_text(tx, trial->figures);
	db_bind_text(tx, trial->better ? "active" : "refused");
	db_bind_text(tx, trial->reason);
	db_bind_text(tx, "router");
	db_call(tx, &learning_statements[MODELS_THIN]);
	db_bind_int4(tx, MODELS_WITH_BYTES);
}
