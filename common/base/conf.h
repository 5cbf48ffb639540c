/* conf: settings from the environment only, one table for each service. A text setting may also be
 * read from the file that NAME_FILE names (secrets); the trailing newline is cut. All that is wrong is
 * said at once, each with the name, the value (never a secret's) and what is allowed. */
#ifndef KOPRU_COMMON_BASE_CONF_H
#define KOPRU_COMMON_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/base/err.h"

enum conf_type {
	CONF_TEXT, /* const char *, lives until conf_free */
	CONF_ENDPOINT, /* the same, where %h becomes this host's name: each container of a service then has its own sockets */
	CONF_SECRET, /* const char *; never printed */
	CONF_NUMBER, /* long, between min and max */
	CONF_SWITCH, /* bool: "on" or "off" */
};

struct conf_key {
	const char *name; /* ROUTER_WINDOW; NULL ends the table */
	enum conf_type type;
	size_t offset; /* of the field in the service's struct */
	const char *fallback; /* default as text; NULL: required */
	const char *help; /* one line, with the unit */
	long min, max; /* CONF_NUMBER only */
};

/* Fills conf. -1 with all reasons in e (one line each, cut to fit). */
int conf_load(const struct conf_key *keys, void *conf, struct err *e);
void conf_free(const struct conf_key *keys, void *conf);

/* Prints the table: name, default, help. */
void conf_help(const struct conf_key *keys, FILE *out);

#endif
