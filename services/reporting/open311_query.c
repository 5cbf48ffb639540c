/* open311_query: see the header. */
#include "services/reporting/open311_query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/calendar.h"
#include "common/domain/number.h"
#include "services/reporting/request.h"

#define DAY_LENGTH 10 /* 2010-01-01 */
#define MINUTES_LENGTH 16 /* 2010-01-01T00:00 */
#define DAY INT64_C(86400000000)
#define PARAMETER_MAX 8192
#define TOPIC_MAX 32
#define E7_OF_METRE 89.932 /* 10^-7 degrees of a great circle */
#define DEGREES_TO_RADIANS 0.017453292519943295
#define COSINE_LEAST 0.01

struct reading {
	struct arena *arena;
	const char *(*parameter)(void *arg, const char *name);
	void *arg;
	struct open311_query_faults *faults;
};

static void
refuse(struct reading *r, const char *text_tr, const char *text_en)
{
	struct open311_query_faults *f = r->faults;

	if (f->count == sizeof(f->list) / sizeof(f->list[0]))
		return;
	f->list[f->count].text_tr = text_tr;
	f->list[f->count].text_en = text_en;
	f->count++;
}

static const char *
given(struct reading *r, const char *name)
{
	const char *text = r->parameter(r->arg, name);

	return text && *text && strlen(text) <= PARAMETER_MAX ? text : NULL;
}

/* The parts between commas, trimmed of blanks; NULL when there are more than most. Empty ones are left out. */
static const char **
parts_of(struct reading *r, const char *text, size_t most, size_t *count)
{
	const char **parts = arena_array(r->arena, most, sizeof(*parts));
	char *rest = arena_string(r->arena, text), *part;

	*count = 0;
	while ((part = strsep(&rest, ","))) {
		part += strspn(part, " ");
		part[strcspn(part, " ")] = '\0';
		if (!*part)
			continue;
		if (*count == most)
			return NULL;
		parts[(*count)++] = part;
	}
	return parts;
}

bool
open311_time(const char *text, bool end, int64_t *time)
{
	char whole[TIME_TEXT_SIZE + 4];
	size_t length = strlen(text), zone;
	int32_t day;

	if (length == DAY_LENGTH && date_parse(text, &day)) {
		*time = date_start_in_istanbul(day) + (end ? DAY : 0);
		return true;
	}
	if (length <= MINUTES_LENGTH || length >= TIME_TEXT_SIZE)
		return false;
	/* Without seconds, as W3C's note allows. */
	memcpy(whole, text, MINUTES_LENGTH);
	zone = MINUTES_LENGTH;
	if (text[MINUTES_LENGTH] != ':') {
		memcpy(whole + zone, ":00", 3);
		zone += 3;
	}
	memcpy(whole + zone, text + MINUTES_LENGTH, length - MINUTES_LENGTH + 1);
	/* A "+" that stands in an address as it is comes out as a blank. */
	for (char *c = whole; *c; c++)
		if (*c == ' ')
			*c = '+';
	return time_parse(whole, time);
}

static bool
read_time(struct reading *r, const char *name, bool end, int64_t *time)
{
	const char *text = given(r, name);

	if (!text)
		return false;
	if (open311_time(text, end, time))
		return true;
	refuse(r,
	    arena_printf(
		r->arena, "%s, saat dilimiyle yazılmış bir an olmalıdır: örneğin 2026-05-24T00:00:00+03:00", name),
	    arena_printf(r->arena, "%s is a moment with its time zone: 2026-05-24T00:00:00Z, for example", name));
	return false;
}

static void
read_period(struct reading *r, int64_t now, struct open311_query *q)
{
	bool from = read_time(r, "start_date", false, &q->from), to = read_time(r, "end_date", true, &q->to);

	if (!to)
		q->to = from && q->from + OPEN311_WINDOW < now ? q->from + OPEN311_WINDOW : now;
	if (!from)
		q->from = q->to - OPEN311_WINDOW;
	if (q->to < q->from)
		refuse(r, "end_date, start_date'ten önce olamaz", "end_date cannot be before start_date");
	else if (q->to - q->from > OPEN311_WINDOW + DAY)
		refuse(r, "start_date ile end_date arası en çok 90 gün olabilir",
		    "There may be 90 days at most between start_date and end_date");
}

