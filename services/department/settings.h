/* settings: of kopru-department. */
#ifndef KOPRU_SERVICES_DEPARTMENT_SETTINGS_H
#define KOPRU_SERVICES_DEPARTMENT_SETTINGS_H

#include "common/base/conf.h"

struct settings {
	const char *code;
	const char *feed;
	const char *commands;
	const char *server_public_file;
	const char *key_file;
	const char *cursor;
	const char *handler;
	const char *parked;
	long window;
	long tries;
	long wait_seconds;
	const char *log_level;
};

extern const struct conf_key department_keys[]; /* of the consumer */
extern const struct conf_key department_command_keys[]; /* of who sends a command */

#endif
