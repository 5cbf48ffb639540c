/* source: reads for consumers, refreshes peers, proves the session before anything is published. */
#include "common/feed/source.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/feed/clock.h"
#include "common/feed/feed.sql.h"

#define PROVE_AGAIN_MS 200
#define PEERS_MS 1000

struct source {
	struct bus *bus;
	struct loop *loop;
	struct db *writer, *reader;
	struct feed_owner *owner;
	char **streams;
	size_t stream_count;
	struct source_call *calls; /* under way */
	struct loop_timer *prove, *peers;
	uint64_t generation; /* counts ups and downs of the writer */
	struct feed_clock clock;
};

/* A statement under way; outlives source when it must. */
struct source_call {
	struct source *source; /* NULL: freed meanwhile */
	struct source_call *next, **link;
	void *reading; /* the owner's */
	uint64_t after_seq, generation;
	size_t events, head, clock; /* calls */
};

static struct source_call *
call_new(struct source *s)
{
	struct source_call *call = calloc(1, sizeof(*call));

	if (!call)
		abort();
	call->source = s;
	call->generation = s->generation;
	call->next = s->calls;
	call->link = &s->calls;
	if (call->next)
		call->next->link = &call->next;
	s->calls = call;
	return call;
}

/* Frees the call and gives back whose it was; NULL when that is gone. */
static struct source *
call_end(struct source_call *call)
{
	struct source *s = call->source;

	if (s) {
		*call->link = call->next;
		if (call->next)
			call->next->link = call->link;
	}
	free(call);
	return s;
}

