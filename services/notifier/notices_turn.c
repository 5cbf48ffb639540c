/* notices_turn: see the header. */
#include "services/notifier/notices_turn.h"

#include "services/notifier/store_staff.h"

#define FIRST_VERSION 2 /* of an application's events in this stream */

static void
notice_add(struct notices_turn *turn, const struct notice *notice)
{
	turn->notices[turn->count++] = *notice;
	if (notice->address && !notice->verified)
		turn->unproven[turn->unproven_count++] = notice->application_id;
	else if (notice->address && notice->version > FIRST_VERSION)
		turn->proven[turn->proven_count++] = notice->application_id;
}

static void
turn_add(struct notices_turn *turn, struct db_tx *tx, const struct turn_event *event)
{
	struct arena *a = db_tx_arena(tx);
	struct notice notice;
	struct err e;
	int told;

	if (event->event->body_case == KOPRU__V1__EVENT__BODY_ERASED) {
		turn->erased_numbers[turn->erased_count] = arena_string(a, event->event->number);
		turn->erased[turn->erased_count++] = event->application_id;
		return;
	}
	told = notice_decide(a, event->event, &notice, &e);
	if (told > 0)
		notice_add(turn, &notice);
	if (told >= 0)
		told = staff_decide(a, event->event, &turn->staff[turn->staff_count], &e);
	if (told > 0)
		turn->staff_count++;
	else if (told < 0)
		store_notices_refuse(tx, arena_string(a, e.text));
}

static struct notices_turn *
turn_make(struct arena *a, size_t count)
{
	struct notices_turn *turn = arena_alloc(a, sizeof(*turn));

	turn->notices = arena_array(a, count, sizeof(*turn->notices));
	turn->unproven = arena_array(a, count, sizeof(*turn->unproven));
	turn->proven = arena_array(a, count, sizeof(*turn->proven));
	turn->staff = arena_array(a, count, sizeof(*turn->staff));
	turn->erased = arena_array(a, count, sizeof(*turn->erased));
	turn->erased_numbers = arena_array(a, count, sizeof(*turn->erased_numbers));
	return turn;
}

struct notices_turn *
notices_turn_record(struct db_tx *tx, struct sender *sender, const struct turn_event *events, size_t count)
{
	struct notices_turn *turn = turn_make(db_tx_arena(tx), count);

	for (size_t i = 0; i < count; i++)
		turn_add(turn, tx, &events[i]);
	if (turn->count > 0) {
		store_addresses_learn(tx, turn->notices, turn->count);
		turn->insert_call = store_notices_insert(tx, turn->notices, turn->count);
	}
	if (turn->staff_count > 0)
		turn->staff_call = store_staff_insert(tx, turn->staff, turn->staff_count);
	if (turn->unproven_count > 0)
		store_confirms_ensure(tx, turn->unproven, turn->unproven_count);
	if (turn->proven_count > 0)
		store_notices_release(tx, turn->proven, turn->proven_count);
	if (turn->erased_count > 0) {
		/* Before the cursor moves: whoever dies now does it again. */
		sender_forget_numbers(sender, turn->erased_numbers, turn->erased_count);
		turn->erase_call = store_notices_erase(tx, turn->erased, turn->erased_count);
	}
	return turn;
}

void
notices_turn_metrics(struct metrics *m, struct metric *staff[NOTICES_STAFF_ENDS])
{
	static const char *const labels[] = {"as=\"letter\"", "as=\"summary\"", "as=\"nobody\""};

	for (size_t i = 0; i < NOTICES_STAFF_ENDS; i++)
		staff[i] = metrics_counter(m, "kopru_notifier_staff_total", labels[i],
		    "letters to staff, those left to a summary, and events of which no address is known");
}

void
notices_turn_count_staff(
    const struct notices_turn *turn, const struct db_results *results, struct metric *const staff[NOTICES_STAFF_ENDS])
{
	for (int i = 0; turn->staff_count > 0 && i < NOTICES_STAFF_ENDS; i++)
		metric_add(staff[i], db_int8(results, turn->staff_call, 0, i));
}
