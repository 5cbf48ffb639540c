/* store_routed: the statements of routed.sql. Texts live as long as the results; NULL where there is none. */
#ifndef KOPRU_SERVICES_REPORTING_STORE_ROUTED_H
#define KOPRU_SERVICES_REPORTING_STORE_ROUTED_H

#include "common/db/db.h"
#include "services/reporting/routed.h"

struct routed_candidate {
	bool matter;
	const char *topic, *topic_name, *topic_name_en, *department, *department_name, *department_name_en;
	int32_t score;
	const char *words; /* one a line */
};

struct store_routed_calls {
	size_t routing, candidates;
};

/* Texts are borrowed until the transaction ends. */
void store_routings(struct db_tx *tx, const struct routed *list, size_t count);
void store_routings_erase(struct db_tx *tx, const struct uuid *ids, size_t count);
/* number is borrowed until the transaction ends. */
struct store_routed_calls store_case_routing(struct db_tx *tx, const char *number);
bool store_get_case_routing(const struct db_results *r, size_t call, struct routed *routed); /* false: none */
void store_get_case_candidate(const struct db_results *r, size_t call, size_t row, struct routed_candidate *candidate);

#endif
