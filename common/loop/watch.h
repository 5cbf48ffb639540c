/* watch: tells when a descriptor of somebody else (a pipe, a process, a libcurl socket) can be read or written. */
#ifndef KOPRU_COMMON_LOOP_WATCH_H
#define KOPRU_COMMON_LOOP_WATCH_H

#include <stdbool.h>

#include "common/loop/loop.h"

struct watch;

/* Called as long as the descriptor is ready for what is wanted; may free its watch. */
typedef void watch_on_ready(void *arg, bool readable, bool writable);

/* Wants nothing at first. The descriptor is borrowed: free the watch before it is closed. */
struct watch *watch_new(struct loop *l, int fd, watch_on_ready *on_ready, void *arg);
void watch_free(struct watch *w); /* NULL is fine */
void watch_want(struct watch *w, bool readable, bool writable);

#endif
