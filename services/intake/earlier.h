/* earlier: what the person who calls or stands at the desk has applied for before. Numbers, words and dates; how it stands
 * the screen asks reporting. Each look-up is told in the log, without the person: which key, how it asked, how many it saw. */
#ifndef KOPRU_SERVICES_INTAKE_EARLIER_H
#define KOPRU_SERVICES_INTAKE_EARLIER_H

#include "common/db/db.h"
#include "common/http/api_keys.h"

#define EARLIER_SHOWN 10

/* Who is asked about; two of them are NULL. hash: PERSON_HASH_SIZE bytes. */
struct earlier_person {
	const char *phone, *email;
	const uint8_t *national_id_hash;
};

/* Only who has the right "cases" as a clerk sees anything but a number of applications. */
bool earlier_may_see(const struct api_key *key);

/* Adds the statement; what person points to must live until its end. The index of the call. */
size_t earlier_ask(struct db_tx *tx, const struct earlier_person *person);
/* {"count", "list": [...]}; without list when shown is false. More than 1,000 are counted as 1,000. */
json_t *earlier_json(const struct db_results *results, size_t call, bool shown);

/* how: "call", "phone", "national_id", "email". */
void earlier_log(const char *key_id, const char *how, const struct db_results *results, size_t call);

#endif
