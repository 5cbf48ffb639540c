/* router_internal: what router.c (the turn) and router_open.c (the wiring) share. */
#ifndef KOPRU_SERVICES_ROUTER_ROUTER_INTERNAL_H
#define KOPRU_SERVICES_ROUTER_ROUTER_INTERNAL_H

#include "common/bus/bus.h"
#include "common/feed/turns.h"
#include "common/http/http.h"
#include "services/router/learning.h"
#include "services/router/learning_tallies.h"
#include "services/router/learning_watch.h"
#include "services/router/orders.h"
#include "services/router/refresh.h"
#include "services/router/router.h"
#include "services/router/store.h"
#include "services/router/timers.h"

#define ROUTER_OUTCOMES 8 /* values of ApplicationRouted.Outcome are below */

struct router {
	struct loop *loop;
	struct metrics *metrics;
	struct bus *bus;
	struct db *writer, *reader;
	struct db *cases; /* reads for commands, which do not wait behind consumers that catch up */
	struct http *http;
	struct source *source;
	struct turns *turns;
	struct orders *orders;
	struct command_server *server;
	struct timers *timers;
	struct db *learner; /* models, and what they are learnt from */
	struct learning *learning;
	struct learning_watch *watch;
	struct tallies *tallies;
	struct refresh *refresh; /* nothing is consumed before it is ready */
	struct bus_key feed_key, intake_key;
	char intake_public[BUS_KEY_SIZE];
	struct metric *outcomes[ROUTER_OUTCOMES], *triage, *urgent;
};

/* router.c */
struct turns_service router_service(struct router *r);

/* router_open.c */
/* All parts but the metrics, the tallies and the bus. -1 with a reason; router_free frees what there is. */
int router_open(struct router *r, const struct router_conf *conf, struct err *e);

#endif
