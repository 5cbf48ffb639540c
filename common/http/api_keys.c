/* api_keys: see the header. */
#include "common/http/api_keys.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/text.h"

#define PREFIX "kopru_"

struct api_keys {
	struct db *db;
	const struct db_statement *statement;
	struct loop_timer *refresh;
	struct api_key *list;
	size_t count;
	bool ready, reading;
};

static const struct {
	const char *token;
	enum api_right right;
} rights[] = {{"applications", API_APPLICATIONS}, {"reports", API_REPORTS}, {"cases", API_CASES}, {"calls", API_CALLS},
    {"open311", API_OPEN311}};

static unsigned
parse_rights(const char *text)
{
	unsigned found = 0;

	while (*text) {
		size_t length = strcspn(text, " ");

		for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
			if (strlen(rights[i].token) == length && strncmp(rights[i].token, text, length) == 0)
				found |= rights[i].right;
		text += length + strspn(text + length, " ");
	}
	return found;
}

static void
copy_text(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

void
api_keys_set(struct api_keys *k, const struct api_key *list, size_t count)
{
	struct api_key *copy = calloc(count + 1, sizeof(*copy));

	if (!copy)
		abort();
	if (count > 0)
		memcpy(copy, list, count * sizeof(*copy));
	free(k->list);
	k->list = copy;
	k->count = count;
	k->ready = true;
}

static void
take_rows(struct api_keys *k, const struct db_results *results)
{
	size_t rows = db_rows(results, 0), count = 0;
	struct api_key *list = calloc(rows + 1, sizeof(*list));

	if (!list)
		abort();
	for (size_t row = 0; row < rows && count < API_KEYS_MAX; row++) {
		struct api_key *key = &list[count];
		size_t size;
		const void *hash = db_bytes(results, 0, row, 2, &size);

		if (size != sizeof(key->secret_hash))
			continue;
		copy_text(key->id, sizeof(key->id), db_text(results, 0, row, 0));
		copy_text(key->name, sizeof(key->name), db_text(results, 0, row, 1));
		memcpy(key->secret_hash, hash, size);
		key->rights = parse_rights(db_text(results, 0, row, 3));
		copy_text(key->role, sizeof(key->role), db_text(results, 0, row, 4));
		copy_text(key->department, sizeof(key->department), db_text(results, 0, row, 5));
		count++;
	}
	free(k->list);
	k->list = list;
	k->count = count;
	k->ready = true;
}

static void
on_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct api_keys *k = arg;

	k->reading = false;
	if (outcome == DB_COMMITTED)
		take_rows(k, results);
	else
		log_warn("api_keys.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
}

static void
read_keys(struct api_keys *k)
{
	struct db_tx *tx;

	if (k->reading || !db_is_up(k->db))
		return;
	k->reading = true;
	tx = db_begin(k->db);
	db_call(tx, k->statement);
	db_read(tx, on_read, k);
}

static void
on_refresh(void *arg)
{
	struct api_keys *k = arg;

	read_keys(k);
	timer_start(k->refresh, API_KEYS_REFRESH_MS);
}

struct api_keys *
api_keys_new(struct loop *l, struct db *d, const struct db_statement *statement)
{
	struct api_keys *k = calloc(1, sizeof(*k));

	if (!k || !(k->refresh = timer_new(l, on_refresh, k)))
		abort();
	k->db = d;
	k->statement = statement;
	timer_start(k->refresh, API_KEYS_REFRESH_MS);
	return k;
}

void
api_keys_free(struct api_keys *k)
{
	if (!k)
		return;
	timer_free(k->refresh);
	free(k->list);
	free(k);
}

void
api_keys_up(struct api_keys *k)
{
	k->reading = false;
	read_keys(k);
}

bool
api_keys_ready(const struct api_keys *k)
{
	return k->ready;
}

/* Where the secret begins when the value reads "Bearer kopru_<id>_<secret>", else NULL. */
static const char *
split(const char *authorization, char id[API_KEY_ID_SIZE])
{
	const char *text = authorization;

	if (!ascii_starts_nocase(text, "Bearer "))
		return NULL;
	for (text += 7; *text == ' '; text++)
		;
	if (strncmp(text, PREFIX, sizeof(PREFIX) - 1) != 0)
		return NULL;
	text += sizeof(PREFIX) - 1;
	if (strnlen(text, API_KEY_ID_SIZE + API_KEY_SECRET_LENGTH + 1) != API_KEY_ID_SIZE + API_KEY_SECRET_LENGTH)
		return NULL;
	if (text[API_KEY_ID_SIZE - 1] != '_')
		return NULL;
	memcpy(id, text, API_KEY_ID_SIZE - 1);
	id[API_KEY_ID_SIZE - 1] = '\0';
	return text + API_KEY_ID_SIZE;
}

enum api_answer
api_keys_find(const struct api_keys *k, const char *authorization, enum api_right right, const struct api_key **key)
{
	char id[API_KEY_ID_SIZE];
	const char *secret;
	uint8_t hash[crypto_hash_sha256_BYTES];

	if (!authorization)
		return API_ABSENT;
	if (!k->ready)
		return API_NOT_READY;
	if (!(secret = split(authorization, id)))
		return API_WRONG;
	crypto_hash_sha256(hash, (const unsigned char *)secret, API_KEY_SECRET_LENGTH);
	for (size_t i = 0; i < k->count; i++) {
		if (strcmp(k->list[i].id, id) != 0)
			continue;
		if (sodium_memcmp(hash, k->list[i].secret_hash, sizeof(hash)) != 0)
			return API_WRONG;
		if (!(k->list[i].rights & right))
			return API_FORBIDDEN;
		*key = &k->list[i];
		return API_GRANTED;
	}
	return API_WRONG;
}

enum api_answer
api_keys_check(struct api_keys *k, struct http_request *r, enum api_right right, const struct api_key **key)
{
	const char *authorization = http_header(r, "Authorization");

	if (!authorization && http_has_header(r, "Authorization"))
		return API_WRONG;
	return api_keys_find(k, authorization, right, key);
}

void
api_keys_reply(struct http_request *r, enum api_answer answer)
{
	switch (answer) {
	case API_FORBIDDEN:
		http_reply_problem(r, "forbidden", NULL);
		return;
	case API_NOT_READY:
		http_reply_problem(r, "unavailable", NULL);
		return;
	case API_ABSENT:
	case API_WRONG:
	case API_GRANTED:
	default:
		http_reply_problem(r, "unauthorized", NULL);
	}
}
