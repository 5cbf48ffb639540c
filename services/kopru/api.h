/* api: where the services' API is and with which key it is asked: KOPRU_URL, KOPRU_KEY or KOPRU_KEY_FILE, and the options
 * --url and --key-file that stand above them. */
#ifndef KOPRU_SERVICES_KOPRU_API_H
#define KOPRU_SERVICES_KOPRU_API_H

#include "common/base/arena.h"
#include "services/kopru/command.h"

struct api {
	const char *name; /* as given, for messages */
	const char *socket; /* path of a unix socket; NULL: none */
	const char *url; /* what a path is appended to */
	const char *key;
};

/* All of it lives in the arena. right: what the key must be good for, for the reason when there is none. */
int api_find(struct arena *a, const struct command_line *line, const char *right, struct api *api, struct err *e);

#endif
