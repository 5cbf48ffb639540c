/* store: intake's only way to PostgreSQL: applications in, with their events, in groups. */
#ifndef KOPRU_SERVICES_INTAKE_STORE_H
#define KOPRU_SERVICES_INTAKE_STORE_H

#include "common/db/batch.h"
#include "common/domain/number.h"
#include "services/intake/form.h"

/* The statements that a connection of intake needs; for db_conf.tables. */
extern const struct db_statement *const store_tables[];

struct store;

/* An application to be stored. What it points to must live until its end was told. */
struct record {
	struct uuid id, event_id;
	char number[NUMBER_TEXT_SIZE];
	const char *key_scope, *key; /* both or none */
	uint8_t body_hash[32];
	const struct application_form *form;
	int64_t received_at, at; /* at: of the event */
	int legal_basis;
	int32_t due_on;
	const void *national_id_sealed, *national_id_hash;
	size_t sealed_size, hash_size;
	const void *event;
	size_t event_size;
	uint64_t seq; /* told at the end: of the event, or of one at or after it */
};

enum store_end {
	STORE_STORED, /* durable; its event may be published */
	STORE_REPEATED, /* the key was there with the same body: id, number, received_at, due_on, seq are now those stored */
	STORE_KEY_REUSED, /* the key was there with another body: number is now that of then */
	STORE_FILES_USED, /* not stored: a file that it names belongs to something else meanwhile, or is gone */
	STORE_UNAVAILABLE, /* not stored */
	STORE_UNKNOWN, /* nobody knows */
	STORE_REFUSED, /* not stored, and never will be as it is: our own fault */
};

typedef void store_on_end(void *arg, struct record *r, enum store_end end, const struct err *e);

/* waiting: most records that wait. STORED ends come in order of seq. */
struct store *store_new(
    struct loop *l, struct db *writer, struct db *reader, size_t waiting, store_on_end *on_end, void *arg);
/* Before db_close: tells the end of all that wait. */
void store_stop(struct store *s);
void store_free(struct store *s); /* NULL is fine; after db_close */

/* -1: too many wait; not taken. Otherwise on_end comes, later. */
int store_add(struct store *s, struct record *r);
size_t store_waiting(const struct store *s);

#endif
