/* keys: API keys of clerks' and departments' programs and of figures' readers. The database holds only the SHA-256 of a secret. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "services/kopru/catalogue.h"
#include "services/kopru/command.h"
#include "services/kopru/store.h"
#include "services/kopru/table.h"

#define KEY_ID_SIZE 12
#define KEY_SECRET_BYTES 32
#define KEY_SECRET_SIZE 43 /* base64url without padding */
#define KEY_RIGHTS 5

struct key {
	char id[KEY_ID_SIZE + 1];
	char secret[KEY_SECRET_SIZE + 1];
	unsigned char hash[crypto_hash_sha256_BYTES];
	const char *name;
	const char *rights[KEY_RIGHTS];
	size_t rights_count;
	bool cases; /* "cases" is among them */
	const char *role, *department; /* NULL: none */
	bool json;
};

static const char *const rights[KEY_RIGHTS] = {"applications", "reports", "cases", "calls", "open311"};

/* In which roles a holder of a key may command. */
static const struct {
	const char *name;
	bool of_department;
} roles[] = {{"clerk", false}, {"officer", true}, {"manager", true}, {"arbiter", false}};

static int
right_add(struct key *k, const char *word, size_t size, struct err *e)
{
	for (size_t i = 0; i < KEY_RIGHTS; i++) {
		if (strlen(rights[i]) != size || strncmp(rights[i], word, size) != 0)
			continue;
		for (size_t j = 0; j < k->rights_count; j++)
			if (k->rights[j] == rights[i])
				return err_set(e, "the right \"%s\" stands twice", rights[i]);
		k->rights[k->rights_count++] = rights[i];
		k->cases = k->cases || strcmp(rights[i], "cases") == 0;
		return 0;
	}
	return err_set(e, "\"%.*s\" is no right; applications, reports, cases, calls and open311 are", (int)size, word);
}

static int
rights_parse(struct key *k, const char *list, struct err *e)
{
	if (!list)
		return err_set(e,
		    "--rights is missing: any of applications, reports, cases, calls and open311, separated by commas");
	for (;;) {
		size_t size = strcspn(list, ",");

		if (right_add(k, list, size, e) < 0)
			return -1;
		if (!list[size])
			return 0;
		list += size + 1;
	}
}

/* Role and department belong to the right "cases", and to nothing else. */
static int
role_check(const struct key *k, struct err *e)
{
	size_t i = 0, count = sizeof(roles) / sizeof(roles[0]);

	if (!k->cases)
		return k->role || k->department ? err_set(e, "--role and --department belong to the right \"cases\"")
						: 0;
	if (!k->role)
		return err_set(e, "the right \"cases\" needs --role: clerk, officer, manager or arbiter");
	while (i < count && strcmp(roles[i].name, k->role) != 0)
		i++;
	if (i == count)
		return err_set(e, "\"%s\" is no role; clerk, officer, manager and arbiter are", k->role);
	if (roles[i].of_department && !k->department)
		return err_set(e, "the role \"%s\" needs --department: the code of its department", k->role);
	if (!roles[i].of_department && k->department)
		return err_set(e, "the role \"%s\" belongs to no department; leave --department out", k->role);
	if (k->department && !catalogue_code_valid(k->department))
		return err_set(e, "\"%s\" is no department's code: 2 to 12 of A-Z and 0-9 are", k->department);
	return 0;
}

static void
key_make(struct key *k)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	unsigned char secret[KEY_SECRET_BYTES];

	for (int i = 0; i < KEY_ID_SIZE; i++)
		k->id[i] = letters[randombytes_uniform(sizeof(letters) - 1)];
	randombytes_buf(secret, sizeof(secret));
	sodium_bin2base64(
	    k->secret, sizeof(k->secret), secret, sizeof(secret), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(secret, sizeof(secret));
	crypto_hash_sha256(k->hash, (const unsigned char *)k->secret, KEY_SECRET_SIZE);
}

