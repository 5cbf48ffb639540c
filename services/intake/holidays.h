/* holidays: the calendar by which intake tells dates: the newest version of the database's, looked at every ten seconds, and
 * the file's until one was read. What cannot be used leaves the one before in force. */
#ifndef KOPRU_SERVICES_INTAKE_HOLIDAYS_H
#define KOPRU_SERVICES_INTAKE_HOLIDAYS_H

#include "common/db/db.h"
#include "common/domain/calendar.h"

struct holidays;

/* place is where who tells dates finds the calendar: between two turns of the loop it may be another. It begins as file,
 * which is borrowed. */
struct holidays *holidays_new(
    struct loop *l, struct db *db, const struct calendar *file, const struct calendar **place, struct metrics *m);
/* NULL is fine; after the connection was closed. The place is not to be used any more. */
void holidays_free(struct holidays *h);

#endif
