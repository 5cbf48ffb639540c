/* rules_checking: what there is, found by code, and how areas lie to each other. */
#include "common/rules/rules_checking.h"

#include <stdlib.h>
#include <string.h>

#include "common/rules/outlines.h"

#define AREAS_COMPARED 2000 /* of more their shapes are not looked at */

/* All three begin with their code. */
static int
compare_codes(const void *a, const void *b)
{
	const char *const *const *x = a, *const *const *y = b;

	return strcmp(**x, **y);
}

static const void *
find(const void *sorted, size_t count, const char *code)
{
	const char *const *wanted = &code;
	const void *const *found = count > 0 ? bsearch(&wanted, sorted, count, sizeof(wanted), compare_codes) : NULL;

	return found ? *found : NULL;
}

void
checking_start(struct rules_checking *c, struct arena *a, const struct rules_known *known)
{
	*c = (struct rules_checking){.arena = a, .known = known};
	c->departments = arena_array(a, known->department_count + 1, sizeof(*c->departments));
	c->topics = arena_array(a, known->topic_count + 1, sizeof(*c->topics));
	c->areas = arena_array(a, known->area_count + 1, sizeof(*c->areas));
	for (size_t i = 0; i < known->department_count; i++)
		c->departments[i] = &known->departments[i];
	for (size_t i = 0; i < known->topic_count; i++)
		c->topics[i] = &known->topics[i];
	for (size_t i = 0; i < known->area_count; i++)
		c->areas[i] = &known->areas[i];
	qsort(c->departments, known->department_count, sizeof(*c->departments), compare_codes);
	qsort(c->topics, known->topic_count, sizeof(*c->topics), compare_codes);
	qsort(c->areas, known->area_count, sizeof(*c->areas), compare_codes);
	if (known->area_count > AREAS_COMPARED)
		return;
	c->shapes = arena_array(a, known->area_count + 1, sizeof(*c->shapes));
	c->shapes_read = arena_array(a, known->area_count + 1, sizeof(*c->shapes_read));
	c->meetings = arena_array(a, known->area_count * known->area_count + 1, 1);
}

const struct rules_department *
checking_department(const struct rules_checking *c, const char *code)
{
	return find(c->departments, c->known->department_count, code);
}

const struct rules_topic *
checking_topic(const struct rules_checking *c, const char *code)
{
	return find(c->topics, c->known->topic_count, code);
}

const struct rules_area *
checking_area(const struct rules_checking *c, const char *code)
{
	return find(c->areas, c->known->area_count, code);
}

/* NULL: its shape is not known. */
static const struct outline *
shape_of(struct rules_checking *c, const char *code, size_t *place)
{
	const struct rules_area *area = checking_area(c, code);

	if (!area || !area->shape || !c->shapes)
		return NULL;
	for (*place = 0; c->areas[*place] != area;)
		(*place)++;
	if (!c->shapes_read[*place])
		c->shapes[*place] = outline_read(c->arena, area->shape);
	c->shapes_read[*place] = true;
	return c->shapes[*place];
}

bool
checking_areas_meet(struct rules_checking *c, const char *a, const char *b)
{
	size_t x = 0, y = 0;
	const struct outline *first = shape_of(c, a, &x), *second = shape_of(c, b, &y);
	char *meeting = NULL;

	if (!first || !second || strcmp(a, b) == 0)
		return true;
	meeting = &c->meetings[x * c->known->area_count + y];
	if (*meeting == 0)
		*meeting = outlines_meet(first, second) ? 'y' : 'n';
	return *meeting == 'y';
}

bool
checking_area_within(struct rules_checking *c, const char *inner, const char *outer)
{
	size_t place;
	const struct outline *first = shape_of(c, inner, &place), *second = shape_of(c, outer, &place);

	return strcmp(inner, outer) == 0 || (first && second && outline_within(first, second));
}
