/* tending: what reporting does without being told: reads the database's clock, marks what becomes overdue with the new
 * day, and begins again when its cursors were set back (the operator had it rebuilt). */
#ifndef KOPRU_SERVICES_REPORTING_TENDING_H
#define KOPRU_SERVICES_REPORTING_TENDING_H

#include "common/db/db.h"
#include "common/feed/clock.h"
#include "common/feed/turns.h"
#include "common/loop/loop.h"

struct tending;

/* Every TENDING_MS, through the connection of the turns. */
#define TENDING_MS 2000
struct tending *tending_new(
    struct loop *l, struct db *d, struct turns *intake, struct turns *cases, struct feed_clock *clock);
void tending_free(struct tending *t); /* NULL is fine; before the turns */

#endif
