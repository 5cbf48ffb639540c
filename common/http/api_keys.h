/* api_keys: who calls from outside: "Authorization: Bearer kopru_<id>_<secret>". All keys stand in memory, read anew
 * every API_KEYS_REFRESH_MS; compared in constant time. A database that is down leaves the last ones in force. */
#ifndef KOPRU_COMMON_HTTP_API_KEYS_H
#define KOPRU_COMMON_HTTP_API_KEYS_H

#include "common/db/db.h"
#include "common/http/http.h"

#define API_KEYS_REFRESH_MS 1000
#define API_KEYS_MAX 10000
#define API_KEY_ID_SIZE 13
#define API_KEY_NAME_SIZE 321 /* 80 code points */
#define API_KEY_SECRET_LENGTH 43
#define API_KEY_ROLE_SIZE 16
#define API_KEY_DEPARTMENT_SIZE 13

struct api_keys;

enum api_right { API_APPLICATIONS = 1, API_REPORTS = 2, API_CASES = 4, API_CALLS = 8, API_OPEN311 = 16 };

struct api_key {
	char id[API_KEY_ID_SIZE];
	char name[API_KEY_NAME_SIZE];
	uint8_t secret_hash[32]; /* SHA-256 of the secret's text */
	unsigned rights; /* enum api_right, or'ed */
	char
	    role[API_KEY_ROLE_SIZE]; /* in which it commands: "clerk", "manager" ...; empty without the right "cases" */
	char department[API_KEY_DEPARTMENT_SIZE]; /* for which an officer or a manager does; else empty */
};

enum api_answer {
	API_ABSENT, /* no Authorization header at all */
	API_GRANTED,
	API_WRONG, /* malformed, unknown or revoked: 401 */
	API_FORBIDDEN, /* a valid key without the right: 403 */
	API_NOT_READY, /* the keys were never read yet: 503 */
};

/* statement, of d's tables, gives: id, name, secret hash, rights as one text with spaces, role and department (NULL when
 * there is none). */
struct api_keys *api_keys_new(struct loop *l, struct db *d, const struct db_statement *statement);
void api_keys_free(struct api_keys *k); /* NULL is fine; after db_close */

/* To be called from d's on_up. */
void api_keys_up(struct api_keys *k);
bool api_keys_ready(const struct api_keys *k);

/* key is written only when granted, and lives until the loop's next turn. */
enum api_answer api_keys_check(
    struct api_keys *k, struct http_request *r, enum api_right right, const struct api_key **key);
/* Sends the problem for an answer that is not API_GRANTED. */
void api_keys_reply(struct http_request *r, enum api_answer answer);

/* For tests: the same without a request. authorization is the header's value, NULL when absent. */
enum api_answer api_keys_find(
    const struct api_keys *k, const char *authorization, enum api_right right, const struct api_key **key);
/* Replaces all keys (copied). */
void api_keys_set(struct api_keys *k, const struct api_key *list, size_t count);

#endif
