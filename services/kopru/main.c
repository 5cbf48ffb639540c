/* kopru: the operator's command. Exit code 0: done, 1: failed, 2: wrong usage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "services/kopru/command.h"

static const struct argp_option no_options[] = {{0}};
static const struct argp_option migrate_options[] = {
    {"folder", 'f', "FOLDER", 0, "Where the files NNNN_noun.sql lie (deploy/migrations)", 0}, {0}};
static const struct argp_option out_options[] = {
    {"out", 'o', "FILE", 0, "Where the secret key goes (NAME.key); must not exist", 0}, {0}};
static const struct argp_option add_options[] = {
    {"outside", 'x', NULL, 0, "It is another institution, not a unit of the municipality", 0}, {0}};
static const struct argp_option rights_options[] = {
    {"rights", 'r', "LIST", 0, "What it may do: applications, reports, cases (separated by commas)", 0},
    {"role", 'R', "ROLE", 0, "In which role it commands (cases): clerk, officer, manager or arbiter", 0},
    {"department", 'd', "CODE", 0, "For which department an officer or a manager commands", 0}, {0}};
static const struct argp_option json_options[] = {{"json", 'j', NULL, 0, "Print JSON", 0}, {0}};

static const struct command commands[] = {
    {"migrate", "", 0, "Bring the database to the newest schema", migrate_options, migrate_run},
    {"demo", "TOPICS.csv HOLIDAYS.csv", 2, "Load departments, topics and holidays", no_options, demo_run},
    {"department add", "CODE NAME_TR NAME_EN", 3, "Add a department and its stream", add_options, department_add},
    {"department list", "", 0, "Show the departments", json_options, department_list},
    {"department key", "CODE", 1, "Make a key for a department's end of its feed", out_options, department_key},
    {"department revoke", "CODE PUBLIC", 2, "Let a department's key in no more", no_options, department_revoke},
    {"service key", "NAME", 1, "Make a key for a service on another host", out_options, service_key},
    {"service revoke", "NAME PUBLIC", 2, "Let a service's key in no more", no_options, service_revoke},
    {"peers", "", 0, "Show the public keys that feeds let in", json_options, peers_list},
    {"curve", "FILE", 1, "Make a server's key pair: FILE and FILE.pub; keeps what is there", no_options, curve_make},
    {"key create", "NAME", 1, "Make an API key and print it, once", rights_options, key_create},
    {"key list", "", 0, "Show the API keys", json_options, key_list},
    {"key revoke", "ID", 1, "Let an API key in no more", no_options, key_revoke},
    {"streams", "", 0, "Show heads, cursors and what waits", json_options, streams_show},
    {0},
};

static error_t
on_command_option(int key, char *value, struct argp_state *state)
{
	struct command_line *line = state->input;

	switch (key) {
	case 'f':
		line->folder = value;
		return 0;
	case 'o':
		line->out = value;
		return 0;
	case 'r':
		line->rights = value;
		return 0;
	case 'R':
		line->role = value;
		return 0;
	case 'd':
		line->department = value;
		return 0;
	case 'x':
		line->outside = true;
		return 0;
	case 'j':
		line->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (line->count == COMMAND_ARGUMENTS_MAX)
			return ARGP_ERR_UNKNOWN;
		line->arguments[line->count++] = value;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* How many of the words in argv are those of the command; 0 when they are another's. */
static int
command_words(const struct command *c, int argc, char **argv)
{
	const char *rest = c->words;
	int count = 0;

	for (; *rest; count++) {
		size_t size = strcspn(rest, " ");

		if (count >= argc || strlen(argv[count]) != size || strncmp(rest, argv[count], size) != 0)
			return 0;
		rest += size + (rest[size] == ' ');
	}
	return count;
}

/* argv[0] is the last of the command's words; it becomes the program's name in argp's messages. */
static int
command_run(const struct command *c, int argc, char **argv)
{
	const struct argp argp = {c->options, on_command_option, c->arguments, c->help, NULL, NULL, NULL};
	struct command_line line = {.folder = "deploy/migrations"};
	struct err e = {""};
	char name[64];

	snprintf(name, sizeof(name), "kopru %s", c->words);
	argv[0] = name;
	if (argp_parse(&argp, argc, argv, 0, NULL, &line) != 0)
		return 2;
	if (line.count != c->count) {
		fprintf(stderr, "Usage: %s %s\nTry `%s --help'.\n", name, c->arguments, name);
		return 2;
	}
	if (c->run(&line, &e) < 0) {
		fprintf(stderr, "%s: %s\n", name, e.text);
		return 1;
	}
	if (fflush(stdout) != 0) {
		fprintf(stderr, "%s: cannot write what it says\n", name);
		return 1;
	}
	return 0;
}

static void
commands_print(FILE *out)
{
	fputs("Usage: kopru COMMAND [ARGUMENT...] [OPTION...]\n\n"
	      "The operator's command of Köprü. Commands:\n\n",
	    out);
	for (const struct command *c = commands; c->words; c++) {
		char usage[64];

		snprintf(usage, sizeof(usage), "%s %s", c->words, c->arguments);
		fprintf(out, "  %-38s %s\n", usage, c->help);
	}
	fputs("\n`kopru COMMAND --help' shows a command's options. KOPRU_DATABASE is the connection string of the "
	      "database,\n"
	      "as its owner. Exit code 0: done, 1: failed, 2: wrong usage.\n",
	    out);
}

int
main(int argc, char **argv)
{
	argp_err_exit_status = 2;
	log_open("kopru", LOG_WARN_LEVEL);
	ids_start();
	if (argc > 1 &&
	    (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0 || strcmp(argv[1], "help") == 0)) {
		commands_print(stdout);
		return 0;
	}
	for (const struct command *c = commands; c->words; c++) {
		int words = command_words(c, argc - 1, argv + 1);

		if (words > 0)
			return command_run(c, argc - words, argv + words);
	}
	commands_print(stderr);
	return 2;
}
