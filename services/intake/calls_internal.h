/* calls_internal: what calls*.c share. */
#ifndef KOPRU_SERVICES_INTAKE_CALLS_INTERNAL_H
#define KOPRU_SERVICES_INTAKE_CALLS_INTERNAL_H

#include "services/intake/calls.h"

struct calls {
	struct calls_desk desk;
	struct loop_timer *look;
	bool looking;
	struct {
		struct metric *told, *refused, *missed, *oldest;
	} metrics;
};

/* The key of a clerk (right "cases", role clerk), or NULL when the problem was sent. */
const struct api_key *calls_clerk(struct calls *c, struct http_request *r);

/* Answers with what an outcome other than DB_COMMITTED means to who asked. */
void calls_reply_outcome(struct http_request *r, enum db_outcome outcome, const struct err *e);

/* "2026-11-23T12:34:56+03:00", or null. */
json_t *calls_time_json(const struct db_results *results, size_t call, size_t row, int column);
json_t *calls_text_json(const struct db_results *results, size_t call, size_t row, int column);
/* "ringing", "answered", "ended" or "missed". */
const char *calls_state(bool ended, bool answered, bool missed);

#endif
