/* smtp: servers, each with its queue and its connections. */
#include "services/notifier/providers/smtp_internal.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/domain/identity.h"

#define QUEUE_FACTOR 2 /* letters that a server has for each of its connections: one on its way, one next */
#define PAUSE_FIRST_MS 1000
#define PAUSE_MAX_MS 60000
#define PASSWORD_MAX 512
#define CONNECTIONS_MAX 512 /* to all servers */

static bool
is_paused(const struct smtp_route *route)
{
	return route->pause_until > clock_monotonic();
}

static struct provider_letter *
queue_take(struct smtp_route *route)
{
	struct provider_letter *letter = route->first;

	if (!letter)
		return NULL;
	route->first = letter->next;
	if (!route->first)
		route->last = NULL;
	letter->next = NULL;
	return letter;
}

static void
queue_add(struct smtp_route *route, struct provider_letter *letter)
{
	letter->next = NULL;
	if (route->last)
		route->last->next = letter;
	else
		route->first = letter;
	route->last = letter;
	route->letters++;
}

void
smtp_route_put_back(struct smtp_route *route, struct provider_letter *letter)
{
	letter->next = route->first;
	route->first = letter;
	if (!route->last)
		route->last = letter;
}

void
smtp_route_end(struct smtp_route *route, struct provider_letter *letter, enum provider_end end, const char *reason)
{
	struct smtp *s = route->smtp;

	route->letters--;
	s->on_end(s->arg, letter, end, reason);
}

static size_t
connections_open(const struct smtp_route *route)
{
	size_t count = 0;

	for (int i = 0; i < route->smtp->conf.connections; i++)
		count += route->connections[i] && smtp_connection_open(route->connections[i]);
	return count;
}

void
smtp_route_failed(struct smtp_route *route, const char *reason)
{
	int64_t pause = INT64_C(1000) * PAUSE_FIRST_MS << (route->failures < 6 ? route->failures : 6);

	metric_add(route->smtp->failures, 1);
	if (is_paused(route)) /* others of its connections fail for the same reason */
		return;
	if (pause > INT64_C(1000) * PAUSE_MAX_MS)
		pause = INT64_C(1000) * PAUSE_MAX_MS;
	route->failures++;
	route->pause_until = clock_monotonic() + pause;
	log_warn(
	    "server.failed", "server=%s pause_s=%d reason=\"%s\"", route->server->url, (int)(pause / 1000000), reason);
	if (connections_open(route) > 0)
		return;
	for (struct provider_letter *letter = queue_take(route); letter; letter = queue_take(route))
		smtp_route_end(route, letter, PROVIDER_RETRY, reason);
}

static void
letters_hand_out(struct smtp_route *route)
{
	for (int i = 0; i < route->smtp->conf.connections && route->first; i++)
		if (route->connections[i] && smtp_connection_idle(route->connections[i]))
			smtp_connection_send(route->connections[i], queue_take(route));
}

static size_t
queue_size(const struct smtp_route *route)
{
	size_t size = 0;

	for (const struct provider_letter *letter = route->first; letter; letter = letter->next)
		size++;
	return size;
}

void
smtp_route_go_on(struct smtp_route *route)
{
	size_t wanted, connecting = 0;

	letters_hand_out(route);
	wanted = queue_size(route);
	for (int i = 0; i < route->smtp->conf.connections; i++)
		connecting += route->connections[i] && !smtp_connection_open(route->connections[i]);
	for (int i = 0; i < route->smtp->conf.connections && connecting < wanted && !is_paused(route); i++) {
		if (route->connections[i])
			continue;
		route->connections[i] = smtp_connection_new(route, &route->connections[i]);
		connecting++;
	}
	/* Its last connection went while nobody may connect. */
	if (wanted > 0 && is_paused(route) && connecting == 0 && connections_open(route) == 0)
		for (struct provider_letter *letter = queue_take(route); letter; letter = queue_take(route))
			smtp_route_end(route, letter, PROVIDER_RETRY, "the server takes no connections now");
}

static size_t
smtp_routes(void *way)
{
	const struct smtp *s = way;

	return s->servers.count;
}

static struct provider_route
smtp_route(void *way, size_t number)
{
	const struct smtp *s = way;
	const struct smtp_route *route = &s->routes[number];
	size_t most = (size_t)s->conf.connections * QUEUE_FACTOR;
	bool closed = s->stopping || is_paused(route) || route->letters >= most;

	return (struct provider_route){
	    .domains = route->server->domains,
	    .domain_count = route->server->domain_count,
	    .room = closed ? 0 : most - route->letters,
	};
}

static void
smtp_send(void *way, struct provider_letter **letters, size_t count)
{
	struct smtp *s = way;

	for (size_t i = 0; i < count; i++)
		queue_add(&s->routes[letters[i]->route], letters[i]);
	for (size_t i = 0; i < s->servers.count; i++)
		if (s->routes[i].first)
			smtp_route_go_on(&s->routes[i]);
}

static void
smtp_stop(void *way)
{
	struct smtp *s = way;

	s->stopping = true;
	for (size_t i = 0; i < s->servers.count; i++) {
		struct smtp_route *route = &s->routes[i];

		for (struct provider_letter *letter = queue_take(route); letter; letter = queue_take(route))
			smtp_route_end(route, letter, PROVIDER_UNTOUCHED, "the service was stopped");
		for (int j = 0; j < s->conf.connections; j++)
			if (route->connections[j])
				smtp_connection_stop(route->connections[j]);
	}
}