/* Changes have no limit of 90 days: a page has. What was received at any time is asked for unless it says otherwise. */
static void
read_changes(struct reading *r, int64_t now, struct open311_query *q)
{
	bool from = read_time(r, "updated_after", false, &q->changed_from);
	bool to = read_time(r, "updated_before", true, &q->changed_to);

	q->by_change = from || to;
	if (!q->by_change)
		return;
	if (!to)
		q->changed_to = now;
	if (!from)
		q->changed_from = q->changed_to - OPEN311_WINDOW;
	if (q->changed_to < q->changed_from)
		refuse(r, "updated_before, updated_after'dan önce olamaz",
		    "updated_before cannot be before updated_after");
	if (!given(r, "start_date") && !given(r, "end_date")) {
		q->from = 0;
		q->to = now;
	}
}

static void
read_numbers(struct reading *r, struct open311_query *q)
{
	const char *text = given(r, "service_request_id"), **parts;
	size_t count;

	if (!text)
		return;
	q->by_number = true;
	if (!(parts = parts_of(r, text, OPEN311_NUMBERS_MAX, &count))) {
		refuse(
		    r, "service_request_id en çok 200 numara olabilir", "service_request_id takes 200 numbers at most");
		return;
	}
	q->numbers = arena_array(r->arena, count + 1, sizeof(*q->numbers));
	for (size_t i = 0; i < count; i++) {
		char *number = arena_alloc(r->arena, NUMBER_TEXT_SIZE);
		int32_t serial;
		int year;

		if (number_parse(parts[i], &year, &serial) && number_format(year, serial, number))
			q->numbers[q->number_count++] = number;
	}
}

static void
read_topics(struct reading *r, struct open311_query *q)
{
	const char *text = given(r, "service_code");

	if (!text)
		return;
	if (!(q->topics = parts_of(r, text, OPEN311_TOPICS_MAX, &q->topic_count)))
		refuse(r, "service_code en çok 200 kod olabilir", "service_code takes 200 codes at most");
	for (size_t i = 0; i < q->topic_count && q->topics; i++)
		if (strlen(q->topics[i]) > TOPIC_MAX)
			q->topics[i] = "";
}

static void
read_status(struct reading *r, struct open311_query *q)
{
	const char *text = given(r, "status"), **parts = NULL;
	size_t count = 0;
	bool wanted[] = {[REQUEST_HIDDEN] = false, [REQUEST_OPEN] = !text, [REQUEST_CLOSED] = !text};

	if (text)
		parts = parts_of(r, text, 8, &count);
	for (size_t i = 0; parts && i < count; i++) {
		if (strcmp(parts[i], "open") == 0)
			wanted[REQUEST_OPEN] = true;
		else if (strcmp(parts[i], "closed") == 0)
			wanted[REQUEST_CLOSED] = true;
		else
			parts = NULL;
	}
	if (text && !parts)
		refuse(r, "status, open ya da closed olmalıdır; ikisi virgülle yazılabilir",
		    "status is open or closed, or both with a comma between");
	for (int32_t status = REQUEST_OPEN; status <= REQUEST_CLOSED; status++)
		if (wanted[status])
			q->status[q->status_count++] = status;
}

/* A decimal number and nothing else. */
static bool
decimal(const char *text, double least, double most, double *value)
{
	char *end;

	if (strspn(text, "+-.0123456789") != strlen(text))
		return false;
	*value = strtod(text, &end);
	return end != text && *end == '\0' && *value >= least && *value <= most;
}

static int32_t
e7_of(double degrees)
{
	return (int32_t)lround(degrees * 1e7);
}

/* bbox=west,south,east,north: the order of GeoJSON and OGC. */
static void
read_box(struct reading *r, struct open311_query *q)
{
	const char *text = given(r, "bbox"), **parts;
	double v[4];
	size_t count;

	if (!text)
		return;
	parts = parts_of(r, text, 4, &count);
	if (!parts || count != 4 || !decimal(parts[0], -180, 180, &v[0]) || !decimal(parts[1], -90, 90, &v[1]) ||
	    !decimal(parts[2], -180, 180, &v[2]) || !decimal(parts[3], -90, 90, &v[3]) || v[0] > v[2] || v[1] > v[3]) {
		refuse(r, "bbox, batı,güney,doğu,kuzey olmalıdır (derece): örneğin 32.4,37.8,32.7,38.0",
		    "bbox is west,south,east,north in degrees: 32.4,37.8,32.7,38.0, for example");
		return;
	}
	q->has_box = true;
	q->box[0] = e7_of(v[1]);
	q->box[1] = e7_of(v[3]);
	q->box[2] = e7_of(v[0]);
	q->box[3] = e7_of(v[2]);
}

