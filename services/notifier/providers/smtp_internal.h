/* smtp_internal: what smtp.c (servers and queues) and smtp_connection.c (one connection) share. */
#ifndef KOPRU_SERVICES_NOTIFIER_PROVIDERS_SMTP_INTERNAL_H
#define KOPRU_SERVICES_NOTIFIER_PROVIDERS_SMTP_INTERNAL_H

#include "services/notifier/providers/smtp.h"
#include "services/notifier/providers/smtp_dialog.h"
#include "services/notifier/providers/smtp_servers.h"

struct smtp_connection;

/* One server. */
struct smtp_route {
	struct smtp *smtp;
	const struct smtp_server *server;
	bool is_default;
	struct smtp_connection **connections; /* as many as conf.connections; NULL where there is none */
	struct provider_letter *first, *last; /* queue */
	size_t letters; /* waiting and under way */
	int failures; /* to connect, one after the other */
	int64_t pause_until; /* monotonic */
};

struct smtp {
	struct loop *loop;
	struct arena *arena; /* of conf and servers */
	struct smtp_conf conf;
	long tls; /* CURLUSESSL_ALL, _TRY or _NONE */
	struct smtp_servers servers;
	struct smtp_route *routes;
	bool stopping;
	provider_on_end *on_end;
	void *arg;
	struct metric *connected, *failures, *open;
};

/* Connects. Its place among the route's connections is *place, which is NULL again when it is gone. */
struct smtp_connection *smtp_connection_new(struct smtp_route *route, struct smtp_connection **place);
void smtp_connection_free(struct smtp_connection *c); /* at once; its letter must be gone */

bool smtp_connection_idle(const struct smtp_connection *c); /* takes a letter now */
bool smtp_connection_open(const struct smtp_connection *c); /* it was ready once */
void smtp_connection_send(struct smtp_connection *c, struct provider_letter *letter);
/* What is not past its final dot is taken back; the rest gets a little time. */
void smtp_connection_stop(struct smtp_connection *c);

/* A connection is ready, or has finished with its letter: the next one. */
void smtp_route_go_on(struct smtp_route *route);
/* A letter's end. */
void smtp_route_end(
    struct smtp_route *route, struct provider_letter *letter, enum provider_end end, const char *reason);
/* The letter was not begun: it goes first again. */
void smtp_route_put_back(struct smtp_route *route, struct provider_letter *letter);
/* The server takes nothing from us now: nobody connects for a while. Before the connection is freed. */
void smtp_route_failed(struct smtp_route *route, const char *reason);

#endif
