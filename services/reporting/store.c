/* store: binds and columns of reporting.sql's statements that read. */
#include "services/reporting/store.h"

#include <stddef.h>
#include <stdlib.h>

#include "common/domain/access_code.h"
#include "common/feed/feed.sql.h"
#include "services/reporting/reporting.sql.h"

size_t
store_reporting_cursor(struct db_tx *tx, const char *stream)
{
	size_t call = db_call(tx, &feed_statements[FEED_CURSOR]);

	db_bind_text(tx, "reporting");
	db_bind_text(tx, stream);
	return call;
}

struct store_track_calls
store_application_track(
    struct db_tx *tx, const char *number, const uint8_t *hash, const uint8_t *dummy, const char *stream)
{
	struct store_track_calls calls = {0};

	if (stream)
		calls.cursor = store_reporting_cursor(tx, stream);
	calls.hash = db_call(tx, &reporting_statements[APPLICATION_HASH]);
	db_bind_text(tx, number);
	db_bind_bytes(tx, dummy, ACCESS_CODE_HASH_SIZE);
	calls.track = db_call(tx, &reporting_statements[APPLICATION_TRACK]);
	db_bind_text(tx, number);
	db_bind_bytes(tx, hash, ACCESS_CODE_HASH_SIZE);
	calls.steps = db_call(tx, &reporting_statements[APPLICATION_STEPS]);
	db_bind_text(tx, number);
	db_bind_bytes(tx, hash, ACCESS_CODE_HASH_SIZE);
	calls.files = db_call(tx, &reporting_statements[APPLICATION_FILES]);
	db_bind_text(tx, number);
	db_bind_bytes(tx, hash, ACCESS_CODE_HASH_SIZE);
	return calls;
}

uint64_t
store_get_reporting_cursor(const struct db_results *r, size_t call)
{
	return db_rows(r, call) == 1 ? (uint64_t)db_int8(r, call, 0, 0) : 0;
}

const uint8_t *
store_get_access_code_hash(const struct db_results *r, size_t call)
{
	size_t size = 0;
	const void *hash = db_rows(r, call) == 1 ? db_bytes(r, call, 0, 0, &size) : NULL;

	return size == ACCESS_CODE_HASH_SIZE ? hash : NULL;
}

static const char *
text_or_null(const struct db_results *r, size_t call, size_t row, int column)
{
	return db_null(r, call, row, column) ? NULL : db_text(r, call, row, column);
}

bool
store_get_tracked_application(const struct db_results *r, size_t call, struct tracked *tracked)
{
	if (db_rows(r, call) != 1)
		return false;
	*tracked = (struct tracked){
	    .kind = db_int4(r, call, 0, 0),
	    .channel = db_int4(r, call, 0, 1),
	    .received_at = db_time(r, call, 0, 2),
	    .due_on = db_date(r, call, 0, 3),
	    .subject = text_or_null(r, call, 0, 4),
	    .text = text_or_null(r, call, 0, 5),
	    .state = db_int4(r, call, 0, 6),
	    .department = text_or_null(r, call, 0, 7),
	    .department_name = text_or_null(r, call, 0, 8),
	    .topic = text_or_null(r, call, 0, 9),
	    .topic_name = text_or_null(r, call, 0, 10),
	    .triage = db_bool(r, call, 0, 11),
	    .version = db_int4(r, call, 0, 12),
	    .erased = db_bool(r, call, 0, 13),
	    .changed_at = db_time(r, call, 0, 14),
	    .department_name_en = text_or_null(r, call, 0, 15),
	    .final_owed = db_bool(r, call, 0, 16),
	    .emergency = text_or_null(r, call, 0, 17),
	    .phone = text_or_null(r, call, 0, 18),
	};
	return true;
}

void
store_get_tracked_files(const struct db_results *r, size_t call, struct arena *a, struct tracked_files *files)
{
	size_t count = db_rows(r, call);
	struct tracked_file *list = arena_array(a, count + 1, sizeof(*list));

	for (size_t row = 0; row < count; row++)
		list[row] = (struct tracked_file){
		    .version = db_int4(r, call, row, 0),
		    .id = db_uuid(r, call, row, 1),
		    .name = text_or_null(r, call, row, 2),
		    .media_type = db_text(r, call, row, 3),
		    .size = db_int8(r, call, row, 4),
		};
	*files = (struct tracked_files){list, count};
}

void
store_get_tracked_step(const struct db_results *r, size_t call, size_t row, struct tracked_step *step)
{
	*step = (struct tracked_step){
	    .event = db_text(r, call, row, 0),
	    .at = db_time(r, call, row, 1),
	    .state = db_int4(r, call, row, 2),
	    .department_name = text_or_null(r, call, row, 3),
	    .department_name_en = text_or_null(r, call, row, 4),
	    .text = text_or_null(r, call, row, 5),
	    .name = text_or_null(r, call, row, 6),
	    .reference = text_or_null(r, call, row, 7),
	    .code = db_int4(r, call, row, 8),
	    .day = db_date(r, call, row, 9),
	    .due_on = db_date(r, call, row, 10),
	    .version = db_int4(r, call, row, 11),
	};
}
