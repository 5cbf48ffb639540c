/* reading: a row's bytes, wherever they lie, before the eyes of its channel. */
#ifndef KOPRU_SERVICES_INTAKE_READING_H
#define KOPRU_SERVICES_INTAKE_READING_H

#include "services/intake/effects.h"
#include "services/intake/files.h"

#define READING_ATTEMPTS_MAX 5 /* then a person looks at it */

/* A row of what the claim gave; what it holds lives in the arena. */
void reading_take(struct effects_row *row, struct arena *a, const struct db_results *results, size_t n);
/* Fills in the row's reading; what it holds lives in the arena, and until reading_end. Touches nothing else: for any thread. */
void reading_make(
    const struct channels_conf *conf, const struct files *files, struct arena *a, struct effects_row *row);
void reading_end(struct effects_row *row);

#endif
