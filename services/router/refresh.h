/* refresh: what decisions rest on, kept as the database has it: the catalogue, the model, the rules and the places, looked at every ten
 * seconds and exchanged between two turns. */
#ifndef KOPRU_SERVICES_ROUTER_REFRESH_H
#define KOPRU_SERVICES_ROUTER_REFRESH_H

#include "common/feed/source.h"
#include "services/router/atlas.h"
#include "services/router/deciding.h"
#include "services/router/models.h"
#include "services/router/rulesets.h"

struct refresh;

struct refresh_conf {
	struct db *reader;
	struct source *source; /* knows the day */
	const char *model_file; /* "": none */
	void (*on_ready)(void *arg); /* refresh_ready has become true */
	void (*on_catalogue)(void *arg); /* another catalogue is in force */
	void *arg;
};

struct refresh *refresh_new(struct loop *l, const struct refresh_conf *conf, struct metrics *m);
/* Looks now; also after the reader came up again, when it is not ready. */
void refresh_start(struct refresh *r);
/* Begins nothing more. Before the connections are closed. */
void refresh_stop(struct refresh *r); /* NULL is fine */
void refresh_free(struct refresh *r); /* NULL is fine */

/* Whether a decision can be made: there is a catalogue, and it is known which model, rules and places are in force. */
bool refresh_ready(const struct refresh *r);
/* NULL: none yet. */
const struct catalogue *refresh_catalogue(const struct refresh *r);
/* All that decisions are made with, until the next turn of the loop; only when it is ready. */
struct deciding refresh_deciding(const struct refresh *r);
struct models *refresh_models(const struct refresh *r);

#endif
