/* reading: see the header. */
#include "services/intake/reading.h"

#include <sys/mman.h>
#include <unistd.h>

#define FILE_BYTES_MAX ((uint64_t)64 * 1024 * 1024)

void
reading_take(struct effects_row *row, struct arena *a, const struct db_results *results, size_t n)
{
	const void *bytes;
	size_t size;

	row->inbound.id = db_int8(results, 0, n, 0);
	row->inbound.source = arena_string(a, db_text(results, 0, n, 1));
	row->inbound.source_id = arena_string(a, db_text(results, 0, n, 2));
	row->inbound.received_at = db_time(results, 0, n, 3);
	bytes = db_bytes(results, 0, n, 4, &size);
	row->inbound.raw = arena_string_n(a, bytes ? bytes : "", size);
	row->inbound.size = size;
	bytes = db_bytes(results, 0, n, 5, &size);
	row->raw_file = bytes ? arena_copy(a, bytes, size) : NULL;
	row->token = db_int8(results, 0, n, 7);
	row->attempts = db_int4(results, 0, n, 8);
	row->channel = channel_of(row->inbound.source);
}

static bool
map_file(const struct files *files, struct effects_row *row)
{
	uint64_t size = 0;
	int fd = files ? files_open(files, row->raw_file, &size) : -1;
	void *bytes = MAP_FAILED;

	if (fd >= 0 && size > 0 && size <= FILE_BYTES_MAX)
		bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (bytes == MAP_FAILED)
		return false;
	row->mapped = bytes;
	row->inbound.raw = bytes;
	row->inbound.size = (size_t)size;
	return true;
}

/* Who was claimed before and never ended took its reader down with it. */
void
reading_make(const struct channels_conf *conf, const struct files *files, struct arena *a, struct effects_row *row)
{
	if (row->attempts > READING_ATTEMPTS_MAX)
		row->reading.triage = "nobody could read it";
	else if (!row->channel)
		row->reading.triage = "there is no reader for its source";
	else if (row->raw_file && !map_file(files, row))
		row->reading.triage = "its file is not there";
	else
		row->channel->read(conf, a, &row->inbound, &row->reading);
}

void
reading_end(struct effects_row *row)
{
	if (row->mapped)
		munmap(row->mapped, row->inbound.size);
	row->mapped = NULL;
}
