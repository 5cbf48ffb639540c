/* request: see the header. */
#include "services/reporting/request.h"

#include <stdlib.h>

#define ROUND_E7 1000
#define FIRST_VERSION 2 /* of ApplicationRouted */

enum request_status
request_status(int32_t state)
{
	if (state == KOPRU__V1__STATE__STATE_WITHDRAWN)
		return REQUEST_HIDDEN;
	return application_is_open(state) ? REQUEST_OPEN : REQUEST_CLOSED;
}

int32_t
request_round(int32_t e7)
{
	int32_t half = e7 < 0 ? -ROUND_E7 / 2 : ROUND_E7 / 2;

	return (e7 + half) / ROUND_E7 * ROUND_E7;
}

static void
standing_read(const struct application *a, struct request *to)
{
	*to = (struct request){.id = a->id,
	    .number = a->number,
	    .topic = a->topic,
	    .department = a->department,
	    .version = a->version,
	    .state = a->state,
	    .status = (int32_t)request_status(a->state),
	    .received_at = a->received_at,
	    .at = a->at,
	    .expected_on = a->target_on ? a->target_on : a->due_on};
}

static bool
for_public(int32_t kind)
{
	return kind == KOPRU__V1__KIND__KIND_REQUEST || kind == KOPRU__V1__KIND__KIND_COMPLAINT ||
	       kind == KOPRU__V1__KIND__KIND_SUGGESTION;
}

bool
request_read_first(const Kopru__V1__Event *event, const struct application *a, struct request *to)
{
	const Kopru__V1__Application *from;
	const Kopru__V1__Location *place;

	if (event->body_case != KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED)
		return false;
	from = event->application_routed->application;
	place = from->location;
	if (!for_public(a->kind) || !place || (from->applicant && from->applicant->hide_identity))
		return false;
	standing_read(a, to);
	to->neighbourhood = a->neighbourhood;
	to->has_point = place->point != NULL;
	if (place->point) {
		to->latitude_e7 = request_round(place->point->latitude_e7);
		to->longitude_e7 = request_round(place->point->longitude_e7);
	}
	return to->has_point || *place->address || a->neighbourhood;
}

bool
request_read_later(const Kopru__V1__Event *event, const struct application *a, struct request *to)
{
	if (a->version <= FIRST_VERSION)
		return false;
	standing_read(a, to);
	if (event->standing && event->standing->applicant && event->standing->applicant->hide_identity)
		to->status = REQUEST_HIDDEN;
	return true;
}

static int
id_compare(const void *left, const void *right)
{
	const struct request *a = left, *b = right;
	int order = uuid_compare(&a->id, &b->id);

	return order ? order : (a->version > b->version) - (a->version < b->version);
}

static int
round_compare(const void *left, const void *right)
{
	const struct request *a = left, *b = right;

	return a->round != b->round ? (a->round > b->round) - (a->round < b->round) : id_compare(left, right);
}

void
requests_order(struct request *list, size_t count)
{
	qsort(list, count, sizeof(*list), id_compare);
	for (size_t i = 0; i < count; i++)
		list[i].round = i > 0 && uuid_compare(&list[i].id, &list[i - 1].id) == 0 ? list[i - 1].round + 1 : 0;
	qsort(list, count, sizeof(*list), round_compare);
}
