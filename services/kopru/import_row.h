/* import_row: a row becomes what intake's form and the router's commands want, or a reason why not. Pure. */
#ifndef KOPRU_SERVICES_KOPRU_IMPORT_ROW_H
#define KOPRU_SERVICES_KOPRU_IMPORT_ROW_H

#include "services/kopru/import_mapping.h"

struct import_source {
	const char *name; /* "cimer", or "import/NAME": what keys are unique within */
	const struct import_mapping *mapping;
	const struct import_columns *columns;
};

/* All in the row's arena. */
struct import_item {
	size_t row, line;
	const char *number; /* of the other system */
	const char *key; /* Idempotency-Key within the source */
	const char *application; /* intake's form, JSON */
	const char *note; /* what has no field of its own: status, how many attachments; NULL: nothing */
	const char *answer; /* NULL: none was given */
	bool for_desk; /* it goes to the desk, which answers it */
	const char *closing; /* the reason to close; NULL: it is not closed */
};

/* Where and why. */
struct import_fault {
	const char *column; /* as the file calls it; "" when it is the whole row */
	const char *reason;
};

/* cells as UTF-8. -1: fault says what is wrong. item->number is set as soon as it is known. */
int import_row_make(struct arena *a, const struct import_source *source, const char *const *cells,
    struct import_item *item, struct import_fault *fault);

/* The column that the form's field stands in; the field itself when no column does. */
const char *import_row_column(const struct import_source *source, const char *field);

#endif
