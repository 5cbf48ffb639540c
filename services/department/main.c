/* kopru-department: the reference consumer of a department's stream; and, with an action, the sender of one command.
 * Exit code of the consumer 0: stopped, 1: failed, 3: the feed's history differs from the one that was handled here. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/loop/memory.h"
#include "services/department/department.h"
#include "services/department/send.h"
#include "services/department/send_options.h"

#define USAGE 2 /* exit code */

static int
run(const struct settings *conf, int *exit_code, struct err *e)
{
	struct metrics *metrics = metrics_new();
	struct loop *loop = NULL;
	struct bus *bus = NULL;
	struct department *department = NULL;
	int rc = -1;

	if (!(loop = loop_new(e)) || !(bus = bus_new(loop, metrics, e)) ||
	    !(department = department_new(loop, bus, metrics, conf, e)))
		goto out;
	rc = loop_run(loop, e);
	*exit_code = department_exit_code(department);
	log_info("stopped", "exit_code=%d", *exit_code);

out:
	department_free(department);
	bus_free(bus);
	loop_free(loop);
	metrics_free(metrics);
	return rc;
}

static void
help_print(FILE *out)
{
	fputs("Without an argument kopru-department consumes the stream of its department. Its settings:\n\n", out);
	conf_help(department_keys, out);
	send_options_help(out);
	conf_help(department_command_keys, out);
}

static int
consume(struct err *e)
{
	struct settings conf = {0};
	enum log_level level;
	int exit_code = EXIT_SUCCESS, rc = -1;

	if (conf_load(department_keys, &conf, e) < 0)
		goto out;
	if (log_level_parse(conf.log_level, &level) < 0) {
		err_set(e, "DEPARTMENT_LOG_LEVEL is \"%s\"; allowed are error, warn, info and debug", conf.log_level);
		goto out;
	}
	log_set_level(level);
	rc = run(&conf, &exit_code, e) < 0 ? -1 : exit_code;

out:
	conf_free(department_keys, &conf);
	return rc;
}

/* Help needs no settings. */
static int
command(int argc, char **argv, struct err *e)
{
	struct settings conf = {0};
	bool help = argc > 1 && strcmp(argv[1], "--help") == 0;
	int rc = -1;

	argp_err_exit_status = USAGE;
	log_set_level(LOG_ERROR_LEVEL);
	if (help || conf_load(department_command_keys, &conf, e) == 0)
		rc = send_run(&conf, argc, argv, e);
	conf_free(department_command_keys, &conf);
	return rc;
}

int
main(int argc, char **argv)
{
	struct err e = {""};
	int rc;

	log_open("department", LOG_INFO_LEVEL);
	memory_start();
	ids_start();
	if (argc > 1 && !send_action(argv[1])) {
		bool help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0;

		help_print(help ? stdout : stderr);
		return help ? EXIT_SUCCESS : USAGE;
	}
	rc = argc > 1 ? command(argc - 1, argv + 1, &e) : consume(&e);
	if (rc < 0)
		log_error("failed", "reason=\"%s\"", e.text);
	return rc < 0 ? EXIT_FAILURE : rc;
}
