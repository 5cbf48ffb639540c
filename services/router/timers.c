/* timers: one look every few seconds, by partial indexes. */
#include "services/router/timers.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/base/log.h"
#include "common/domain/calendar.h"
#include "services/router/escalations.h"
#include "services/router/recompute.h"
#include "services/router/store_cases.h"

#define LOOK_MS 2000
#define MORE_MS 50 /* a full look: there is more */
#define LOOK_LIMIT 100
#define COMPLETE_LOOKS 300 /* from one time that rows are completed to the next */
#define FORGET_LOOKS 15 /* and that commands are forgotten */
#define FORGET_LIMIT 5000
#define DAY_US (INT64_C(86400) * 1000 * 1000)

struct timers {
	struct timers_conf conf;
	struct loop_timer *timer;
	int32_t today; /* of the look under way */
	unsigned looks;
	int64_t overdue;
	bool stopping;
	struct escalations *escalations;
	struct recompute *recompute;
	struct metric *arbiter, *oldest, *due;
};

static size_t
put_number(uint8_t *to, uint64_t number, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(number >> (8 * i));
	return size;
}

struct uuid
timers_id(const struct timers_deed *deed)
{
	uint8_t name[UUID_SIZE + 16], hash[crypto_hash_sha256_BYTES];
	size_t size = UUID_SIZE;
	struct uuid id;

	memcpy(name, deed->application_id.bytes, UUID_SIZE);
	size += put_number(name + size, deed->version, 4);
	name[size++] = (uint8_t)deed->what;
	if (deed->clock != 0) {
		name[size++] = (uint8_t)deed->clock;
		size += put_number(name + size, (uint64_t)deed->stage, 2);
		size += put_number(name + size, (uint64_t)deed->due_at, 8);
	}
	crypto_hash_sha256(hash, name, size);
	memcpy(id.bytes, hash, UUID_SIZE);
	id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0F) | 0x80); /* version 8: ours (RFC 9562) */
	id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3F) | 0x80);
	return id;
}

static ProtobufCBinaryData
id_data(struct arena *a, const struct uuid *id)
{
	return (ProtobufCBinaryData){.len = UUID_SIZE, .data = arena_copy(a, id->bytes, UUID_SIZE)};
}

Kopru__V1__Command *
timers_command(struct arena *a, const struct timers_deed *deed)
{
	Kopru__V1__Command *command = arena_alloc(a, sizeof(*command));
	Kopru__V1__Actor *actor = arena_alloc(a, sizeof(*actor));
	struct uuid id = timers_id(deed);

	kopru__v1__actor__init(actor);
	actor->type = KOPRU__V1__ACTOR__TYPE__TYPE_SERVICE;
	actor->id = arena_string(a, "router");
	actor->role = KOPRU__V1__ACTOR__ROLE__ROLE_SERVICE;
	kopru__v1__command__init(command);
	command->id = id_data(a, &id);
	command->actor = actor;
	command->application_id = id_data(a, &deed->application_id);
	command->expected_version = deed->version;
	return command;
}

static void
due_send(struct timers *t, const struct store_due *due)
{
	const struct timers_deed deed = {
	    .application_id = due->application_id, .version = due->version, .what = due->remind ? 'r' : 'e'};
	struct arena *a = arena_new(0);
	Kopru__V1__Command *command = timers_command(a, &deed);

	if (due->remind) {
		command->action_case = KOPRU__V1__COMMAND__ACTION_REMIND;
		command->remind = arena_alloc(a, sizeof(*command->remind));
		kopru__v1__remind__init(command->remind);
	} else {
		command->action_case = KOPRU__V1__COMMAND__ACTION_EXPIRE;
		command->expire = arena_alloc(a, sizeof(*command->expire));
		kopru__v1__expire__init(command->expire);
	}
	orders_take_own(t->conf.orders, a, command);
}

static void
arbiter_tell(struct timers *t, const struct store_dues *dues)
{
	char since[DATE_TEXT_SIZE];

	metric_set(t->arbiter, dues->arbiter_overdue);
	if (dues->arbiter_overdue > t->overdue) {
		date_text(dues->arbiter_overdue_since, since);
		log_warn("arbiter.overdue", "count=%lld since=%s", (long long)dues->arbiter_overdue, since);
	}
	t->overdue = dues->arbiter_overdue;
}

static void
on_looked(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct timers *t = arg;
	struct store_dues dues = {.count = 0};
	struct arena *a = NULL;

	if (t->stopping)
		return;
	if (outcome != DB_COMMITTED) {
		log_warn("timers.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
		timer_start(t->timer, LOOK_MS);
		return;
	}
	a = arena_new(0);
	store_dues_read(results, a, t->today, &dues);
	metric_set(t->due, (int64_t)dues.count);
	for (size_t i = 0; i < dues.count; i++)
		due_send(t, &dues.list[i]);
	arbiter_tell(t, &dues);
	timer_start(t->timer, dues.count >= LOOK_LIMIT ? MORE_MS : LOOK_MS);
	arena_free(a);
}

static void
on_swept(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	(void)arg;
	(void)results;
	if (outcome != DB_COMMITTED)
		log_warn("timers.unswept", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
}

static void
sweep(struct timers *t)
{
	struct db_tx *tx = NULL;

	if (t->looks % COMPLETE_LOOKS == 0) {
		tx = db_begin(t->conf.writer);
		store_cases_complete(tx);
		db_commit(tx, on_swept, NULL);
	}
	if (t->looks % FORGET_LOOKS == 0) {
		tx = db_begin(t->conf.writer);
		store_commands_forget(tx, source_now(t->conf.source) - t->conf.commands_days * DAY_US, FORGET_LIMIT);
		db_commit(tx, on_swept, NULL);
	}
	t->looks++;
}

static void
on_look(void *arg)
{
	struct timers *t = arg;
	struct db_tx *tx = NULL;

	metric_set(t->oldest, orders_oldest(t->conf.orders) / 1000000);
	if (!db_is_up(t->conf.reader) || !db_is_up(t->conf.writer) || !source_knows_time(t->conf.source)) {
		timer_start(t->timer, LOOK_MS);
		return;
	}
	sweep(t);
	t->today = date_in_istanbul(source_now(t->conf.source));
	tx = db_begin(t->conf.reader);
	store_dues_wanted(tx, t->today, LOOK_LIMIT);
	db_read(tx, on_looked, t);
}

struct timers *
timers_new(struct loop *l, const struct timers_conf *conf, struct metrics *m)
{
	struct timers *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->conf = *conf;
	t->arbiter = metrics_gauge(
	    m, "kopru_router_arbiter_overdue", "", "Cases that the arbiter should have decided on before today");
	t->oldest =
	    metrics_gauge(m, "kopru_router_command_oldest_seconds", "", "Age of the oldest command without an answer");
	t->due = metrics_gauge(
	    m, "kopru_router_questions_due", "", "Questions to remind of or to let expire, at the last look");
	t->timer = timer_new(l, on_look, t);
	timer_start(t->timer, LOOK_MS);
	t->escalations = escalations_new(l, conf, m);
	t->recompute = recompute_new(l, conf, m);
	return t;
}

void
timers_stop(struct timers *t)
{
	if (!t)
		return;
	t->stopping = true;
	timer_stop(t->timer);
	escalations_stop(t->escalations);
	recompute_stop(t->recompute);
}

void
timers_free(struct timers *t)
{
	if (!t)
		return;
	escalations_free(t->escalations);
	recompute_free(t->recompute);
	timer_free(t->timer);
	free(t);
}
