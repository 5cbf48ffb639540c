/* addresses: what a link in a letter proves: POST /api/v1/addresses/confirm says that the address is the applicant's,
 * POST /api/v1/addresses/opt-out that nobody shall write to it about this application. Both take {number, token}. */
#ifndef KOPRU_SERVICES_NOTIFIER_ADDRESSES_H
#define KOPRU_SERVICES_NOTIFIER_ADDRESSES_H

#include "common/db/db.h"
#include "common/http/http.h"
#include "services/notifier/token.h"

#define ADDRESSES_BODY_MAX 1024

struct addresses {
	struct db *db;
	struct token_key key;
	void (*on_changed)(void *arg); /* something may be due now */
	void *arg;
	struct metric *confirmed, *opted_out, *refused;
};

/* Answers r. A wrong token and a number that nobody knows look alike. a lives longer than r. */
void addresses_answer(const struct addresses *a, enum token_purpose purpose, struct http_request *r);

#endif
