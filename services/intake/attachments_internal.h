/* attachments_internal: what attachments*.c share. */
#ifndef KOPRU_SERVICES_INTAKE_ATTACHMENTS_INTERNAL_H
#define KOPRU_SERVICES_INTAKE_ATTACHMENTS_INTERNAL_H

#include "common/loop/worker.h"
#include "services/intake/attachments.h"
#include "services/intake/clamd.h"

struct attachments_upload;

struct attachments {
	struct attachments_desk desk;
	struct attachments_upload *uploads; /* that are under way */
	size_t upload_count;
	bool stopping;
	struct attachments_scan *scan; /* NULL without clamd */
	struct attachments_clean *clean;
	struct {
		struct metric *stored, *refused, *failed;
	} metrics;
};

/* Each goes on by itself until its stop, which waits for its thread. */
struct attachments_scan *attachments_scan_new(
    const struct attachments_desk *desk, const struct clamd_address *address, struct metrics *m);
void attachments_scan_wake(struct attachments_scan *s); /* there is something new; NULL is fine */
void attachments_scan_stop(struct attachments_scan *s);
void attachments_scan_free(struct attachments_scan *s); /* NULL is fine; after db_close */

struct attachments_clean *attachments_clean_new(const struct attachments_desk *desk, struct metrics *m);
void attachments_clean_stop(struct attachments_clean *c);
void attachments_clean_free(struct attachments_clean *c);

void attachments_uploads_stop(struct attachments *a);
void attachments_uploads_free(struct attachments *a);

/* Pure. A name as its sender gave it, percent-encoded or as RFC 8187 has it; NULL when it is none that may be kept. */
const char *attachments_name_read(struct arena *arena, const char *header);

#endif
