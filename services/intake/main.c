/* kopru-intake: load, make, run, unmake. */
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/http/http.h"
#include "common/loop/memory.h"
#include "services/intake/examine.h"
#include "services/intake/intake.h"

static int
run(const struct intake_conf *conf, struct err *e)
{
	struct loop *loop = NULL;
	struct intake *intake = NULL;
	int rc = -1;

	if (!(loop = loop_new(e)) || !(intake = intake_new(loop, conf, e)))
		goto out;
	log_info("started", "listen=%s", conf->listen);
	rc = loop_run(loop, e);

out:
	intake_free(intake);
	loop_free(loop);
	return rc;
}

int
main(int argc, char **argv)
{
	struct intake_conf conf;
	struct err e;
	int rc;

	if (argc == 2 && strcmp(argv[1], EXAMINE_OPTION) == 0)
		return examine_main();
	log_open("intake", LOG_INFO_LEVEL);
	memory_start();
	ids_start();
	if (argc == 3 && strcmp(argv[1], "--healthz") == 0)
		return http_probe(argv[2]);
	if (argc > 1) {
		conf_help(intake_keys, stdout);
		return EXIT_SUCCESS;
	}
	if (conf_load(intake_keys, &conf, &e) < 0) {
		log_error("failed", "reason=\"%s\"", e.text);
		return EXIT_FAILURE;
	}
	rc = run(&conf, &e);
	if (rc < 0)
		log_error("failed", "reason=\"%s\"", e.text);
	conf_free(intake_keys, &conf);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
