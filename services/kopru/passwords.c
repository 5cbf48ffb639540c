/* passwords: `kopru passwords FILE': the roles log in with what stands in a password file (.pgpass) of theirs. */
#include <stdio.h>
#include <string.h>

#include "common/base/file.h"
#include "services/kopru/command.h"
#include "services/kopru/session.h"

#define FIELDS 5 /* host:port:database:role:password */

/* Cuts a line into its fields; no value here holds a colon or a backslash. */
static int
line_split(char *line, const char *fields[FIELDS])
{
	size_t count = 0;

	for (char *field; (field = strsep(&line, ":"));) {
		if (count == FIELDS || !*field || strchr(field, '\\'))
			return -1;
		fields[count++] = field;
	}
	return count == FIELDS ? 0 : -1;
}

/* Each line is a role; all of them, or the first that cannot be set and why. */
static int
roles_set(struct session *s, char *text, json_t *roles, struct err *e)
{
	int number = 0;

	for (char *line; (line = strsep(&text, "\n"));) {
		const char *fields[FIELDS];

		number++;
		if (!*line)
			continue;
		if (line_split(line, fields) < 0)
			return err_set(
			    e, "line %d is not host:port:database:role:password, without backslashes", number);
		if (script_password(s->script, fields[3], fields[4], e) < 0)
			return err_prefix(e, "role \"%s\"", fields[3]);
		json_array_append_new(roles, json_string(fields[3]));
	}
	return json_array_size(roles) > 0 ? 0 : err_set(e, "there is no role in it");
}

int
passwords_set(const struct command_line *line, struct err *e)
{
	struct session s;
	json_t *roles = json_array();
	uint8_t *text;
	size_t size;
	int rc = -1;

	if (session_open(&s, e) < 0)
		goto out;
	if (file_read_secret(s.arena, line->arguments[0], &text, &size, e) < 0)
		goto close;
	rc = roles_set(&s, (char *)text, roles, e);
	if (rc < 0)
		err_prefix(e, "%s", line->arguments[0]);
	else
		command_say(line->json, json_pack("{s:O}", "roles", roles),
		    "%zu roles log in with the passwords of %s\n", json_array_size(roles), line->arguments[0]);
close:
	session_close(&s);
out:
	json_decref(roles);
	return rc;
}