static void
on_proved(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct source_call *call = arg;
	uint64_t generation = call->generation;
	struct source *s = call_end(call);

	(void)results;
	if (!s || generation != s->generation)
		return;
	if (outcome == DB_COMMITTED) {
		log_info("session.proved", "%s", "");
		feed_owner_resume(s->owner);
		return;
	}
	log_warn("session.unproved", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
	timer_start(s->prove, PROVE_AGAIN_MS);
}

static void
on_prove(void *arg)
{
	struct source *s = arg;
	struct db_tx *tx = NULL;

	if (!db_is_up(s->writer))
		return; /* source_up comes */
	tx = db_begin(s->writer);
	db_call(tx, &feed_statements[FEED_PROVE]);
	db_commit(tx, on_proved, call_new(s));
}

void
source_up(struct source *s)
{
	feed_owner_pause(s->owner);
	s->generation++;
	timer_start(s->prove, 0);
}

void
source_down(struct source *s)
{
	feed_owner_pause(s->owner);
	s->generation++;
	timer_stop(s->prove);
}

int64_t
source_now(const struct source *s)
{
	return feed_clock_now(&s->clock);
}

bool
source_knows_time(const struct source *s)
{
	return s->clock.known;
}

static void
on_peers_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	size_t clock = ((struct source_call *)arg)->clock;
	struct source *s = call_end(arg);
	struct bus_peer *peers = NULL;
	size_t count = 0;

	if (!s)
		return;
	timer_start(s->peers, PEERS_MS);
	if (outcome != DB_COMMITTED) {
		log_warn("peers.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
		return;
	}
	feed_clock_take(&s->clock, results, clock);
	count = db_rows(results, 0);
	peers = calloc(count + 1, sizeof(*peers));
	if (!peers)
		abort();
	for (size_t i = 0; i < count; i++) {
		strncpy(peers[i].public_key, db_text(results, 0, i, 0), BUS_KEY_SIZE - 1);
		strncpy(peers[i].name, db_text(results, 0, i, 1), BUS_PEER_NAME_MAX - 1);
	}
	bus_set_peers(s->bus, peers, count);
	free(peers);
}

static void
peers_read(struct source *s)
{
	struct source_call *call = call_new(s);
	struct db_tx *tx = db_begin(s->reader);

	db_call(tx, &feed_statements[FEED_PEERS]);
	call->clock = feed_clock_ask(tx);
	db_read(tx, on_peers_read, call);
}

static void
on_peers(void *arg)
{
	struct source *s = arg;

	if (db_is_up(s->reader))
		peers_read(s);
	else
		timer_start(s->peers, PROVE_AGAIN_MS);
}

void
source_reader_up(struct source *s)
{
	timer_stop(s->peers);
	peers_read(s);
}

static void
on_events_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct source_call *call = arg, c = *call;
	struct source *s = call_end(call);
	struct feed_read_result result = {.failed = outcome != DB_COMMITTED};
	struct feed_item *items = NULL;

	if (!s)
		return;
	if (result.failed) {
		log_warn("events.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
		feed_owner_read_done(s->owner, c.reading, &result);
		return;
	}
	result.count = db_rows(results, c.events);
	items = calloc(result.count + 1, sizeof(*items));
	if (!items)
		abort();
	for (size_t i = 0; i < result.count; i++) {
		items[i].seq = (uint64_t)db_int8(results, c.events, i, 0);
		items[i].event_id = db_uuid(results, c.events, i, 1);
		items[i].event = db_bytes(results, c.events, i, 2, &items[i].size);
	}
	result.items = items;
	result.head = (uint64_t)db_int8(results, c.head, 0, 0);
	result.known = c.after_seq == 0 || !db_null(results, c.head, 0, 1);
	if (c.after_seq > 0 && result.known)
		result.event_id = db_uuid(results, c.head, 0, 1);
	feed_owner_read_done(s->owner, c.reading, &result);
	free(items);
}

/* The head is read after the events, so that it is never behind them. What is read is proved before it is given out. */
static void
source_read(void *arg, const char *stream, uint64_t after_seq, size_t limit, size_t bytes_max, void *reading)
{
	struct source *s = arg;
	struct source_call *call = call_new(s);
	struct db_tx *tx = db_begin(s->reader);
	const char *name = arena_string(db_tx_arena(tx), stream);

	call->reading = reading;
	call->after_seq = after_seq;
	call->events = db_call(tx, &feed_statements[FEED_READ]);
	db_bind_text(tx, name);
	db_bind_int8(tx, (int64_t)after_seq);
	db_bind_int8(tx, (int64_t)limit);
	db_bind_int8(tx, (int64_t)bytes_max);
	call->head = db_call(tx, &feed_statements[FEED_HEAD]);
	db_bind_text(tx, name);
	db_bind_int8(tx, (int64_t)after_seq);
	db_call(tx, &feed_statements[FEED_PROVE_READ]);
	db_bind_text(tx, name);
	db_bind_int8(tx, (int64_t)after_seq);
	db_commit(tx, on_events_read, call);
}

/* A name that ends in "/" stands for all that begin with it. */
static bool
stream_is_ours(const struct source *s, const char *stream)
{
	for (size_t i = 0; i < s->stream_count; i++) {
		size_t size = strlen(s->streams[i]);

		if (strcmp(s->streams[i], stream) == 0)
			return true;
		if (s->streams[i][size - 1] == '/' && strncmp(s->streams[i], stream, size) == 0 && stream[size] != '\0')
			return true;
	}
	return false;
}

/* On ipc:// sits who may read our files anyway. A department reads its own stream, a service all but departments'. */
static bool
source_allowed(void *arg, const char *peer, const char *consumer, const char *stream)
{
	static const char department[] = "department/", service[] = "service/";
	const struct source *s = arg;
	size_t department_size = sizeof(department) - 1, service_size = sizeof(service) - 1;

	if (!stream_is_ours(s, stream))
		return false;
	if (peer[0] == '\0')
		return true;
	if (strncmp(peer, department, department_size) == 0)
		return strcmp(stream, peer) == 0 && strcmp(consumer, peer + department_size) == 0;
	if (strncmp(peer, service, service_size) == 0)
		return strncmp(stream, department, department_size) != 0 && strcmp(consumer, peer + service_size) == 0;
	return false;
}

static void
streams_copy(struct source *s, const char *const *streams)
{
	while (streams[s->stream_count])
		s->stream_count++;
	s->streams = calloc(s->stream_count + 1, sizeof(*s->streams));
	if (!s->streams)
		abort();
	for (size_t i = 0; i < s->stream_count; i++) {
		s->streams[i] = strdup(streams[i]);
		if (!s->streams[i])
			abort();
	}
}

struct source *
source_new(struct bus *b, struct loop *l, struct db *writer, struct db *reader, const struct source_conf *conf,
    struct metrics *m, struct err *e)
{
	struct source *s = calloc(1, sizeof(*s));
	struct feed_source feed = {.read = source_read, .allowed = source_allowed, .arg = s};

	if (!s)
		abort();
	s->bus = b;
	s->loop = l;
	s->writer = writer;
	s->reader = reader;
	streams_copy(s, conf->streams);
	s->prove = timer_new(l, on_prove, s);
	s->peers = timer_new(l, on_peers, s);
	s->owner = feed_owner_new(b, l, &conf->feed, &feed, m, e);
	if (!s->owner) {
		source_free(s);
		return NULL;
	}
	timer_start(s->peers, 0);
	return s;
}

void
source_free(struct source *s)
{
	if (!s)
		return;
	for (struct source_call *call = s->calls; call; call = call->next)
		call->source = NULL;
	timer_free(s->peers);
	timer_free(s->prove);
	feed_owner_free(s->owner);
	for (size_t i = 0; i < s->stream_count; i++)
		free(s->streams[i]);
	free(s->streams);
	free(s);
}

void
source_publish(struct source *s, const char *stream, const struct feed_item *item)
{
	feed_owner_publish(s->owner, stream, item);
}

struct feed_owner *
source_owner(struct source *s)
{
	return s->owner;
}
