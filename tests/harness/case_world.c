/* case_world: the municipality, the cases, and looking at what was told. */
#include "tests/harness/case_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/wire.h"

static struct uuid
next_id(void)
{
	static uint32_t count;
	struct uuid id = {{0}};

	count++;
	memcpy(id.bytes, &count, sizeof(count));
	return id;
}

int
world_setup(void **state)
{
	static const struct catalogue_department departments[] = {
	    {.code = "FEN", .name_tr = "Fen İşleri", .name_en = "Works"},
	    {.code = "HM", .name_tr = "Hizmet Masası", .name_en = "Service Desk"},
	    {.code = "KOSKI",
		.name_tr = "KOSKİ",
		.name_en = "Water",
		.outside = true,
		.letter = "{institution}: {number}, {date}, {topic} {other"},
	    {.code = "NOLETTER", .name_tr = "Diğer", .name_en = "Other", .outside = true},
	    {.code = "TEM", .name_tr = "Temizlik İşleri", .name_en = "Cleaning"},
	    {.code = "ZAB", .name_tr = "Zabıta", .name_en = "Police"},
	};
	static const struct catalogue_topic topics[] = {
	    {.code = "TEM-01", .name_tr = "Çöp", .department = "TEM", .target_working_days = 3, .keywords = "cop"}};
	static const struct catalogue_day days[] = {
	    {20455, CALENDAR_HOLIDAY}, {20730, CALENDAR_HOLIDAY}, {20900, CALENDAR_HOLIDAY}};
	static const struct catalogue_rows rows = {departments, 6, topics, 1, days, 3, 1};
	static const struct cases_settings settings = {10, 2};
	struct world *w = calloc(1, sizeof(*w));
	struct err e;

	assert_non_null(w);
	w->arena = arena_new(0);
	w->catalogue = catalogue_new(&rows, &e);
	if (!w->catalogue)
		fail_msg("%s", e.text);
	w->cases.settings = &settings;
	*state = w;
	return 0;
}

int
world_teardown(void **state)
{
	struct world *w = *state;

	catalogue_free(w->catalogue);
	arena_free(w->arena);
	free(w);
	return 0;
}

void
actor_set(Kopru__V1__Actor *actor, int type, const char *id, int role, const char *department)
{
	kopru__v1__actor__init(actor);
	actor->type = (Kopru__V1__Actor__Type)type;
	actor->role = (Kopru__V1__Actor__Role)role;
	memcpy(&actor->id, &id, sizeof(id)); /* the message's strings are not const; nobody writes here */
	memcpy(&actor->department, &department, sizeof(department));
}

static char *
string(struct world *w, const char *text)
{
	return arena_string(w->arena, text);
}

/* Record i is there, at department TEM, assigned, version 2. */
struct case_record *
record_add(struct world *w, size_t i)
{
	struct case_record *r = &w->records[i];

	assert_true(i < RECORDS_MAX && i == w->cases.record_count);
	memset(r, 0, sizeof(*r));
	r->application_id.bytes[0] = (uint8_t)(i + 1);
	r->number = arena_printf(w->arena, "HM-2026-000000%zu-0", i);
	r->version = r->stored_version = r->changed_version = 2;
	r->state = STATE(ASSIGNED);
	r->department = "TEM";
	r->received_at = RECEIVED_AT;
	r->due_on = 20640;
	r->kind = KOPRU__V1__KIND__KIND_INFORMATION_REQUEST;
	r->channel = KOPRU__V1__CHANNEL__CHANNEL_WEB;
	r->legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_4982;
	r->application = &w->application;
	r->access_code_generation = 1;
	w->sorted[i] = r;
	w->cases.records = w->sorted;
	w->cases.record_count = i + 1;
	return r;
}

void
begin(struct world *w)
{
	const struct cases_settings *settings = w->cases.settings;

	arena_reset(w->arena);
	w->cases = (struct cases){.arena = w->arena,
	    .catalogue = w->catalogue,
	    .settings = settings,
	    .now = NOW,
	    .today = date_in_istanbul(NOW),
	    .new_id = next_id};
	kopru__v1__applicant__init(&w->applicant);
	w->applicant.name = string(w, "Deneme Şahıs");
	w->applicant.email = string(w, "deneme@example.org");
	kopru__v1__application__init(&w->application);
	w->application.text = string(w, "Çöp alınmadı");
	w->application.external_id = string(w, "0500");
	w->application.applicant = &w->applicant;
	actor_set(&w->drafter, TYPE(SYSTEM), "drafter", ROLE(OFFICER), "TEM");
	actor_set(&w->approver, TYPE(SYSTEM), "approver", ROLE(MANAGER), "TEM");
}

/* An order with all that any action needs. */
struct order *
order_set(struct world *w, int action, enum lifecycle_way way, const struct case_record *r)
{
	static Kopru__V1__Part part;
	static const Kopru__V1__Part *parts[] = {&part};

	kopru__v1__part__init(&part);
	part.department = string(w, "FEN");
	part.task = string(w, "Yolu onar");
	w->order = (struct order){.action = action,
	    .way = way,
	    .rule = lifecycle_find(action, way),
	    .id = next_id(),
	    .application_id = r->application_id,
	    .english = true,
	    .expected_version = (uint32_t)r->version,
	    .traceparent = "",
	    .actor = &w->actor,
	    .reason = "reason",
	    .text = way == LIFECYCLE_WITH_DRAFT ? "" : "text",
	    .department = action == ACTION(FORWARD) ? "KOSKI" : "ZAB",
	    .topic = "",
	    .letter_number = "",
	    .part = way == LIFECYCLE_OF_PART ? 1 : 0,
	    .legal_reason = 1,
	    .parts = parts,
	    .part_count = 1};
	assert_non_null(w->order.rule);
	if (action == ACTION(PROMISE))
		w->order.day = w->cases.today + 10;
	if (action == ACTION(ESCALATE) || action == ACTION(RECOMPUTE)) {
		w->order.clock = KOPRU__V1__CLOCK__CLOCK_LAW;
		w->order.stage = 50;
		w->order.clock_due_at = r->clocks[KOPRU__V1__CLOCK__CLOCK_LAW].due_at;
		w->order.new_due_at = w->order.clock_due_at + INT64_C(86400000000);
		w->order.calendar_version = (uint32_t)catalogue_calendar_version(w->catalogue);
	}
	if (action == ACTION(MERGE))
		w->order.into = w->records[1].application_id;
	return &w->order;
}

/* The event of an entry in a stream, the last one of its kind. */
const Kopru__V1__Event *
event_in(struct world *w, const char *stream, const struct case_record *r)
{
	const Kopru__V1__Event *event = NULL;
	struct err e;

	for (size_t i = 0; i < w->cases.entry_count; i++) {
		const struct case_entry *entry = &w->cases.entries[i];

		if (strcmp(entry->stream, stream) == 0 && uuid_compare(&entry->application_id, &r->application_id) == 0)
			event = wire_unpack(&kopru__v1__event__descriptor, w->arena, entry->event, entry->size, &e);
	}
	return event;
}
