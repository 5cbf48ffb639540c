/* secret: see secret.h. */
#include "services/kopru/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

static int
write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			text += n;
			size -= (size_t)n;
		}
	}
	return fsync(fd);
}

int
secret_make(const char *path, struct bus_key *key, struct err *e)
{
	char line[BUS_KEY_SIZE];
	int fd, rc;

	if (bus_key_make(key, e) < 0)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, "there is a file \"%s\" already; a key is never overwritten", path);
	if (fd < 0)
		return err_set(e, "cannot make \"%s\": %s", path, strerror(errno));
	memcpy(line, key->secret_key, sizeof(line));
	line[BUS_KEY_SIZE - 1] = '\n';
	rc = write_all(fd, line, sizeof(line));
	sodium_memzero(line, sizeof(line));
	if (rc < 0) {
		err_set(e, "cannot write \"%s\": %s", path, strerror(errno));
		unlink(path);
	}
	close(fd);
	return rc;
}
