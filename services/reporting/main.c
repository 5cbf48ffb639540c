/* kopru-reporting: figures, and what an applicant may see. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/conf.h"
#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/http/http.h"
#include "common/loop/memory.h"
#include "services/reporting/reporting.h"

#define KEY(name, type, field, fallback, ...)                                                                          \
	{                                                                                                              \
		name, type, offsetof(struct reporting_conf, field), fallback, __VA_ARGS__                              \
	}

static const struct conf_key reporting_keys[] = {
    KEY("REPORTING_DATABASE", CONF_TEXT, database, NULL, "PostgreSQL connection string, role reporting", 0, 0),
    KEY("REPORTING_LISTEN", CONF_ENDPOINT, listen, NULL, "HTTP: unix:/path or 127.0.0.1:port", 0, 0),
    KEY("REPORTING_INTAKE_FEED", CONF_ENDPOINT, intake_feed, NULL, "endpoints of stream intake, comma-separated", 0, 0),
    KEY("REPORTING_CASE_FEED", CONF_ENDPOINT, case_feed, NULL, "endpoints of stream case, comma-separated", 0, 0),
    KEY("REPORTING_INTAKE_PUBLIC_FILE", CONF_TEXT, intake_public_file, "", "public key of a tcp:// intake feed", 0, 0),
    KEY("REPORTING_CASE_PUBLIC_FILE", CONF_TEXT, case_public_file, "", "public key of a tcp:// case feed", 0, 0),
    KEY("REPORTING_KEY_FILE", CONF_TEXT, key_file, "", "own secret key for tcp:// feeds", 0, 0),
    KEY("REPORTING_HOLIDAYS_FILE", CONF_TEXT, holidays_file, NULL, "holidays (CSV): what working time is", 0, 0),
    KEY("REPORTING_NEIGHBOURHOODS_FILE", CONF_TEXT, neighbourhoods_file, "",
	"names of quarters (CSV) that the public may read; empty: none", 0, 0),
    KEY("REPORTING_EXPORTS", CONF_TEXT, exports, "/tmp", "folder for files that are being exported", 0, 0),
    KEY("REPORTING_OPEN311", CONF_TEXT, open311, "",
	"jurisdiction_id of Open311, as in intake's file of channels; empty: not offered", 0, 0),
    KEY("REPORTING_WINDOW", CONF_NUMBER, window, "1000", "unacknowledged events at most, of each stream", 1, 1000),
    KEY("REPORTING_CONNECTIONS", CONF_NUMBER, connections, "256", "HTTP connections at most; more wait in the kernel",
	1, 20000),
    KEY("REPORTING_LOG_LEVEL", CONF_TEXT, log_level, "info", "error, warn, info or debug", 0, 0),
    {.name = NULL},
};

static int
run(const struct reporting_conf *conf, struct err *e)
{
	enum log_level level;
	struct loop *loop = NULL;
	struct reporting *reporting = NULL;
	int rc = -1;

	if (log_level_parse(conf->log_level, &level) < 0)
		return err_set(
		    e, "REPORTING_LOG_LEVEL is \"%s\"; allowed are error, warn, info and debug", conf->log_level);
	log_set_level(level);
	if (!(loop = loop_new(e)) || !(reporting = reporting_new(loop, conf, e)))
		goto out;
	log_info("started", "listen=%s", conf->listen);
	rc = loop_run(loop, e);

out:
	reporting_free(reporting);
	loop_free(loop);
	return rc;
}

int
main(int argc, char **argv)
{
	struct reporting_conf conf = {0};
	int rc = EXIT_SUCCESS;
	struct err e;

	log_open("reporting", LOG_INFO_LEVEL);
	memory_start();
	ids_start();
	if (argc == 3 && strcmp(argv[1], "--healthz") == 0)
		return http_probe(argv[2]);
	if (argc > 1) {
		conf_help(reporting_keys, stdout);
		return EXIT_SUCCESS;
	}
	if (conf_load(reporting_keys, &conf, &e) < 0 || run(&conf, &e) < 0) {
		log_error("failed", "reason=\"%s\"", e.text);
		rc = EXIT_FAILURE;
	}
	conf_free(reporting_keys, &conf);
	return rc;
}