static void
create_build(void *arg, struct db_tx *tx)
{
	const struct key *k = arg;

	db_call(tx, &kopru_statements[API_KEY_ADD]);
	db_bind_text(tx, k->id);
	db_bind_text(tx, k->name);
	db_bind_bytes(tx, k->hash, sizeof(k->hash));
	db_bind_array(tx, DB_TEXTS, k->rights_count);
	for (size_t i = 0; i < k->rights_count; i++)
		db_put_text(tx, k->rights[i]);
	db_bind_text(tx, k->role);
	db_bind_text(tx, k->department);
}

static int
create_read(void *arg, const struct db_results *r, struct err *e)
{
	const struct key *k = arg;

	if (db_rows(r, 0) == 0)
		return k->department ? err_set(e, "there is no department \"%s\"", k->department)
				     : err_set(e, "there is a key \"%s\" already; try again", k->id);
	command_say(k->json, json_pack("{s:s, s:o}", "id", k->id, "key", json_sprintf("kopru_%s_%s", k->id, k->secret)),
	    "kopru_%s_%s\n", k->id, k->secret);
	return 0;
}

int
key_create(const struct command_line *line, struct err *e)
{
	struct key k = {
	    .name = line->arguments[0], .role = line->role, .department = line->department, .json = line->json};
	const struct store_work work = {create_build, create_read, &k};
	int rc;

	if (text_blank(k.name) || text_length(k.name) > 80 || text_has_line_break_or_control(k.name))
		return err_set(e, "the name must have 1 to 80 characters on one line");
	if (rights_parse(&k, line->rights, e) < 0 || role_check(&k, e) < 0)
		return -1;
	key_make(&k);
	rc = store_run(&work, e);
	if (rc == 0)
		fputs("Keep it now: it is shown this once.\n", stderr);
	sodium_memzero(&k, sizeof(k));
	return rc;
}

static void
list_build(void *arg, struct db_tx *tx)
{
	(void)arg;
	db_call(tx, &kopru_statements[API_KEYS]);
}

static int
list_read(void *arg, const struct db_results *r, struct err *e)
{
	static const struct table_column columns[] = {{"id", false}, {"name", false}, {"rights", false},
	    {"role", false}, {"department", false}, {"created_at", false}, {"revoked_at", false}, {0}};
	const struct command_line *line = arg;
	struct arena *a = arena_new(0);
	struct table *t = table_new(a, columns);

	(void)e;
	for (size_t i = 0; i < db_rows(r, 0); i++) {
		table_add_text(t, db_text(r, 0, i, 0));
		table_add_text(t, db_text(r, 0, i, 1));
		table_add_text(t, db_text(r, 0, i, 2));
		table_add_text(t, db_null(r, 0, i, 3) ? NULL : db_text(r, 0, i, 3));
		table_add_text(t, db_null(r, 0, i, 4) ? NULL : db_text(r, 0, i, 4));
		table_add_time(t, db_time(r, 0, i, 5));
		if (db_null(r, 0, i, 6))
			table_add_text(t, NULL);
		else
			table_add_time(t, db_time(r, 0, i, 6));
	}
	table_print(t, line->json, stdout);
	arena_free(a);
	return 0;
}

int
key_list(const struct command_line *line, struct err *e)
{
	struct command_line copy = *line;
	const struct store_work work = {list_build, list_read, &copy};

	return store_run(&work, e);
}

static void
revoke_build(void *arg, struct db_tx *tx)
{
	const struct command_line *line = arg;

	db_call(tx, &kopru_statements[API_KEY_REVOKE]);
	db_bind_text(tx, line->arguments[0]);
}

static int
revoke_read(void *arg, const struct db_results *r, struct err *e)
{
	const struct command_line *line = arg;

	if (db_rows(r, 0) == 0)
		return err_set(e, "there is no valid key \"%s\"", line->arguments[0]);
	command_say(line->json, json_pack("{s:s, s:s}", "id", line->arguments[0], "name", db_text(r, 0, 0, 0)),
	    "the key %s (%s) is let in no more\n", line->arguments[0], db_text(r, 0, 0, 0));
	return 0;
}

int
key_revoke(const struct command_line *line, struct err *e)
{
	struct command_line copy = *line;
	const struct store_work work = {revoke_build, revoke_read, &copy};

	return store_run(&work, e);
}
