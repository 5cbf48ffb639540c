/* channel: how what arrived over one channel is understood. A channel reads raw bytes into messages and says how its
 * senders are told; storing, grouping, routing and telling are done once, for all, elsewhere. One file for each channel,
 * one table that lists them (channels.c). */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_CHANNEL_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/ids.h"

struct channels_conf;

#define CHANNEL_KEYS_MAX 4
#define CHANNEL_FILES_MAX 10 /* of one message, and of one application */
#define CHANNEL_REFERENCES_MAX 20
#define CHANNEL_ITEMS_MAX 1000 /* of one inbound row; a row with more is triage */

/* What arrived, as it lies in intake.inbound. */
struct channel_inbound {
	int64_t id;
	const char *source; /* "whatsapp", "email/basvuru" */
	const char *source_id;
	int64_t received_at;
	const void *raw;
	size_t size;
};

/* A file that came with a message. Either it is to be fetched from the provider (media_id), or its bytes lie among the
 * files already (stored: see services/intake/files.h). */
struct channel_file {
	const char *media_id; /* NULL when stored */
	const char *media_type; /* as the sender says; may be NULL */
	const char *sha256; /* as the provider says, in its own notation; may be NULL */
	const char *name; /* may be NULL */
	bool stored;
	uint8_t original_sha256[32], kept_sha256[32]; /* when stored */
	uint64_t size;
	const char *stored_type; /* by content */
	const char *state; /* "clean" or "quarantine" */
};

enum channel_item_kind {
	CHANNEL_MESSAGE,
	CHANNEL_EDIT, /* of the message external_id: text is the new text */
	CHANNEL_DELETION, /* of the message external_id */
	CHANNEL_CONTACT, /* nothing was said: all keys are one sender's (a changed number); name and phone when not NULL */
	CHANNEL_STATUS, /* of what we told: told_id, status */
	CHANNEL_BOUNCE, /* a letter of ours came back */
	CHANNEL_IGNORED, /* a reaction, an echo: why says which */
	CHANNEL_TRIAGE, /* cannot be understood, or must not be believed: why says which */
};

struct channel_item {
	enum channel_item_kind kind;
	int channel; /* Kopru__V1__Channel */
	const char *why; /* constant, without personal data */

	/* who */
	/* External ids of the sender, best first; NULL ends them. None: nobody that we know; then it is alone. */
	const char *keys[CHANNEL_KEYS_MAX];
	const char *name, *phone, *email; /* phone: E.164; NULL when not known */
	bool email_verified; /* a mail server that we trust vouches for the sender's address */

	/* what */
	const char *external_id; /* of the message: the key under which it counts once */
	int64_t sent_at; /* by the sender's clock; 0: unknown. The deadline counts from when it arrived here */
	/* "text", "image", "location" ...; "unsupported": something was said that we cannot read, its sender is asked to write */
	const char *type;
	const char *subject, *text; /* NULL when not given */
	int kind_of_application; /* Kopru__V1__Kind; 0: request */
	int32_t latitude_e7, longitude_e7;
	bool has_point;
	const char *address;
	struct channel_file files[CHANNEL_FILES_MAX];
	size_t file_count;
	const char *source_url; /* of a public post */

	/* where it belongs */
	/* External ids of messages that it answers, nearest first; NULL ends. Compared with what stands before the first space
	 * of an external id: that of a mail is its Message-ID, a space and a hash. */
	const char *references[CHANNEL_REFERENCES_MAX];
	const char *quoted_number; /* a number of ours that it names; counts only from somebody who has to do with it */
	bool alone; /* closes its draft at once: a mail, a post. Otherwise it waits for more (idle time) */

	const char
	    *reply_to; /* JSON for tell: how its sender is told the number; NULL: not by us (a mail: the notifier) */

	/* CHANNEL_STATUS */
	const char *told_id; /* the id of the draft, that we sent along */
	const char *status; /* "sent", "delivered", "read", "failed" */

	/* CHANNEL_BOUNCE */
	struct uuid notice_id; /* of the letter */
	bool has_notice_id;
	const char *number; /* of the application, from the letter's Message-ID; NULL when unknown */
	const char *address_bounced, *bounce_status; /* "5.1.1" */
	bool permanent;
};

struct channel_reading {
	struct channel_item *items; /* from the arena */
	size_t count;
	/* When the whole of it cannot be understood: a constant that says why; items count nothing. The row goes to triage. */
	const char *triage;
	/* Nothing in it is for us: why. The row is ignored. */
	const char *ignored;
	/* It could not be read now (a disk that is full): why; the row is tried again later. Before all else. */
	const char *later;
};

struct channel {
	const char *name; /* of the source, up to its "/" */
	/* Pure, but for files that it stores. Must survive any bytes. */
	void (*read)(const struct channels_conf *conf, struct arena *a, const struct channel_inbound *inbound,
	    struct channel_reading *reading);
	bool slow; /* read is called on a worker's thread: hostile or large input may take its time */
};

extern const struct channel *const channels[]; /* NULL ends them */

/* By the source of an inbound row; NULL when there is none. */
const struct channel *channel_of(const char *source);

/* For readers of JSON. A new item at the end (zeroed), or NULL when there are CHANNEL_ITEMS_MAX. */
struct channel_item *channel_item_add(struct arena *a, struct channel_reading *reading, enum channel_item_kind kind);

#endif
