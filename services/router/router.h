/* router: reads stream "intake", decides on each received application, and owns the streams "case" and
 * "department/...". */
#ifndef KOPRU_SERVICES_ROUTER_ROUTER_H
#define KOPRU_SERVICES_ROUTER_ROUTER_H

#include "common/base/err.h"
#include "common/loop/loop.h"

struct router_conf {
	const char *database;
	const char *listen;
	const char *intake_feed, *intake_server_public_file, *intake_key_file;
	const char *feed, *key_file;
	const char *commands;
	long bus_connections;
	long commands_waiting, commands_days, question_days, arbiter_working_days;
	long window;
	const char *model_file;
	bool learning;
	long learning_days, learning_examples, learning_months, learning_mib;
	const char *log_level;
};

struct router;

struct router *router_new(struct loop *l, const struct router_conf *conf, struct err *e);
void router_free(struct router *r); /* NULL is fine */

#endif
