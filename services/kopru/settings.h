/* settings: of the operator's command. */
#ifndef KOPRU_SERVICES_KOPRU_SETTINGS_H
#define KOPRU_SERVICES_KOPRU_SETTINGS_H

#include "common/base/conf.h"

struct settings {
	const char *database;
};

/* KOPRU_DATABASE and the like; conf_free(kopru_keys, s) in the end. */
extern const struct conf_key kopru_keys[];

#endif
