/* store_cases: cases, commands and their effects: one function for each step of a batch; the one place that knows the
 * columns of cases.sql. */
#ifndef KOPRU_SERVICES_ROUTER_STORE_CASES_H
#define KOPRU_SERVICES_ROUTER_STORE_CASES_H

#include "common/db/db.h"
#include "services/router/actions.h"
#include "services/router/cases.h"
#include "services/router/order.h"
#include "services/router/store.h"

/* The stored reply to a command. */
struct store_reply {
	struct uuid id;
	uint8_t meaning[ORDER_MEANING_SIZE];
	int code;
	const char *text;
	uint32_t version;
	uint64_t seq;
};

struct store_replies {
	struct store_reply *list;
	size_t count;
};

#define STORE_CASES_MAX 1000 /* cases of one read: those asked for, their leading ones and members */

/* Adds to a read all that the orders need: cases, parts, replies. The results, read into c and replies, live in
 * c->arena. The read holds nothing else. When STORE_CASES_MAX came, there may be more: fewer must be asked for (one
 * alone has at most 2 * (ACTIONS_MEMBERS_MAX + 1)). */
void store_cases_wanted(struct db_tx *tx, const struct order *const *orders, size_t count);
void store_cases_read(const struct db_results *results, struct cases *c, struct store_replies *replies);

/* A command that was decided on and is remembered. */
struct store_decided {
	const struct order *order;
	const struct verdict *verdict;
};

/* Adds everything that c changed and told, and the commands. What it gives lives in the transaction's arena; after the
 * commit store_appended_read tells the seqs of c->entries. NULL: nothing was told. */
struct store_appended *store_cases_write(
    struct db_tx *tx, const struct cases *c, const struct store_decided *decided, size_t count);

/* What the clock has to do. */
struct store_due {
	struct uuid application_id;
	uint32_t version;
	bool remind; /* else: expire */
};

struct store_dues {
	struct store_due *list;
	size_t count;
	int64_t arbiter_overdue; /* cases */
	int32_t arbiter_overdue_since; /* earliest day; 0: none */
};

void store_dues_wanted(struct db_tx *tx, int32_t today, int limit);
void store_dues_read(const struct db_results *results, struct arena *a, int32_t today, struct store_dues *dues);
/* Forgets so many commands that were decided on before a time. */
void store_commands_forget(struct db_tx *tx, int64_t before, int64_t limit);
/* Completes rows that an older version wrote. */
void store_cases_complete(struct db_tx *tx);

#endif
