/* intake: puts the parts together, and takes them apart in reverse. */
#include "services/intake/intake_internal.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/feed/feed.sql.h"
#include "services/intake/backlog.sql.h"
#include "services/intake/bounces.sql.h"
#include "services/intake/digest.sql.h"
#include "services/intake/drafts.sql.h"
#include "services/intake/inbound.sql.h"
#include "services/intake/intake.sql.h"
#include "services/intake/mailboxes.sql.h"
#include "services/intake/media.sql.h"
#include "services/intake/open311.sql.h"
#include "services/intake/told.sql.h"
#include "services/intake/triage.sql.h"

#define ANSWER_MS 8000 /* with the wait in the queue less than the 10 s after which a request is told "unknown" */
#define REPLY_MS 8000 /* less than the web server in front waits */
#define FEED_WINDOW 1000
#define FEED_SUBSCRIPTIONS 500
#define CLOCK_LOOK_MS 20
#define HOLIDAYS_MAX ((size_t)1024 * 1024)

const struct conf_key intake_keys[] = {
    {"INTAKE_DATABASE", CONF_SECRET, offsetof(struct intake_conf, database), NULL, "PostgreSQL connection string", 0,
	0},
    {"INTAKE_LISTEN", CONF_ENDPOINT, offsetof(struct intake_conf, listen), "unix:/run/kopru/intake.sock",
	"HTTP address: unix:/path, 127.0.0.1:port or [::1]:port", 0, 0},
    {"INTAKE_FEED", CONF_ENDPOINT, offsetof(struct intake_conf, feed), NULL,
	"endpoints of stream \"intake\", comma-separated: ipc://... or tcp://...", 0, 0},
    {"INTAKE_COMMANDS", CONF_ENDPOINT, offsetof(struct intake_conf, commands), "ipc:///run/kopru/command-router-*.sock",
	"where the routers take commands, comma-separated, the first that is there gets them: ipc://..., which may "
	"hold a *",
	0, 0},
    {"INTAKE_KEY_FILE", CONF_TEXT, offsetof(struct intake_conf, key_file), "",
	"CURVE secret key, needed for tcp:// endpoints", 0, 0},
    {"INTAKE_ACCESS_CODE_KEY_FILE", CONF_TEXT, offsetof(struct intake_conf, access_code_key_file), NULL,
	"32 random bytes that access codes are made with", 0, 0},
    {"INTAKE_PERSON_KEY_FILE", CONF_TEXT, offsetof(struct intake_conf, person_key_file), NULL,
	"32 random bytes that seal national ids", 0, 0},
    {"INTAKE_HOLIDAYS_FILE", CONF_TEXT, offsetof(struct intake_conf, holidays_file), NULL,
	"CSV with the public holidays: date,weekday,name,kind", 0, 0},
    {"INTAKE_CHANNELS_FILE", CONF_TEXT, offsetof(struct intake_conf, channels_file), "",
	"JSON file that says which channels there are (README, \"Channels\"); none without it", 0, 0},
    {"INTAKE_FILES", CONF_TEXT, offsetof(struct intake_conf, files), NULL,
	"folder of the files that came with applications; all instances share it", 0, 0},
    {"INTAKE_CLAMD", CONF_TEXT, offsetof(struct intake_conf, clamd), "",
	"ClamAV's clamd, which then looks at each file before anybody may fetch it: unix:/path or host:port", 0, 0},
    {"INTAKE_PUBLIC_URL", CONF_TEXT, offsetof(struct intake_conf, public_url), NULL,
	"address of the public pages, for tracking links", 0, 0},
    {"INTAKE_QUEUE", CONF_NUMBER, offsetof(struct intake_conf, queue), "4000",
	"most applications that wait for their commit; more are told to come later", 1, 100000},
    {"INTAKE_CONNECTIONS", CONF_NUMBER, offsetof(struct intake_conf, connections), "1000",
	"most HTTP connections; more wait in the kernel", 1, 20000},
    {"INTAKE_LOG_LEVEL", CONF_TEXT, offsetof(struct intake_conf, log_level), "info", "error, warn, info or debug", 0,
	0},
    {NULL, CONF_TEXT, 0, NULL, NULL, 0, 0},
};

