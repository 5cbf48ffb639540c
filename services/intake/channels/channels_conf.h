/* channels_conf: which channels there are and how they are reached: the JSON file that INTAKE_CHANNELS_FILE names. Secrets
 * stand in files of their own (mode 0600), which it names. Unknown members, missing files and impossible values are refused
 * at start, all at once, each with what is allowed. Without the file no channel is configured. */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_CHANNELS_CONF_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_CHANNELS_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define CHANNELS_SECRETS_MAX 2 /* both are valid while one takes the other's place */

/* "whatsapp", "messenger" (Facebook pages), "instagram": webhooks of Meta's Graph API. */
struct meta_conf {
	const char *secrets[CHANNELS_SECRETS_MAX]; /* "secret_files": app secrets */
	size_t secret_count;
	const char *verify_token; /* "verify_token_file" */
	const char *access_token; /* "access_token_file": for media and for telling; NULL: neither */
	const char *graph_url; /* "graph_url": https://graph.facebook.com/v21.0; http://127.0.0.1 only for tests */
	const char **ids; /* "ids": our own phone number ids, page ids or Instagram ids; others are not for us */
	size_t id_count;
	int64_t idle_ms; /* "idle_seconds": 1 to 3600; 900 */
	bool tell; /* "tell": whether senders are told their number; true */
};

struct telegram_conf {
	const char *secrets[CHANNELS_SECRETS_MAX]; /* "secret_files": of the header X-Telegram-Bot-Api-Secret-Token */
	size_t secret_count;
	const char *access_token; /* "access_token_file": of the bot */
	const char *api_url; /* "api_url": https://api.telegram.org */
	int64_t idle_ms;
	bool tell;
};

struct mailbox_conf {
	const char *name; /* "name": [a-z0-9_.-]{1,40}; the source is email/NAME */
	const char
	    *url; /* "url": imaps://host/FOLDER, or imap:// on loopback; with "tls": "starttls" imap:// anywhere */
	const char *user;
	const char *password; /* "password_file" */
	const char *ca_file; /* "ca_file": for a server with a private certificate; NULL: the system's */
	bool starttls;
	int64_t poll_ms; /* "poll_seconds": 1 to 3600; 30 */
	const char *authserv; /* "authserv": whose Authentication-Results are believed; NULL: nobody's */
	const char **own; /* "own_addresses": what comes from these is our own */
	size_t own_count;
	bool registered; /* "registered": a KEP mailbox: everything in it is kept whole for the registry */
};

struct open311_conf {
	const char *jurisdiction; /* "jurisdiction": karatay.bel.tr */
	const char *contact; /* "contact": for the discovery document */
	const char *attributes_file; /* "attributes_file": the services' questions (CSV); NULL: none */
	const char **media_addresses; /* "media_addresses": own addresses that media_url may lead to; 127.0.0.2 */
	size_t media_address_count;
};

struct files;

struct channels_conf {
	struct meta_conf *whatsapp, *messenger, *instagram; /* NULL: not configured */
	struct telegram_conf *telegram;
	struct mailbox_conf *mailboxes;
	size_t mailbox_count;
	struct open311_conf *open311;
	const char *const *faults; /* all that is wrong with the file, each with its place */
	size_t fault_count;
	struct files *files; /* where readers keep files that they find; not from the file: whoever reads it sets it */
};

/* file: NULL or empty: nothing is configured. All of conf lives in the arena. -1 with all reasons in conf->faults, and as
 * many as fit, with "; " between, in e; no reason holds a secret. Names of files that do not begin with "/" are those of file's folder. */
int channels_conf_read(struct arena *a, const char *file, struct channels_conf *conf, struct err *e);

/* The idle time of drafts of a channel (Kopru__V1__Channel), in milliseconds: 0 for one that is not configured or whose
 * messages never wait for others. */
int64_t channels_conf_idle_ms(const struct channels_conf *conf, int channel);
/* Are its senders told their number? */
bool channels_conf_tells(const struct channels_conf *conf, int channel);
/* Is there a configuration for this source ("whatsapp", "email/NAME", "open311")? */
bool channels_conf_has(const struct channels_conf *conf, const char *source);

#endif
