/* bus_world: owners and consumers of the feed on one loop, for tests. */
#include "tests/harness/bus_world.h"

#include <event2/event.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/kopru/v1/event.pb-c.h"

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN true
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN false
#endif

struct pending_read {
	struct pending_read *next;
	struct world_owner *world;
	struct loop_timer *timer;
	void *reading;
	struct table *table;
	uint64_t after;
	size_t limit;
	size_t bytes_max;
};

static void
must(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "bus_world: %s\n", what);
	abort();
}

void
table_append(struct table *t, size_t event_size)
{
	struct table_event *row;
	Kopru__V1__Event event;
	char *number = malloc(event_size + 1);

	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 1024;
		t->events = realloc(t->events, t->room * sizeof(*t->events));
	}
	must(number && t->events, "memory");
	row = &t->events[t->count++];
	row->id = uuid_new();
	memset(number, 'x', event_size);
	number[event_size] = '\0';
	kopru__v1__event__init(&event);
	event.id.data = row->id.bytes;
	event.id.len = UUID_SIZE;
	event.number = number;
	event.at = clock_now();
	row->size = kopru__v1__event__get_packed_size(&event);
	row->bytes = malloc(row->size);
	must(row->bytes, "memory");
	kopru__v1__event__pack(&event, row->bytes);
	free(number);
}

void
table_free(struct table *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->events[i].bytes);
	free(t->events);
	t->events = NULL;
	t->count = t->room = 0;
}

static void
pending_forget(struct pending_read *p)
{
	struct pending_read **at = &p->world->pending;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	timer_free(p->timer);
	free(p);
}

static void
pending_answer(struct world_owner *w, void *reading, const struct feed_read_result *result)
{
	feed_owner_read_done(w->owner, reading, result);
}

static void
on_read(void *arg)
{
	struct pending_read p = *(struct pending_read *)arg;
	struct world_owner *w = p.world;
	struct feed_item *items = calloc(p.limit, sizeof(*items));
	struct feed_read_result result = {.items = items};
	size_t bytes = 0;

	must(items, "memory");
	pending_forget(arg);
	if (w->fail_reads > 0) {
		w->fail_reads--;
		result.failed = true;
	}
	result.head = p.table->count;
	result.known = p.after <= p.table->count;
	if (p.after > 0 && result.known)
		result.event_id = p.table->events[p.after - 1].id;
	for (uint64_t seq = p.after + 1; seq <= p.table->count && result.count < p.limit; seq++) {
		const struct table_event *row = &p.table->events[seq - 1];

		bytes += row->size;
		if (result.count > 0 && bytes > p.bytes_max)
			break;
		items[result.count++] = (struct feed_item){seq, row->id, row->bytes, row->size};
	}
	pending_answer(w, p.reading, &result);
	free(items);
}

static void
world_read(void *arg, const char *stream, uint64_t after, size_t limit, size_t bytes_max, void *reading)
{
	struct world_owner *w = arg;
	struct pending_read *p = calloc(1, sizeof(*p));

	must(p, "memory");
	p->next = w->pending;
	w->pending = p;
	p->world = w;
	p->reading = reading;
	p->after = after;
	p->limit = limit;
	p->bytes_max = bytes_max;
	for (size_t i = 0; i < 4 && w->tables[i]; i++)
		if (strcmp(w->tables[i]->stream, stream) == 0)
			p->table = w->tables[i];
	must(p->table, "a stream that is not there was read");
	w->reads++;
	p->timer = timer_new(w->loop, on_read, p);
	timer_start(p->timer, 0);
}

static bool
world_allowed(void *arg, const char *peer, const char *consumer, const char *stream)
{
	struct world_owner *w = arg;
	char who[256];

	if (w->by_name)
		return strcmp(peer, stream) == 0;
	(void)snprintf(who, sizeof(who), "%s|%s|%s", peer, consumer, stream);
	return !w->forbidden || strcmp(w->forbidden, who) != 0;
}

void
world_owner_open(struct world_owner *w, struct loop *l, const char *endpoints, const struct bus_key *key)
{
	struct feed_source source = {.read = world_read, .allowed = world_allowed, .arg = w};
	struct feed_owner_conf conf = {.endpoints = endpoints, .key = key};
	struct err e = {.text = ""};

	w->loop = l;
	w->metrics = metrics_new();
	w->bus = bus_new(l, w->metrics, &e);
	must(w->bus, e.text);
	w->owner = feed_owner_new(w->bus, l, &conf, &source, w->metrics, &e);
	must(w->owner, e.text);
	feed_owner_resume(w->owner);
}

void
world_owner_close(struct world_owner *w)
{
	static const struct feed_read_result failed = {.failed = true};

	if (!w->owner)
		return;
	feed_owner_free(w->owner);
	while (w->pending) {
		void *reading = w->pending->reading;

		pending_forget(w->pending);
		pending_answer(w, reading, &failed);
	}
	w->owner = NULL;
	bus_free(w->bus);
	w->bus = NULL;
	metrics_free(w->metrics);
	w->metrics = NULL;
}

