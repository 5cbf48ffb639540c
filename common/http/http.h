/* http: evhttp behind nginx, never alone (it accepts what it should refuse). A table of
 * routes, JSON in and out (jansson), RFC 9457 problems in Turkish and English, limits, an orderly stop. */
#ifndef KOPRU_COMMON_HTTP_HTTP_H
#define KOPRU_COMMON_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/metrics.h"
#include "common/loop/loop.h"

struct http;
struct http_request;

#define HTTP_FILE_NAME_SIZE 64

enum http_method {
	HTTP_GET,
	HTTP_POST,
	HTTP_POST_FILE, /* its body is written to a file as it comes: http_take_file */
};
enum http_language { HTTP_TR, HTTP_EN };

/* Called with the request; it or someone later must answer it exactly once with one of the http_reply* functions. */
typedef void http_handler(void *arg, struct http_request *r);

struct http_route {
	enum http_method method;
	const char
	    *path; /* exact, or with one "*" for one segment: "/api/v1/lists/" "*", "/api/v1/lists/" "*" "/rows" */
	const char *who; /* who may use it, for the reader: "public", "key:reports", "local" */
	http_handler *handler; /* NULL ends the table */
	size_t body_max; /* bytes */
};

struct http_conf {
	const char *listen; /* "unix:/path" (mode 0660), "127.0.0.1:8081" or "[::1]:8081"; nothing else */
	unsigned connections_max; /* more wait in the kernel */
	unsigned requests_max; /* unanswered at once; more get 503 with Retry-After */
	size_t bytes_max; /* of all unanswered requests together, likewise; 0: 32 MiB */
	int64_t
	    request_seconds; /* from the first byte of a request to its last; 0: 15; four times as many for HTTP_POST_FILE */
	/* For HTTP_POST_FILE, with the handlers' argument: a new file open for writing and its name, or -1 with errno;
	 * and its removal, when nobody took it. */
	int (*file_new)(void *arg, char name[HTTP_FILE_NAME_SIZE]);
	void (*file_remove)(void *arg, const char *name);
};

/* /healthz ("ok" or 503 and a reason) and /metrics are served by every service on the same socket; nginx does not
 * pass them on. healthy may be NULL; it gives NULL or a constant reason. */
struct http *http_new(struct loop *l, const struct http_conf *conf, const struct http_route *routes, struct metrics *m,
    const char *(*healthy)(void *arg), void *arg, struct err *e);
/* Requests that are unanswered by then end without an answer; nobody may touch them after. NULL is fine. */
void http_free(struct http *h);

/* The request. All of it lives until the answer; so does its arena. */
struct arena *http_arena(struct http_request *r);
const void *http_body(struct http_request *r, size_t *size); /* as received */
/* Of HTTP_POST_FILE: the name of the file with the whole body, at least one byte, not synced. It is the caller's now. */
const char *http_take_file(struct http_request *r, uint64_t *size);
const char *http_header(
    struct http_request *r, const char *name); /* NULL when absent; invalid UTF-8 or control characters: NULL */
bool http_has_header(struct http_request *r, const char *name); /* even one that http_header does not show */
const char *http_query(struct http_request *r, const char *name); /* decoded; NULL when absent */
const char *http_segment(struct http_request *r); /* what "*" stood for; "" without one */
enum http_language http_language(struct http_request *r); /* Accept-Language; Turkish unless English is preferred */
const char *http_traceparent(struct http_request *r); /* valid W3C traceparent, made when there was none */

/* The body as JSON object: strict UTF-8, no duplicate keys, depth <= 8, no NUL. NULL: the problem was already sent. The
 * caller borrows and changes nothing; it lives in the request's arena. Also insists on Content-Type application/json. */
json_t *http_json(struct http_request *r);

/* Keeps the request's arena, JSON and traceparent (not body and headers) beyond its answer, until http_release(). */
void http_keep(struct http_request *r);
void http_release(struct http_request *r);
bool http_answered(const struct http_request *r); /* for whoever keeps it */

/* One thing that is wrong with the input. */
struct http_fault {
	const char
	    *field; /* "applicant.email"; "header:Idempotency-Key" and "query:from" name what is not in the body */
	const char *pointer; /* NULL: made of field */
	const char *text_tr, *text_en; /* what is wrong and what is allowed; from the request's arena or constants */
};
struct http_faults {
	struct http_fault list[64];
	size_t count; /* the 65th and later are left out */
};
void http_fault_add(struct http_faults *f, const char *field, const char *text_tr, const char *text_en);

/* Answers. Each ends the request. json is taken over. */
void http_reply_json(struct http_request *r, int status, json_t *json);
void http_reply_bytes(
    struct http_request *r, int status, const char *content_type, const char *file_name, const void *data, size_t size);
/* Status 200. Sends size bytes of the file, piece by piece, and closes fd, which it takes over. */
void http_reply_file(struct http_request *r, const char *content_type, const char *file_name, int fd, uint64_t size);
/* A problem by its key in the table of problems (http/problems.c): "malformed-json", "bad-request", "invalid", "unauthorized",
 * "forbidden", "not-found", "method", "too-large", "media-type", "conflict", "unsupported", "key-reused", "busy",
 * "unknown-outcome", "unavailable", "again", "too-many", "internal"; "signature".
 * faults may be NULL. busy, unavailable, again, too-many and unknown-outcome carry Retry-After. */
void http_reply_problem(struct http_request *r, const char *problem, const struct http_faults *faults);
/* The same in two steps, for who has more to say: the document, with detail in place of the table's (NULL or empty: the
 * table's), and its sending (json is taken over). */
json_t *http_problem_json(struct http_request *r, const char *problem, const char *detail);
void http_reply_problem_json(struct http_request *r, const char *problem, json_t *json);
/* Set before the answer. Cache-Control is "no-store" where it is not set. */
void http_set_header(struct http_request *r, const char *name, const char *value);

/* Asks who listens there for /healthz and prints the answer: for containers, `kopru-NAME --healthz unix:/path`. The exit
 * code: 0 well, 1 not, 2 nobody listens. */
int http_probe(const char *listen);

#endif
