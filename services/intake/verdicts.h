/* verdicts: what became of what arrived, in the words of clerks: the verdicts of intake.inbound are English constants, all of
 * them with their Turkish in one table. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_VERDICTS_H
#define KOPRU_SERVICES_INTAKE_VERDICTS_H

#include <stdbool.h>

/* In Turkish, or as it is: in English, or when it has no Turkish. */
const char *verdicts_text(const char *verdict, bool english);

#endif
