/* store_ledger: the statements of ledger.sql. The only place that knows their columns. */
#ifndef KOPRU_SERVICES_REPORTING_STORE_LEDGER_H
#define KOPRU_SERVICES_REPORTING_STORE_LEDGER_H

#include <jansson.h>

#include "common/base/ids.h"
#include "common/db/db.h"

/* Of which event, and whose the case is after it. Texts are copied. */
struct store_ledger_place {
	struct uuid application_id, event_id;
	const char *number, *department;
	int64_t at;
};

/* One for each role. */
struct store_inbox {
	struct store_ledger_place place;
	const char *role, *what; /* what: "escalation" or "page" */
	int32_t clock, stage;
	int64_t due_at; /* 0: none */
};

struct store_inbox_end {
	struct store_ledger_place place;
	const char *what; /* "": whatever */
	int32_t clock; /* 0: whichever */
};

struct store_promise {
	struct store_ledger_place place;
	const char *what; /* "law", "final_answer" or "planned" */
	int32_t on;
	const char *reason;
};

struct store_promise_end {
	struct store_ledger_place place;
	const char *what; /* "": whatever */
	const char *outcome; /* "": kept or broken, by the day of the event */
};

/* Each is one statement, whatever the count; none when it is 0. No row may be ended, or moved, twice by one list. */
void store_inbox_add(struct db_tx *tx, const struct store_inbox *list, size_t count);
void store_inbox_end(struct db_tx *tx, const struct store_inbox_end *list, size_t count);
void store_promises_add(struct db_tx *tx, const struct store_promise *list, size_t count);
void store_promises_end(struct db_tx *tx, const struct store_promise_end *list, size_t count);
/* What is open is that department's now. Two statements. */
void store_ledger_move(struct db_tx *tx, const struct store_ledger_place *list, size_t count);
void store_ledger_erase(struct db_tx *tx, const struct uuid *ids, size_t count);

/* The promises of a case, as JSON. number is borrowed until the transaction ends. */
size_t store_case_promises(struct db_tx *tx, const char *number);
json_t *store_get_case_promises(const struct db_results *r, size_t call);

/* How the promises for some days were kept, by department, as JSON. today: what is open and past counts as broken. */
size_t store_promises_kept(struct db_tx *tx, int32_t from, int32_t to, int32_t today);
json_t *store_get_promises_kept(const struct db_results *r, size_t call);

/* The row before a page of the inbox. */
struct store_inbox_after {
	bool given;
	int rank; /* 0: a page, 1: an escalation */
	int64_t at;
	struct uuid event_id;
	const char *role;
};

struct store_inbox_asked {
	const char *department, *role; /* NULL: any */
	struct store_inbox_after after;
	int64_t limit;
};

/* Texts live as long as the results; NULL where there is none. */
struct store_inbox_row {
	const char *number, *department, *role, *what, *topic_name, *department_name, *department_name_en;
	int32_t clock, stage, state;
	int64_t due_at, at;
	struct uuid event_id;
};

/* One statement: the count is that of the list. Borrows the texts until the transaction ends. */
size_t store_inbox_page(struct db_tx *tx, const struct store_inbox_asked *asked);
int64_t store_get_inbox_count(const struct db_results *r, size_t call);
/* false: there is no such row. */
bool store_get_inbox_row(const struct db_results *r, size_t call, size_t row, struct store_inbox_row *out);

#endif
