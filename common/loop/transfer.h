/* transfer: one libcurl handle on the loop, with a multi handle of its own. libcurl looks through the connections of a
 * multi handle for dead ones whenever it opens another, and takes one with an answer waiting for dead: who uses a
 * connection himself (CURLOPT_CONNECT_ONLY) must not share it. */
#ifndef KOPRU_COMMON_LOOP_TRANSFER_H
#define KOPRU_COMMON_LOOP_TRANSFER_H

#include <curl/curl.h>

#include "common/loop/loop.h"

struct transfer;

/* Called once for each start, when libcurl is done; may start the transfer again or free it. */
typedef void transfer_on_done(void *arg, CURLcode code);

/* easy is borrowed; nothing begins yet. */
struct transfer *transfer_new(struct loop *l, CURL *easy, transfer_on_done *on_done, void *arg);
/* Begins, also once more after it was done, over the same connection where libcurl kept it. Never calls back from here. */
void transfer_start(struct transfer *t);
/* NULL is fine. The connection is closed; easy is not freed. */
void transfer_free(struct transfer *t);

#endif
