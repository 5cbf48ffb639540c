/* commands: what is done to cases from outside, from the request to the router's reply: holders of an API key with the
 * right "cases" in their role, and applicants with number and access code. Numbers become ids here; whether the case
 * lets it happen is the router's to say. */
#ifndef KOPRU_SERVICES_INTAKE_COMMANDS_H
#define KOPRU_SERVICES_INTAKE_COMMANDS_H

#include "common/bus/command.h"
#include "common/db/db.h"
#include "services/intake/attachments.h"

#define COMMANDS_PATH "/api/v1/commands"
#define COMMANDS_INCIDENT_PATH "/api/v1/incidents"
#define COMMANDS_REPLY_PATH "/api/v1/track/reply"
#define COMMANDS_ADD_PATH "/api/v1/track/add"
#define COMMANDS_WITHDRAW_PATH "/api/v1/track/withdraw"
#define COMMANDS_BODY_MAX (256 * 1024)

struct commands;

/* Borrowed, all of them. */
struct commands_desk {
	struct db *reader;
	struct api_keys *api_keys;
	struct attachments *attachments;
	struct command_client *client;
	const uint8_t *access_code_key;
	size_t access_code_key_size;
	int64_t wait_ms; /* longest that a reply is waited for; then the outcome is unknown */
};

struct commands *commands_new(const struct commands_desk *desk, struct metrics *m);
void commands_free(struct commands *c); /* NULL is fine; when none waits */

/* POST of one command or of a list. Answers r, later. */
void commands_post(struct commands *c, struct http_request *r);
/* POST of cases that are about one matter: each is merged into the leading one, or freed of it, by a command of its own. */
void commands_post_incident(struct commands *c, struct http_request *r);
/* POST of an applicant's: to the question, unasked, and to take the application back. */
void commands_reply(struct commands *c, struct http_request *r);
void commands_add(struct commands *c, struct http_request *r);
void commands_withdraw(struct commands *c, struct http_request *r);

#endif
