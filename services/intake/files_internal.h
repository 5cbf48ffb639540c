/* files_internal: what the files of the folder of files share. */
#ifndef KOPRU_SERVICES_INTAKE_FILES_INTERNAL_H
#define KOPRU_SERVICES_INTAKE_FILES_INTERNAL_H

#include <semaphore.h>
#include <stdatomic.h>

#include "services/intake/files.h"

#define FILES_PATH_SIZE (3 + 3 + 2 * FILES_HASH_SIZE + 1)

struct files {
	int folder, incoming; /* for openat and fsync */
	int lock, large;
	bool scan;
	atomic_bool stopping;
	char *program;
	sem_t examiners;
};

void files_path(const uint8_t sha256[FILES_HASH_SIZE], char path[FILES_PATH_SIZE]);
/* A descriptor whose closing gives the lock back, or -1. */
int files_lock(struct files *f, bool alone);

#endif
