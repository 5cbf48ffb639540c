/* cases: finding, where a case stands, masking, and the streams that are told. */
#include "services/router/cases.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/wire.h"
#include "common/domain/words.h"
#include "services/router/order.h"
#include "services/router/routing_events.h"

#define RECEIVERS_MAX (ORDER_PARTS_MAX + 4)

static int
compare_ids(const void *id, const void *record)
{
	const struct case_record *const *r = record;

	return uuid_compare(id, &(*r)->application_id);
}

struct case_record *
cases_find(const struct cases *c, const struct uuid *application_id)
{
	struct case_record **found = NULL;

	if (c->record_count > 0)
		found = bsearch(application_id, c->records, c->record_count, sizeof(struct case_record *), compare_ids);
	return found ? *found : NULL;
}

struct case_record *
cases_member(const struct cases *c, const struct case_record *leader, size_t *i)
{
	while (*i < c->record_count) {
		struct case_record *r = c->records[(*i)++];

		if (r->merged && uuid_compare(&r->merged_into, &leader->application_id) == 0)
			return r;
	}
	return NULL;
}

size_t
cases_member_count(const struct cases *c, const struct case_record *leader)
{
	size_t count = 0, i = 0;

	while (cases_member(c, leader, &i))
		count++;
	return count;
}

static ProtobufCBinaryData
id_data(struct arena *a, const struct uuid *id)
{
	return (ProtobufCBinaryData){.len = UUID_SIZE, .data = arena_copy(a, id->bytes, UUID_SIZE)};
}

static void
standing_case(const struct cases *c, const struct case_record *r, Kopru__V1__Standing *s)
{
	const struct catalogue_department *department = catalogue_department(c->catalogue, r->department);
	const struct catalogue_topic *topic = r->topic ? catalogue_topic(c->catalogue, r->topic) : NULL;
	struct arena *a = c->arena;

	s->state = (Kopru__V1__State)r->state;
	s->department = arena_string(a, r->department);
	s->department_name = arena_string(a, department ? department->name_tr : "");
	s->department_name_en = arena_string(a, department ? department->name_en : "");
	s->outside = department && department->outside;
	s->topic = arena_string(a, r->topic ? r->topic : "");
	s->topic_name = arena_string(a, topic ? topic->name_tr : "");
	s->triage = r->triage;
	s->due_on = r->due_on;
	s->target_on = r->target_on;
	s->hand_backs = r->hand_backs;
	s->with_arbiter = r->with_arbiter;
	s->arbiter_due_on = r->arbiter_due_on;
	s->final_owed = r->final_owed;
	s->answer_by = r->question ? r->answer_by : 0;
	s->answers = r->answers;
	s->promised_on = r->promised_on;
	s->fee_due_on = r->fee_due_on;
}

static void
standing_fill(const struct cases *c, const struct case_record *r, Kopru__V1__Standing *s)
{
	kopru__v1__standing__init(s);
	standing_case(c, r, s);
	s->kind = (Kopru__V1__Kind)r->kind;
	s->channel = (Kopru__V1__Channel)r->channel;
	s->legal_basis = (Kopru__V1__LegalBasis)r->legal_basis;
	s->received_at = r->received_at;
	s->applicant = r->application ? r->application->applicant : NULL;
	s->access_code_generation = r->access_code_generation;
	if (r->merged) {
		const struct case_record *leader = cases_find(c, &r->merged_into);

		s->merged_into = id_data(c->arena, &r->merged_into);
		s->merged_into_number = arena_string(c->arena, leader ? leader->number : "");
	}
}

static struct case_entry *
entry_append(struct cases *c)
{
	if (c->entry_count == c->entry_room) {
		size_t room = c->entry_room == 0 ? 64 : 2 * c->entry_room;
		struct case_entry *entries = arena_array(c->arena, room, sizeof(*entries));

		if (c->entry_count > 0)
			memcpy(entries, c->entries, c->entry_count * sizeof(*entries));
		c->entries = entries;
		c->entry_room = room;
	}
	return &c->entries[c->entry_count++];
}