void
world_owner_publish(struct world_owner *w, struct table *t, size_t count, size_t event_size)
{
	for (size_t i = 0; i < count; i++) {
		struct feed_item item;

		table_append(t, event_size);
		item.seq = t->count;
		item.event_id = t->events[t->count - 1].id;
		item.event = t->events[t->count - 1].bytes;
		item.size = t->events[t->count - 1].size;
		feed_owner_publish(w->owner, t->stream, &item);
	}
}

int64_t
world_metric(struct metrics *m, const char *name, const char *labels)
{
	return metric_value(metrics_counter(m, name, labels, ""));
}

static void
consumer_on_events(void *arg, const struct feed_item *items, size_t count, uint64_t head)
{
	struct world_consumer *c = arg;

	for (size_t i = 0; i < count; i++) {
		const struct table_event *row =
		    items[i].seq <= c->table->count ? &c->table->events[items[i].seq - 1] : NULL;

		if (items[i].seq != c->position + 1 || !row || row->size != items[i].size ||
		    memcmp(row->bytes, items[i].event, row->size) != 0 ||
		    uuid_compare(&row->id, &items[i].event_id) != 0)
			c->wrong++;
		c->position = items[i].seq;
		if (c->on_arrived)
			c->on_arrived(c, items[i].seq);
	}
	c->batches++;
	c->head = head;
	if (c->acks)
		world_consumer_ack(c);
}

static void
consumer_on_diverged(void *arg, uint64_t seq)
{
	struct world_consumer *c = arg;

	c->diverged++;
	c->diverged_at = seq;
}

static void
consumer_on_refused(void *arg, const char *text)
{
	struct world_consumer *c = arg;

	(void)text;
	c->refused++;
}

void
world_consumer_open(struct world_consumer *c, struct loop *l, const struct feed_consumer_conf *conf)
{
	struct feed_consumer_events events = {consumer_on_events, consumer_on_diverged, consumer_on_refused, c};
	struct err e = {.text = ""};

	c->loop = l;
	c->metrics = metrics_new();
	c->bus = bus_new(l, c->metrics, &e);
	must(c->bus, e.text);
	c->consumer = feed_consumer_new(c->bus, l, conf, &events, c->metrics, &e);
	must(c->consumer, e.text);
}

void
world_consumer_close(struct world_consumer *c)
{
	feed_consumer_free(c->consumer);
	c->consumer = NULL;
	bus_free(c->bus);
	c->bus = NULL;
	metrics_free(c->metrics);
	c->metrics = NULL;
}

void
world_consumer_start(struct world_consumer *c, uint64_t after)
{
	c->position = c->acked = after;
	feed_consumer_start(c->consumer, after, after > 0 ? &c->table->events[after - 1].id : NULL);
}

void
world_consumer_ack(struct world_consumer *c)
{
	c->acked = c->position;
	feed_consumer_ack(c->consumer, c->position);
}

static void
on_beat(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

bool
world_wait(struct loop *l, bool (*done)(void *arg), void *arg, int64_t milliseconds)
{
	const struct timeval most = {0, 2000};
	struct event *beat = event_new(loop_base(l), -1, EV_PERSIST, on_beat, NULL);
	int64_t until = clock_monotonic() + milliseconds * 1000;
	bool good;

	must(beat && event_add(beat, &most) == 0, "timer");
	while (!(good = done(arg)) && clock_monotonic() < until)
		event_base_loop(loop_base(l), EVLOOP_ONCE);
	event_free(beat);
	return good;
}

static bool
never(void *arg)
{
	(void)arg;
	return false;
}

void
world_run(struct loop *l, int64_t milliseconds)
{
	(void)world_wait(l, never, NULL, milliseconds);
}

void
world_folder(char folder[64])
{
	(void)snprintf(folder, 64, "/tmp/kopru.bus.XXXXXX");
	must(mkdtemp(folder) != NULL, "no folder");
}

static int
remove_one(const char *path, const struct stat *what, int kind, struct FTW *where)
{
	(void)what;
	(void)kind;
	(void)where;
	return remove(path);
}

void
world_folder_remove(const char *folder)
{
	(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void
world_dead_socket(const char *folder, const char *name, unsigned number)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s-%02u.sock", folder, name, number);
	must(fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0, "a dead socket");
	(void)close(fd);
}

size_t
world_memory(void)
{
	unsigned long resident;
	FILE *f = fopen("/proc/self/statm", "r");
	char line[128];

	must(f && fgets(line, sizeof(line), f), "statm");
	resident = strtoul(strchr(line, (int)' ') + 1, NULL, 10);
	(void)fclose(f);
	return UNDER_ASAN ? 0 : resident * (size_t)sysconf(_SC_PAGESIZE);
}
