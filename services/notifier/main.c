/* kopru-notifier: tells citizens what happened to their applications. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/conf.h"
#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/http/http.h"
#include "common/loop/memory.h"
#include "services/notifier/composer.h"
#include "services/notifier/notifier.h"

#define KEY(name, type, field, fallback, ...)                                                                          \
	{                                                                                                              \
		name, type, offsetof(struct notifier_conf, field), fallback, __VA_ARGS__                               \
	}

static const struct conf_key notifier_keys[] = {
    KEY("NOTIFIER_DATABASE", CONF_TEXT, database, NULL, "PostgreSQL connection string, role notifier", 0, 0),
    KEY("NOTIFIER_LISTEN", CONF_ENDPOINT, listen, NULL, "health and metrics: unix:/path or 127.0.0.1:port", 0, 0),
    KEY("NOTIFIER_CASE_FEED", CONF_ENDPOINT, case_feed, NULL, "endpoints of stream case, comma-separated", 0, 0),
    KEY("NOTIFIER_INTAKE_FEED", CONF_ENDPOINT, intake_feed, "",
	"endpoints of stream bounce, comma-separated; without it nobody tells of letters that came back", 0, 0),
    KEY("NOTIFIER_SERVER_PUBLIC_FILE", CONF_TEXT, server_public_file, "", "public key of a tcp:// feed", 0, 0),
    KEY("NOTIFIER_KEY_FILE", CONF_TEXT, key_file, "", "own secret key for a tcp:// feed", 0, 0),
    KEY("NOTIFIER_PROVIDER", CONF_TEXT, provider, "file", "how letters leave: file or smtp", 0, 0),
    KEY("NOTIFIER_OUTBOX", CONF_TEXT, outbox, "", "provider file: folder where letters are put", 0, 0),
    KEY("NOTIFIER_SMTP", CONF_TEXT, smtp, "",
	"provider smtp: mail server for all, then for some domains: smtp://host:port,domain=smtp://host:port,...", 0,
	0),
    KEY("NOTIFIER_SMTP_TLS", CONF_TEXT, smtp_tls, "required", "required (certificates are checked), optional or off", 0,
	0),
    KEY("NOTIFIER_SMTP_CA", CONF_TEXT, smtp_ca, "", "file of certificates of authorities; else the system's", 0, 0),
    KEY("NOTIFIER_SMTP_USER", CONF_TEXT, smtp_user, "", "login at the mail server for all", 0, 0),
    KEY("NOTIFIER_SMTP_PASSWORD", CONF_SECRET, smtp_password, "", "its password", 0, 0),
    KEY("NOTIFIER_SMTP_HELLO", CONF_TEXT, smtp_hello, "", "our name in EHLO; else the domain of NOTIFIER_FROM", 0, 0),
    KEY("NOTIFIER_SMTP_SENDER", CONF_TEXT, smtp_sender, "", "sender of the envelope; else none, and no bounces", 0, 0),
    KEY("NOTIFIER_CONNECTIONS", CONF_NUMBER, connections, "64", "HTTP connections at most; more wait in the kernel", 1,
	20000),
    KEY("NOTIFIER_SMTP_CONNECTIONS", CONF_NUMBER, smtp_connections, "8", "connections at once to one server", 1, 64),
    KEY("NOTIFIER_SMTP_ANSWER_SECONDS", CONF_NUMBER, smtp_answer_seconds, "60", "a server's time for one answer", 1,
	600),
    KEY("NOTIFIER_SMTP_DOT_SECONDS", CONF_NUMBER, smtp_dot_seconds, "600", "a server's time to take a letter over", 1,
	3600),
    KEY("NOTIFIER_TEMPLATES", CONF_TEXT, templates, NULL, "folder of templates: <language>/<name>.txt", 0, 0),
    KEY("NOTIFIER_PUBLIC_URL", CONF_TEXT, public_url, NULL, "address of the pages, for tracking links", 0, 0),
    KEY("NOTIFIER_FROM", CONF_TEXT, from, NULL, "sender: Name <address>", 0, 0),
    KEY("NOTIFIER_ACCESS_CODE_KEY_FILE", CONF_TEXT, access_code_key_file, NULL, "key of access codes, mode 0600", 0, 0),
    KEY("NOTIFIER_QUIET", CONF_TEXT, quiet, "", "nothing is sent then, Europe/Istanbul: 22-08 or 22:30-07:15", 0, 0),
    KEY("NOTIFIER_ADDRESS_DAY", CONF_NUMBER, letters_a_day, "100", "letters a day to one address, 0: any number", 0,
	100000),
    KEY("NOTIFIER_CONFIRM_DAY", CONF_NUMBER, confirms_a_day, "10",
	"neutral messages a day to one address, 0: any number", 0, 100000),
    KEY("NOTIFIER_CONFIRM_DAYS", CONF_NUMBER, held_days, "14", "days that letters wait for an address to be verified",
	1, 365),
    KEY("NOTIFIER_DOMAIN_AT_ONCE", CONF_NUMBER, domain_at_once, "8", "provider smtp: letters under way to one domain",
	1, 64),
    KEY("NOTIFIER_DOMAIN_MINUTE", CONF_NUMBER, domain_a_minute, "600",
	"provider smtp: letters a minute to one domain, 0: any number", 0, 1000000),
    KEY("NOTIFIER_ATTEMPTS", CONF_NUMBER, attempts, "30", "attempts until a letter is given up", 1, 1000),
    KEY("NOTIFIER_SETTLE_SECONDS", CONF_NUMBER, settle_seconds, "600",
	"until a letter of law is repeated of which nobody knows whether it arrived", 1, 86400),
    KEY("NOTIFIER_LEASE_SECONDS", CONF_NUMBER, lease_seconds, "30",
	"after which the letters of a notifier that died are another's; made longer while it lives", 3, 3600),
    KEY("NOTIFIER_WINDOW", CONF_NUMBER, window, "400", "unacknowledged events at most", 1, 1000),
    KEY("NOTIFIER_LOG_LEVEL", CONF_TEXT, log_level, "info", "error, warn, info or debug", 0, 0),
    {.name = NULL},
};

static int
run(const struct notifier_conf *conf, struct err *e)
{
	enum log_level level;
	struct loop *loop = NULL;
	struct notifier *notifier = NULL;
	int rc = -1;

	if (log_level_parse(conf->log_level, &level) < 0)
		return err_set(
		    e, "NOTIFIER_LOG_LEVEL is \"%s\"; allowed are error, warn, info and debug", conf->log_level);
	log_set_level(level);
	if (!(loop = loop_new(e)) || !(notifier = notifier_new(loop, conf, e)))
		goto out;
	log_info("started", "listen=%s", conf->listen);
	rc = loop_run(loop, e);

out:
	notifier_free(notifier);
	loop_free(loop);
	return rc;
}

static void
on_wrong(const struct err *e)
{
	printf("%s\n", e->text);
}

static int
templates_check(const char *folder)
{
	size_t count, wrong = composer_check(folder, on_wrong, &count);

	printf("%zu templates, %zu wrong\n", count, wrong);
	return wrong > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct notifier_conf conf = {0};
	int rc = EXIT_SUCCESS;
	struct err e;

	log_open("notifier", LOG_INFO_LEVEL);
	memory_start();
	ids_start();
	if (argc == 3 && strcmp(argv[1], "--healthz") == 0)
		return http_probe(argv[2]);
	if (argc == 3 && strcmp(argv[1], "--check-templates") == 0)
		return templates_check(argv[2]);
	if (argc > 1) {
		printf("kopru-notifier                            runs, set by the environment:\n"
		       "kopru-notifier --healthz unix:/PATH       says how the one that listens there is\n"
		       "kopru-notifier --check-templates FOLDER   says what is wrong with templates\n\n");
		conf_help(notifier_keys, stdout);
		return EXIT_SUCCESS;
	}
	if (conf_load(notifier_keys, &conf, &e) < 0 || run(&conf, &e) < 0) {
		log_error("failed", "reason=\"%s\"", e.text);
		rc = EXIT_FAILURE;
	}
	conf_free(notifier_keys, &conf);
	return rc;
}
