/* parked: see parked.h. */
#include "services/department/parked.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "common/domain/calendar.h"
#include "services/department/line.h"

#define NAME_TAIL_SIZE (1 + UUID_TEXT_SIZE - 1 + 5) /* "-<uuid>.json" */

struct parked {
	char *folder;
	char *code;
	struct timespec changed; /* the folder's time when it was read */
	struct uuid *list; /* application ids, sorted; one of several files stands several times */
	size_t count, space;
};

static int
compare(const void *a, const void *b)
{
	return uuid_compare(a, b);
}

static void
list_grow(struct parked *p)
{
	if (p->count < p->space)
		return;
	p->space = p->space ? p->space * 2 : 16;
	p->list = realloc(p->list, p->space * sizeof(*p->list));
	if (!p->list)
		abort();
}

/* CODE-00000000000000000012-<application id>.json */
static bool
name_parse(const struct parked *p, const char *name, struct uuid *application_id)
{
	size_t size = strlen(name), head = strlen(p->code);
	char id[UUID_TEXT_SIZE];

	if (size != head + 21 + NAME_TAIL_SIZE || strncmp(name, p->code, head) != 0 || name[head] != '-' ||
	    strcmp(name + size - 5, ".json") != 0)
		return false;
	memcpy(id, name + size - NAME_TAIL_SIZE + 1, UUID_TEXT_SIZE - 1);
	id[UUID_TEXT_SIZE - 1] = '\0';
	return uuid_parse(id, application_id);
}

static int
folder_read(struct parked *p, struct err *e)
{
	DIR *folder = opendir(p->folder);
	struct dirent *entry;
	struct uuid id;

	if (!folder)
		return err_set(e, "cannot read the folder \"%s\": %s", p->folder, strerror(errno));
	p->count = 0;
	while ((entry = readdir(folder))) {
		if (!name_parse(p, entry->d_name, &id))
			continue;
		list_grow(p);
		p->list[p->count++] = id;
	}
	closedir(folder);
	if (p->count > 0)
		qsort(p->list, p->count, sizeof(*p->list), compare);
	return 0;
}

static bool
folder_changed(struct parked *p)
{
	struct stat now;
	bool changed;

	if (stat(p->folder, &now) < 0)
		return false;
	changed = now.st_mtim.tv_sec != p->changed.tv_sec || now.st_mtim.tv_nsec != p->changed.tv_nsec;
	p->changed = now.st_mtim;
	return changed;
}

struct parked *
parked_open(const char *folder, const char *code, struct err *e)
{
	struct parked *p;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
		err_set(e, "cannot make the folder \"%s\": %s", folder, strerror(errno));
		return NULL;
	}
	p = calloc(1, sizeof(*p));
	if (!p || !(p->folder = strdup(folder)) || !(p->code = strdup(code)))
		abort();
	folder_changed(p);
	if (folder_read(p, e) < 0) {
		parked_close(p);
		return NULL;
	}
	return p;
}

void
parked_close(struct parked *p)
{
	if (!p)
		return;
	free(p->list);
	free(p->folder);
	free(p->code);
	free(p);
}

bool
parked_waits(struct parked *p, const struct uuid *application_id)
{
	struct err e;

	/* When it cannot be read, what was read before stands. */
	if (folder_changed(p))
		folder_read(p, &e);
	return p->count > 0 && bsearch(application_id, p->list, p->count, sizeof(*p->list), compare);
}

static char *
event_json(struct arena *a, const struct parked_event *event, size_t *size)
{
	json_t *object = json_object(), *line = event->line ? json_loads(event->line, 0, NULL) : NULL;
	char at[TIME_TEXT_SIZE], id[UUID_TEXT_SIZE];
	char *text;

	time_text_istanbul(clock_now(), at);
	uuid_text(&event->event_id, id);
	json_object_set_new(object, "reason", json_string(event->reason));
	json_object_set_new(object, "tries", json_integer((json_int_t)event->tries));
	json_object_set_new(object, "parked_at", json_string(at));
	json_object_set_new(object, "seq", json_integer((json_int_t)event->seq));
	json_object_set_new(object, "event_id", json_string(id));
	json_object_set_new(object, "event", line ? line : json_null());
	json_object_set_new(object, "bytes", json_string(line_base64(a, event->bytes, event->size)));
	*size = json_dumpb(object, NULL, 0, JSON_COMPACT | JSON_REAL_PRECISION(10)) + 1;
	text = arena_alloc(a, *size);
	json_dumpb(object, text, *size, JSON_COMPACT | JSON_REAL_PRECISION(10));
	text[*size - 1] = '\n';
	json_decref(object);
	return text;
}

/* Keeps the list sorted, and remembers the folder as it is with the new file. */
static void
list_add(struct parked *p, const struct uuid *application_id)
{
	size_t place = p->count;

	list_grow(p);
	while (place > 0 && uuid_compare(&p->list[place - 1], application_id) > 0)
		place--;
	memmove(&p->list[place + 1], &p->list[place], (p->count - place) * sizeof(*p->list));
	p->list[place] = *application_id;
	p->count++;
	folder_changed(p);
}

int
parked_add(struct parked *p, const struct parked_event *event, struct err *e)
{
	struct arena *a = arena_new(0);
	char id[UUID_TEXT_SIZE];
	const char *path, *text;
	size_t size;
	int rc;

	uuid_text(&event->application_id, id);
	path = arena_printf(a, "%s/%s-%020" PRIu64 "-%s.json", p->folder, p->code, event->seq, id);
	text = event_json(a, event, &size);
	rc = file_write_durable(path, text, size, 0600, e);
	if (rc == 0)
		list_add(p, &event->application_id);
	arena_free(a);
	return rc;
}

size_t
parked_count(const struct parked *p)
{
	return p->count;
}
