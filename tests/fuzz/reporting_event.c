/* Any event as reporting reads it: refused with a reason, or a row, a step and parts that can be shown and folded. The last
 * bytes are also read as the place of a page. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/base/wire.h"
#include "services/reporting/after.h"
#include "services/reporting/application.h"
#include "services/reporting/duration.h"
#include "services/reporting/listing.h"
#include "services/reporting/step.h"
#include "services/reporting/tracked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_LIMIT ((size_t)4 << 20)
#define PARTS_MAX 64
#define PLACE_MAX 64

static void
step_show(const Kopru__V1__Event *event)
{
	struct part parts[PARTS_MAX];
	struct tracked_step shown;
	struct step step;
	json_t *json;

	step_read_event(event, &step);
	if (!step.event || step_read_parts(event, parts, PARTS_MAX) > PARTS_MAX)
		abort();
	shown = (struct tracked_step){.event = step.event,
	    .at = step.at,
	    .state = step.state,
	    .text = step.text,
	    .name = step.name,
	    .reference = step.reference,
	    .code = step.code,
	    .day = step.day,
	    .due_on = step.due_on};
	json = tracked_step_json(&shown, true);
	if (!json)
		abort();
	json_decref(json);
}

static void
event_read(const Kopru__V1__Event *event)
{
	struct err e = {""};
	struct calendar *calendar = calendar_new("date,name,kind\n2026-10-28,a,yarim\n2026-10-29,b,tam\n", &e);
	struct arena *a = arena_new(0);
	struct application read[2];

	if (!calendar)
		abort();
	if (application_read_event(event, calendar, a, &read[0], &e) == 0) {
		if (read[0].reaction.bucket < 0 || read[0].reaction.bucket >= DURATION_BUCKETS || read[0].due_on <= 0)
			abort();
		read[1] = read[0];
		if (applications_fold(read, 2) != 1)
			abort();
		step_show(event);
	} else if (e.text[0] == '\0') {
		abort();
	}
	arena_free(a);
	calendar_free(calendar);
}

static void
place_read(const uint8_t *data, size_t size)
{
	struct listing_place place;
	struct after_place after;
	char text[PLACE_MAX + 1] = "";
	struct arena *a = arena_new(0);

	memcpy(text, data + (size > PLACE_MAX ? size - PLACE_MAX : 0), size > PLACE_MAX ? PLACE_MAX : size);
	if (listing_place_parse(text, &place) && strlen(listing_place_text(a, &place)) != strlen(text))
		abort();
	if (after_parse(text, &after) && !after_stream(after.stream))
		abort();
	if (strlen(listing_encode(a, text)) < strlen(text))
		abort();
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(ARENA_LIMIT);
	struct err e;
	const Kopru__V1__Event *event = wire_unpack(&kopru__v1__event__descriptor, a, data, size, &e);

	/* A turn parks other bodies before they come here. */
	if (event && event->body_case != KOPRU__V1__EVENT__BODY_ERASED)
		event_read(event);
	if (size > 0)
		place_read(data, size);
	arena_free(a);
	return 0;
}
