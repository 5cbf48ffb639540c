/* likeness_rows: see the header. */
#include "services/reporting/likeness_rows.h"

#include <stdlib.h>
#include <string.h>

#include "services/reporting/likeness.h"
#include "services/reporting/neighbourhoods.h"

/* As the router found it, or as it was said. */
static const char *
neighbourhood_of(const Kopru__V1__ApplicationRouted *routed, const Kopru__V1__Location *location, struct arena *a)
{
	const char *key = "";

	if (*routed->neighbourhood)
		key = neighbourhoods_key(a, routed->neighbourhood);
	else if (location)
		key = neighbourhoods_key(a, location->neighbourhood);
	return *key ? key : NULL;
}

static const char *
streets_of(const Kopru__V1__Application *from, const Kopru__V1__Location *location, struct arena *a)
{
	const char *address = likeness_streets(a, location ? location->address : "", true);

	/* An address is where it is; a text may name the way there too. */
	return *address ? address : likeness_streets(a, arena_printf(a, "%s\n%s", from->subject, from->text), false);
}

bool
likeness_read_routed(
    const Kopru__V1__Event *event, const struct application *application, struct arena *a, struct likeness_row *row)
{
	const Kopru__V1__ApplicationRouted *routed;
	const Kopru__V1__Application *from;
	const Kopru__V1__Location *location;

	if (event->body_case != KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED)
		return false;
	routed = event->application_routed;
	from = routed->application;
	location = from->location;
	*row = (struct likeness_row){.id = application->id,
	    .version = application->version,
	    .received_at = application->received_at,
	    .topic = routed->topic,
	    .neighbourhood = neighbourhood_of(routed, location, a),
	    .hidden = from->applicant && from->applicant->hide_identity};
	row->streets = streets_of(from, location, a);
	if (location && location->point) {
		row->has_point = true;
		row->latitude_e7 = location->point->latitude_e7;
		row->longitude_e7 = location->point->longitude_e7;
	}
	return true;
}

bool
likeness_read_moved(const Kopru__V1__Event *event, const struct application *application, struct likeness_row *row)
{
	if (event->body_case != KOPRU__V1__EVENT__BODY_CASE_ASSIGNED &&
	    event->body_case != KOPRU__V1__EVENT__BODY_CASE_TRANSFERRED &&
	    event->body_case != KOPRU__V1__EVENT__BODY_CASE_HANDED_BACK &&
	    event->body_case != KOPRU__V1__EVENT__BODY_CASE_FORWARDED)
		return false;
	*row = (struct likeness_row){.id = application->id,
	    .version = application->version,
	    .topic = application->topic ? application->topic : ""};
	return true;
}

static int
row_compare(const void *left, const void *right)
{
	const struct likeness_row *a = left, *b = right;
	int order = uuid_compare(&a->id, &b->id);

	return order ? order : (a->version > b->version) - (a->version < b->version);
}

size_t
likeness_rows_fold(struct likeness_row *list, size_t count)
{
	size_t kept = 0;

	qsort(list, count, sizeof(*list), row_compare);
	for (size_t i = 0; i < count; i++)
		if (i + 1 == count || uuid_compare(&list[i].id, &list[i + 1].id) != 0)
			list[kept++] = list[i];
	return kept;
}

size_t
marks_read_event(const Kopru__V1__Event *event, const struct application *application, struct mark marks[MARKS_MAX])
{
	const Kopru__V1__ApplicationReceived *received = event->application_received;
	size_t count = 0;

	if (event->body_case != KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED)
		return 0;
	for (size_t i = 0; i < received->n_person_marks && count < MARKS_MAX; i++) {
		if (received->person_marks[i].len != MARK_SIZE)
			continue; /* of a version that makes others: no two of them are alike for us */
		marks[count].id = application->id;
		memcpy(marks[count++].mark, received->person_marks[i].data, MARK_SIZE);
	}
	return count;
}
