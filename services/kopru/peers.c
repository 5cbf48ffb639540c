/* peers: who may connect to a feed over TCP: `kopru department key`, `kopru service key`, their revokes, `kopru peers`
 * and a server's own key, `kopru curve`. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "services/kopru/catalogue.h"
#include "services/kopru/command.h"
#include "services/kopru/secret.h"
#include "services/kopru/store.h"
#include "services/kopru/table.h"

struct peer {
	int statement; /* DEPARTMENT_PEER_ADD or SERVICE_PEER_ADD */
	const char *kind; /* "department" or "service" */
	const char *name;
	const char *public_key;
	int64_t before; /* valid keys that it had */
	bool json;
};

static void
peer_build(void *arg, struct db_tx *tx)
{
	const struct peer *p = arg;

	db_call(tx, &kopru_statements[p->statement]);
	db_bind_text(tx, p->public_key);
	db_bind_text(tx, p->name);
}

static int
peer_read(void *arg, const struct db_results *r, struct err *e)
{
	struct peer *p = arg;

	if (db_rows(r, 0) == 0)
		return err_set(e, "there is no %s \"%s\"", p->kind, p->name);
	p->before = db_int8(r, 0, 0, 1);
	return 0;
}

/* Makes the key and registers its public half. A file without its row would be a key that opens nothing. */
static int
peer_add(struct peer *p, const char *path, struct err *e)
{
	const struct store_work work = {peer_build, peer_read, p};
	struct bus_key key;

	if (secret_make(path, &key, e) < 0)
		return -1;
	sodium_memzero(key.secret_key, sizeof(key.secret_key));
	p->public_key = key.public_key;
	if (store_run(&work, e) < 0) {
		unlink(path);
		return -1;
	}
	command_say(p->json,
	    json_pack("{s:o, s:s, s:s, s:I}", "name", json_sprintf("%s/%s", p->kind, p->name), "file", path,
		"public_key", key.public_key, "older_valid_keys", (json_int_t)p->before),
	    "%s holds the secret key of %s/%s: give it to nobody else, and keep it readable by its owner only.\n"
	    "Its public half is registered:\n  %s\n",
	    path, p->kind, p->name, key.public_key);
	if (p->before > 0 && !p->json)
		printf("%lld older key%s valid too (see `kopru peers'). When nobody uses it any more:\n"
		       "  kopru %s revoke %s -- 'PUBLIC'\n",
		    (long long)p->before, p->before == 1 ? " is" : "s are", p->kind, p->name);
	return 0;
}

int
department_key(const struct command_line *line, struct err *e)
{
	struct peer p = {
	    .statement = DEPARTMENT_PEER_ADD, .kind = "department", .name = line->arguments[0], .json = line->json};
	char path[32];

	if (!catalogue_code_valid(p.name))
		return err_set(e, "\"%s\" is no department's code: 2 to 12 of A-Z and 0-9 are", p.name);
	snprintf(path, sizeof(path), "%s.key", p.name);
	if (peer_add(&p, line->out ? line->out : path, e) < 0)
		return -1;
	if (line->json)
		return 0;
	printf(
	    "Next: take the key and the router's public key (the .pub beside its key file) to the department, and run\n"
	    "  DEPARTMENT_CODE=%s DEPARTMENT_KEY_FILE=%s DEPARTMENT_SERVER_PUBLIC_FILE=router.key.pub \\\n"
	    "  DEPARTMENT_FEED=tcp://ROUTER:PORT DEPARTMENT_CURSOR=%s.cursor DEPARTMENT_PARKED=parked "
	    "kopru-department\n",
	    p.name, line->out ? line->out : path, p.name);
	return 0;
}

