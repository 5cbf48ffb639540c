/* shape and places_file: what is a shape and what is not, and whether points are in it, against a slow oracle. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/file.h"
#include "common/base/jsontext.h"
#include "common/places/places_file.h"
#include "common/places/shape.h"

#define POLYGON(rings) "{\"type\":\"Polygon\",\"coordinates\":[" rings "]}"
#define LINE(points) "{\"type\":\"LineString\",\"coordinates\":[" points "]}"
#define SQUARE "[[33.1,37.9],[33.2,37.9],[33.2,38.0],[33.1,38.0],[33.1,37.9]]"
#define FEATURE(properties, geometry) "{\"type\":\"Feature\",\"properties\":" properties ",\"geometry\":" geometry "}"
#define COLLECTION(features) "{\"type\":\"FeatureCollection\",\"features\":[" features "]}"
#define STAR_POINTS 60
#define POINTS_ASKED 4000

static void
assert_refused(const char *text, bool area, const char *reason)
{
	struct arena *a = arena_new(0);
	struct shape shape;
	struct err e = {""};

	if (shape_parse(a, text, area, &shape, &e) == 0)
		fail_msg("taken: %s", text);
	if (!strstr(e.text, reason))
		fail_msg("\"%s\" is refused as \"%s\", not \"%s\"", text, e.text, reason);
	arena_free(a);
}

static void
test_read_refuses_what_is_no_shape(void **state)
{
	static const struct {
		const char *rings, *reason;
	} polygons[] = {
	    {"[[33.1,37.9],[33.2,37.9],[33.2,38.0],[33.1,38.0]]",
		"it is not closed: it begins at 37.9000000, 33.1000000"},
	    {"[[33.1,37.9],[33.2,37.9],[33.1,37.9]]", "too few points"},
	    {"[[33.1,37.9],[33.1,37.9],[33.2,37.9],[33.1,37.9]]", "too few points"},
	    {"[[33.1,37.9],[33.2,38.0],[33.2,37.9],[33.1,38.0],[33.1,37.9]]",
		"it crosses or touches itself near 37.9500000, 33.1500000"},
	    {"[[33.1,37.9],[33.2,37.9],[33.3,37.9],[33.1,37.9]]", "it crosses or touches itself"},
	    {"[[33.1,37.9],[33.3,37.9],[33.2,37.9],[33.2,38.0],[33.1,37.9]]", "it crosses or touches itself"},
	    {"[[33.1,37.9],[33.2,37.9],[190.0,38.0],[33.1,37.9]]", "outside of the world"},
	    {"[[33.1,37.9],[33.2,37.9],[33.2,98.0],[33.1,37.9]]", "outside of the world"},
	    {"[[447000,4195000],[448000,4195000],[448000,4196000],[447000,4195000]]", "in degrees (WGS 84)"},
	    {"[[37.9,33.1],[37.9,33.2],[38.0,33.2],[37.9,33.1]]", "latitude before longitude"},
	    {"[[33.1,37.9],[33.2,\"x\"],[33.2,38.0],[33.1,37.9]]", "no number"},
	    {"[[33.1,37.9],[33.2],[33.2,38.0],[33.1,37.9]]", "longitude and latitude"},
	    {"[[33.1,37.9],5,[33.2,38.0],[33.1,37.9]]", "longitude and latitude"},
	    {"", "empty"},
	    {"[]", "not empty"},
	    {"7", "array of positions"},
	    {SQUARE ",[[33.3,37.92],[33.4,37.92],[33.4,37.95],[33.3,37.92]]", "a hole is outside of its outline"},
	    {SQUARE ",[[33.15,37.92],[33.4,37.92],[33.4,37.95],[33.15,37.92]]", "cross near 37.92"},
	    {SQUARE "," SQUARE, "touches its outline with all its points"},
	    {SQUARE ",[[33.11,37.91],[33.19,37.91],[33.19,37.99],[33.11,37.99],[33.11,37.91]],"
		    "[[33.12,37.92],[33.13,37.92],[33.13,37.93],[33.12,37.92]]",
		"one hole is in another"},
	    {"[[33.1,37.9],[33.2,37.9],[33.2,1e999],[33.1,37.9]]", "line 1"},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(polygons) / sizeof(polygons[0]); i++) {
		(void)snprintf(text, sizeof(text), POLYGON("%s"), polygons[i].rings);
		assert_refused(text, true, polygons[i].reason);
	}
	assert_refused(LINE("[33.1,37.9]"), false, "two points");
	assert_refused(LINE("[33.1,37.9],[33.1,37.9]"), false, "two points");
	assert_refused(LINE("[33.1,37.9],[33.2,37.9]"), true, "the geometry is LineString; allowed are Polygon");
	assert_refused(POLYGON(SQUARE), false, "the geometry is Polygon; allowed are LineString");
	assert_refused("{\"type\":\"MultiPolygon\",\"coordinates\":[[" SQUARE "],[" SQUARE "]]}", true, "overlap");
	assert_refused("{\"type\":\"GeometryCollection\",\"geometries\":[]}", true, "GeometryCollection");
	assert_refused("{\"type\":\"Polygon\",\"coordinates\":[[[[[[[[[1]]]]]]]]]}", true, "nested too deeply");
	assert_refused("[1,2]", true, "object");
	assert_refused("{\"type\":\"Polygon\"", true, "ends too early");
	assert_refused("{\"type\":\"\xff\"}", true, "UTF-8");
}

static void
test_read_bounds_how_many_points_there_are(void **state)
{
	struct arena *a = arena_new(0);
	size_t room = (SHAPE_POINTS_MAX + 2) * 24 + 100, used;
	char *text = arena_alloc(a, room);
	struct shape shape;
	struct err e = {""};

	(void)state;
	used = (size_t)snprintf(text, room, "{\"type\":\"LineString\",\"coordinates\":[");
	for (int i = 0; i <= SHAPE_POINTS_MAX; i++)
		used += (size_t)snprintf(text + used, room - used, "%s[33.%07d,37.9]", i ? "," : "", i);
	(void)snprintf(text + used, room - used, "]}");
	assert_int_equal(shape_parse(a, text, false, &shape, &e), -1);
	assert_non_null(strstr(e.text, "at most 20000 are taken"));
	arena_free(a);
}

static void
shape_make(struct arena *a, const char *text, bool area, struct shape *shape)
{
	struct err e = {""};

	if (shape_parse(a, text, area, shape, &e) < 0)
		fail_msg("refused: %s: %.200s", e.text, text);
}

static void
test_holds_knows_holes_and_parts(void **state)
{
	struct arena *a = arena_new(0);
	struct shape shape;

	(void)state;
	shape_make(a,
	    "{\"type\":\"MultiPolygon\",\"coordinates\":[[" SQUARE
	    ",[[33.12,37.92],[33.18,37.92],[33.18,37.98],[33.12,37.98],[33.12,37.92]]],"
	    "[[[33.14,37.94],[33.16,37.94],[33.16,37.96],[33.14,37.96],[33.14,37.94]]]]}",
	    true, &shape);
	assert_true(shape_holds(&shape, (struct shape_point){379100000, 331100000}));
	assert_false(shape_holds(&shape, (struct shape_point){379300000, 331300000})); /* in the hole */
	assert_true(shape_holds(&shape, (struct shape_point){379500000, 331500000})); /* on its island */
	assert_false(shape_holds(&shape, (struct shape_point){389500000, 331500000}));
	arena_free(a);
}

