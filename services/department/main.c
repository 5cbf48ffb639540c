/* kopru-department: the reference consumer of a department's stream. Exit code 0: stopped, 1: failed, 3: the feed's
 * history differs from the one that was handled here. */
#include <stdlib.h>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "services/department/department.h"

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

int
main(int argc, char **argv)
{
	struct settings conf = {0};
	enum log_level level;
	struct err e = {""};
	int exit_code = EXIT_SUCCESS;

	(void)argv;
	log_open("department", LOG_INFO_LEVEL);
	if (argc > 1) {
		conf_help(department_keys, stdout);
		return EXIT_SUCCESS;
	}
	ids_start();
	if (conf_load(department_keys, &conf, &e) < 0)
		goto failed;
	if (log_level_parse(conf.log_level, &level) < 0)
		err_set(&e, "DEPARTMENT_LOG_LEVEL is \"%s\"; allowed are error, warn, info and debug", conf.log_level);
	log_set_level(e.text[0] ? LOG_INFO_LEVEL : level);
	if (e.text[0] || run(&conf, &exit_code, &e) < 0)
		goto failed;
	conf_free(department_keys, &conf);
	return exit_code;

failed:
	log_error("failed", "reason=\"%s\"", e.text);
	conf_free(department_keys, &conf);
	return EXIT_FAILURE;
}
