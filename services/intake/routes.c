/* routes: which request goes where, and who may send it. */
#include "services/intake/intake_internal.h"

static void
on_applications(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	applications_post(i->applications, r);
}

static void
on_imports(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	imports_post(i->imports, r);
}

static void
on_commands(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	commands_post(i->commands, r);
}

static void
on_incident(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	commands_post_incident(i->commands, r);
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

static void
on_call(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	calls_post(i->calls, r);
}

static void
on_call_asked(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	calls_get(i->calls, r);
}

static void
on_missed(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	calls_missed(i->calls, r);
}

static void
on_called_back(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	calls_called_back(i->calls, r);
}

static void
on_search(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	calls_search(i->calls, r);
}

static void
on_webhook_get(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	webhooks_get(i->webhooks, r);
}

static void
on_webhook_post(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	webhooks_post(i->webhooks, r);
}

static void
on_open311_asked(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	open311_get(i->open311, r);
}

static void
on_open311_services_asked(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	open311_get_v2(i->open311, r);
}

static void
on_open311_service_asked(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	open311_get_service(i->open311, r);
}

static void
on_open311_token_asked(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	open311_get_token(i->open311, r);
}

static void
on_open311_posted(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	open311_post(i->open311, r);
}

static void
on_triage_list(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	triage_list(i->triage, r);
}

static void
on_triage_show(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	triage_show(i->triage, r);
}

static void
on_triage_decide(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	triage_decide(i->triage, r);
}

static void
on_attachment(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	attachments_post(i->attachments, r);
}

static void
on_attachment_asked(void *arg, struct http_request *r)
{
	struct intake *i = arg;

	attachments_get(i->attachments, r);
}

const struct http_route intake_routes[] = {
    {HTTP_POST, APPLICATIONS_PATH, "public", on_applications, APPLICATIONS_BODY_MAX},
    {HTTP_POST, IMPORTS_PATH, "key:applications", on_imports, IMPORTS_BODY_MAX},
    {HTTP_POST, COMMANDS_PATH, "key:cases", on_commands, COMMANDS_BODY_MAX},
    {HTTP_POST, COMMANDS_INCIDENT_PATH, "key:cases", on_incident, COMMANDS_BODY_MAX},
    {HTTP_POST, COMMANDS_REPLY_PATH, "public", on_reply, COMMANDS_BODY_MAX},
    {HTTP_POST, COMMANDS_ADD_PATH, "public", on_add, COMMANDS_BODY_MAX},
    {HTTP_POST, COMMANDS_WITHDRAW_PATH, "public", on_withdraw, COMMANDS_BODY_MAX},
    {HTTP_POST, CALLS_PATH, "key:calls", on_call, CALLS_BODY_MAX},
    {HTTP_GET, CALLS_PATH, "key:cases, clerk", on_call_asked, 0},
    {HTTP_GET, CALLS_MISSED_PATH, "key:cases, clerk", on_missed, 0},
    {HTTP_POST, CALLS_BACK_PATH, "key:cases, clerk", on_called_back, CALLS_BODY_MAX},
    {HTTP_POST, CALLS_SEARCH_PATH, "key:cases, clerk", on_search, CALLS_BODY_MAX},
    {HTTP_GET, TRIAGE_PATH, "key:cases, clerk", on_triage_list, 0},
    {HTTP_POST, TRIAGE_DECIDE_PATH, "key:cases, clerk", on_triage_decide, TRIAGE_BODY_MAX},
    {HTTP_GET, TRIAGE_PATH "/*", "key:cases, clerk", on_triage_show, 0},
    {HTTP_GET, WEBHOOKS_PATH, "token:verify", on_webhook_get, 0},
    {HTTP_POST, WEBHOOKS_PATH, "signature", on_webhook_post, WEBHOOKS_BODY_MAX},
    {HTTP_GET,
	OPEN311_V2_PATH "services/"
			"*",
	"public", on_open311_service_asked, 0},
    {HTTP_GET,
	OPEN311_V2_PATH "tokens/"
			"*",
	"public", on_open311_token_asked, 0},
    {HTTP_GET, OPEN311_V2_PATH "*", "public", on_open311_services_asked, 0},
    {HTTP_POST, OPEN311_V2_PATH "*", "key:open311, in the form or the header", on_open311_posted, OPEN311_BODY_MAX},
    {HTTP_GET, OPEN311_PATH "*", "public", on_open311_asked, 0},
    {HTTP_POST_FILE, ATTACHMENTS_PATH, "public", on_attachment, FILES_SIZE_MAX},
    {HTTP_GET, ATTACHMENTS_ID_PATH, "key:cases", on_attachment_asked, 0},
    {HTTP_GET, NULL, NULL, NULL, 0},
};
