/* store: the router's only way to PostgreSQL. */
#ifndef KOPRU_SERVICES_ROUTER_STORE_H
#define KOPRU_SERVICES_ROUTER_STORE_H

#include "common/bus/feed_owner.h"
#include "common/db/db.h"
#include "services/router/catalogue.h"
#include "services/router/routing.h"

/* The statements that a connection of the router needs; for db_conf.tables. */
extern const struct db_statement *const router_tables[];

/* Adds the catalogue of that day to a read, and builds it from the answer (it is the only thing in the read). NULL when
 * it cannot be used. before: not built anew when nothing changed, then before itself is given; may be NULL. */
void store_catalogue_read(struct db_tx *tx, int32_t day);
struct catalogue *store_catalogue(const struct db_results *results, struct catalogue *before, struct err *e);

/* What one turn appended; lives in the transaction's arena. */
struct store_appended {
	size_t call;
	size_t count;
	const char **streams;
	struct feed_item *items; /* seq is filled by store_appended_read */
};

/* Adds decisions, events and cases; the cases last, since they say where in stream "case" their event stands. */
struct store_appended *store_route(struct db_tx *tx, const struct routing *routings, size_t count);
void store_appended_read(struct store_appended *appended, const struct db_results *results);

#endif
