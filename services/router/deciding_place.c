/* deciding_place: neighbourhood, street and areas of an application, and what follows from another district's. */
#include <string.h>

#include "services/router/deciding_internal.h"

#define OTHER_DISTRICT "DIS-17"
#define SURE_WEIGHT 3.0 /* what a point, a field or an address says */
#define TEXT_WEIGHT 1.0 /* what a name in the text says, which may stand there for another reason */

void
deciding_place(struct deciding_case *c)
{
	const Kopru__V1__Location *location = c->application->location;
	const Kopru__V1__Point *point = location ? location->point : NULL;
	struct places_question question = {.neighbourhood = "", .address = "", .text = c->application->text};
	const char *const *areas = NULL;
	const char **within = NULL;
	size_t count = 0;

	if (!c->d->places)
		return;
	if (location) {
		question.neighbourhood = location->neighbourhood;
		question.address = location->address;
	}
	if (point) {
		question.has_point = true;
		question.latitude_e7 = point->latitude_e7;
		question.longitude_e7 = point->longitude_e7;
	}
	places_find(c->d->places, c->arena, &question, &c->place);
	areas = point && c->d->rules ? rules_areas(c->d->rules, &count) : NULL;
	within = arena_array(c->arena, count + 1, sizeof(*within));
	for (size_t i = 0; i < count; i++)
		if (places_within(c->d->places, areas[i], point->latitude_e7, point->longitude_e7))
			within[c->area_count++] = areas[i];
	c->areas = within;
	if (c->place.neighbourhood && *c->place.neighbourhood->district == '\0')
		c->decision->neighbourhood = c->place.neighbourhood->code;
	if (c->place.street)
		c->decision->street_owner = c->place.street->owner;
}

const char *
deciding_place_topic(const struct deciding_case *c, double *weight)
{
	if (!c->place.neighbourhood || *c->place.neighbourhood->district == '\0')
		return NULL;
	*weight = strcmp(c->place.how, PLACES_BY_TEXT) == 0 ? TEXT_WEIGHT : SURE_WEIGHT;
	return OTHER_DISTRICT;
}