static const struct db_statement *const arrivals_tables[] = {inbound_statements, feed_statements, NULL};
static const struct db_statement *const work_tables[] = {intake_statements, inbound_statements, digest_statements,
    drafts_statements, media_statements, mailboxes_statements, bounces_statements, open311_statements, told_statements,
    triage_statements, backlog_statements, feed_statements, NULL};

static int
this_year(const struct intake *i)
{
	int year, month, day;

	date_to_civil(date_in_istanbul(source_now(i->source)), &year, &month, &day);
	return year;
}

static void
on_writer_up(void *arg)
{
	struct intake *i = arg;

	source_up(i->source);
}

static void
on_writer_down(void *arg)
{
	struct intake *i = arg;

	source_down(i->source);
}

/* The first block of numbers is there before anybody applies, or asks how we are. */
static void
on_numbers(void *arg)
{
	struct intake *i = arg;

	if (!source_knows_time(i->source))
		timer_start(i->numbers_first, CLOCK_LOOK_MS);
	else
		numbers_want(i->numbers, this_year(i));
}

static void
on_reader_up(void *arg)
{
	struct intake *i = arg;

	source_reader_up(i->source);
	api_keys_up(i->api_keys);
	timer_start(i->numbers_first, 0);
}

static void
on_reader_down(void *arg)
{
	struct intake *i = arg;

	timer_stop(i->numbers_first);
	numbers_down(i->numbers);
}

static const char *
healthy(void *arg)
{
	const struct intake *i = arg;
	int year;

	if (!db_is_up(i->writer) || !db_is_up(i->reader))
		return "the database is not reachable";
	if (!api_keys_ready(i->api_keys))
		return "the API keys are not read yet";
	if (!source_knows_time(i->source))
		return "the database's clock is not read yet";
	year = this_year(i);
	if (numbers_ready(i->numbers, year))
		return NULL;
	/* When a year has just begun, which nothing else tells us of: only who asks how we are. One block at most, and none
	 * while there is one. */
	numbers_want(i->numbers, year);
	return "there is no block of numbers yet";
}

static int
read_person_key(struct intake *i, struct err *e)
{
	uint8_t *key;
	size_t size;

	if (file_read_secret(i->arena, i->conf->person_key_file, &key, &size, e) < 0)
		return err_prefix(e, "INTAKE_PERSON_KEY_FILE");
	if (size != PERSON_KEY_SIZE)
		return err_set(e, "INTAKE_PERSON_KEY_FILE holds %zu bytes; %d are needed", size, PERSON_KEY_SIZE);
	person_keys_make(key, &i->person_keys);
	return 0;
}

static int
read_files(struct intake *i, struct err *e)
{
	const struct intake_conf *conf = i->conf;
	enum log_level level;
	char *holidays;
	size_t size;

	if (log_level_parse(conf->log_level, &level) < 0)
		return err_set(e, "INTAKE_LOG_LEVEL is \"%s\"; allowed are error, warn, info, debug", conf->log_level);
	log_set_level(level);
	if (!receipt_url_valid(conf->public_url))
		return err_set(e, "INTAKE_PUBLIC_URL is \"%s\"; allowed is http(s)://host without a slash at the end",
		    conf->public_url);
	if (file_read_secret(i->arena, conf->access_code_key_file, &i->access_code_key, &i->access_code_key_size, e) <
	    0)
		return err_prefix(e, "INTAKE_ACCESS_CODE_KEY_FILE");
	if (read_person_key(i, e) < 0)
		return -1;
	if (file_read(i->arena, conf->holidays_file, HOLIDAYS_MAX, &holidays, &size, e) < 0 ||
	    !(i->calendar = calendar_new(holidays, e)))
		return err_prefix(e, "INTAKE_HOLIDAYS_FILE");
	if (channels_conf_read(i->arena, conf->channels_file, &i->channels, e) < 0) {
		for (size_t n = 0; n < i->channels.fault_count; n++)
			log_error("channels.wrong", "reason=\"%s\"", i->channels.faults[n]);
		return err_prefix(e, "INTAKE_CHANNELS_FILE");
	}
	if (*conf->key_file && bus_key_read(conf->key_file, &i->bus_key, e) < 0)
		return err_prefix(e, "INTAKE_KEY_FILE");
	return 0;
}

