/* store_case: see the header. */
#include "services/reporting/store_case.h"

#include "services/reporting/reporting.sql.h"
#include "services/reporting/store.h"
#include "services/reporting/store_ledger.h"
#include "services/reporting/store_similar.h"

struct store_case_calls
store_case(struct db_tx *tx, const char *number, const char *department)
{
	struct store_case_calls calls;

	calls.facts = db_call(tx, &reporting_statements[CASE_FACTS]);
	db_bind_text(tx, number);
	db_bind_text(tx, department);
	calls.steps = db_call(tx, &reporting_statements[CASE_STEPS]);
	db_bind_text(tx, number);
	calls.parts = db_call(tx, &reporting_statements[CASE_PARTS]);
	db_bind_text(tx, number);
	calls.files = db_call(tx, &reporting_statements[CASE_FILES]);
	db_bind_text(tx, number);
	calls.origin = db_call(tx, &reporting_statements[CASE_ORIGIN]);
	db_bind_text(tx, number);
	calls.incident = store_incident(tx, number);
	calls.promises = store_case_promises(tx, number);
	return calls;
}

static const char *
text_or_null(const struct db_results *r, size_t call, size_t row, int column)
{
	return db_null(r, call, row, column) ? NULL : db_text(r, call, row, column);
}

bool
store_get_case_facts(const struct db_results *r, size_t call, struct case_facts *facts)
{
	if (db_rows(r, call) != 1)
		return false;
	*facts = (struct case_facts){
	    .version = db_int4(r, call, 0, 0),
	    .state = db_int4(r, call, 0, 1),
	    .kind = db_int4(r, call, 0, 2),
	    .channel = db_int4(r, call, 0, 3),
	    .received_at = db_time(r, call, 0, 4),
	    .due_on = db_date(r, call, 0, 5),
	    .target_on = db_date(r, call, 0, 6),
	    .department = text_or_null(r, call, 0, 7),
	    .department_name = text_or_null(r, call, 0, 8),
	    .department_name_en = text_or_null(r, call, 0, 9),
	    .topic = text_or_null(r, call, 0, 10),
	    .topic_name = text_or_null(r, call, 0, 11),
	    .merged_into = text_or_null(r, call, 0, 12),
	    .neighbourhood = text_or_null(r, call, 0, 13),
	    .subject = text_or_null(r, call, 0, 14),
	    .text = text_or_null(r, call, 0, 15),
	    .triage = db_bool(r, call, 0, 16),
	    .outside = db_bool(r, call, 0, 17),
	    .with_arbiter = db_bool(r, call, 0, 18),
	    .final_owed = db_bool(r, call, 0, 19),
	    .overdue = db_bool(r, call, 0, 20),
	    .handed_back = db_bool(r, call, 0, 21),
	    .forwarded = db_bool(r, call, 0, 22),
	    .reopened = db_bool(r, call, 0, 23),
	    .erased = db_bool(r, call, 0, 24),
	    .changed_at = db_time(r, call, 0, 25),
	    .reaction_at = db_time(r, call, 0, 26),
	    .answered_at = db_time(r, call, 0, 27),
	    .asked_by_ours = db_bool(r, call, 0, 28),
	};
	return true;
}

void
store_get_case_step(const struct db_results *r, size_t call, size_t row, struct case_step *step)
{
	store_get_tracked_step(r, call, row, &step->tracked);
	step->visible = db_bool(r, call, row, 12);
	step->internal = text_or_null(r, call, row, 13);
	step->actor_type = db_int4(r, call, row, 14);
	step->actor_role = db_int4(r, call, row, 15);
	step->actor_department = text_or_null(r, call, row, 16);
	step->department = text_or_null(r, call, row, 17);
}

bool
store_get_case_origin(const struct db_results *r, size_t call, struct origin *origin)
{
	if (db_rows(r, call) != 1)
		return false;
	*origin = (struct origin){
	    .entered_by = text_or_null(r, call, 0, 0),
	    .registry_number = text_or_null(r, call, 0, 1),
	    .registry_on = db_date(r, call, 0, 2),
	    .sender_institution = text_or_null(r, call, 0, 3),
	    .reply_by = db_date(r, call, 0, 4),
	};
	return true;
}

void
store_get_case_part(const struct db_results *r, size_t call, size_t row, struct part *part)
{
	*part = (struct part){
	    .number = db_int4(r, call, row, 0),
	    .department = db_text(r, call, row, 1),
	    .department_name = db_text(r, call, row, 2),
	    .task = text_or_null(r, call, row, 3),
	    .answered_at = db_time(r, call, row, 4),
	    .answer = text_or_null(r, call, row, 5),
	};
}
