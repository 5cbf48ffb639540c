/* fuzz router_command: any bytes as commands to a case. The first byte chooses the case's state, the second whose it is and
 * who speaks; the rest is one CommandEnvelope. What is done is told by events that everybody can read, one version each; what
 * is refused says why. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/wire.h"
#include "proto/kopru/v1/command.pb-c.h"
#include "services/router/actions.h"

#define OK KOPRU__V1__REPLY__CODE__CODE_OK
#define STATES 11
#define NOW INT64_C(1779181200000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int holds)
{
	if (!holds)
		abort();
}

static struct uuid
next_id(void)
{
	return (struct uuid){{1, 2, 3}};
}

/* Never freed: what libFuzzer calls has no end. */
static const struct catalogue *
catalogue_made(void)
{
	static const struct catalogue_department departments[] = {
	    {.code = "f2", .name_tr = "F2", .name_en = "F2"},
	    {.code = "FEN", .name_tr = "Fen", .name_en = "Works"},
	    {.code = "HM", .name_tr = "Hizmet", .name_en = "Desk"},
	    {.code = "KOSKI", .name_tr = "KOSKİ", .name_en = "Water", .outside = true},
	    {.code = "TEM", .name_tr = "Temizlik", .name_en = "Cleaning"},
	};
	static const struct catalogue_day days[] = {{20455, CALENDAR_HOLIDAY}, {20900, CALENDAR_HOLIDAY}};
	static const struct catalogue_rows rows = {departments, 5, NULL, 0, days, 2, 1};
	static struct catalogue *made;
	struct err e;

	if (!made)
		made = catalogue_new(&rows, &e);
	require(made != NULL);
	return made;
}

static void
record_make(struct arena *a, struct case_record *r, uint8_t place, uint8_t state, uint8_t how)
{
	static const Kopru__V1__Actor drafter = {.base = PROTOBUF_C_MESSAGE_INIT(&kopru__v1__actor__descriptor),
	    .id = (char *)(uintptr_t) "drafter",
	    .department = (char *)(uintptr_t) ""};

	memset(r, 0, sizeof(*r));
	r->application_id.bytes[0] = place;
	r->number = "HM-2026-0000001-5";
	r->version = r->stored_version = 2;
	r->state = 1 + state % STATES;
	r->department = how & 1 ? "TEM" : "HM";
	r->with_arbiter = (how & 2) != 0;
	r->received_at = NOW - 1000000;
	r->due_on = 20700;
	r->legal_basis = how & 4 ? KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_4982 : KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071;
	if (how & 8) {
		r->draft = "draft";
		r->drafted_by = &drafter;
		r->approved_by = how & 16 ? &drafter : NULL;
	}
	if (r->state == KOPRU__V1__STATE__STATE_WAITING_FOR_CITIZEN) {
		r->question = "question";
		r->answer_by = 20000;
		r->remind_on = 19000;
	}
	if (how & 32) {
		r->parts = arena_alloc(a, sizeof(*r->parts));
		r->parts[0] = (struct case_part){1, "FEN", "task", false};
		r->part_count = 1;
	}
}

static void
check_told(struct arena *a, const struct cases *c, const struct case_record *records, size_t count)
{
	int32_t versions[2] = {2, 2};
	struct err e;

	require(c->entry_count > 0);
	for (size_t i = 0; i < c->entry_count; i++) {
		const struct case_entry *entry = &c->entries[i];
		const Kopru__V1__Event *event =
		    wire_unpack(&kopru__v1__event__descriptor, a, entry->event, entry->size, &e);

		require(event && entry->size <= WIRE_EVENT_MAX && event->standing);
		for (size_t k = 0; k < count && strcmp(entry->stream, "case") == 0; k++) {
			if (uuid_compare(&entry->application_id, &records[k].application_id) == 0)
				require((int32_t)event->version == ++versions[k]);
		}
	}
	for (size_t k = 0; k < count; k++)
		require(versions[k] == records[k].version);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cases_settings settings = {10, 2};
	struct arena *a = arena_new(0);
	struct case_record records[2], *sorted[] = {&records[0], &records[1]};
	struct cases cases = {.arena = a,
	    .catalogue = catalogue_made(),
	    .settings = &settings,
	    .now = NOW,
	    .today = date_in_istanbul(NOW),
	    .new_id = next_id,
	    .records = sorted,
	    .record_count = 2};
	const Kopru__V1__CommandEnvelope *envelope = NULL;
	struct order_fault fault;
	struct order order;
	struct verdict verdict;
	struct err e;

	if (size < 2)
		goto out;
	envelope = wire_unpack(&kopru__v1__command_envelope__descriptor, a, data + 2, size - 2, &e);
	if (!envelope || (int)envelope->body_case != KOPRU__V1__COMMAND_ENVELOPE__BODY_COMMAND)
		goto out;
	fault = order_read(a, data[1] & 64 ? "department/TEM" : "", envelope->command, &order);
	require(fault.code == 0 || text_valid(fault.text, strlen(fault.text)));
	if (fault.code != 0)
		goto out;
	record_make(a, &records[0], 1, data[0], data[1]);
	record_make(a, &records[1], 2, data[0] / STATES, data[1]);
	order.application_id = records[0].application_id;
	order.into = records[data[1] >> 7].application_id;
	if (data[1] & 128 && order.expected_version != 0)
		order.expected_version = 2;
	verdict = actions_decide(&cases, &order);
	require(text_valid(verdict.text, strlen(verdict.text)));
	require((verdict.code == OK) == (verdict.text[0] == '\0'));
	if (verdict.code == OK)
		check_told(a, &cases, records, 2);
	else
		require(cases.entry_count == 0 && records[0].version == 2 && records[1].version == 2);
out:
	arena_free(a);
	return 0;
}
