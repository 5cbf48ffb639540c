/* http_get: one question to one of our services, waited for. */
#ifndef KOPRU_SERVICES_KOPRU_HTTP_GET_H
#define KOPRU_SERVICES_KOPRU_HTTP_GET_H

#include <stdio.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define HTTP_GET_BODY_MAX ((size_t)64 * 1024 * 1024) /* of a body that goes to memory */

struct http_question {
	const char *url;
	const char *socket; /* path of a unix socket; NULL: as url says */
	const char *key; /* API key; NULL for none */
	FILE *out; /* where the body of a 200 goes; NULL: to memory */
	long seconds;
};

struct http_got {
	long status;
	char *body; /* in the arena, ends with NUL; "" when it went to out */
	size_t size;
};

/* -1: no answer came. */
int http_get(const struct http_question *question, struct arena *a, struct http_got *got, struct err *e);

#endif
