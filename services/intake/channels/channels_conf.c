/* channels_conf: the tables of what stands in the file, and what must hold between members. */
#include "services/intake/channels/channels_conf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/domain/identity.h"
#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/channels/channels_conf_reader.h"
#include "services/intake/open311_services.h"

#define FILE_MAX ((size_t)256 * 1024)
#define ATTRIBUTES_MAX ((size_t)1024 * 1024)
#define MAILBOXES_MAX 50
#define IDLE_MS 900000
#define POLL_MS 30000

static bool
is_loopback(const char *host)
{
	return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0 || strcmp(host, "localhost") == 0;
}

/* Has it one of these schemes, and no user, password, query or fragment? A scheme that is not encrypted is taken on
 * loopback only. */
static bool
url_valid(const char *text, const char *encrypted, const char *plain, bool plain_anywhere)
{
	static const CURLUPart absent[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT};
	char *scheme = NULL, *host = NULL, *part;
	CURLU *url = curl_url();
	bool valid;

	valid =
	    url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    (strcmp(scheme, encrypted) == 0 || (strcmp(scheme, plain) == 0 && (plain_anywhere || is_loopback(host))));
	for (size_t i = 0; valid && i < sizeof(absent) / sizeof(absent[0]); i++) {
		if (curl_url_get(url, absent[i], &part, 0) != CURLUE_OK)
			continue;
		curl_free(part);
		valid = false;
	}
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(url);
	return valid;
}

static bool
web_url_valid(const char *text)
{
	return url_valid(text, "https", "http", false) && text[strlen(text) - 1] != '/';
}

static bool
name_valid(const char *text)
{
	size_t size = strlen(text);

	return size >= 1 && size <= 40 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == size;
}

static bool
id_valid(const char *text)
{
	size_t size = strlen(text);

	return size >= 1 && size <= 32 && strspn(text, "0123456789") == size;
}

static const struct member meta_members[] = {
    {.name = "secret_files",
	.type = MEMBER_SECRETS,
	.offset = offsetof(struct meta_conf, secrets),
	.count_offset = offsetof(struct meta_conf, secret_count),
	.required = true},
    {.name = "verify_token_file",
	.type = MEMBER_SECRET,
	.offset = offsetof(struct meta_conf, verify_token),
	.required = true},
    {.name = "access_token_file", .type = MEMBER_SECRET, .offset = offsetof(struct meta_conf, access_token)},
    {.name = "graph_url",
	.type = MEMBER_TEXT,
	.offset = offsetof(struct meta_conf, graph_url),
	.valid = web_url_valid,
	.allowed = "https://HOST/VERSION without a slash at the end (http:// on loopback only)"},
    {.name = "ids",
	.type = MEMBER_TEXTS,
	.offset = offsetof(struct meta_conf, ids),
	.count_offset = offsetof(struct meta_conf, id_count),
	.required = true,
	.valid = id_valid,
	.allowed = "1 to 32 digits"},
    {.name = "idle_seconds",
	.type = MEMBER_SECONDS,
	.offset = offsetof(struct meta_conf, idle_ms),
	.min = 1,
	.max = 3600},
    {.name = "tell", .type = MEMBER_FLAG, .offset = offsetof(struct meta_conf, tell)},
    {.name = NULL},
};

static const struct member telegram_members[] = {
    {.name = "secret_files",
	.type = MEMBER_SECRETS,
	.offset = offsetof(struct telegram_conf, secrets),
	.count_offset = offsetof(struct telegram_conf, secret_count),
	.required = true},
    {.name = "access_token_file", .type = MEMBER_SECRET, .offset = offsetof(struct telegram_conf, access_token)},
    {.name = "api_url",
	.type = MEMBER_TEXT,
	.offset = offsetof(struct telegram_conf, api_url),
	.valid = web_url_valid,
	.allowed = "https://HOST without a slash at the end (http:// on loopback only)"},
    {.name = "idle_seconds",
	.type = MEMBER_SECONDS,
	.offset = offsetof(struct telegram_conf, idle_ms),
	.min = 1,
	.max = 3600},
    {.name = "tell", .type = MEMBER_FLAG, .offset = offsetof(struct telegram_conf, tell)},
    {.name = NULL},
};