int
service_key(const struct command_line *line, struct err *e)
{
	struct peer p = {
	    .statement = SERVICE_PEER_ADD, .kind = "service", .name = line->arguments[0], .json = line->json};
	size_t size = strspn(p.name, "abcdefghijklmnopqrstuvwxyz");
	char path[32];

	if (p.name[size] || size < 2 || size > 20)
		return err_set(e, "\"%s\" is no service's name: 2 to 20 of a-z are", p.name);
	snprintf(path, sizeof(path), "%s.key", p.name);
	return peer_add(&p, line->out ? line->out : path, e);
}

struct revocation {
	bool json;
	char name[BUS_PEER_NAME_MAX];
	const char *public_key;
};

static void
revoke_build(void *arg, struct db_tx *tx)
{
	const struct revocation *v = arg;

	db_call(tx, &kopru_statements[PEER_REVOKE]);
	db_bind_text(tx, v->name);
	db_bind_text(tx, v->public_key);
}

static int
revoke_read(void *arg, const struct db_results *r, struct err *e)
{
	const struct revocation *v = arg;

	if (db_rows(r, 0) == 0)
		return err_set(e, "%s has no such valid key", v->name);
	command_say(v->json, json_pack("{s:s, s:s}", "name", v->name, "public_key", v->public_key),
	    "the key of %s is let in no more\n", v->name);
	return 0;
}

static int
peer_revoke(const char *kind, const struct command_line *line, struct err *e)
{
	struct revocation v = {.public_key = line->arguments[1], .json = line->json};
	const struct store_work work = {revoke_build, revoke_read, &v};

	snprintf(v.name, sizeof(v.name), "%s/%s", kind, line->arguments[0]);
	return store_run(&work, e);
}

int
department_revoke(const struct command_line *line, struct err *e)
{
	return peer_revoke("department", line, e);
}

int
service_revoke(const struct command_line *line, struct err *e)
{
	return peer_revoke("service", line, e);
}

static void
peers_build(void *arg, struct db_tx *tx)
{
	(void)arg;
	db_call(tx, &kopru_statements[PEERS]);
}

static int
peers_read(void *arg, const struct db_results *r, struct err *e)
{
	static const struct table_column columns[] = {
	    {"name", false}, {"public_key", false}, {"created_at", false}, {"revoked_at", false}, {0}};
	const struct command_line *line = arg;
	struct arena *a = arena_new(0);
	struct table *t = table_new(a, columns);

	(void)e;
	for (size_t i = 0; i < db_rows(r, 0); i++) {
		table_add_text(t, db_text(r, 0, i, 0));
		table_add_text(t, db_text(r, 0, i, 1));
		table_add_time(t, db_time(r, 0, i, 2));
		if (db_null(r, 0, i, 3))
			table_add_text(t, NULL);
		else
			table_add_time(t, db_time(r, 0, i, 3));
	}
	table_print(t, line->json, stdout);
	arena_free(a);
	return 0;
}

int
peers_list(const struct command_line *line, struct err *e)
{
	struct command_line copy = *line;
	const struct store_work work = {peers_build, peers_read, &copy};

	return store_run(&work, e);
}

int
curve_make(const struct command_line *line, struct err *e)
{
	const char *path = line->arguments[0];
	struct arena *a = arena_new(0);
	struct bus_key key;
	bool there = access(path, F_OK) == 0;
	int rc = there ? bus_key_read(path, &key, e) : secret_make(path, &key, e);

	/* Written again beside a kept key: a stop between the two files leaves no .pub. */
	if (rc == 0)
		rc = file_write_durable(
		    arena_printf(a, "%s.pub", path), arena_printf(a, "%s\n", key.public_key), BUS_KEY_SIZE, 0644, e);
	if (rc == 0)
		command_say(line->json,
		    json_pack("{s:s, s:s, s:b}", "file", path, "public_key", key.public_key, "kept", there),
		    "%s is %s; its public half is in %s.pub:\n  %s\n", path, there ? "kept" : "new", path,
		    key.public_key);
	sodium_memzero(&key, sizeof(key));
	arena_free(a);
	return rc;
}
