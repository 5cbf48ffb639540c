/* returned: see returned.h. */
#include "services/notifier/returned.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "services/notifier/store.h"

#define TURN_LIMIT 200
#define TURN_LINGER_MS 25 /* nobody waits for it */

struct returned {
	struct turns *turns;
	struct metric *marked, *strangers;
};

/* What a turn adds to its transaction. */
struct turn {
	struct returned_letter *letters;
	size_t count, call;
};

/* "d.d.d" as RFC 3463 writes it; NULL for anything else. */
static const char *
status_of(struct arena *a, const char *text)
{
	size_t digits, at = 1;

	if (!*text || !strchr("245", *text))
		return NULL;
	for (int part = 0; part < 2; part++, at += 1 + digits) {
		digits = text[at] == '.' ? strspn(text + at + 1, "0123456789") : 0;
		if (digits < 1 || digits > 3)
			return NULL;
	}
	return text[at] == '\0' ? arena_string(a, text) : NULL;
}

static void
on_record(void *arg, struct db_tx *tx, const struct turn_event *events, size_t count, void **note)
{
	struct arena *a = db_tx_arena(tx);
	struct turn *turn = arena_alloc(a, sizeof(*turn));

	(void)arg;
	turn->letters = arena_array(a, count + 1, sizeof(*turn->letters));
	for (size_t i = 0; i < count; i++) {
		const Kopru__V1__NoticeReturned *said = events[i].event->notice_returned;
		struct returned_letter *letter = &turn->letters[turn->count];

		/* An erased one is gone with its notice, of which stream "case" tells. */
		if (events[i].event->body_case != KOPRU__V1__EVENT__BODY_NOTICE_RETURNED)
			continue;
		if (!uuid_from_bytes(said->notice_id.data, said->notice_id.len, &letter->id))
			continue;
		letter->application_id = events[i].application_id;
		letter->status = status_of(a, said->status);
		letter->permanent = said->permanent;
		turn->count++;
	}
	if (turn->count > 0)
		turn->call = store_notices_return(tx, turn->letters, turn->count);
	*note = turn;
}

static void
on_recorded(void *arg, void *note, const struct db_results *results)
{
	struct returned *r = arg;
	const struct turn *turn = note;
	size_t marked = turn->count > 0 ? db_rows(results, turn->call) : 0;

	metric_add(r->marked, (int64_t)marked);
	metric_add(r->strangers, (int64_t)(turn->count - marked));
	if (turn->count > 0)
		log_info("notices.returned", "letters=%zu unknown=%zu", marked, turn->count - marked);
}

static bool
on_asked_known(int body_case)
{
	return body_case == KOPRU__V1__EVENT__BODY_NOTICE_RETURNED || body_case == KOPRU__V1__EVENT__BODY_ERASED;
}

struct returned *
returned_new(
    struct bus *b, struct loop *l, struct db *d, const struct returned_conf *conf, struct metrics *m, struct err *e)
{
	struct returned *r = calloc(1, sizeof(*r));
	const struct turns_conf turns = {
	    .feed =
		{
		    .endpoints = conf->endpoints,
		    .server_public = conf->server_public,
		    .key = conf->key,
		    .consumer = "notifier",
		    .stream = "bounce",
		    .window = conf->window,
		},
	    .limit = TURN_LIMIT,
	    .linger_ms = TURN_LINGER_MS,
	};
	const struct turns_service service = {
	    .record = on_record, .recorded = on_recorded, .knows = on_asked_known, .arg = r};

	if (!r)
		abort();
	r->marked = metrics_counter(m, "kopru_notifier_notices_returned_total", "", "letters that came back");
	r->strangers = metrics_counter(m, "kopru_notifier_returned_unknown_total", "",
	    "reports of letters that are not known, or known to have come back");
	r->turns = turns_new(b, l, d, &turns, &service, m, e);
	if (!r->turns) {
		free(r);
		return NULL;
	}
	return r;
}

void
returned_free(struct returned *r)
{
	if (!r)
		return;
	turns_free(r->turns);
	free(r);
}

void
returned_up(struct returned *r)
{
	if (r)
		turns_up(r->turns);
}

void
returned_down(struct returned *r)
{
	if (r)
		turns_down(r->turns);
}

const char *
returned_stuck(const struct returned *r)
{
	return r ? turns_stuck(r->turns) : NULL;
}