static int
open_databases(struct intake *i, struct err *e)
{
	struct db_conf conf = {
	    .conninfo = i->conf->database, .name = "intake", .tables = store_tables, .answer_ms = ANSWER_MS};

	i->writer = db_open(i->loop, &conf, i->metrics, on_writer_up, on_writer_down, i, e);
	if (!i->writer)
		return -1;
	conf.name = "intake-reader";
	conf.beside = i->writer;
	i->reader = db_open(i->loop, &conf, i->metrics, on_reader_up, on_reader_down, i, e);
	conf.name = "intake-arrivals";
	conf.tables = arrivals_tables;
	i->arrivals = db_open(i->loop, &conf, i->metrics, NULL, NULL, NULL, e);
	conf.name = "intake-work";
	conf.tables = work_tables;
	i->work = db_open(i->loop, &conf, i->metrics, NULL, NULL, NULL, e);
	return i->reader && i->arrivals && i->work ? 0 : -1;
}

static int
open_feed(struct intake *i, struct err *e)
{
	static const char *const streams[] = {"intake", "bounce", NULL};
	struct source_conf conf = {
	    .feed = {.endpoints = i->conf->feed,
		.key = *i->conf->key_file ? &i->bus_key : NULL,
		.window_max = FEED_WINDOW,
		.subscriptions_max = FEED_SUBSCRIPTIONS},
	    .streams = streams,
	};

	if (!(i->bus = bus_new(i->loop, i->metrics, e)))
		return -1;
	i->source = source_new(i->bus, i->loop, i->writer, i->reader, &conf, i->metrics, e);
	return i->source ? 0 : -1;
}

/* Only over ipc:// does the router believe who it is that we say commands. */
static int
open_commands(struct intake *i, struct err *e)
{
	if (strncmp(i->conf->commands, "ipc://", 6) != 0 || strstr(i->conf->commands, "tcp://"))
		return err_set(
		    e, "INTAKE_COMMANDS is \"%s\"; allowed is ipc://PATH, several with commas", i->conf->commands);
	i->command_client = command_client_new(i->bus, i->loop, i->conf->commands, NULL, NULL, i->metrics, e);
	return i->command_client ? 0 : err_prefix(e, "INTAKE_COMMANDS");
}

static void
open_entry(struct intake *i)
{
	i->numbers = numbers_new(i->reader, i->metrics);
	i->numbers_first = timer_new(i->loop, on_numbers, i);
	i->store = store_new(i->loop, i->writer, i->reader, (size_t)i->conf->queue, entry_on_end, NULL);
	i->entry = (struct entry_desk){.store = i->store,
	    .source = i->source,
	    .numbers = i->numbers,
	    .person_keys = &i->person_keys,
	    .access_code_key = i->access_code_key,
	    .access_code_key_size = i->access_code_key_size};
	i->holidays = holidays_new(i->loop, i->reader, i->calendar, &i->entry.calendar, i->metrics);
}

static int
open_attachments(struct intake *i, struct err *e)
{
	struct attachments_desk desk = {
	    .loop = i->loop, .db = i->reader, .api_keys = i->api_keys, .clamd = i->conf->clamd};

	if (!(i->files = desk.files = files_new(i->conf->files, NULL, *i->conf->clamd != '\0', e)))
		return err_prefix(e, "INTAKE_FILES");
	i->attachments = attachments_new(&desk, i->metrics, e);
	return i->attachments ? 0 : err_prefix(e, "INTAKE_CLAMD");
}

