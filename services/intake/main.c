/* kopru-intake: load, make, run, unmake. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/http/http.h"
#include "common/loop/memory.h"
#include "services/intake/channels/channels_conf.h"
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

/* `kopru-intake --check-channels FILE`: what is wrong with it, a line each, before an intake is started with it. */
static int
check_channels(const char *file)
{
	struct arena *a = arena_new(0);
	struct channels_conf conf;
	struct err e;
	int rc = channels_conf_read(a, file, &conf, &e);

	for (size_t i = 0; i < conf.fault_count; i++)
		fprintf(stderr, "%s\n", conf.faults[i]);
	if (rc < 0 && conf.fault_count == 0)
		fprintf(stderr, "%s\n", e.text);
	if (rc == 0)
		printf("%s: nothing is wrong\n", file);
	arena_free(a);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
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
	if (argc == 3 && strcmp(argv[1], "--check-channels") == 0)
		return check_channels(argv[2]);
	if (argc > 1) {
		puts("kopru-intake --check-channels FILE says what is wrong with a file of channels. Settings:\n");
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
