/* secret: files that hold a secret CURVE key. */
#ifndef KOPRU_SERVICES_KOPRU_SECRET_H
#define KOPRU_SERVICES_KOPRU_SECRET_H

#include "common/bus/bus.h"

/* Makes a key pair; its secret half goes to path (0600, durable). Refuses when there is such a file. */
int secret_make(const char *path, struct bus_key *key, struct err *e);

#endif
