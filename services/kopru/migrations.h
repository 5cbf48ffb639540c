/* migrations: the files of a folder and what a database says was applied. Pure but for reading the folder. */
#ifndef KOPRU_SERVICES_KOPRU_MIGRATIONS_H
#define KOPRU_SERVICES_KOPRU_MIGRATIONS_H

#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define MIGRATION_CHECKSUM_SIZE 65 /* SHA-256 in hex and NUL */
#define MIGRATIONS_MAX 9999

struct migration {
	int number;
	const char *name; /* "0001_feed.sql" */
	const char *text;
	char checksum[MIGRATION_CHECKSUM_SIZE];
};

struct migrations {
	struct migration *list; /* by number */
	size_t count;
};

/* Reads NNNN_noun.sql; other names are refused when they end in .sql and passed over otherwise. Numbers must
 * run from 0001 without a gap or a double. */
int migrations_read(struct arena *a, const char *folder, struct migrations *m, struct err *e);

/* What was applied, number i + 1 at i: names and checksums must be the same, and no file may have gone. */
int migrations_check(
    const struct migrations *m, const char *const *names, const char *const *checksums, size_t count, struct err *e);

/* The number of a file's name, 0 when it is none: four digits, "_", [a-z0-9_]+, ".sql". */
int migration_number(const char *name);

#endif
