/* keys: see keys.h. */
#include "services/department/keys.h"

#include <sodium.h>
#include <string.h>

int
keys_read(const struct settings *conf, const char *endpoint, struct keys *keys, struct err *e)
{
	*keys = (struct keys){.used = strstr(endpoint, "tcp://") != NULL};
	if (!keys->used)
		return 0;
	if (!*conf->key_file || !*conf->server_public_file)
		return err_set(e, "DEPARTMENT_KEY_FILE and DEPARTMENT_SERVER_PUBLIC_FILE are required for tcp://");
	if (bus_key_read(conf->key_file, &keys->own, e) < 0)
		return err_prefix(e, "DEPARTMENT_KEY_FILE");
	if (bus_key_read_public(conf->server_public_file, keys->server_public, e) < 0)
		return err_prefix(e, "DEPARTMENT_SERVER_PUBLIC_FILE");
	return 0;
}

void
keys_forget(struct keys *keys)
{
	sodium_memzero(keys, sizeof(*keys));
}
