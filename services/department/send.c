/* send: see send.h. */
#include "services/department/send.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/bus/command.h"
#include "services/department/keys.h"
#include "services/department/send_options.h"

#define USAGE 2 /* exit code */

/* Reply.Code: its word, and the exit code. */
static const struct {
	const char *word;
	int exit_code;
} codes[] = {
    [KOPRU__V1__REPLY__CODE__CODE_OK] = {"ok", 0},
    [KOPRU__V1__REPLY__CODE__CODE_CONFLICT] = {"conflict", 3},
    [KOPRU__V1__REPLY__CODE__CODE_FORBIDDEN] = {"forbidden", 4},
    [KOPRU__V1__REPLY__CODE__CODE_NOT_FOUND] = {"not_found", 4},
    [KOPRU__V1__REPLY__CODE__CODE_INVALID] = {"invalid", 5},
    [KOPRU__V1__REPLY__CODE__CODE_BUSY] = {"busy", 6},
    [KOPRU__V1__REPLY__CODE__CODE_UNKNOWN] = {"unknown", 6},
    [KOPRU__V1__REPLY__CODE__CODE_UNSUPPORTED] = {"unsupported", 5},
};

struct send {
	const struct send_options *options;
	struct loop *loop;
	struct command_client *client;
	bool replied;
	int exit_code;
};

static void
set_uuid(json_t *json, const char *name, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	uuid_text(id, text);
	json_object_set_new(json, name, json_string(text));
}

/* reply NULL: none came. */
static void
tell(struct send *s, const Kopru__V1__Reply *reply)
{
	size_t code = reply ? (size_t)reply->code : KOPRU__V1__REPLY__CODE__CODE_UNKNOWN;
	json_t *json = json_object();
	char *text;

	if (code == 0 || code >= sizeof(codes) / sizeof(codes[0]))
		code = KOPRU__V1__REPLY__CODE__CODE_UNKNOWN;
	set_uuid(json, "id", &s->options->id);
	set_uuid(json, "application_id", &s->options->application_id);
	json_object_set_new(json, "action", json_string(s->options->word));
	json_object_set_new(json, "code", json_string(codes[code].word));
	json_object_set_new(json, "text", reply && *reply->text ? json_string(reply->text) : json_null());
	json_object_set_new(json, "version", reply && reply->version ? json_integer(reply->version) : json_null());
	json_object_set_new(json, "after",
	    reply && reply->seq ? json_pack("{s:s,s:I}", "stream", "case", "seq", (json_int_t)reply->seq)
				: json_null());
	text = json_dumps(json, JSON_COMPACT);
	if (!text)
		abort();
	puts(text);
	free(text);
	json_decref(json);
	s->exit_code = codes[code].exit_code;
}

static void
on_replied(void *arg, const Kopru__V1__Reply *reply)
{
	struct send *s = arg;

	s->replied = true;
	tell(s, reply);
	loop_stop(s->loop);
}

static int
command_go(struct send *s, struct arena *a, const struct settings *conf, struct err *e)
{
	const struct send_options *o = s->options;
	struct uuid id = o->id, application_id = o->application_id;
	Kopru__V1__Command command;

	kopru__v1__command__init(&command);
	command.id = (ProtobufCBinaryData){UUID_SIZE, id.bytes};
	command.application_id = (ProtobufCBinaryData){UUID_SIZE, application_id.bytes};
	command.expected_version = o->version;
	command.language = arena_string(a, o->language);
	if (!command_fields_fill(a, o->action, &o->fields, &command))
		return err_set(e, "\"%s\" is no action", o->word);
	return command_send(s->client, &command, conf->wait_seconds * 1000, on_replied, s, e);
}

static int
send_over(struct send *s, struct arena *a, const struct settings *conf, struct err *e)
{
	struct metrics *metrics = metrics_new();
	struct bus *bus = NULL;
	struct keys keys;
	int rc = -1;

	if (keys_read(conf, conf->commands, &keys, e) < 0 || !(s->loop = loop_new(e)) ||
	    !(bus = bus_new(s->loop, metrics, e)) ||
	    !(s->client = command_client_new(bus, s->loop, conf->commands, keys.used ? keys.server_public : NULL,
		  keys.used ? &keys.own : NULL, metrics, e)) ||
	    command_go(s, a, conf, e) < 0 || loop_run(s->loop, e) < 0)
		goto out;
	rc = 0;

out:
	/* Ended by a signal: whoever still waits is told that nothing is known. */
	command_client_free(s->client);
	bus_free(bus);
	loop_free(s->loop);
	metrics_free(metrics);
	keys_forget(&keys);
	return rc;
}

int
send_run(const struct settings *conf, int argc, char **argv, struct err *e)
{
	struct arena *a = arena_new(0);
	struct send_options options;
	struct send s = {.options = &options};
	int rc = USAGE;

	if (send_options_read(a, argc, argv, stdin, &options, e) < 0) {
		fprintf(stderr, "%s: %s\nTry `%s --help'.\n", argv[0], e->text, argv[0]);
		goto out;
	}
	rc = send_over(&s, a, conf, e) < 0 ? -1 : s.exit_code;
	if (fflush(stdout) != 0)
		rc = err_set(e, "cannot write the reply to standard output");

out:
	arena_free(a);
	return rc;
}
