/* entry: see the header. */
#include "services/intake/entry.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/wire.h"
#include "common/domain/access_code.h"
#include "common/domain/deadlines.h"
#include "proto/kopru/v1/application.pb-c.h"

static void
set_due(struct entry *entry, int32_t received_on)
{
	struct receipt *r = &entry->receipt;

	r->legal_basis = deadline_legal_basis((int)entry->form.kind);
	r->due_on = deadline_legal(entry->desk->calendar, r->legal_basis, received_on, false).on;
}

static void
seal_person(struct entry *entry)
{
	const struct person_keys *keys = entry->desk->person_keys;
	struct record *record = &entry->record;
	uint8_t *hash;

	if (!entry->form.national_id)
		return;
	hash = arena_alloc(entry->arena, PERSON_HASH_SIZE);
	person_hash(keys, entry->form.national_id, hash);
	record->national_id_hash = hash;
	record->hash_size = PERSON_HASH_SIZE;
	record->national_id_sealed = person_seal(keys, entry->arena, entry->form.national_id, &record->sealed_size);
}

/* Who is anonymous leaves no mark. */
static void
mark_person(struct entry *entry)
{
	const struct application_form *form = &entry->form;
	const struct person person = {
	    .phone = form->applicant_phone, .email = form->applicant_email, .national_id = form->national_id};

	if (!form->anonymous)
		person_mark(entry->desk->person_keys, entry->arena, &person, &entry->receipt.marks);
}

static void
make_access_code(struct entry *entry)
{
	access_code_make(entry->desk->access_code_key, entry->desk->access_code_key_size,
	    &entry->receipt.application_id, RECEIPT_GENERATION, entry->receipt.access_code);
}

/* Dates, law, ids, access code, person: all but the number. */
static void
prepare(struct entry *entry)
{
	struct receipt *r = &entry->receipt;
	int32_t received_on = date_in_istanbul(entry->form.received_at);
	int month, day;

	date_to_civil(received_on, &entry->year, &month, &day);
	r->received_at = entry->form.received_at;
	r->at = entry->now;
	set_due(entry, received_on);
	r->application_id = uuid_new();
	r->event_id = uuid_new();
	make_access_code(entry);
	seal_person(entry);
	mark_person(entry);
}

/* The number, the packed event, and the record as it will be stored. */
static void
complete(struct entry *entry)
{
	struct record *record = &entry->record;
	struct receipt *r = &entry->receipt;

	if (!number_format(entry->year, entry->serial, r->number))
		abort();
	record->event = receipt_event(entry->arena, r, &entry->form, &record->event_size);
	record->id = r->application_id;
	record->event_id = r->event_id;
	memcpy(record->number, r->number, sizeof(record->number));
	record->form = &entry->form;
	record->received_at = r->received_at;
	record->at = r->at;
	record->legal_basis = r->legal_basis;
	record->due_on = r->due_on;
}

/* Its number was stored nowhere, and never will be. */
static void
give_back(struct entry *entry)
{
	numbers_give_back(entry->desk->numbers, entry->year, &entry->waiter, entry->serial);
}

static void
end_without_row(struct entry *entry, enum entry_end end, const char *reason)
{
	struct err e;

	err_set(&e, "%s", reason);
	give_back(entry);
	entry->on_end(entry, end, &e);
}

static void
on_number(struct number_waiter *w, int32_t serial)
{
	struct entry *entry = (struct entry *)((char *)w - offsetof(struct entry, waiter));
	struct err e;

	entry->serial = serial;
	if (serial == 0) {
		err_set(&e, "there is no number to be had");
		entry->on_end(entry, ENTRY_UNAVAILABLE, &e);
		return;
	}
	if (entry->abandoned && entry->abandoned(entry)) {
		end_without_row(entry, ENTRY_UNAVAILABLE, "nobody waits for it any more");
		return;
	}
	complete(entry);
	if (entry->record.event_size > WIRE_EVENT_MAX)
		end_without_row(entry, ENTRY_TOO_LARGE, "its event would be too large");
	else if (store_add(entry->desk->store, &entry->record) < 0)
		end_without_row(entry, ENTRY_BUSY, "too many wait");
}

void
entry_begin(const struct entry_desk *desk, struct entry *entry)
{
	entry->desk = desk;
	entry->waiter.on_number = on_number;
	prepare(entry);
	numbers_take(desk->numbers, entry->year, &entry->waiter);
}

/* Consumers hear of it before on_end, which may free what the event stands in. */
static void
end_stored(struct entry *entry)
{
	const struct record *record = &entry->record;
	struct feed_item item = {
	    .seq = record->seq, .event_id = record->event_id, .event = record->event, .size = record->event_size};

	entry->receipt.seq = record->seq;
	source_publish(entry->desk->source, "intake", &item);
	entry->on_end(entry, ENTRY_STORED, NULL);
}

static void
end_repeated(struct entry *entry)
{
	const struct record *record = &entry->record;
	struct receipt *r = &entry->receipt;

	give_back(entry);
	r->application_id = record->id;
	memcpy(r->number, record->number, sizeof(r->number));
	r->received_at = record->received_at;
	r->due_on = record->due_on;
	r->seq = record->seq;
	make_access_code(entry);
	entry->on_end(entry, ENTRY_REPEATED, NULL);
}

void
entry_on_end(void *arg, struct record *record, enum store_end end, const struct err *e)
{
	struct entry *entry = (struct entry *)((char *)record - offsetof(struct entry, record));

	(void)arg;
	switch (end) {
	case STORE_STORED:
		end_stored(entry);
		return;
	case STORE_REPEATED:
		end_repeated(entry);
		return;
	case STORE_KEY_REUSED:
		give_back(entry);
		entry->on_end(entry, ENTRY_KEY_REUSED, e);
		return;
	case STORE_FILES_USED:
		give_back(entry);
		entry->on_end(entry, ENTRY_FILES_USED, e);
		return;
	case STORE_UNKNOWN:
		entry->on_end(entry, ENTRY_UNKNOWN, e);
		return;
	case STORE_REFUSED:
		log_error("application.refused", "number=%s reason=\"%s\"", record->number, e->text);
		entry->on_end(entry, ENTRY_REFUSED, e);
		return;
	case STORE_UNAVAILABLE:
	default:
		entry->on_end(entry, ENTRY_UNAVAILABLE, e);
	}
}
