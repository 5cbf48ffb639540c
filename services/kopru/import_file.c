/* import_file: see the header. */
#include "services/kopru/import_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)256 * 1024)
#define BOM_SIZE 3

struct import_file {
	int fd;
	bool ended;
	uint64_t size, done;
	struct import_format format;
	struct import_csv *csv;
	struct import_csv_row head;
	struct arena *arena, *row_arena; /* of the head; of a row */
	char hash[2 * crypto_hash_sha256_BYTES + 1];
	char piece[PIECE];
};

static ssize_t
read_piece(struct import_file *f, struct err *e)
{
	ssize_t size;

	do
		size = read(f->fd, f->piece, sizeof(f->piece));
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return err_set(e, "cannot read it: %s", strerror(errno));
	return size;
}

/* The whole file once. */
static int
look_through(struct import_file *f, struct err *e)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	struct import_scan scan = {.size = 0};
	ssize_t size;

	crypto_hash_sha256_init(&state);
	while ((size = read_piece(f, e)) > 0) {
		crypto_hash_sha256_update(&state, (const uint8_t *)f->piece, (size_t)size);
		import_scan_feed(&scan, f->piece, (size_t)size);
	}
	if (size < 0 || import_scan_end(&scan, &f->format, e) < 0)
		return -1;
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(f->hash, sizeof(f->hash), hash, sizeof(hash));
	f->size = scan.size;
	f->done = f->format.bom ? BOM_SIZE : 0;
	return lseek(f->fd, (off_t)f->done, SEEK_SET) < 0 ? err_set(e, "cannot read it again: %s", strerror(errno)) : 0;
}

static int
next_raw(struct import_file *f, struct import_csv_row *row, struct err *e)
{
	int rc;

	while ((rc = import_csv_next(f->csv, row, e)) == 0 && !f->ended) {
		ssize_t size = read_piece(f, e);

		if (size < 0)
			return -1;
		f->done += (uint64_t)size;
		f->ended = size == 0;
		if (f->ended)
			import_csv_end(f->csv);
		else
			import_csv_feed(f->csv, f->piece, (size_t)size);
	}
	return rc;
}

static int
read_head(struct import_file *f, struct err *e)
{
	struct import_csv_row row;
	const char **cells, *fault;
	int rc = next_raw(f, &row, e);

	if (rc <= 0)
		return rc < 0 ? -1 : err_set(e, "there is no row with the names of the columns");
	if (row.fault)
		return err_set(e, "the row with the names of the columns cannot be read: %s", row.fault);
	cells = arena_array(f->arena, row.count, sizeof(*cells));
	for (size_t i = 0; i < row.count; i++)
		cells[i] = arena_string(f->arena, row.cells[i]);
	if ((fault = import_decode(f->arena, f->format.encoding, cells, row.count)))
		return err_set(e, "the row with the names of the columns cannot be read: %s", fault);
	row.cells = cells;
	f->head = row;
	return 0;
}

struct import_file *
import_file_open(const char *path, struct err *e)
{
	struct import_file *f = calloc(1, sizeof(*f));
	struct stat st;

	if (!f)
		abort();
	f->arena = arena_new(0);
	f->row_arena = arena_new(0);
	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0 || fstat(f->fd, &st) < 0) {
		err_set(e, "%s", strerror(errno));
		goto failed;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(e, "is no file (it is read twice)");
		goto failed;
	}
	if (look_through(f, e) < 0)
		goto failed;
	f->csv = import_csv_new(f->format.separator);
	if (read_head(f, e) == 0)
		return f;
failed:
	import_file_close(f);
	err_prefix(e, "%s", path);
	return NULL;
}

void
import_file_close(struct import_file *f)
{
	if (!f)
		return;
	import_csv_free(f->csv);
	arena_free(f->row_arena);
	arena_free(f->arena);
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}

const struct import_format *
import_file_format(const struct import_file *f)
{
	return &f->format;
}

const struct import_csv_row *
import_file_head(const struct import_file *f)
{
	return &f->head;
}

const char *
import_file_hash(const struct import_file *f)
{
	return f->hash;
}

uint64_t
import_file_size(const struct import_file *f)
{
	return f->size;
}

uint64_t
import_file_done(const struct import_file *f)
{
	return f->done;
}

int
import_file_next(struct import_file *f, struct import_csv_row *row, struct err *e)
{
	int rc = next_raw(f, row, e);

	if (rc <= 0 || row->fault)
		return rc;
	arena_reset(f->row_arena);
	if (row->count != f->head.count)
		row->fault = arena_printf(
		    f->row_arena, "it has %zu cells, the row with the names has %zu", row->count, f->head.count);
	else
		row->fault = import_decode(f->row_arena, f->format.encoding, row->cells, row->count);
	return rc;
}
