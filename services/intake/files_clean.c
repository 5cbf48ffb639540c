/* files_clean: what nobody needs is removed, when it is old enough that nobody can be about to name it. */
#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "services/intake/files_internal.h"

static bool
is_old(int folder, const char *path)
{
	struct stat st;

	return fstatat(folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_mtime + FILES_UNUSED_SECONDS < time(NULL);
}

/* Its entries one after another; NULL when it is not there. */
static DIR *
folder_read(int above, const char *path)
{
	int fd = openat(above, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;

	if (!folder && fd >= 0)
		close(fd);
	return folder;
}

size_t
files_incoming_clean(struct files *f)
{
	DIR *folder = folder_read(f->folder, "incoming");
	const struct dirent *entry;
	size_t count = 0;

	while (folder && (entry = readdir(folder)))
		if (is_old(f->incoming, entry->d_name) && unlinkat(f->incoming, entry->d_name, 0) == 0)
			count++;
	if (folder)
		closedir(folder);
	return count;
}

bool
files_remove_old(struct files *f, const uint8_t sha256[FILES_HASH_SIZE])
{
	char path[FILES_PATH_SIZE];
	int lock = files_lock(f, true);
	bool removed;

	if (lock < 0)
		return false;
	files_path(sha256, path);
	removed = is_old(f->folder, path) && unlinkat(f->folder, path, 0) == 0;
	close(lock);
	return removed;
}

static void
each_of(struct files *f, const char *path, void (*on_file)(void *arg, const uint8_t *sha256), void *arg)
{
	DIR *folder = folder_read(f->folder, path);
	const struct dirent *entry;
	uint8_t sha256[FILES_HASH_SIZE];
	size_t size;

	while (folder && (entry = readdir(folder))) {
		const char *name = entry->d_name;

		if (strlen(name) == 2 * sizeof(sha256) &&
		    sodium_hex2bin(sha256, sizeof(sha256), name, strlen(name), NULL, &size, NULL) == 0 &&
		    size == sizeof(sha256) && is_old(dirfd(folder), name))
			on_file(arg, sha256);
	}
	if (folder)
		closedir(folder);
}

void
files_each_old(
    struct files *f, unsigned folder, void (*on_file)(void *arg, const uint8_t sha256[FILES_HASH_SIZE]), void *arg)
{
	char path[6];

	for (unsigned second = 0; second < 256; second++) {
		snprintf(path, sizeof(path), "%02x/%02x", folder & 255, second);
		each_of(f, path, on_file, arg);
	}
}
