/* earlier: see the header. */
#include "services/intake/earlier.h"

#include <string.h>

#include "common/base/log.h"
#include "common/domain/calendar.h"
#include "common/domain/words.h"
#include "services/intake/calls.sql.h"
#include "services/intake/person.h"

#define COUNT_COLUMN 7

bool
earlier_may_see(const struct api_key *key)
{
	return (key->rights & API_CASES) != 0 && strcmp(key->role, "clerk") == 0;
}

size_t
earlier_ask(struct db_tx *tx, const struct earlier_person *person)
{
	size_t call = db_call(tx, &calls_statements[APPLICANTS_EARLIER]);

	db_bind_text(tx, person->phone);
	db_bind_bytes(tx, person->national_id_hash, PERSON_HASH_SIZE);
	db_bind_text(tx, person->email);
	db_bind_int4(tx, EARLIER_SHOWN);
	return call;
}

static int64_t
count_of(const struct db_results *results, size_t call)
{
	return db_rows(results, call) > 0 ? db_int8(results, call, 0, COUNT_COLUMN) : 0;
}

static json_t *
text_or_null(const struct db_results *results, size_t call, size_t row, int column)
{
	return db_null(results, call, row, column) ? json_null() : json_string(db_text(results, call, row, column));
}

static json_t *
application_json(const struct db_results *results, size_t call, size_t row)
{
	char time[TIME_TEXT_SIZE], date[DATE_TEXT_SIZE];
	json_t *json = json_object();

	time_text_istanbul(db_time(results, call, row, 5), time);
	date_text(db_date(results, call, row, 6), date);
	json_object_set_new(json, "number", json_string(db_text(results, call, row, 0)));
	json_object_set_new(json, "kind", json_string(word_token(kind_words, db_int4(results, call, row, 1))));
	json_object_set_new(json, "channel", json_string(word_token(channel_words, db_int4(results, call, row, 2))));
	json_object_set_new(json, "subject", text_or_null(results, call, row, 3));
	json_object_set_new(json, "topic", text_or_null(results, call, row, 4));
	json_object_set_new(json, "received_at", json_string(time));
	json_object_set_new(json, "due_on", json_string(date));
	return json;
}

json_t *
earlier_json(const struct db_results *results, size_t call, bool shown)
{
	json_t *json = json_pack("{s:I}", "count", (json_int_t)count_of(results, call)), *list;

	if (!shown)
		return json;
	list = json_array();
	for (size_t row = 0; row < db_rows(results, call); row++)
		json_array_append_new(list, application_json(results, call, row));
	json_object_set_new(json, "list", list);
	return json;
}

void
earlier_log(const char *key_id, const char *how, const struct db_results *results, size_t call)
{
	log_info("applicant.looked_up", "key=%s by=%s count=%lld", key_id, how, (long long)count_of(results, call));
}
