/* migrations: see migrations.h. */
#include "services/kopru/migrations.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"

#define MIGRATION_SIZE_MAX (4 * 1024 * 1024)

int
migration_number(const char *name)
{
	size_t noun;
	int number = 0;

	for (int i = 0; i < 4; i++) {
		if (name[i] < '0' || name[i] > '9')
			return 0;
		number = number * 10 + (name[i] - '0');
	}
	if (name[4] != '_')
		return 0;
	noun = strspn(name + 5, "abcdefghijklmnopqrstuvwxyz0123456789_");
	return noun > 0 && strcmp(name + 5 + noun, ".sql") == 0 ? number : 0;
}

static int
is_sql(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return entry->d_name[0] != '.' && size > 4 && strcmp(entry->d_name + size - 4, ".sql") == 0;
}

static int
migration_read(struct arena *a, const char *folder, const char *name, struct migration *m, struct err *e)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char *text;
	size_t size;

	m->number = migration_number(name);
	m->name = arena_string(a, name);
	if (m->number == 0)
		return err_set(e, "\"%s\" is no migration's name: NNNN_noun.sql is", name);
	if (file_read(a, arena_printf(a, "%s/%s", folder, name), MIGRATION_SIZE_MAX, &text, &size, e) < 0)
		return -1;
	if (strlen(text) != size)
		return err_set(e, "\"%s\" holds a NUL", name);
	crypto_hash_sha256(hash, (const unsigned char *)text, size);
	sodium_bin2hex(m->checksum, sizeof(m->checksum), hash, sizeof(hash));
	m->text = text;
	return 0;
}

/* The files are in order of their names, so in order of their numbers. */
static int
numbers_check(const struct migrations *m, struct err *e)
{
	for (size_t i = 0; i < m->count; i++) {
		if (i > 0 && m->list[i].number == m->list[i - 1].number)
			return err_set(e, "\"%s\" and \"%s\" have one number", m->list[i - 1].name, m->list[i].name);
		if (m->list[i].number != (int)i + 1)
			return err_set(e, "migration %04zu is missing", i + 1);
	}
	return 0;
}

int
migrations_read(struct arena *a, const char *folder, struct migrations *m, struct err *e)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_sql, alphasort);
	int rc = 0;

	if (count < 0)
		return err_set(e, "cannot read the folder \"%s\": %s", folder, strerror(errno));
	m->list = arena_array(a, (size_t)count + 1, sizeof(*m->list));
	m->count = (size_t)count;
	for (size_t i = 0; i < m->count; i++) {
		if (rc == 0)
			rc = migration_read(a, folder, entries[i]->d_name, &m->list[i], e);
		free(entries[i]);
	}
	free(entries);
	if (rc == 0 && m->count == 0)
		rc = err_set(e, "the folder \"%s\" holds no migration", folder);
	return rc == 0 ? numbers_check(m, e) : -1;
}

int
migrations_check(
    const struct migrations *m, const char *const *names, const char *const *checksums, size_t count, struct err *e)
{
	if (count > m->count)
		return err_set(e,
		    "\"%s\" was applied but is no more in the folder: is this program older than the database?",
		    names[m->count]);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(m->list[i].name, names[i]) != 0)
			return err_set(e, "\"%s\" was applied as \"%s\"", m->list[i].name, names[i]);
		if (strcmp(m->list[i].checksum, checksums[i]) != 0)
			return err_set(e,
			    "\"%s\" was changed after it was applied: put it back and write a new migration", names[i]);
	}
	return 0;
}
