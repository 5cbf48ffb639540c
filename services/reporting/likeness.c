/* likeness: the table of windows, places, and what it takes to be one matter. */
#include "services/reporting/likeness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_US INT64_C(86400000000)
#define CELL_LATITUDE 13500 /* 10^-7 degrees: 150 m */
#define CELL_LONGITUDE 18200 /* 150 m at 42 degrees north, 164 m at 36 */
#define CELL_ROW 262144 /* more than there are around the earth */
#define METRES_OF_E7 0.0111195 /* of latitude, on a sphere of 6,371 km */
#define RADIANS_OF_E7 1.7453292519943295e-9
#define NEVER 1001
#define PERSON_SAME_TOPIC_M 500 /* farther apart, one person told two things */

/* The more special first. */
static const struct likeness_rule rules[] = {
    {"DIS-01", 14, 150, true, false}, /* water cuts */
    {"DIS-04", 14, 150, true, false}, /* power cuts */
    {"DIS-06", 14, 150, true, false}, /* gas */
    {"DIS-02", 14, 100, false, false}, /* sewers */
    {"DIS-12", 30, 150, true, false}, /* insects, mice */
    {"DIS-05", 30, 100, false, false}, /* street lamps */
    {"DIS-09", 14, 100, false, false}, /* traffic lights */
    {"DIS-08", 14, 100, false, false}, /* buses */
    {"DIS-10", 14, 100, false, false}, /* public order */
    {"DIS-14", 3, 150, false, false}, /* fire */
    {"DIS-03", 60, 50, false, false}, /* manhole covers */
    {"DIS-07", 60, 100, false, false}, /* main roads */
    {"DIS-11", 60, 150, false, false}, /* highways */
    {"DIS", 30, 50, false, true},
    {"YOL-05", 3, 150, true, false}, /* snow */
    {"YOL", 60, 75, false, false},
    {"TEM-01", 14, 100, false, false}, /* refuse not collected */
    {"TEM-08", 14, 50, false, true}, /* an own septic tank */
    {"TEM-06", 60, 75, false, false}, /* vacant plots */
    {"TEM", 14, 75, false, false},
    {"IKL-02", 14, 150, true, false}, /* smoke, smells */
    {"IKL", 30, 75, false, false},
    {"PRK", 60, 100, false, false},
    {"ZAB", 30, 75, false, false},
    {"IMR-04", 60, 50, false, true}, /* permits */
    {"IMR-06", 60, 50, false, true}, /* plans */
    {"IMR-07", 60, 50, false, true}, /* house numbers */
    {"IMR", 60, 75, false, false},
    {"RHS-02", 60, 50, false, false}, /* unlicensed business */
    {"SOS-05", 14, 100, false, false}, /* somebody sleeps in the street */
    {"VET-03", 30, 50, false, true}, /* adoption */
    {"VET", 14, 150, false, false}, /* animals walk */
    {"RHS", 30, 50, false, true},
    {"MAL", 30, 50, false, true},
    {"EML", 30, 50, false, true},
    {"SOS", 30, 50, false, true},
    {"KLT", 30, 50, false, true},
    {"IDR", 30, 50, false, true},
    {"", 30, 75, false, false},
};

/* How like the texts must be, in thousandths, by how near the places are and how near the topics. */
static const int wanted[][LIKENESS_SAME + 1] = {
    /*                      other  unknown group candidate same */
    [LIKENESS_ELSEWHERE] = {NEVER, NEVER, NEVER, NEVER, NEVER},
    [LIKENESS_APART] = {NEVER, NEVER, NEVER, NEVER, NEVER},
    [LIKENESS_QUARTER] = {NEVER, 600, 600, 500, 400},
    [LIKENESS_STREET] = {400, 200, 250, 150, 0},
    [LIKENESS_SPOT] = {300, 150, 200, 100, 0},
};
static const int wanted_in_area[LIKENESS_SAME + 1] = {NEVER, 300, 300, 200, 0}; /* the quarter is the place */
static const int wanted_of_person[LIKENESS_SAME + 1] = {400, 150, 200, 100, 0}; /* wherever */

const struct likeness_rule *
likeness_rule(const char *topic)
{
	const struct likeness_rule *rule = rules;

	while (strncmp(topic, rule->topic, strlen(rule->topic)) != 0)
		rule++;
	return rule;
}

static int64_t
cell_of(int64_t row, int64_t column)
{
	return row * CELL_ROW + column;
}

int64_t
likeness_cell(int32_t latitude_e7, int32_t longitude_e7)
{
	return cell_of(
	    (latitude_e7 + INT64_C(900000000)) / CELL_LATITUDE, (longitude_e7 + INT64_C(1800000000)) / CELL_LONGITUDE);
}

void
likeness_cells(int32_t latitude_e7, int32_t longitude_e7, int64_t cells[LIKENESS_CELLS])
{
	int64_t middle = likeness_cell(latitude_e7, longitude_e7);

	for (int i = 0; i < LIKENESS_CELLS; i++)
		cells[i] = middle + cell_of(i / 3 - 1, i % 3 - 1);
}

