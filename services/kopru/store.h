/* store: one transaction as the operator, waited for. */
#ifndef KOPRU_SERVICES_KOPRU_STORE_H
#define KOPRU_SERVICES_KOPRU_STORE_H

#include "common/db/db.h"
#include "services/kopru/kopru.sql.h"

struct store_work {
	/* Adds the statements. Called again when the transaction must be repeated. */
	void (*build)(void *arg, struct db_tx *tx);
	/* They are committed. -1 with a reason makes store_run fail. */
	int (*read)(void *arg, const struct db_results *r, struct err *e);
	void *arg;
};

/* Connects to KOPRU_DATABASE, works, goes. The statements must be safe to repeat: what is unknown is tried again. */
int store_run(const struct store_work *work, struct err *e);

#endif
