/* import_values: what stands in cells: days and times as Turkish offices write them, words. Pure. */
#ifndef KOPRU_SERVICES_KOPRU_IMPORT_VALUES_H
#define KOPRU_SERVICES_KOPRU_IMPORT_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"

/* dd.mm.yyyy, dd.mm.yyyy HH:MM[:SS], YYYY-MM-DD with or without a time and its zone; Istanbul's time where none is named.
 * NULL, or what is wrong and what is allowed. */
const char *import_time(struct arena *a, const char *text, int64_t *time);

/* Folded, each run of what is neither letter nor digit one space, none at the ends: "GÖRÜŞ - Öneri" = "gorus oneri". */
const char *import_fold(struct arena *a, const char *text);

#endif