int32_t
likeness_narrowing(int32_t latitude_e7)
{
	return (int32_t)lround(cos(latitude_e7 * RADIANS_OF_E7) * 1000);
}

int32_t
likeness_metres(const int32_t from[2], const int32_t to[2])
{
	double north = ((double)to[0] - from[0]) * METRES_OF_E7;
	double east = ((double)to[1] - from[1]) * METRES_OF_E7 * cos(from[0] * RADIANS_OF_E7);
	double metres = sqrt(north * north + east * east);

	return metres < INT32_MAX ? (int32_t)lround(metres) : INT32_MAX;
}

/* Is word among those of list, which have spaces between? */
static bool
among(const char *list, const char *word, size_t size)
{
	for (const char *c = list; size > 0 && *c; c += strspn(c, " ")) {
		size_t length = strcspn(c, " ");

		if (length == size && memcmp(c, word, size) == 0)
			return true;
		c += length;
	}
	return false;
}

static bool
shares(const char *left, const char *right)
{
	for (const char *c = left; *c; c += strspn(c, " ")) {
		size_t length = strcspn(c, " ");

		if (among(right, c, length))
			return true;
		c += length;
	}
	return false;
}

/* Two points are told apart by metres, whatever streets are named. */
static enum likeness_place
place_of(const struct likeness_side *base, const struct likeness_side *other, int radius_m, int32_t *distance_m)
{
	*distance_m = -1;
	if (base->has_point && other->has_point) {
		*distance_m = likeness_metres(base->point, other->point);
		return *distance_m <= radius_m ? LIKENESS_SPOT : LIKENESS_ELSEWHERE;
	}
	if (!*base->neighbourhood || strcmp(base->neighbourhood, other->neighbourhood) != 0)
		return LIKENESS_ELSEWHERE;
	if (shares(base->streets, other->streets))
		return LIKENESS_STREET;
	return *base->streets && *other->streets ? LIKENESS_APART : LIKENESS_QUARTER;
}

static enum likeness_topic
topic_of(const struct likeness_side *base, const struct likeness_side *other)
{
	size_t group = strcspn(base->topic, "-");

	if (*base->topic && strcmp(base->topic, other->topic) == 0)
		return LIKENESS_SAME;
	if (among(base->candidates, other->topic, strlen(other->topic)) ||
	    among(other->candidates, base->topic, strlen(base->topic)) ||
	    (!*base->topic && !*other->topic && shares(base->candidates, other->candidates)))
		return LIKENESS_CANDIDATE;
	if (!*base->topic || !*other->topic)
		return LIKENESS_UNKNOWN;
	return strncmp(base->topic, other->topic, group + 1) == 0 ? LIKENESS_GROUP : LIKENESS_OTHER;
}

static struct likeness_text *
text_of(struct arena *a, struct likeness_side *side)
{
	if (!side->read) {
		side->read = arena_alloc(a, sizeof(*side->read));
		likeness_text_read(
		    a, side->text, arena_printf(a, "%s %s", side->neighbourhood, side->streets), side->read);
	}
	return side->read;
}

void
likeness_judge_text(
    struct arena *a, struct likeness_side *base, struct likeness_side *other, struct likeness_verdict *verdict)
{
	if (verdict->text < 0)
		verdict->text = likeness_of_texts(text_of(a, base), text_of(a, other));
}

static bool
reaches(struct arena *a, struct likeness_side *base, struct likeness_side *other, int thousandths,
    struct likeness_verdict *verdict)
{
	if (thousandths > 0 && thousandths < NEVER)
		likeness_judge_text(a, base, other, verdict);
	return thousandths == 0 || (thousandths < NEVER && verdict->text >= thousandths);
}

static bool
within(const struct likeness_side *base, const struct likeness_side *other, int days)
{
	int64_t apart = base->received_at - other->received_at;

	return (apart < 0 ? -apart : apart) <= days * DAY_US;
}

void
likeness_judge(struct arena *a, struct likeness_side *base, struct likeness_side *other, bool person,
    struct likeness_verdict *verdict)
{
	const struct likeness_rule *mine = likeness_rule(base->topic), *theirs = likeness_rule(other->topic);
	int radius_m = mine->radius_m < theirs->radius_m ? mine->radius_m : theirs->radius_m;
	int days = mine->days < theirs->days ? mine->days : theirs->days;
	bool area = mine->area && theirs->area;
	const int *needed;

	*verdict = (struct likeness_verdict){.text = -1, .topic = topic_of(base, other)};
	verdict->place = place_of(base, other, radius_m, &verdict->distance_m);
	needed = area && (verdict->place == LIKENESS_QUARTER || verdict->place == LIKENESS_APART)
		     ? wanted_in_area
		     : wanted[verdict->place];
	verdict->same_place = !mine->personal && !theirs->personal && within(base, other, days) &&
			      reaches(a, base, other, needed[verdict->topic], verdict);
	verdict->sure = verdict->same_place && needed[verdict->topic] == 0;
	verdict->same_person = person && within(base, other, LIKENESS_PERSON_DAYS) &&
			       verdict->distance_m <= PERSON_SAME_TOPIC_M &&
			       reaches(a, base, other, wanted_of_person[verdict->topic], verdict);
}