static void
smtp_way_free(void *way)
{
	smtp_free(way);
}

const struct provider smtp_provider = {
    .name = "smtp",
    .has_budgets = true,
    .routes = smtp_routes,
    .route = smtp_route,
    .send = smtp_send,
    .stop = smtp_stop,
    .free = smtp_way_free,
};

static int
tls_parse(const char *text, long *tls, struct err *e)
{
	static const struct {
		const char *name;
		long value;
	} ways[] = {{"required", CURLUSESSL_ALL}, {"optional", CURLUSESSL_TRY}, {"off", CURLUSESSL_NONE}};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(text, ways[i].name) != 0)
			continue;
		*tls = ways[i].value;
		return 0;
	}
	return err_set(e, "NOTIFIER_SMTP_TLS is \"%.40s\"; allowed are required, optional and off", text);
}

static int
login_check(const struct smtp_conf *conf, long tls, struct err *e)
{
	if (strlen(conf->user) > PASSWORD_MAX || strlen(conf->password) > PASSWORD_MAX)
		return err_set(e, "NOTIFIER_SMTP_USER and _PASSWORD have at most %d bytes", PASSWORD_MAX);
	if (!*conf->user != !*conf->password)
		return err_set(
		    e, "NOTIFIER_SMTP_USER and NOTIFIER_SMTP_PASSWORD belong together; one of them is not set");
	if (*conf->user && tls != CURLUSESSL_ALL)
		return err_set(
		    e, "a password goes out by TLS only: NOTIFIER_SMTP_USER needs NOTIFIER_SMTP_TLS=required");
	return 0;
}

static int
conf_take(struct smtp *s, const struct smtp_conf *conf, struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

	s->conf = *conf;
	if (!*conf->servers)
		return err_set(e, "NOTIFIER_SMTP is not set; provider smtp needs it: smtp://host:port");
	if (smtp_servers_parse(s->arena, conf->servers, &s->servers, e) < 0)
		return err_prefix(e, "NOTIFIER_SMTP");
	if ((size_t)conf->connections * s->servers.count > CONNECTIONS_MAX)
		return err_set(e,
		    "NOTIFIER_SMTP_CONNECTIONS is %d, with %zu servers; together at most %d connections are allowed",
		    conf->connections, s->servers.count, CONNECTIONS_MAX);
	if (tls_parse(conf->tls, &s->tls, e) < 0 || login_check(conf, s->tls, e) < 0)
		return -1;
	if (!*conf->hello || strspn(conf->hello, letters) != strlen(conf->hello) || strlen(conf->hello) > 253)
		return err_set(e, "NOTIFIER_SMTP_HELLO is \"%.80s\"; allowed is the name of a host", conf->hello);
	if (*conf->sender && !email_valid(conf->sender))
		return err_set(
		    e, "NOTIFIER_SMTP_SENDER is \"%.80s\"; allowed are an address, or nothing", conf->sender);
	s->conf.authorities = arena_string(s->arena, conf->authorities);
	s->conf.user = arena_string(s->arena, conf->user);
	s->conf.password = arena_string(s->arena, conf->password);
	s->conf.hello = arena_string(s->arena, conf->hello);
	s->conf.sender = arena_string(s->arena, conf->sender);
	return 0;
}

static struct smtp_route *
routes_new(struct smtp *s)
{
	struct smtp_route *routes = calloc(s->servers.count, sizeof(*routes));

	if (!routes)
		abort();
	for (size_t i = 0; i < s->servers.count; i++) {
		routes[i].smtp = s;
		routes[i].server = &s->servers.list[i];
		routes[i].is_default = i == 0;
		routes[i].connections =
		    arena_array(s->arena, (size_t)s->conf.connections, sizeof(struct smtp_connection *));
	}
	return routes;
}

struct smtp *
smtp_new(
    struct loop *l, const struct smtp_conf *conf, struct metrics *m, provider_on_end *on_end, void *arg, struct err *e)
{
	struct smtp *s = calloc(1, sizeof(*s));

	if (!s || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	s->loop = l;
	s->arena = arena_new(0);
	s->on_end = on_end;
	s->arg = arg;
	if (conf_take(s, conf, e) < 0) {
		smtp_free(s);
		return NULL;
	}
	s->connected =
	    metrics_counter(m, "kopru_notifier_smtp_connections_total", "", "connections made to mail servers");
	s->failures = metrics_counter(
	    m, "kopru_notifier_smtp_failures_total", "", "connections and logins that mail servers refused");
	s->open =
	    metrics_gauge(m, "kopru_notifier_smtp_connections", "", "connections to mail servers, begun ones too");
	s->routes = routes_new(s);
	return s;
}

void
smtp_free(struct smtp *s)
{
	if (!s)
		return;
	for (size_t i = 0; s->routes && i < s->servers.count; i++)
		for (int j = 0; j < s->conf.connections; j++)
			if (s->routes[i].connections[j])
				smtp_connection_free(s->routes[i].connections[j]);
	free(s->routes);
	arena_free(s->arena);
	free(s);
	curl_global_cleanup();
}
