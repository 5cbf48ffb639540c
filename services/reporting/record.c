/* record: events are read into rows, rows fold by application, and go out in one order: rows, steps, parts, what is
 * forgotten. */
#include "services/reporting/record.h"

#include "common/domain/words.h"
#include "services/reporting/ledger.h"
#include "services/reporting/store.h"
#include "services/reporting/store_ledger.h"
#include "services/reporting/store_requests.h"
#include "services/reporting/store_routed.h"
#include "services/reporting/store_similar.h"

#define PARTS_MAX 64 /* of one event */

struct rows {
	struct application *received, *moved;
	struct step *steps;
	struct uuid *erased;
	struct request *first, *later; /* for the public's list */
	struct likeness_row *placed, *replaced; /* by what the same matter is found */
	struct mark *marks;
	size_t received_count, moved_count, steps_count, erased_count, first_count, later_count, placed_count,
	    replaced_count, marks_count;
};

bool
record_knows(int body_case)
{
	/* What comes back of letters is in no stream that is read here. */
	return body_case != KOPRU__V1__EVENT__BODY_NOTICE_RETURNED && word_find(event_words, body_case);
}

static void
event_read(struct db_tx *tx, const struct turn_event *from, const struct record_lists *lists, struct rows *rows)
{
	struct application *to = &rows->moved[rows->moved_count];
	struct request *first = &rows->first[rows->first_count];
	struct err e;

	if (from->event->body_case == KOPRU__V1__EVENT__BODY_ERASED) {
		rows->erased[rows->erased_count++] = from->application_id;
		return;
	}
	if (application_read_event(from->event, lists->calendar, db_tx_arena(tx), to, &e) < 0) {
		store_applications_refuse(tx, arena_string(db_tx_arena(tx), e.text));
		return;
	}
	step_read_event(from->event, &rows->steps[rows->steps_count++]);
	if (request_read_first(from->event, to, first)) {
		first->neighbourhood =
		    neighbourhoods_find(&lists->neighbourhoods, db_tx_arena(tx), first->neighbourhood);
		rows->first_count++;
	}
	rows->later_count += request_read_later(from->event, to, &rows->later[rows->later_count]);
	rows->placed_count += likeness_read_routed(from->event, to, db_tx_arena(tx), &rows->placed[rows->placed_count]);
	rows->replaced_count += likeness_read_moved(from->event, to, &rows->replaced[rows->replaced_count]);
	rows->marks_count += marks_read_event(from->event, to, &rows->marks[rows->marks_count]);
	if (to->access_code_hash)
		rows->received[rows->received_count++] = *to;
	else
		rows->moved_count++;
}

static void
origins_record(struct db_tx *tx, const struct turn_event *events, size_t count)
{
	struct file files[ATTACHMENTS_MAX];
	struct origin origin;

	for (size_t i = 0; i < count; i++) {
		size_t found = origin_read_files(events[i].event, files);

		if (origin_read_event(events[i].event, &origin))
			store_origin(tx, &origin);
		for (size_t k = 0; k < found; k++)
			store_file(tx, &files[k]);
	}
}

static void
routings_record(struct db_tx *tx, const struct turn_event *events, size_t count)
{
	struct routed *list = arena_array(db_tx_arena(tx), count + 1, sizeof(*list));
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += routed_read_event(events[i].event, db_tx_arena(tx), &list[found]);
	if (found > 0)
		store_routings(tx, list, found);
}

static void
parts_record(struct db_tx *tx, const struct turn_event *events, size_t count)
{
	struct part parts[PARTS_MAX];

	for (size_t i = 0; i < count; i++) {
		size_t found = step_read_parts(events[i].event, parts, PARTS_MAX);

		for (size_t k = 0; k < found; k++)
			store_part(tx, &parts[k]);
	}
}

static void
likeness_record(struct db_tx *tx, struct rows *rows)
{
	if (rows->marks_count > 0)
		store_marks(tx, rows->marks, rows->marks_count);
	if (rows->placed_count > 0)
		store_likeness(tx, rows->placed, rows->placed_count);
	rows->replaced_count = likeness_rows_fold(rows->replaced, rows->replaced_count);
	if (rows->replaced_count > 0)
		store_likeness_moved(tx, rows->replaced, rows->replaced_count);
}

void
record_events(
    struct db_tx *tx, const struct turn_event *events, size_t count, const struct record_lists *lists, int32_t today)
{
	struct arena *a = db_tx_arena(tx);
	struct rows rows = {
	    .received = arena_array(a, count, sizeof(*rows.received)),
	    .moved = arena_array(a, count + 1, sizeof(*rows.moved)),
	    .steps = arena_array(a, count, sizeof(*rows.steps)),
	    .erased = arena_array(a, count, sizeof(*rows.erased)),
	    .first = arena_array(a, count + 1, sizeof(*rows.first)),
	    .later = arena_array(a, count + 1, sizeof(*rows.later)),
	    .placed = arena_array(a, count + 1, sizeof(*rows.placed)),
	    .replaced = arena_array(a, count + 1, sizeof(*rows.replaced)),
	    .marks = arena_array(a, count * MARKS_MAX + 1, sizeof(*rows.marks)),
	};

	for (size_t i = 0; i < count; i++)
		event_read(tx, &events[i], lists, &rows);
	rows.received_count = applications_fold(rows.received, rows.received_count);
	rows.moved_count = applications_fold(rows.moved, rows.moved_count);
	if (rows.received_count > 0)
		store_applications_received(tx, rows.received, rows.received_count, today);
	if (rows.moved_count > 0)
		store_applications_moved(tx, rows.moved, rows.moved_count, today);
	if (rows.steps_count > 0)
		store_steps(tx, rows.steps, rows.steps_count);
	parts_record(tx, events, count);
	origins_record(tx, events, count);
	routings_record(tx, events, count);
	ledger_record(tx, events, count);
	if (rows.first_count > 0)
		store_requests_first(tx, rows.first, rows.first_count);
	if (rows.later_count > 0)
		store_requests_later(tx, rows.later, rows.later_count);
	likeness_record(tx, &rows);
	if (rows.erased_count > 0) {
		store_ledger_erase(tx, rows.erased, rows.erased_count);
		store_applications_erase(tx, rows.erased, rows.erased_count);
		store_requests_erase(tx, rows.erased, rows.erased_count);
		store_likeness_erase(tx, rows.erased, rows.erased_count);
		store_routings_erase(tx, rows.erased, rows.erased_count);
	}
}