static const struct member mailbox_members[] = {
    {.name = "name",
	.type = MEMBER_TEXT,
	.offset = offsetof(struct mailbox_conf, name),
	.required = true,
	.valid = name_valid,
	.allowed = "1 to 40 of a-z, 0-9, \"_\", \".\" and \"-\""},
    {.name = "url", .type = MEMBER_TEXT, .offset = offsetof(struct mailbox_conf, url), .required = true},
    {.name = "user", .type = MEMBER_TEXT, .offset = offsetof(struct mailbox_conf, user), .required = true},
    {.name = "password_file",
	.type = MEMBER_SECRET,
	.offset = offsetof(struct mailbox_conf, password),
	.required = true},
    {.name = "ca_file", .type = MEMBER_TEXT, .offset = offsetof(struct mailbox_conf, ca_file)},
    {.name = "tls", .type = MEMBER_STARTTLS, .offset = offsetof(struct mailbox_conf, starttls)},
    {.name = "poll_seconds",
	.type = MEMBER_SECONDS,
	.offset = offsetof(struct mailbox_conf, poll_ms),
	.min = 1,
	.max = 300},
    {.name = "authserv", .type = MEMBER_TEXT, .offset = offsetof(struct mailbox_conf, authserv)},
    {.name = "own_addresses",
	.type = MEMBER_TEXTS,
	.offset = offsetof(struct mailbox_conf, own),
	.count_offset = offsetof(struct mailbox_conf, own_count),
	.valid = email_valid,
	.allowed = "an e-mail address"},
    {.name = "registered", .type = MEMBER_FLAG, .offset = offsetof(struct mailbox_conf, registered)},
    {.name = NULL},
};

static bool
address_valid(const char *text)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

static const struct member open311_members[] = {
    {.name = "jurisdiction",
	.type = MEMBER_TEXT,
	.offset = offsetof(struct open311_conf, jurisdiction),
	.required = true},
    {.name = "contact", .type = MEMBER_TEXT, .offset = offsetof(struct open311_conf, contact), .required = true},
    {.name = "attributes_file", .type = MEMBER_TEXT, .offset = offsetof(struct open311_conf, attributes_file)},
    {.name = "media_addresses",
	.type = MEMBER_TEXTS,
	.offset = offsetof(struct open311_conf, media_addresses),
	.count_offset = offsetof(struct open311_conf, media_address_count),
	.valid = address_valid,
	.allowed = "an IPv4 or IPv6 address"},
    {.name = NULL},
};

static void
read_meta(struct conf_reader *r, const char *where, const json_t *object, struct meta_conf **conf)
{
	*conf = arena_alloc(r->arena, sizeof(**conf));
	(*conf)->graph_url = "https://graph.facebook.com/v21.0";
	(*conf)->idle_ms = IDLE_MS;
	(*conf)->tell = true;
	conf_read_object(r, where, object, meta_members, *conf);
}

static void
read_telegram(struct conf_reader *r, const char *where, const json_t *object, struct channels_conf *conf)
{
	struct telegram_conf *telegram = arena_alloc(r->arena, sizeof(*telegram));

	telegram->api_url = "https://api.telegram.org";
	telegram->idle_ms = IDLE_MS;
	telegram->tell = true;
	conf_read_object(r, where, object, telegram_members, telegram);
	conf->telegram = telegram;
}

static void
read_mailbox(struct conf_reader *r, const char *where, const json_t *object, struct mailbox_conf *mailbox)
{
	mailbox->poll_ms = POLL_MS;
	conf_read_object(r, where, object, mailbox_members, mailbox);
	if (mailbox->url && !url_valid(mailbox->url, "imaps", "imap", mailbox->starttls))
		conf_fault(r, where,
		    "url is \"%.80s\"; allowed is imaps://HOST/FOLDER, with \"tls\": \"starttls\" imap://HOST/FOLDER "
		    "(without it on loopback only)",
		    mailbox->url);
	if (mailbox->ca_file && *mailbox->ca_file != '/')
		mailbox->ca_file = arena_printf(r->arena, "%s%s", r->folder, mailbox->ca_file);
	if (mailbox->ca_file && access(mailbox->ca_file, R_OK) != 0)
		conf_fault(r, where, "ca_file %s: %s", mailbox->ca_file, strerror(errno));
}

static void
read_mailboxes(struct conf_reader *r, const json_t *list, struct channels_conf *conf)
{
	size_t count = json_array_size(list);

	if (!json_is_array(list) || count > MAILBOXES_MAX) {
		conf_fault(r, "mailboxes", "must be a list of at most %d", MAILBOXES_MAX);
		return;
	}
	conf->mailboxes = arena_array(r->arena, count, sizeof(*conf->mailboxes));
	conf->mailbox_count = count;
	for (size_t i = 0; i < count; i++) {
		const char *name;

		read_mailbox(
		    r, arena_printf(r->arena, "mailboxes.%zu", i), json_array_get(list, i), &conf->mailboxes[i]);
		name = conf->mailboxes[i].name;
		for (size_t j = 0; name && j < i; j++)
			if (conf->mailboxes[j].name && strcmp(conf->mailboxes[j].name, name) == 0)
				conf_fault(r, "mailboxes", "\"%s\" stands twice", name);
	}
}

