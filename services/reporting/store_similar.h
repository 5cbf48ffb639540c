/* store_similar: the statements of likeness.sql, one function for each: what is about the same matter. */
#ifndef KOPRU_SERVICES_REPORTING_STORE_SIMILAR_H
#define KOPRU_SERVICES_REPORTING_STORE_SIMILAR_H

#include "common/db/db.h"
#include "services/reporting/likeness_rows.h"
#include "services/reporting/similar_out.h"

#define SIMILAR_COUNTED 1000 /* more are "1000+" */

/* Each adds its calls to tx. Rows and marks in any order. */
void store_likeness(struct db_tx *tx, struct likeness_row *list, size_t count); /* orders them */
void store_likeness_moved(struct db_tx *tx, const struct likeness_row *list, size_t count); /* of likeness_rows_fold */
void store_marks(struct db_tx *tx, const struct mark *list, size_t count);
void store_likeness_erase(struct db_tx *tx, const struct uuid *ids, size_t count);

struct similar_base {
	bool theirs; /* may be seen by who asks */
	bool ours; /* no outside institution asks */
	bool known; /* row is set: there is something to compare */
	struct similar_row row;
};

/* department: for which is asked; "": for all. Texts are borrowed until the transaction ends, here and below. */
size_t store_similar_base(struct db_tx *tx, const char *number, const char *department);
/* Texts live as long as the results, here and below. */
bool store_get_similar_base(
    const struct db_results *r, size_t call, struct similar_base *base); /* false: no such number */

/* person: with what bears a mark of the same person. sure: with what place, time and topic settle; of these only the newest are
 * rows, and all are counted. */
struct similar_call {
	size_t call;
	bool person, sure;
};
struct similar_calls {
	struct similar_call list[5];
	size_t count;
	size_t since; /* of similar_since */
	bool has_since;
};

/* Asks for all that may be about the same matter. person: those of the same person too. */
struct similar_calls store_similar(
    struct db_tx *tx, const struct similar_row *base, const char *department, bool person);
/* Of a call that is sure: how many there are, SIMILAR_COUNTED + 1 at most, and when the first of these was received. */
size_t store_get_similar_count(const struct db_results *r, size_t call, int64_t *since);
int64_t store_get_similar_since(const struct db_results *r, size_t call); /* 0: none */
size_t store_similar_named(struct db_tx *tx, const char *const *numbers, size_t count, const char *department);
void store_get_similar(const struct db_results *r, size_t call, size_t row, struct similar_row *similar);

struct incident_member {
	const char *number;
	int32_t version, channel, state;
	int64_t received_at;
};
size_t store_incident(struct db_tx *tx, const char *leading);
void store_get_incident_member(const struct db_results *r, size_t call, size_t row, struct incident_member *member);

#endif
