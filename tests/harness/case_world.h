/* case_world: some cases in memory with a small municipality, for tests of what commands do to them. */
#ifndef KOPRU_TESTS_HARNESS_CASE_WORLD_H
#define KOPRU_TESTS_HARNESS_CASE_WORLD_H

#include "services/router/actions.h"

#define ACTION(name) KOPRU__V1__COMMAND__ACTION_##name
#define STATE(name) KOPRU__V1__STATE__STATE_##name
#define CODE(name) KOPRU__V1__REPLY__CODE__CODE_##name
#define ROLE(name) KOPRU__V1__ACTOR__ROLE__ROLE_##name
#define TYPE(name) KOPRU__V1__ACTOR__TYPE__TYPE_##name

#define RECORDS_MAX 8
#define RECEIVED_AT INT64_C(1779094800000000) /* Monday 2026-05-18 12:00 in Istanbul */
#define NOW INT64_C(1779181200000000) /* the day after */

struct world {
	struct arena *arena;
	struct catalogue *catalogue;
	struct cases cases;
	struct case_record records[RECORDS_MAX];
	struct case_record *sorted[RECORDS_MAX];
	Kopru__V1__Application application;
	Kopru__V1__Applicant applicant;
	Kopru__V1__Actor actor, drafter, approver;
	struct order order;
};

/* cmocka's. Departments FEN, HM, KOSKI (outside), TEM, ZAB. */
int world_setup(void **state);
int world_teardown(void **state);
/* Forgets all cases and entries. */
void begin(struct world *w);
void actor_set(Kopru__V1__Actor *actor, int type, const char *id, int role, const char *department);
/* Record i (the next one) is there: at department TEM, assigned, version 2, an information request. */
struct case_record *record_add(struct world *w, size_t i);
/* w->order, by w->actor, with all that any action needs; a merging goes into record 1. */
struct order *order_set(struct world *w, int action, enum lifecycle_way way, const struct case_record *r);
/* The record's last event in a stream; NULL when there is none. */
const Kopru__V1__Event *event_in(struct world *w, const char *stream, const struct case_record *r);

#endif
