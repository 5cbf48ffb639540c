/* effects: what was read in rows of intake.inbound becomes statements of one transaction: senders, messages, drafts, edits,
 * deletions, statuses, files, and the ends of the rows. */
#ifndef KOPRU_SERVICES_INTAKE_EFFECTS_H
#define KOPRU_SERVICES_INTAKE_EFFECTS_H

#include "common/db/db.h"
#include "services/intake/channels/channel.h"
#include "services/intake/channels/channels_conf.h"

/* A row under a lease, and what its channel read in it. */
struct effects_row {
	struct channel_inbound inbound;
	int64_t token;
	int attempts;
	const uint8_t *raw_file; /* NULL: raw is there */
	void *mapped; /* raw, when it is a file's; NULL otherwise */
	const struct channel *channel;
	struct channel_reading reading;
};

/* An item of a row, on its way. Lives in the arena of the transaction. */
struct effects_item {
	const struct channel_item *item;
	const struct effects_row *row;
	size_t sender; /* place among the senders, from 1; 0: nobody */
	struct uuid id; /* for a draft of its own */
	bool again; /* the same message stands before it */
};

/* What the end of a row is called: its state and verdict. Pure. */
const char *effects_end(const struct channel_reading *reading, const char **verdict);

/* Puts items of senders with a key in common together, unless each has a better one of his own: numbers sender from 1; how many
 * there are. Pure. */
size_t effects_senders(struct arena *a, struct effects_item *items, size_t count);
/* Marks what repeats a message of the list. Pure. */
void effects_repeated(struct arena *a, struct effects_item *items, size_t count);

/* Letters that came back, among the items. */
void effects_bounces_bind(struct db_tx *tx, const struct effects_item *items, size_t count);

void effects_bind(
    struct db_tx *tx, const struct channels_conf *conf, const struct effects_row *const *rows, size_t count);

#endif
