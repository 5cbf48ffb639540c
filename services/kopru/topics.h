/* topics: what the commands of topics that need no system share. */
#ifndef KOPRU_SERVICES_KOPRU_TOPICS_H
#define KOPRU_SERVICES_KOPRU_TOPICS_H

#include "common/topics/examples.h"
#include "common/topics/model.h"

/* Labelled texts of files, and of all *.tsv of folders in the order of their names. x: zeroed; lives in a. */
int topics_read(struct arena *a, const char *const *paths, size_t count, struct examples *x, struct err *e);
/* path NULL: KOPRU_TOPICS_MODEL, else build/topics.model. */
struct model *topics_model(const char *path, struct err *e);
/* As many as there are processors, 8 at most. */
unsigned topics_threads(void);
/* Seconds of a clock that only goes on. */
double topics_clock(void);

#endif
