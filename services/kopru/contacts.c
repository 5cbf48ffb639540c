/* contacts: `kopru department contact add|list|remove`: where officials are written to about terms and life safety. */
#include <stdio.h>
#include <string.h>

#include "common/domain/identity.h"
#include "services/kopru/catalogue.h"
#include "services/kopru/command.h"
#include "services/kopru/store.h"
#include "services/kopru/table.h"

static const char *const roles[] = {"officer", "manager", "arbiter", "mayor", "duty"};

/* What is asked, checked. department "": of the whole municipality. */
struct contact {
	const struct command_line *line;
	const char *department, *role, *address;
};

static bool
role_known(const char *role)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(roles[i], role) == 0)
			return true;
	}
	return false;
}

static int
contact_read(const struct command_line *line, struct contact *contact, struct err *e)
{
	*contact = (struct contact){line, line->arguments[0], line->arguments[1], line->arguments[2]};
	if (strcmp(contact->department, "-") == 0)
		contact->department = "";
	else if (!catalogue_code_valid(contact->department))
		return err_set(
		    e, "\"%s\" is no department's code; - stands for the whole municipality", contact->department);
	if (!role_known(contact->role))
		return err_set(e, "\"%s\" is no role; officer, manager, arbiter, mayor and duty are", contact->role);
	if (strlen(contact->address) > 254 || !email_valid(contact->address))
		return err_set(e, "\"%s\" is no e-mail address", contact->address);
	return 0;
}

static void
contact_bind(const struct contact *contact, struct db_tx *tx)
{
	db_bind_text(tx, contact->department);
	db_bind_text(tx, contact->role);
	db_bind_text(tx, contact->address);
}

static void
add_build(void *arg, struct db_tx *tx)
{
	db_call(tx, &kopru_statements[CONTACT_ADD]);
	contact_bind(arg, tx);
}

static int
add_read(void *arg, const struct db_results *r, struct err *e)
{
	const struct contact *c = arg;

	if (!db_bool(r, 0, 0, 0))
		return err_set(e, "there is no department \"%s\"", c->department);
	command_say(c->line->json,
	    json_pack("{s:s, s:s, s:s}", "department", c->department, "role", c->role, "address", c->address),
	    "%s is written to as %s%s%s\n", c->address, c->role, *c->department ? " of " : "", c->department);
	return 0;
}

int
contact_add(const struct command_line *line, struct err *e)
{
	struct contact contact;
	const struct store_work work = {add_build, add_read, &contact};

	return contact_read(line, &contact, e) < 0 ? -1 : store_run(&work, e);
}

static void
remove_build(void *arg, struct db_tx *tx)
{
	db_call(tx, &kopru_statements[CONTACT_REMOVE]);
	contact_bind(arg, tx);
}

static int
remove_read(void *arg, const struct db_results *r, struct err *e)
{
	const struct contact *c = arg;

	if (db_rows(r, 0) == 0)
		return err_set(e, "%s is not written to as %s there", c->address, c->role);
	command_say(c->line->json,
	    json_pack("{s:s, s:s, s:s}", "department", c->department, "role", c->role, "address", c->address),
	    "%s is written to no more as %s%s%s\n", c->address, c->role, *c->department ? " of " : "", c->department);
	return 0;
}

int
contact_remove(const struct command_line *line, struct err *e)
{
	struct contact contact;
	const struct store_work work = {remove_build, remove_read, &contact};

	return contact_read(line, &contact, e) < 0 ? -1 : store_run(&work, e);
}

static void
list_build(void *arg, struct db_tx *tx)
{
	(void)arg;
	db_call(tx, &kopru_statements[CONTACTS]);
}

static int
list_read(void *arg, const struct db_results *r, struct err *e)
{
	static const struct table_column columns[] = {{"department", false}, {"role", false}, {"address", false}, {0}};
	const struct command_line *line = arg;
	struct arena *a = arena_new(0);
	struct table *t = table_new(a, columns);

	(void)e;
	for (size_t i = 0; i < db_rows(r, 0); i++) {
		for (int column = 0; column < 3; column++)
			table_add_text(t, db_text(r, 0, i, column));
	}
	table_print(t, line->json, stdout);
	arena_free(a);
	return 0;
}

int
contact_list(const struct command_line *line, struct err *e)
{
	struct command_line copy = *line;
	const struct store_work work = {list_build, list_read, &copy};

	return store_run(&work, e);
}
