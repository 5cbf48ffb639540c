/* worker: one piece of work that would keep the loop from turning, on a thread of its own. */
#ifndef KOPRU_COMMON_LOOP_WORKER_H
#define KOPRU_COMMON_LOOP_WORKER_H

#include "common/base/err.h"
#include "common/loop/loop.h"

struct worker;

/* work runs on a new thread, without signals, and touches nothing that the loop touches; on_done is called on the loop
 * after it, and frees the worker with worker_free. A stop of the loop waits for it as for everything that is held. NULL
 * when there is no thread to be had. */
struct worker *worker_start(
    struct loop *l, void (*work)(void *arg), void (*on_done)(void *arg), void *arg, struct err *e);
/* NULL is fine. Waits for work, when it is not done, and calls nobody. */
void worker_free(struct worker *w);

#endif
