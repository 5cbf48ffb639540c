/* store_case: the statements of a case's page. Texts live as long as the results; NULL where there is none. */
#ifndef KOPRU_SERVICES_REPORTING_STORE_CASE_H
#define KOPRU_SERVICES_REPORTING_STORE_CASE_H

#include "common/db/db.h"
#include "services/reporting/origin.h"
#include "services/reporting/step.h"
#include "services/reporting/tracked.h"

struct case_facts {
	int32_t version, state, kind, channel;
	int64_t received_at;
	int32_t due_on, target_on; /* 0: none */
	const char *department, *department_name, *department_name_en, *topic, *topic_name, *merged_into,
	    *neighbourhood;
	const char *subject, *text;
	bool triage, outside, with_arbiter, final_owed, overdue, handed_back, forwarded, reopened, erased;
	int64_t changed_at, reaction_at, answered_at; /* 0: not yet */
	bool asked_by_ours; /* the department that asks is one of the municipality */
};

struct case_step {
	struct tracked_step tracked;
	bool visible;
	const char *internal;
	int32_t actor_type, actor_role;
	const char *actor_department, *department;
};

struct store_case_calls {
	size_t facts, steps, parts, files, origin, incident, promises;
};

/* department: for which is asked; "": none. Both texts are borrowed until the transaction ends. */
struct store_case_calls store_case(struct db_tx *tx, const char *number, const char *department);
bool store_get_case_facts(const struct db_results *r, size_t call, struct case_facts *facts); /* false: none */
void store_get_case_step(const struct db_results *r, size_t call, size_t row, struct case_step *step);
bool store_get_case_origin(const struct db_results *r, size_t call, struct origin *origin); /* false: none */
void store_get_case_part(const struct db_results *r, size_t call, size_t row, struct part *part);

#endif
