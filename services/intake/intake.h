/* intake: where everything enters: checked, numbered, dated, stored, and only then acknowledged. */
#ifndef KOPRU_SERVICES_INTAKE_INTAKE_H
#define KOPRU_SERVICES_INTAKE_INTAKE_H

#include "common/base/conf.h"
#include "common/loop/loop.h"

struct intake;

struct intake_conf {
	const char *database;
	const char *listen;
	const char *feed;
	const char *commands;
	const char *key_file;
	const char *access_code_key_file;
	const char *person_key_file;
	const char *holidays_file;
	const char *channels_file;
	const char *files;
	const char *clamd;
	const char *public_url;
	const char *log_level;
	long queue;
	long connections;
};

extern const struct conf_key intake_keys[];

/* conf must outlive it. */
struct intake *intake_new(struct loop *l, const struct intake_conf *conf, struct err *e);
void intake_free(struct intake *i); /* NULL is fine */

#endif
