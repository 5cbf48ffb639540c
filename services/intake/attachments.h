/* attachments: files that come with applications: uploaded (POST /api/v1/attachments), named by their ids when the application
 * or an addition to its case is stored, fetched by those who read of them in an event (GET /api/v1/attachments/ID). With
 * ClamAV nobody gets a file before it was looked at. What is not used within a day is forgotten. */
#ifndef KOPRU_SERVICES_INTAKE_ATTACHMENTS_H
#define KOPRU_SERVICES_INTAKE_ATTACHMENTS_H

#include "common/db/db.h"
#include "common/domain/attachment.h"
#include "common/http/api_keys.h"
#include "services/intake/files.h"

#define ATTACHMENTS_PATH "/api/v1/attachments"
#define ATTACHMENTS_ID_PATH "/api/v1/attachments/*"
#define ATTACHMENTS_SCOPE_PUBLIC "public"

struct attachments;

/* Borrowed, all of them. */
struct attachments_desk {
	struct loop *loop;
	struct db *db; /* any connection but the writer's */
	struct api_keys *api_keys;
	struct files *files;
	const char *clamd; /* empty: nobody looks for viruses */
};

struct attachments *attachments_new(const struct attachments_desk *desk, struct metrics *m, struct err *e);
/* Before db_close: waits for its threads, which end soon. NULL is fine. */
void attachments_stop(struct attachments *a);
void attachments_free(struct attachments *a); /* NULL is fine */

/* Each answers r, later. post: of everybody, or with a key (right "applications"); get: key (right "cases"). */
void attachments_post(struct attachments *a, struct http_request *r);
void attachments_get(struct attachments *a, struct http_request *r);
/* http_conf.file_new and file_remove, with the files. */
int attachments_file_new(struct files *f, char name[HTTP_FILE_NAME_SIZE]);

enum attachments_end {
	ATTACHMENTS_FOUND, /* the rest of the list is filled in */
	ATTACHMENTS_MISSING, /* one is not there, or another's, or too old */
	ATTACHMENTS_USED, /* one belongs to something already */
	ATTACHMENTS_INFECTED,
	ATTACHMENTS_UNAVAILABLE, /* the database */
};

/* Who wants to name files: the caller's; it and what it points to live until on_end. */
struct attachments_wish {
	struct arena *arena;
	const char *scope; /* id of the API key, or ATTACHMENTS_SCOPE_PUBLIC */
	struct attachment *list; /* by their ids */
	size_t count;
	/* Those of an application whose key may have been stored before, with them: whether they are free is told by the
	 * store then. */
	bool perhaps_repeated;
	struct uuid application_id, command_id; /* for attachments_claim */
	bool fresh; /* after attachments_claim: they were not bound by this command before */
	void (*on_end)(
	    struct attachments_wish *wish, enum attachments_end end, size_t guilty); /* guilty: place in list */
};

/* Looks them up. They are bound to the application by the transaction that stores it (statement attachments_bind). */
void attachments_find(struct attachments *a, struct attachments_wish *wish);
/* Binds them to an application's case for one command, all or none. The same command finds its own again. */
void attachments_claim(struct attachments *a, struct attachments_wish *wish);
/* The command was refused and they were fresh: they are free again. */
void attachments_release(struct attachments *a, const struct uuid *command_id, const struct uuid *application_id);

#endif
