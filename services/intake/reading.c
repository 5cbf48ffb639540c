/* reading: see the header. */
#include "services/intake/reading.h"

#include <sys/mman.h>
#include <unistd.h>

#define FILE_BYTES_MAX ((uint64_t)64 * 1024 * 1024)

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
