/* entry: one application on its way in, whoever brings it: a request, a draft, an Open311 form. It gets its dates, its ids,
 * its number and its event, is stored in a group with others, published, and then its end is told. */
#ifndef KOPRU_SERVICES_INTAKE_ENTRY_H
#define KOPRU_SERVICES_INTAKE_ENTRY_H

#include "common/domain/calendar.h"
#include "common/feed/source.h"
#include "services/intake/numbers.h"
#include "services/intake/person.h"
#include "services/intake/receipt.h"
#include "services/intake/store.h"

struct entry;

/* Borrowed, all of it; one for the process. */
struct entry_desk {
	struct store *store;
	struct source *source;
	struct numbers *numbers;
	const struct calendar *calendar;
	const struct person_keys *person_keys;
	const uint8_t *access_code_key;
	size_t access_code_key_size;
};

enum entry_end {
	ENTRY_STORED,
	ENTRY_REPEATED, /* its key was there with the same body: record and receipt are now those of then */
	ENTRY_KEY_REUSED, /* its key was there with another body: record.number is that of then */
	ENTRY_FILES_USED, /* not stored: a file that it names belongs to something else, or is gone */
	ENTRY_BUSY, /* not stored: too many wait */
	ENTRY_UNAVAILABLE, /* not stored */
	ENTRY_UNKNOWN, /* nobody knows */
	ENTRY_TOO_LARGE, /* not stored: its event would be too large */
	ENTRY_REFUSED, /* not stored, and never will be as it is: our own fault; e says why */
};

/* The caller's, zeroed, part of a larger struct in arena, all of which lives until on_end. To be filled in before
 * entry_begin: arena, form, record.key_scope and key (or neither), record.body_hash, receipt.traceparent and key_name, now,
 * on_end. */
struct entry {
	struct arena *arena;
	struct application_form form;
	struct record record;
	struct receipt receipt; /* complete at ENTRY_STORED and ENTRY_REPEATED */
	int64_t now; /* wall clock, microseconds */
	void (*on_end)(struct entry *entry, enum entry_end end, const struct err *e);
	/* May be NULL. Is it of no use any more? Asked before it is stored; its end is then ENTRY_UNAVAILABLE. */
	bool (*abandoned)(const struct entry *entry);

	/* entry's own */
	const struct entry_desk *desk;
	struct number_waiter waiter;
	int year;
	int32_t serial;
};

/* desk outlives it. on_end comes exactly once, perhaps from within. Consumers hear of it before on_end(ENTRY_STORED). */
void entry_begin(const struct entry_desk *desk, struct entry *entry);
/* For store_new's on_end; arg is not used. */
void entry_on_end(void *arg, struct record *record, enum store_end end, const struct err *e);

#endif
