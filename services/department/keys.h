/* keys: of a department and of the server that it speaks with. */
#ifndef KOPRU_SERVICES_DEPARTMENT_KEYS_H
#define KOPRU_SERVICES_DEPARTMENT_KEYS_H

#include "common/bus/bus.h"
#include "services/department/settings.h"

struct keys {
	bool used; /* false: the endpoint is local and needs none */
	struct bus_key own;
	char server_public[BUS_KEY_SIZE];
};

/* Reads the files that the settings name when the endpoint is tcp://. */
int keys_read(const struct settings *conf, const char *endpoint, struct keys *keys, struct err *e);
void keys_forget(struct keys *keys);

#endif
