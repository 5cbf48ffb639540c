/* routes: which request goes where, and who may send it. */
#include "services/intake/intake_internal.h"

static void
on_applications(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	applications_post(i->applications, r);
}

static void
on_commands(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	commands_post(i->commands, r);
}

static void
on_reply(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	commands_reply(i->commands, r);
}

static void
on_add(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	commands_add(i->commands, r);
}

static void
on_withdraw(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	commands_withdraw(i->commands, r);
}

const struct http_route intake_routes[] = {
    {HTTP_POST, APPLICATIONS_PATH, "public", on_applications, APPLICATIONS_BODY_MAX},
    {HTTP_POST, COMMANDS_PATH, "key:cases", on_commands, COMMANDS_BODY_MAX},
    {HTTP_POST, COMMANDS_REPLY_PATH, "public", on_reply, COMMANDS_BODY_MAX},
    {HTTP_POST, COMMANDS_ADD_PATH, "public", on_add, COMMANDS_BODY_MAX},
    {HTTP_POST, COMMANDS_WITHDRAW_PATH, "public", on_withdraw, COMMANDS_BODY_MAX},
    {HTTP_GET, NULL, NULL, NULL, 0},
};