static void
read_open311(struct conf_reader *r, const char *where, const json_t *object, struct open311_conf *open311)
{
	struct open311_attributes attributes;
	struct err e;
	size_t size;
	char *text;

	conf_read_object(r, where, object, open311_members, open311);
	if (!open311->attributes_file)
		return;
	if (*open311->attributes_file != '/')
		open311->attributes_file = arena_printf(r->arena, "%s%s", r->folder, open311->attributes_file);
	if (file_read(r->arena, open311->attributes_file, ATTRIBUTES_MAX, &text, &size, &e) < 0 ||
	    open311_attributes_parse(r->arena, text, &attributes, &e) < 0)
		conf_fault(r, "open311.attributes_file", "%s", e.text);
}

static void
read_part(struct conf_reader *r, const char *name, const json_t *value, struct channels_conf *conf)
{
	if (strcmp(name, "whatsapp") == 0) {
		read_meta(r, name, value, &conf->whatsapp);
	} else if (strcmp(name, "messenger") == 0) {
		read_meta(r, name, value, &conf->messenger);
	} else if (strcmp(name, "instagram") == 0) {
		read_meta(r, name, value, &conf->instagram);
	} else if (strcmp(name, "telegram") == 0) {
		read_telegram(r, name, value, conf);
	} else if (strcmp(name, "mailboxes") == 0) {
		read_mailboxes(r, value, conf);
	} else if (strcmp(name, "open311") == 0) {
		conf->open311 = arena_alloc(r->arena, sizeof(*conf->open311));
		read_open311(r, name, value, conf->open311);
	} else {
		conf_fault(
		    r, name, "is not known; known are whatsapp, messenger, instagram, telegram, mailboxes, open311");
	}
}

static int
faults_tell(struct conf_reader *r, struct channels_conf *conf, struct err *e)
{
	const char *text = "";
	const char **faults = arena_array(r->arena, r->fault_count, sizeof(*faults));

	for (size_t i = 0; i < r->fault_count; i++) {
		faults[i] = r->faults[i];
		text = arena_printf(r->arena, "%s%s%s", text, i > 0 ? "; " : "", faults[i]);
	}
	conf->faults = faults;
	conf->fault_count = r->fault_count;
	return r->fault_count == 1 ? err_set(e, "%s", text) : err_set(e, "%zu faults: %s", r->fault_count, text);
}

static const char *
folder_of(struct arena *a, const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? arena_string_n(a, file, (size_t)(slash - file) + 1) : "";
}

int
channels_conf_read(struct arena *a, const char *file, struct channels_conf *conf, struct err *e)
{
	struct conf_reader r = {.arena = a};
	json_error_t error;
	const char *name;
	json_t *json, *value;
	char *text;
	size_t size;

	*conf = (struct channels_conf){0};
	if (!file || !*file)
		return 0;
	if (file_read(a, file, FILE_MAX, &text, &size, e) < 0)
		return -1;
	r.folder = folder_of(a, file);
	json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		return err_set(e, "%s: line %d: %s", file, error.line, error.text);
	if (!json_is_object(json))
		conf_fault(&r, file, "must be an object");
	json_object_foreach(json, name, value) read_part(&r, name, value, conf);
	json_decref(json);
	return r.fault_count > 0 ? faults_tell(&r, conf, e) : 0;
}

static const struct meta_conf *
meta_of(const struct channels_conf *conf, int channel)
{
	switch (channel) {
	case KOPRU__V1__CHANNEL__CHANNEL_WHATSAPP:
		return conf->whatsapp;
	case KOPRU__V1__CHANNEL__CHANNEL_FACEBOOK:
		return conf->messenger;
	case KOPRU__V1__CHANNEL__CHANNEL_INSTAGRAM:
		return conf->instagram;
	default:
		return NULL;
	}
}

int64_t
channels_conf_idle_ms(const struct channels_conf *conf, int channel)
{
	const struct meta_conf *meta = meta_of(conf, channel);

	if (meta)
		return meta->idle_ms;
	return channel == KOPRU__V1__CHANNEL__CHANNEL_TELEGRAM && conf->telegram ? conf->telegram->idle_ms : 0;
}

bool
channels_conf_tells(const struct channels_conf *conf, int channel)
{
	const struct meta_conf *meta = meta_of(conf, channel);

	if (meta)
		return meta->tell && meta->access_token;
	return channel == KOPRU__V1__CHANNEL__CHANNEL_TELEGRAM && conf->telegram && conf->telegram->tell &&
	       conf->telegram->access_token;
}

bool
channels_conf_has(const struct channels_conf *conf, const char *source)
{
	for (size_t i = 0; i < conf->mailbox_count; i++)
		if (strncmp(source, "email/", 6) == 0 && strcmp(source + 6, conf->mailboxes[i].name) == 0)
			return true;
	return (strcmp(source, "whatsapp") == 0 && conf->whatsapp) ||
	       (strcmp(source, "messenger") == 0 && conf->messenger) ||
	       (strcmp(source, "instagram") == 0 && conf->instagram) ||
	       (strcmp(source, "telegram") == 0 && conf->telegram) || (strcmp(source, "open311") == 0 && conf->open311);
}