static int32_t
at_most(double value, double limit)
{
	return (int32_t)(value > limit ? limit : value < -limit ? -limit : value);
}

static void
circle_set(struct open311_query *q, double latitude, double longitude, double radius)
{
	double cosine = cos(latitude * DEGREES_TO_RADIANS), reach = radius * E7_OF_METRE;
	double across = reach / (cosine > COSINE_LEAST ? cosine : COSINE_LEAST);
	int32_t lat = e7_of(latitude), lon = e7_of(longitude);

	q->has_circle = true;
	q->circle[0] = lat;
	q->circle[1] = lon;
	q->circle[2] = lround(cosine * 1000);
	q->circle[3] = (int64_t)(reach * reach);
	if (q->has_box)
		return;
	q->has_box = true;
	q->box[0] = at_most(lat - reach, 900000000);
	q->box[1] = at_most(lat + reach, 900000000);
	q->box[2] = at_most(lon - across, 1800000000);
	q->box[3] = at_most(lon + across, 1800000000);
}

/* lat, long and radius (metres) belong together. */
static void
read_circle(struct reading *r, struct open311_query *q)
{
	const char *lat = given(r, "lat"), *lon = given(r, "long"), *radius = given(r, "radius");
	double v[3];

	if (!lat && !lon && !radius)
		return;
	if (lat && lon && !radius)
		radius = "1000";
	if (!lat || !lon || !decimal(lat, -90, 90, &v[0]) || !decimal(lon, -180, 180, &v[1]) ||
	    !decimal(radius, 0, OPEN311_RADIUS_MAX, &v[2])) {
		refuse(r, "lat ve long birlikte, derece olarak; radius metre olarak, en çok 100000 yazılmalıdır",
		    "lat and long come together, in degrees; radius in metres, 100000 at most");
		return;
	}
	circle_set(q, v[0], v[1], v[2]);
}

static bool
whole(const char *text, long least, long most, long *value)
{
	char *end;

	if (strlen(text) > 9 || strspn(text, "0123456789") != strlen(text))
		return false;
	*value = strtol(text, &end, 10);
	return *end == '\0' && *value >= least && *value <= most;
}

static void
read_page(struct reading *r, struct open311_query *q)
{
	const char *page = given(r, "page"), *size = given(r, "page_size");
	long number = 1, count = OPEN311_PAGE_MAX;

	if ((page && !whole(page, 1, 1000000, &number)) || (size && !whole(size, 1, OPEN311_PAGE_MAX, &count))) {
		refuse(r, "page 1'den başlar; page_size 1 ile 1000 arasındadır",
		    "page counts from 1; page_size is between 1 and 1000");
		return;
	}
	if ((number - 1) * count > OPEN311_DEEP_MAX) {
		refuse(r, "Sayfalarla en çok 20000 kayıt ilerlenebilir; start_date ile end_date'i daraltın",
		    "Pages reach 20000 requests deep; narrow start_date and end_date");
		return;
	}
	q->offset = (int32_t)((number - 1) * count);
	q->count = (int32_t)count;
}

void
open311_query_read(struct arena *a, const char *(*parameter)(void *arg, const char *name), void *arg, int64_t now,
    struct open311_query *q, struct open311_query_faults *faults)
{
	struct reading r = {a, parameter, arg, faults};
	const char *extensions;

	*q = (struct open311_query){.count = OPEN311_PAGE_MAX};
	faults->count = 0;
	extensions = given(&r, "extensions");
	q->extensions = extensions && (strcmp(extensions, "true") == 0 || strcmp(extensions, "v1") == 0);
	read_numbers(&r, q);
	if (q->by_number)
		return;
	read_topics(&r, q);
	read_status(&r, q);
	read_period(&r, now, q);
	read_changes(&r, now, q);
	read_box(&r, q);
	read_circle(&r, q);
	read_page(&r, q);
}
