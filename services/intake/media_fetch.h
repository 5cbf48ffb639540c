/* media_fetch: one file of one message, from the provider into the folder of files: its address is asked for, it is written to
 * the disk as it comes, compared with the checksum that the provider says, looked at and kept. */
#ifndef KOPRU_SERVICES_INTAKE_MEDIA_FETCH_H
#define KOPRU_SERVICES_INTAKE_MEDIA_FETCH_H

#include "common/loop/worker.h"
#include "services/intake/channels/channels_conf.h"
#include "services/intake/channels/graph.h"
#include "services/intake/files.h"

enum media_end {
	MEDIA_FETCHED, /* kept says what */
	MEDIA_REFUSED, /* its type or size is not allowed; reason: for people, Turkish and English with " / " between */
	MEDIA_GONE, /* there is no such file; perhaps there is a little later */
	MEDIA_LATER, /* come again, for days: it may be had when what is wrong is put right */
};

/* Borrowed, all of it. */
struct media_desk {
	struct loop *loop;
	struct graph *graph;
	struct files *files;
	const struct channels_conf *conf;
};

/* The caller's, zeroed, the first members filled in; it and what it points to live until on_end. */
struct media_fetch {
	struct graph_request request; /* media_fetch's own, and first */

	const struct media_desk *desk;
	struct arena *arena;
	int channel; /* Kopru__V1__Channel */
	const char *media_id; /* or an address (Messenger, Instagram) */
	const char *sha256; /* in hex or base64; may be NULL; what is neither is not compared */
	void (*on_end)(struct media_fetch *f, enum media_end end);

	/* the end */
	struct files_kept kept;
	char reason[FILES_REASON_SIZE];
	int64_t retry_after_ms;

	/* media_fetch's own */
	const char *base, *bearer;
	struct worker *worker;
	int fd;
	char incoming[FILES_NAME_SIZE];
	enum media_end worked;
};

/* Only when the graph has room. on_end comes exactly once, perhaps from within. */
void media_fetch_begin(struct media_fetch *f);

/* Is this hash what the provider said, in hex or base64? True when he said nothing that is a hash. */
bool media_hash_matches(const char *said, const uint8_t sha256[32]);

#endif