static void
entry_add(struct cases *c, const struct case_telling *t, const char *stream, const Kopru__V1__Event *event)
{
	struct case_entry *entry = entry_append(c);

	entry->stream = stream;
	entry->kind = word_token(event_words, t->event);
	(void)uuid_from_bytes(event->id.data, event->id.len, &entry->event_id);
	entry->application_id = t->record->application_id;
	entry->at = c->now;
	entry->event = wire_pack(c->arena, &event->base, &entry->size);
	if (!entry->event)
		abort(); /* the arena of a batch has no limit */
	c->entry_bytes += entry->size;
}

/* A department that is told, and how. */
struct receiver {
	const char *code;
	bool gets; /* the case, by this event */
	bool owns; /* it, or a part of it, after this event */
};

struct receivers {
	struct receiver list[RECEIVERS_MAX];
	size_t count;
};

static void
receiver_add(struct receivers *all, const char *code, bool gets, bool owns)
{
	for (size_t i = 0; i < all->count; i++) {
		if (strcmp(all->list[i].code, code) == 0)
			return;
	}
	if (all->count == RECEIVERS_MAX)
		abort(); /* there are at most ORDER_PARTS_MAX parts */
	all->list[all->count++] = (struct receiver){code, gets, owns};
}

static void
receivers_find(const struct case_telling *t, struct receivers *all)
{
	const struct case_record *r = t->record;

	receiver_add(all, r->department, t->gets && strcmp(t->gets, r->department) == 0, true);
	if (t->internal)
		return;
	if (t->gets)
		receiver_add(all, t->gets, true, true);
	if (t->also)
		receiver_add(all, t->also, false, false);
	for (size_t i = 0; t->to_parts && i < r->part_count; i++)
		receiver_add(all, r->parts[i].department, t->application != NULL, t->application != NULL);
}

/* What a department may not see is not in its bytes. */
static void
tell_department(struct cases *c, const struct case_telling *t, const struct receiver *to, const Kopru__V1__Event *whole)
{
	const struct catalogue_department *department = catalogue_department(c->catalogue, to->code);
	Kopru__V1__Application *application = t->record->application;
	const Kopru__V1__Applicant *applicant = whole->standing->applicant;
	Kopru__V1__Standing standing = *whole->standing;
	Kopru__V1__Event event = *whole;
	Kopru__V1__Application shown;
	Kopru__V1__Applicant masked;
	Kopru__V1__Attachment **attachments = t->attachments ? *t->attachments : NULL;

	if (!department)
		return; /* it is no more: nobody reads its stream */
	standing.access_code_generation = 0;
	event.standing = &standing;
	if (application)
		shown = *application;
	if (!to->owns || routing_hides(department, applicant)) {
		routing_applicant_mask(c->arena, applicant, &masked);
		standing.applicant = &masked;
		if (application)
			routing_application_mask(c->arena, &shown, &masked);
		if (t->attachments)
			*t->attachments = routing_attachments_mask(c->arena, attachments, *t->attachment_count);
	}
	if (t->application)
		*t->application = to->gets && application ? &shown : NULL;
	entry_add(c, t, arena_printf(c->arena, "department/%s", to->code), &event);
	if (t->application)
		*t->application = NULL;
	if (t->attachments)
		*t->attachments = attachments;
}

void
cases_tell(struct cases *c, const struct case_telling *t)
{
	struct case_record *r = t->record;
	struct receivers receivers = {.count = 0};
	struct uuid id = c->new_id();
	Kopru__V1__Standing standing;
	Kopru__V1__Event event;
	Kopru__V1__Actor actor = *t->actor;

	r->version++;
	if (t->event != KOPRU__V1__EVENT__BODY_CASE_ESCALATED)
		r->changed_version = r->version;
	clocks_settle(c->catalogue, c->now, r);
	standing_fill(c, r, &standing);
	kopru__v1__event__init(&event);
	event.id = id_data(c->arena, &id);
	event.application_id = id_data(c->arena, &r->application_id);
	event.number = arena_string(c->arena, r->number);
	event.version = (uint32_t)r->version;
	event.at = c->now;
	event.actor = &actor;
	event.traceparent = arena_string(c->arena, t->traceparent);
	event.standing = &standing;
	event.body_case = (Kopru__V1__Event__BodyCase)t->event;
	event.case_accepted = t->body; /* all members of the union are pointers to messages */
	entry_add(c, t, "case", &event);
	c->case_entry_count++;
	receivers_find(t, &receivers);
	for (size_t i = 0; i < receivers.count; i++)
		tell_department(c, t, &receivers.list[i], &event);
}
