/* session: a plain connection to PostgreSQL for tests that need several at once, each holding its own locks. */
#ifndef KOPRU_TESTS_HARNESS_SESSION_H
#define KOPRU_TESTS_HARNESS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

struct session;

/* Aborts when it cannot connect. */
struct session *session_open(const char *conninfo);
void session_close(struct session *s); /* NULL is fine */

/* Runs SQL (several statements are fine) and gives the SQLSTATE: "" when all is well. The first cell of the last
 * result goes to out ("" for none); out may be NULL. */
const char *session_run(struct session *s, const char *sql, char *out, size_t size);

/* The same in two steps: what is sent may wait for another session. */
void session_send(struct session *s, const char *sql);
bool session_busy(struct session *s, int ms); /* still no answer after ms? */
const char *session_answer(struct session *s, char *out, size_t size);

#endif