/* Two that share an edge, whichever way it is drawn: each point of it is in exactly one. */
static void
test_holds_gives_a_shared_edge_to_one_side(void **state)
{
	struct arena *a = arena_new(0);
	struct shape west, east;

	(void)state;
	shape_make(a, POLYGON("[[33.1,37.9],[33.2,37.9],[33.25,38.0],[33.1,38.0],[33.1,37.9]]"), true, &west);
	shape_make(a, POLYGON("[[33.2,37.9],[33.3,37.9],[33.3,38.0],[33.25,38.0],[33.2,37.9]]"), true, &east);
	for (int32_t i = 0; i < 1000; i++) {
		struct shape_point p = {379000000 + i * 1000, 332000000 + i * 500};

		assert_int_equal(shape_holds(&west, p) + shape_holds(&east, p), 1);
	}
	arena_free(a);
}

/* A star around a centre: radius by angle, so that the slow way is another way: the angle's slice, and which side of its
 * outer edge the point is on. */
struct star {
	double radius[STAR_POINTS];
};

static double
star_angle(size_t i)
{
	return 2 * 3.14159265358979 * (double)i / STAR_POINTS;
}

static bool
star_holds(const struct star *star, double x, double y)
{
	double angle = atan2(y, x), step = star_angle(1);
	size_t i, j;
	double ax, ay, bx, by;

	angle = angle < 0 ? angle + star_angle(STAR_POINTS) : angle;
	i = (size_t)(angle / step) % STAR_POINTS;
	j = (i + 1) % STAR_POINTS;
	ax = star->radius[i] * cos(star_angle(i));
	ay = star->radius[i] * sin(star_angle(i));
	bx = star->radius[j] * cos(star_angle(j));
	by = star->radius[j] * sin(star_angle(j));
	return (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0;
}

static const char *
star_text(struct arena *a, const struct star *star)
{
	const char *text = "";

	for (size_t i = 0; i <= STAR_POINTS; i++) {
		double r = star->radius[i % STAR_POINTS], angle = star_angle(i % STAR_POINTS);

		text = arena_printf(
		    a, "%s%s[%.9f,%.9f]", text, i ? "," : "", 33.0 + r * cos(angle), 38.0 + r * sin(angle));
	}
	return arena_printf(a, POLYGON("[%s]"), text);
}

static void
test_holds_agrees_with_a_slow_oracle(void **state)
{
	unsigned seed = 7;
	size_t inside = 0;

	(void)state;
	for (int round = 0; round < 10; round++) {
		struct arena *a = arena_new(0);
		struct star star;
		struct shape shape;

		for (size_t i = 0; i < STAR_POINTS; i++)
			star.radius[i] = 0.2 + 0.8 * rand_r(&seed) / RAND_MAX;
		shape_make(a, star_text(a, &star), true, &shape);
		for (int i = 0; i < POINTS_ASKED; i++) {
			double x = 2.0 * rand_r(&seed) / RAND_MAX - 1, y = 2.0 * rand_r(&seed) / RAND_MAX - 1;
			struct shape_point p = {(int32_t)lround((38 + y) * 1e7), (int32_t)lround((33 + x) * 1e7)};

			assert_int_equal(shape_holds(&shape, p), star_holds(&star, x, y));
			inside += shape_holds(&shape, p);
		}
		arena_free(a);
	}
	assert_true(inside > POINTS_ASKED && inside < 9 * POINTS_ASKED);
}

static double
metres(const struct shape *shape, int32_t latitude, int32_t longitude, double at_most)
{
	struct shape_plane plane = shape_plane_at((struct shape_point){latitude, longitude});

	return shape_metres(shape, &plane, at_most);
}

static void
test_metres_are_those_of_the_ground(void **state)
{
	struct arena *a = arena_new(0);
	struct shape shape;

	(void)state;
	shape_make(a, LINE("[33.0,37.9],[33.1,37.9]"), false, &shape);
	/* WGS 84 at 37.9 N: a thousandth of a degree is 111.0 m to the north and 87.98 m to the east. */
	assert_true(fabs(metres(&shape, 379010000, 330500000, 1000) - 111.0) < 0.1);
	assert_true(fabs(metres(&shape, 379000000, 331010000, 1000) - 87.98) < 0.1);
	assert_true(metres(&shape, 379000000, 330500000, 20) == 0);
	assert_true(isinf(metres(&shape, 379010000, 330500000, 100)));
	arena_free(a);
}

static void
assert_file_refused(const char *text, const char *reason)
{
	static const struct places_file_defaults defaults = {.kind = NULL};
	struct arena *a = arena_new(0);
	struct places_file file;
	struct err e = {""};

	if (places_file_read(a, text, strlen(text), &defaults, &file, &e) == 0)
		fail_msg("taken: %s", text);
	if (!strstr(e.text, reason))
		fail_msg("\"%s\" is refused as \"%s\", not \"%s\"", text, e.text, reason);
	arena_free(a);
}

static void
test_file_refuses_what_names_no_place(void **state)
{
	(void)state;
	assert_file_refused("{}", "no GeoJSON FeatureCollection");
	assert_file_refused(POLYGON(SQUARE), "its \"type\" is \"Polygon\"");
	assert_file_refused(COLLECTION(""), "no features");
	assert_file_refused(COLLECTION("5"), "feature 1: it is no Feature");
	assert_file_refused(
	    COLLECTION(FEATURE("{\"kind\":\"area\"}", POLYGON(SQUARE))), "feature 1: it has no \"name\"");
	assert_file_refused(COLLECTION(FEATURE("{\"name\":\"A\"}", POLYGON(SQUARE))), "it is not told what it is");
	assert_file_refused(
	    COLLECTION(FEATURE("{\"name\":\"A\",\"kind\":\"x\"}", POLYGON(SQUARE))), "\"kind\" is \"x\"");
	assert_file_refused(COLLECTION(FEATURE("{\"name\":\"A\",\"kind\":\"area\"}", "null")), "no geometry");
	assert_file_refused(COLLECTION(FEATURE("{\"name\":\"A\",\"kind\":\"street\"}", "null")), "needs an \"owner\"");
	assert_file_refused(COLLECTION(FEATURE("{\"name\":\"A\",\"kind\":\"street\",\"owner\":\"k b\"}", "null")),
	    "no department's code");
	assert_file_refused(COLLECTION(FEATURE("{\"name\":\"...\",\"kind\":\"area\"}", POLYGON(SQUARE))), "is no code");
	assert_file_refused(COLLECTION(FEATURE("{\"name\":\"Ab\",\"kind\":\"area\"}", POLYGON(SQUARE)) "," FEATURE(
				"{\"name\":\"ab mah.\",\"kind\":\"area\"}", POLYGON(SQUARE))),
	    "\"ab\" stands twice");
	assert_file_refused(COLLECTION(FEATURE("{\"name\":\"A\",\"kind\":\"area\",\"names\":\"x\"}", POLYGON(SQUARE))),
	    "no array of texts");
	assert_file_refused("{\"type\":\"FeatureCollection\",\"crs\":{\"type\":\"name\",\"properties\":{\"name\":"
			    "\"EPSG:5254\"}},\"features\":[5]}",
	    "EPSG:5254");
}

static void
test_file_makes_codes_of_names(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	assert_string_equal(places_code(a, "Sultan Mesud Mahallesi", ""), "sultanmesud");
	assert_string_equal(places_code(a, "Şems-i Tebrizî", ""), "semsitebrizi");
	assert_string_equal(places_code(a, "Bosna Hersek", "Selçuklu"), "selcuklu-bosnahersek");
	assert_string_equal(places_code(a, "Mahalle", ""), "");
	arena_free(a);
}

/* What ships can be used, and no neighbourhood lies upon another. */
static void
test_file_reads_what_ships(void **state)
{
	static const struct places_file_defaults defaults = {.kind = NULL};
	struct arena *a = arena_new(0);
	struct places_file file;
	struct err e = {""};
	char *text;
	size_t size, neighbourhoods = 0;

	(void)state;
	assert_int_equal(file_read(a, "deploy/data/areas.geojson", PLACES_FILE_MAX, &text, &size, &e), 0);
	if (places_file_read(a, text, size, &defaults, &file, &e) < 0)
		fail_msg("%s", e.text);
	assert_non_null(strstr(text, "OpenStreetMap contributors, ODbL"));
	for (size_t i = 0; i < file.count; i++)
		neighbourhoods += file.list[i].kind == PLACES_NEIGHBOURHOOD;
	assert_int_equal(file.count, 64);
	assert_int_equal(neighbourhoods, 59);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read_refuses_what_is_no_shape),
	    cmocka_unit_test(test_read_bounds_how_many_points_there_are),
	    cmocka_unit_test(test_holds_knows_holes_and_parts),
	    cmocka_unit_test(test_holds_gives_a_shared_edge_to_one_side),
	    cmocka_unit_test(test_holds_agrees_with_a_slow_oracle),
	    cmocka_unit_test(test_metres_are_those_of_the_ground),
	    cmocka_unit_test(test_file_refuses_what_names_no_place),
	    cmocka_unit_test(test_file_makes_codes_of_names),
	    cmocka_unit_test(test_file_reads_what_ships),
	};

	jsontext_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
