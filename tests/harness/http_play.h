/* http_play: an http server in a process of its own, on a unix socket, and raw bytes to it. */
#ifndef KOPRU_TESTS_HARNESS_HTTP_PLAY_H
#define KOPRU_TESTS_HARNESS_HTTP_PLAY_H

#include <stddef.h>
#include <sys/types.h>

#include "common/http/http.h"

#define HTTP_PLAY_SECONDS 1 /* within which a request must come whole */
#define HTTP_PLAY_BYTES (256 * 1024) /* of all unanswered requests */

struct http_play;

/* arg of the handlers is the loop. */
struct http_play *http_play_start(const struct http_route *routes, unsigned connections_max, unsigned requests_max);
/* Sends SIGTERM; the exit code of the server, or -1 when it did not end by itself. */
int http_play_stop(struct http_play *p);

pid_t http_play_pid(const struct http_play *p);
const char *http_play_path(const struct http_play *p);
const char *http_play_folder(void); /* for handlers: where bodies of HTTP_POST_FILE go */
int http_play_connect(struct http_play *p);
void http_play_send(int fd, const char *data, size_t size);
/* One whole answer (by its Content-Length), NUL-terminated, in a buffer that the next call uses again. "" when the
 * other side closed or said nothing for 3 s. */
const char *http_play_receive(int fd);
/* All three with a connection of its own. */
const char *http_play_ask(struct http_play *p, const char *request);
const char *http_play_post(struct http_play *p, const char *path, const char *headers, const char *body);

#endif
