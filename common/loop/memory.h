/* memory: what happens when there is none: the program ends (and is started again), as everywhere in ours. */
#ifndef KOPRU_COMMON_LOOP_MEMORY_H
#define KOPRU_COMMON_LOOP_MEMORY_H

/* For jansson, which would leave out a field, or take good JSON for bad, and for libevent, whose HTTP would go on with NULL.
 * Once, before anything else of them is used. (common/http gives jansson its own, which ends alike.) */
void memory_start(void);

#endif
