/* submission: see the header. */
#include "services/intake/submission.h"

#include <stdlib.h>
#include <string.h>

#include "proto/kopru/v1/application.pb-c.h"

static void
set_due(struct submission *s, int32_t received_on)
{
	const struct calendar *calendar = s->applications->desk.calendar;
	bool information = s->form.kind == KOPRU__V1__KIND__KIND_INFORMATION_REQUEST;

	s->receipt.legal_basis =
	    information ? KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_4982 : KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071;
	s->receipt.due_on =
	    information ? calendar_due_4982(calendar, received_on, false) : calendar_due_3071(calendar, received_on);
}

static void
seal_person(struct submission *s)
{
	const struct person_keys *keys = s->applications->desk.person_keys;
	struct arena *arena = http_arena(s->request);
	uint8_t *hash;

	if (!s->form.national_id)
		return;
	hash = arena_alloc(arena, PERSON_HASH_SIZE);
	person_hash(keys, s->form.national_id, hash);
	s->record.national_id_hash = hash;
	s->record.hash_size = PERSON_HASH_SIZE;
	s->record.national_id_sealed = person_seal(keys, arena, s->form.national_id, &s->record.sealed_size);
}

void
submission_prepare(struct submission *s)
{
	const struct applications_desk *desk = &s->applications->desk;
	struct receipt *r = &s->receipt;
	int32_t received_on = date_in_istanbul(s->form.received_at);
	int month, day;

	date_to_civil(received_on, &s->year, &month, &day);
	r->received_at = s->form.received_at;
	r->at = s->now;
	set_due(s, received_on);
	r->application_id = uuid_new();
	r->event_id = uuid_new();
	r->traceparent = http_traceparent(s->request);
	access_code_make(
	    desk->access_code_key, desk->access_code_key_size, &r->application_id, RECEIPT_GENERATION, r->access_code);
	seal_person(s);
}

void
submission_complete(struct submission *s)
{
	struct record *record = &s->record;
	const struct receipt *r = &s->receipt;

	if (!number_format(s->year, s->serial, s->receipt.number))
		abort();
	record->event = receipt_event(http_arena(s->request), r, &s->form, &record->event_size);
	record->id = r->application_id;
	record->event_id = r->event_id;
	memcpy(record->number, r->number, sizeof(record->number));
	record->form = &s->form;
	record->received_at = r->received_at;
	record->at = r->at;
	record->legal_basis = r->legal_basis;
	record->due_on = r->due_on;
}
