/* bus_key: CURVE keys, made and read from files. */
#include "common/bus/bus.h"

#include <sodium.h>
#include <string.h>
#include <zmq.h>

#include "common/base/arena.h"
#include "common/base/file.h"

int
bus_key_make(struct bus_key *key, struct err *e)
{
	if (zmq_curve_keypair(key->public_key, key->secret_key) < 0)
		return err_set(e, "no key pair: %s", zmq_strerror(zmq_errno()));
	return 0;
}

/* One line of 40 characters of Z85, with or without a newline. */
static int
key_take(const char *data, size_t size, char key[BUS_KEY_SIZE])
{
	uint8_t raw[32];
	char text[BUS_KEY_SIZE];
	int rc = -1;

	while (size > 0 && (data[size - 1] == '\n' || data[size - 1] == '\r' || data[size - 1] == ' '))
		size--;
	if (size != BUS_KEY_SIZE - 1)
		return -1;
	memcpy(text, data, size);
	text[size] = '\0';
	if (strlen(text) == size && zmq_z85_decode(raw, text)) {
		memcpy(key, text, sizeof(text));
		rc = 0;
	}
	sodium_memzero(raw, sizeof(raw));
	sodium_memzero(text, sizeof(text));
	return rc;
}

int
bus_key_read(const char *path, struct bus_key *key, struct err *e)
{
	struct arena *a = arena_new(0);
	uint8_t *data;
	size_t size;
	int rc = -1;

	if (file_read_secret(a, path, &data, &size, e) < 0)
		goto out;
	if (key_take((const char *)data, size, key->secret_key) < 0 ||
	    zmq_curve_public(key->public_key, key->secret_key) < 0)
		rc = err_set(e, "file \"%s\" does not hold a secret key of 40 characters", path);
	else
		rc = 0;
	sodium_memzero(data, size);

out:
	arena_free(a);
	return rc;
}

int
bus_key_read_public(const char *path, char public_key[BUS_KEY_SIZE], struct err *e)
{
	struct arena *a = arena_new(0);
	char *data;
	size_t size;
	int rc = file_read(a, path, 1024, &data, &size, e);

	if (rc == 0 && key_take(data, size, public_key) < 0)
		rc = err_set(e, "file \"%s\" does not hold a public key of 40 characters", path);
	arena_free(a);
	return rc;
}
