/* kopru-router: settings, start and stop. */
#include <stdlib.h>
#include <string.h>

#include "common/base/conf.h"
#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/http/http.h"
#include "common/loop/memory.h"
#include "services/router/lifecycle_draw.h"
#include "services/router/router.h"

static const struct conf_key router_keys[] = {
    {"ROUTER_DATABASE", CONF_SECRET, offsetof(struct router_conf, database), NULL,
	"PostgreSQL connection string, as role router", 0, 0},
    {"ROUTER_LISTEN", CONF_ENDPOINT, offsetof(struct router_conf, listen), NULL,
	"where /healthz and /metrics are served: unix:/path or 127.0.0.1:port", 0, 0},
    {"ROUTER_INTAKE_FEED", CONF_ENDPOINT, offsetof(struct router_conf, intake_feed), NULL,
	"endpoints of intake's feed, comma-separated; ipc:// may hold a *", 0, 0},
    {"ROUTER_INTAKE_SERVER_PUBLIC_FILE", CONF_TEXT, offsetof(struct router_conf, intake_server_public_file), "",
	"file with intake's public key, for tcp:// endpoints", 0, 0},
    {"ROUTER_INTAKE_KEY_FILE", CONF_TEXT, offsetof(struct router_conf, intake_key_file), "",
	"file with our secret key towards intake, for tcp:// endpoints", 0, 0},
    {"ROUTER_FEED", CONF_ENDPOINT, offsetof(struct router_conf, feed), NULL, "endpoints of our feed, comma-separated",
	0, 0},
    {"ROUTER_KEY_FILE", CONF_TEXT, offsetof(struct router_conf, key_file), "",
	"file with the secret key of our feed, for tcp:// endpoints", 0, 0},
    {"ROUTER_COMMANDS", CONF_ENDPOINT, offsetof(struct router_conf, commands), NULL,
	"endpoints where commands are taken, comma-separated", 0, 0},
    {"ROUTER_BUS_CONNECTIONS", CONF_NUMBER, offsetof(struct router_conf, bus_connections), "400",
	"most connections at each tcp:// endpoint of ours; of those without a key yet the oldest makes room", 1, 10000},
    {"ROUTER_COMMANDS_WAITING", CONF_NUMBER, offsetof(struct router_conf, commands_waiting), "1000",
	"most commands without an answer; more are told to come later", 1, 10000},
    {"ROUTER_COMMANDS_DAYS", CONF_NUMBER, offsetof(struct router_conf, commands_days), "30",
	"how long the reply to a command is remembered, days", 1, 3650},
    {"ROUTER_QUESTION_DAYS", CONF_NUMBER, offsetof(struct router_conf, question_days), "10",
	"how long a citizen's reply is waited for when the question does not say, calendar days", 1, 365},
    {"ROUTER_ARBITER_WORKING_DAYS", CONF_NUMBER, offsetof(struct router_conf, arbiter_working_days), "2",
	"within how many working days the arbiter decides", 1, 60},
    {"ROUTER_WINDOW", CONF_NUMBER, offsetof(struct router_conf, window), "1000",
	"most events on their way to us, events", 1, 1000},
    {"ROUTER_MODEL_FILE", CONF_TEXT, offsetof(struct router_conf, model_file), "",
	"model that decides while the database has none; empty: then the catalogue's keywords alone", 0, 0},
    {"ROUTER_LEARNING", CONF_SWITCH, offsetof(struct router_conf, learning), "on",
	"on or off: whether models are trained here", 0, 0},
    {"ROUTER_LEARNING_DAYS", CONF_NUMBER, offsetof(struct router_conf, learning_days), "7",
	"from one training to the next, days", 1, 365},
    {"ROUTER_LEARNING_EXAMPLES", CONF_NUMBER, offsetof(struct router_conf, learning_examples), "500",
	"own examples that are enough for a training that nobody asked for", 150, 100000},
    {"ROUTER_LEARNING_MONTHS", CONF_NUMBER, offsetof(struct router_conf, learning_months), "12",
	"how old an own example may be, months", 1, 120},
    {"ROUTER_LEARNING_MIB", CONF_NUMBER, offsetof(struct router_conf, learning_mib), "4",
	"most text that is learnt from, MiB; a training takes about 40 times as much memory", 1, 32},
    {"ROUTER_LOG_LEVEL", CONF_TEXT, offsetof(struct router_conf, log_level), "info", "error, warn, info or debug", 0,
	0},
    {NULL, CONF_TEXT, 0, NULL, NULL, 0, 0},
};

static int
run(const struct router_conf *conf, struct err *e)
{
	struct loop *loop = NULL;
	struct router *router = NULL;
	enum log_level level = LOG_INFO_LEVEL;
	int rc = -1;

	if (log_level_parse(conf->log_level, &level) < 0)
		return err_set(
		    e, "ROUTER_LOG_LEVEL is \"%s\"; allowed are error, warn, info and debug", conf->log_level);
	log_set_level(level);
	memory_start();
	ids_start();
	if (!(loop = loop_new(e)) || !(router = router_new(loop, conf, e)))
		goto out;
	log_info("started", "listen=%s", conf->listen);
	rc = loop_run(loop, e);

out:
	router_free(router);
	loop_free(loop);
	return rc;
}

int
main(int argc, char **argv)
{
	struct router_conf conf = {0};
	struct err e;
	int rc = 0;

	log_open("router", LOG_INFO_LEVEL);
	if (argc == 3 && strcmp(argv[1], "--healthz") == 0)
		return http_probe(argv[2]);
	if (argc > 1 && strcmp(argv[1], "--lifecycle") == 0) {
		lifecycle_draw(stdout);
		return EXIT_SUCCESS;
	}
	if (argc > 1) {
		conf_help(router_keys, stdout);
		return EXIT_SUCCESS;
	}
	if (conf_load(router_keys, &conf, &e) < 0) {
		log_error("failed", "reason=\"%s\"", e.text);
		return EXIT_FAILURE;
	}
	rc = run(&conf, &e);
	conf_free(router_keys, &conf);
	if (rc < 0) {
		log_error("failed", "reason=\"%s\"", e.text);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
