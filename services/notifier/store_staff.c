/* store_staff: see the header. */
#include "services/notifier/store_staff.h"

#include "services/notifier/staff.sql.h"

#define LETTERS_AN_HOUR 20 /* to one address; then one summary */
#define SUMMARY_SECONDS 3600
#define SUMMARY_NUMBERS 100

/* One array parameter. */
#define BIND(tx, count, type, put, value)                                                                              \
	do {                                                                                                           \
		db_bind_array(tx, type, count);                                                                        \
		for (size_t i_ = 0; i_ < (count); i_++) {                                                              \
			const struct staff_notice *n = &notices[i_];                                                   \
			put(tx, value);                                                                                \
		}                                                                                                      \
	} while (0)

size_t
store_staff_insert(struct db_tx *tx, const struct staff_notice *notices, size_t count)
{
	size_t call = db_call(tx, &staff_statements[STAFF_INSERT]);

	BIND(tx, count, DB_UUIDS, db_put_uuid, &n->event_id);
	BIND(tx, count, DB_UUIDS, db_put_uuid, &n->application_id);
	BIND(tx, count, DB_INT4S, db_put_int4, (int32_t)n->version);
	BIND(tx, count, DB_TEXTS, db_put_text, n->number);
	BIND(tx, count, DB_TEXTS, db_put_text, n->department);
	BIND(tx, count, DB_TEXTS, db_put_text, n->roles);
	BIND(tx, count, DB_TEXTS, db_put_text, n->template);
	BIND(tx, count, DB_BOOLS, db_put_bool, n->urgent);
	BIND(tx, count, DB_TEXTS, db_put_text, notice_fields_pack(db_tx_arena(tx), &n->fields));
	db_bind_int4(tx, LETTERS_AN_HOUR);
	return call;
}

void
store_staff_sum_up(struct db_tx *tx)
{
	db_call(tx, &staff_statements[STAFF_SUM_UP]);
	db_bind_int4(tx, SUMMARY_SECONDS);
	db_bind_int4(tx, SUMMARY_NUMBERS);
}
