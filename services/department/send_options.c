/* send_options: the command line, and one line of JSON. */
#include "services/department/send_options.h"

#include <argp.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/domain/words.h"
#include "services/department/send_values.h"

#define ACTION(name) KOPRU__V1__COMMAND__ACTION_##name
#define LINE_MAX_BYTES ((size_t)1024 * 1024)

static const struct argp_option argp_options[] = {
    {"application", 'a', "UUID", 0, "Which application; without it an event's JSON line is read from standard input",
	0},
    {"version", 'v', "N", 0, "The version of it that you saw (that of the event when one is read)", 0},
    {"id", 'i', "UUID", 0, "Id of the command; the same again gives the same reply and no second effect", 0},
    {"text", 't', "TEXT", 0, "Answer, question, note or draft", 1},
    {"text-file", 'f', "FILE", 0, "The same from a file; - is standard input", 1},
    {"reason", 'r', "TEXT", 0, "Why; of reject: no_specific_subject, judicial_matter or missing_element", 1},
    {"to", 'o', "CODE", 0, "Department or institution that gets it", 1},
    {"topic", 'c', "CODE", 0, "Topic", 1},
    {"letter", 'L', "TEXT", 0, "Letter to the institution", 1},
    {"letter-file", 'F', "FILE", 0, "The same from a file; - is standard input", 1},
    {"letter-number", 'N', "TEXT", 0, "Number of the letter", 1},
    {"letter-on", 'D', "DATE", 0, "Day of the letter (YYYY-MM-DD)", 1},
    {"by", 'b', "DATE", 0,
	"Day of the citizen's reply (ask), of the final answer (interim_answer) or of the payment (tell_fee)", 1},
    {"on", 'd', "DATE", 0, "Day that is promised (promise) or on which was paid (fee_was_paid)", 1},
    {"evidence", 'e', "TEXT", 0, "Of the payment, such as the number of the receipt", 1},
    {"into", 'm', "UUID", 0, "Application into which this one is merged", 1},
    {"part", 'p', "N", 0, "Answer only this part of a split application", 1},
    {"split", 's', "CODE=TASK", 0, "A part of it, for a department; once for each", 1},
    {"language", 'l', "LANGUAGE", 0, "Of the reply's text: tr or en", 2},
    {0},
};

/* Options that every action has. */
static int
read_common(struct send_reading *r, int key, const char *value)
{
	struct send_options *o = r->options;

	switch (key) {
	case 'a':
		r->has_application = uuid_parse(value, &o->application_id);
		return r->has_application ? 0 : err_set(r->e, "\"%s\" is no application id", value);
	case 'i':
		r->has_id = uuid_parse(value, &o->id);
		return r->has_id ? 0 : err_set(r->e, "\"%s\" is no UUID", value);
	case 'v':
		r->has_version = true;
		return send_value_number(value, INT32_MAX, &o->version, r->e);
	default:
		o->language = value;
		return strcmp(value, "tr") == 0 || strcmp(value, "en") == 0
			   ? 0
			   : err_set(r->e, "\"%s\" is no language; tr and en are", value);
	}
}

static error_t
on_option(int key, char *value, struct argp_state *state)
{
	struct send_reading *r = state->input;

	if (key == 'a' || key == 'i' || key == 'v' || key == 'l')
		return read_common(r, key, value) < 0 ? EINVAL : 0;
	for (const struct argp_option *option = argp_options; option->name; option++)
		if (option->key == key)
			return send_value_read(r, option->name, value) < 0 ? EINVAL : 0;
	return ARGP_ERR_UNKNOWN;
}

/* One event, as the consumer prints it. */
static int
read_event(struct send_reading *r)
{
	char *line = arena_alloc(r->arena, LINE_MAX_BYTES);
	json_t *event;
	json_int_t version;
	int rc = -1;

	if (r->used_input)
		return err_set(r->e, "standard input is a text already; --application is missing");
	if (isatty(fileno(r->in)))
		return err_set(r->e, "--application is missing, and no event's JSON line comes on standard input");
	if (!fgets(line, (int)LINE_MAX_BYTES, r->in))
		return err_set(r->e, "--application is missing, and standard input is empty");
	event = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	version = json_integer_value(json_object_get(event, "version"));
	if (!event || !json_is_string(json_object_get(event, "application_id")) ||
	    !uuid_parse(json_string_value(json_object_get(event, "application_id")), &r->options->application_id) ||
	    version < 1 || version > INT32_MAX)
		err_set(r->e, "what comes on standard input is no event's JSON line with application_id and version");
	else
		rc = 0;
	if (rc == 0 && !r->has_version)
		r->options->version = (uint32_t)version;
	json_decref(event);
	return rc;
}

static int
check_whole(struct send_reading *r)
{
	const struct command_shape *shape = r->shape;
	unsigned missing = shape->must & ~r->given;

	if (missing)
		return err_set(r->e, "%s needs %s", r->options->word, send_value_option(missing));
	if (!r->has_application)
		return read_event(r);
	if (r->options->version == 0 && !shape->any_version)
		return err_set(r->e, "%s needs --version: the one that you saw", r->options->word);
	return 0;
}

int
send_action(const char *word)
{
	int action = word_value(action_words, word);

	if (action == ACTION(CITIZEN_REPLY) || action == ACTION(CITIZEN_ADD) || action == ACTION(WITHDRAW))
		return 0; /* the citizen's own */
	return command_shape(action) ? action : 0;
}

int
send_options_read(struct arena *a, int argc, char **argv, FILE *in, struct send_options *options, struct err *e)
{
	const struct argp argp = {
	    argp_options, on_option, "", "Sends one command to the case of an application.", NULL, NULL, NULL};
	struct send_reading reading = {.arena = a, .in = in, .options = options, .e = e};
	char *name = arena_printf(a, "kopru-department %s", argv[0]);

	*options = (struct send_options){.action = send_action(argv[0]), .word = argv[0], .language = "tr"};
	reading.shape = command_shape(options->action);
	argv[0] = name;
	if (argp_parse(&argp, argc, argv, 0, NULL, &reading) != 0 || check_whole(&reading) < 0)
		return -1;
	if (!reading.has_id)
		options->id = uuid_new();
	return 0;
}

void
send_options_help(FILE *out)
{
	fputs("\nOr sends one command and prints its reply as a JSON line: kopru-department ACTION [OPTION...]\n"
	      "where ACTION is one of",
	    out);
	for (const struct word *word = action_words; word->value != 0; word++)
		if (send_action(word->token))
			fprintf(out, " %s", word->token);
	fputs("\n(`kopru-department ACTION --help' shows the options). Exit code 0: done, 2: wrong usage, 3: conflict, "
	      "4: "
	      "forbidden\n"
	      "or not found, 5: invalid, 6: busy or unknown (send it again with the id that was printed). Its "
	      "settings:\n\n",
	    out);
}