static int
on_file_new(void *arg, char name[HTTP_FILE_NAME_SIZE])
{
	struct intake *i = arg;

	return attachments_file_new(i->files, name);
}

static void
on_file_remove(void *arg, const char *name)
{
	struct intake *i = arg;

	files_incoming_remove(i->files, name);
}

static int
open_desk(struct intake *i, struct err *e)
{
	open_entry(i);
	i->api_keys = api_keys_new(i->loop, i->reader, &intake_statements[API_KEYS]);
	if (open_attachments(i, e) < 0)
		return -1;
	i->applications = applications_new(&(struct applications_desk){.loop = i->loop,
					       .writer = i->writer,
					       .reader = i->reader,
					       .api_keys = i->api_keys,
					       .attachments = i->attachments,
					       .entry = &i->entry,
					       .public_url = i->conf->public_url,
					       .queue = (size_t)i->conf->queue},
	    i->metrics);
	i->imports = imports_new(
	    &(struct imports_desk){.writer = i->writer, .api_keys = i->api_keys, .entry = &i->entry}, i->metrics);
	i->commands = commands_new(&(struct commands_desk){.reader = i->reader,
				       .api_keys = i->api_keys,
				       .attachments = i->attachments,
				       .client = i->command_client,
				       .access_code_key = i->access_code_key,
				       .access_code_key_size = i->access_code_key_size,
				       .wait_ms = REPLY_MS},
	    i->metrics);
	i->calls = calls_new(&(struct calls_desk){.loop = i->loop,
				 .db = i->reader,
				 .api_keys = i->api_keys,
				 .source = i->source,
				 .person_keys = &i->person_keys},
	    i->metrics);
	return 0;
}

struct intake *
intake_new(struct loop *l, const struct intake_conf *conf, struct err *e)
{
	struct intake *i = calloc(1, sizeof(*i));
	struct http_conf http = {.listen = conf->listen,
	    .connections_max = (unsigned)conf->connections,
	    .requests_max = (unsigned)(conf->queue + conf->connections),
	    .file_new = on_file_new,
	    .file_remove = on_file_remove};

	if (!i)
		abort();
	i->loop = l;
	i->conf = conf;
	i->arena = arena_new(0);
	i->metrics = metrics_new();
	if (read_files(i, e) < 0 || open_databases(i, e) < 0 || open_feed(i, e) < 0 || open_commands(i, e) < 0)
		goto failed;
	if (open_desk(i, e) < 0)
		goto failed;
	if (intake_channels_open(i, e) < 0)
		goto failed;
	if (!(i->http = http_new(l, &http, intake_routes, i->metrics, healthy, i, e)))
		goto failed;
	return i;

failed:
	intake_free(i);
	return NULL;
}

/* Whatever still waits is told its end while it can still be answered. */
void
intake_free(struct intake *i)
{
	if (!i)
		return;
	store_stop(i->store);
	attachments_stop(i->attachments);
	intake_channels_stop(i);
	db_close(i->work);
	db_close(i->arrivals);
	db_close(i->reader);
	db_close(i->writer);
	command_client_free(i->command_client);
	source_free(i->source);
	bus_free(i->bus);
	store_free(i->store);
	intake_channels_free(i);
	timer_free(i->numbers_first);
	numbers_free(i->numbers);
	api_keys_free(i->api_keys);
	http_free(i->http);
	calls_free(i->calls);
	attachments_free(i->attachments);
	files_free(i->files);
	commands_free(i->commands);
	imports_free(i->imports);
	applications_free(i->applications);
	holidays_free(i->holidays);
	calendar_free(i->calendar);
	metrics_free(i->metrics);
	arena_free(i->arena);
	free(i);
}
