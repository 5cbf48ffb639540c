/* smtp_servers: see smtp_servers.h. */
#include "services/notifier/providers/smtp_servers.h"

#include <stdbool.h>
#include <string.h>

#include "common/base/text.h"

#define ALLOWED                                                                                                        \
	"allowed are smtp://host:port or smtps://host:port, then domain=smtp://host:port ..., with commas between"
#define HOST_MAX 253

static bool
host_valid(const char *host, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	static const char digits[] = "0123456789abcdefABCDEF:.";
	bool literal = size > 2 && host[0] == '[' && host[size - 1] == ']';

	if (size == 0 || size > HOST_MAX)
		return false;
	for (size_t i = literal; i < size - literal; i++)
		if (!strchr(literal ? digits : letters, host[i]))
			return false;
	return true;
}

static bool
port_valid(const char *port)
{
	unsigned number = 0;

	for (size_t i = 0; port[i]; i++) {
		if (!ascii_digit(port[i]) || i > 4)
			return false;
		number = number * 10 + (unsigned)(port[i] - '0');
	}
	return number > 0 && number <= 65535;
}

static bool
url_valid(const char *url)
{
	const char *host = url, *port = strrchr(url, ':');

	if (strncmp(url, "smtp://", 7) == 0)
		host += 7;
	else if (strncmp(url, "smtps://", 8) == 0)
		host += 8;
	else
		return false;
	return port && port > host && host_valid(host, (size_t)(port - host)) && port_valid(port + 1);
}

static char *
domain_lower(struct arena *a, const char *domain, size_t size)
{
	char *lower = arena_string_n(a, domain, size);

	for (char *c = lower; *c; c++)
		*c = ascii_lower(*c);
	return lower;
}

static bool
has_domain(const struct smtp_server *server, const char *domain)
{
	for (size_t i = 0; i < server->domain_count; i++)
		if (strcmp(server->domains[i], domain) == 0)
			return true;
	return false;
}

/* The server of this URL, besides the default one; made when it is new. NULL when there are too many. */
static struct smtp_server *
server_find(struct arena *a, struct smtp_servers *servers, const char *url)
{
	struct smtp_server *server;

	for (size_t i = 1; i < servers->count; i++)
		if (strcmp(servers->list[i].url, url) == 0)
			return &servers->list[i];
	if (servers->count == SMTP_SERVERS_MAX)
		return NULL;
	server = &servers->list[servers->count++];
	server->url = url;
	server->domains = arena_array(a, SMTP_DOMAINS_MAX, sizeof(const char *));
	return server;
}

static int
domain_add(struct arena *a, struct smtp_servers *servers, const char *domain, const char *url, struct err *e)
{
	struct smtp_server *all = &servers->list[0], *server;

	if (!host_valid(domain, strlen(domain)) || *domain == '[')
		return err_set(e, "\"%.80s\" is no domain; " ALLOWED, domain);
	if (has_domain(all, domain))
		return err_set(e, "the domain \"%.80s\" stands there twice", domain);
	server = server_find(a, servers, url);
	if (!server || all->domain_count == SMTP_DOMAINS_MAX)
		return err_set(e, "too many servers or domains; at most %d and %d are allowed", SMTP_SERVERS_MAX,
		    SMTP_DOMAINS_MAX);
	server->domains[server->domain_count++] = domain;
	all->domains[all->domain_count++] = domain;
	return 0;
}

/* One part between commas. */
static int
part_parse(struct arena *a, struct smtp_servers *servers, const char *part, size_t size, struct err *e)
{
	const char *text = text_trim(a, arena_string_n(a, part, size));
	const char *equals = strchr(text, '=');
	const char *url = equals ? equals + 1 : text;

	if (!url_valid(url))
		return err_set(e, "\"%.80s\" is no address of a mail server; " ALLOWED, url);
	if (equals)
		return domain_add(a, servers, domain_lower(a, text, (size_t)(equals - text)), url, e);
	if (servers->list[0].url)
		return err_set(e, "\"%.80s\" is a second server without a domain; " ALLOWED, url);
	servers->list[0].url = url;
	return 0;
}

int
smtp_servers_parse(struct arena *a, const char *text, struct smtp_servers *servers, struct err *e)
{
	*servers = (struct smtp_servers){.count = 1};
	servers->list[0].domains = arena_array(a, SMTP_DOMAINS_MAX, sizeof(const char *));
	if (!text_valid(text, strlen(text)))
		return err_set(e, "it is not UTF-8; " ALLOWED);
	for (;;) {
		size_t size = strcspn(text, ",");

		if (part_parse(a, servers, text, size, e) < 0)
			return -1;
		if (!text[size])
			break;
		text += size + 1;
	}
	if (!servers->list[0].url)
		return err_set(e, "a server without a domain, for all others, is missing; " ALLOWED);
	return 0;
}
