/* open311_media: what posted requests point to by media_url is fetched after they were answered, kept among the files, and added
 * to their cases. A lease with a token for each step; what fails is tried again for about half an hour, then its row in
 * intake.inbound says so. No application waits for it, and none is lost for it. */
#ifndef KOPRU_SERVICES_INTAKE_OPEN311_MEDIA_H
#define KOPRU_SERVICES_INTAKE_OPEN311_MEDIA_H

#include "common/bus/command.h"
#include "common/db/db.h"
#include "services/intake/channels/channels_conf.h"
#include "services/intake/files.h"

struct open311_media;

/* Borrowed, all of it. */
struct open311_media_desk {
	struct loop *loop;
	struct db *db; /* with open311_statements */
	struct files *files;
	struct command_client *client;
	const struct open311_conf *conf;
};

struct open311_media *open311_media_new(const struct open311_media_desk *desk, struct metrics *m);
/* Before db_close: nothing new is begun; its thread ends soon. NULL is fine. */
void open311_media_stop(struct open311_media *m);
void open311_media_free(struct open311_media *m); /* NULL is fine; after it */

/* Something is wanted. */
void open311_media_wake(void *media);

#endif
