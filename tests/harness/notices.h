/* notices: a scratch database with two connections as the notifier, and notices in it, for store tests (cmocka). */
#ifndef KOPRU_TESTS_HARNESS_NOTICES_H
#define KOPRU_TESTS_HARNESS_NOTICES_H

#include "services/notifier/store.h"
#include "tests/harness/database.h"

#define NOTICES_CLAIMED_MAX 50

struct notices_fixture {
	struct database one, two;
	struct arena *arena;
};

struct notices_taken {
	struct arena *arena;
	struct claimed list[NOTICES_CLAIMED_MAX];
	size_t count;
};

/* For cmocka: state is the fixture. */
int notices_start(void **state);
int notices_end(void **state);

/* A notice whose ids begin with number; its address is proven. */
struct notice notice_sample(uint8_t number, bool pending);
/* One of a later event of the same application. */
struct notice notice_later(uint8_t number, uint32_t version, const char *template, bool verified);

/* Stores them as a turn does. How many were new. */
size_t notices_store(struct database *b, struct notice *list, size_t count);
/* One notice each, with the first bytes of its ids from first on. How many were new. */
size_t notices_insert(struct database *b, uint8_t first, size_t count, bool pending);
struct claim notices_claim_sample(int limit);
struct notices_taken notices_claim_as(struct notices_fixture *f, struct database *b, const struct claim *c);
struct notices_taken notices_claim(struct notices_fixture *f, struct database *b, int limit);
/* How many rows were changed. */
size_t notices_finish(struct database *b, const struct claimed *c, const char *to, int wait_seconds);
size_t notices_erase(struct database *b, uint8_t first);
/* Rows of notifier.notice for which where holds. */
long long notices_count(struct notices_fixture *f, const char *where);

/* Rows of call 0; of the call whose index stands in the second of two numbers. */
void notices_look_at_rows(void *arg, const struct db_results *r);
void notices_look_at_call(void *arg, const struct db_results *r);

#endif
