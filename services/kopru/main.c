/* kopru: the operator's command. Exit code 0: done, 1: failed, 2: wrong usage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/loop/memory.h"
#include "services/kopru/command.h"

static error_t
on_command_option(int key, char *value, struct argp_state *state)
{
	static const bool set = true;
	struct command_line *line = state->input;
	const char *text = value;

	if (key == ARGP_KEY_ARG && line->count < COMMAND_ARGUMENTS_MAX) {
		line->arguments[line->count++] = value;
		return 0;
	}
	for (const struct command_field *f = command_fields; f->key != 0; f++) {
		if (f->key != key)
			continue;
		if (f->flag)
			memcpy((char *)line + f->offset, &set, sizeof(set));
		else
			memcpy((char *)line + f->offset, &text, sizeof(text));
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
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
	struct command_line line = {.folder = getenv("KOPRU_MIGRATIONS")};
	struct err e = {""};
	char name[64];
	int rc;

	snprintf(name, sizeof(name), "kopru %s", c->words);
	argv[0] = name;
	if (!line.folder)
		line.folder = "deploy/migrations";
	if (argp_parse(&argp, argc, argv, 0, NULL, &line) != 0)
		return 2;
	if (line.count != c->count && !strstr(c->arguments, "...") && (c->arguments[0] != '[' || line.count != 0)) {
		fprintf(stderr, "Usage: %s %s\nTry `%s --help'.\n", name, c->arguments, name);
		return 2;
	}
	rc = c->run(&line, &e);
	if (rc < 0) {
		fprintf(stderr, "%s: %s\n", name, e.text);
		if (rc == COMMAND_WRONG_USAGE)
			fprintf(stderr, "Usage: %s %s\nTry `%s --help'.\n", name, c->arguments, name);
		return rc == COMMAND_WRONG_USAGE ? 2 : 1;
	}
	if (fflush(stdout) != 0) {
		fprintf(stderr, "%s: cannot write what it says\n", name);
		return 1;
	}
	return 0;
}

/* Does the command begin with that word? */
static bool
command_begins(const struct command *c, const char *word)
{
	size_t size = strlen(word);

	return strncmp(c->words, word, size) == 0 && c->words[size] == ' ';
}

/* A first word of several commands ("topics"): only these are shown. */
static const char *
group_of(int argc, char **argv)
{
	for (const struct command *c = command_table; argc > 1 && c->words; c++)
		if (command_begins(c, argv[1]))
			return argv[1];
	return NULL;
}

/* group: NULL for all. */
static void
commands_print(FILE *out, const char *group)
{
	fputs("Usage: kopru COMMAND [ARGUMENT...] [OPTION...]\n\n"
	      "The operator's command of Köprü. Commands:\n\n",
	    out);
	for (const struct command *c = command_table; c->words; c++) {
		char usage[64];

		if (group && !command_begins(c, group))
			continue;
		snprintf(usage, sizeof(usage), "%s %s", c->words, c->arguments);
		fprintf(out, "  %-38s %s\n", usage, c->help);
	}
	fputs(
	    "\n`kopru COMMAND --help' shows a command's options. Settings (`. var/environment' sets them after make "
	    "start):\n"
	    "KOPRU_DATABASE, the connection string of the database, as its owner; KOPRU_MIGRATIONS, the folder of the\n"
	    "migrations; for `doctor' KOPRU_SERVICES (NAME=unix:/path or NAME=host:port, comma-separated) and "
	    "KOPRU_STATE (a\n"
	    "folder whose disk is looked at); for `report' and `import' KOPRU_URL and KOPRU_KEY or KOPRU_KEY_FILE;\n"
	    "for `import' KOPRU_MAPPINGS, the folder of the mappings; for `topics' KOPRU_TOPICS_MODEL, the model.\n"
	    "Exit code 0: done, 1: failed or not well, 2: wrong usage.\n",
	    out);
}

static bool
asks_for_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-?") == 0 || strcmp(word, "help") == 0;
}

int
main(int argc, char **argv)
{
	const char *group = group_of(argc, argv);

	argp_err_exit_status = 2;
	log_open("kopru", LOG_WARN_LEVEL);
	memory_start();
	ids_start();
	if (argc > 1 && asks_for_help(argv[argc == 3 && group ? 2 : 1])) {
		commands_print(stdout, group);
		return 0;
	}
	for (const struct command *c = command_table; c->words; c++) {
		int words = command_words(c, argc - 1, argv + 1);

		if (words > 0)
			return command_run(c, argc - words, argv + words);
	}
	commands_print(stderr, group);
	return 2;
}
