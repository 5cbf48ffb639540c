/* queue: events that were fetched and are not handled yet, in order. Never more than the window. */
#ifndef KOPRU_SERVICES_DEPARTMENT_QUEUE_H
#define KOPRU_SERVICES_DEPARTMENT_QUEUE_H

#include "common/bus/feed_consumer.h"

struct queue;

struct queue *queue_new(void);
void queue_free(struct queue *q); /* NULL is fine */
void queue_add(struct queue *q, const struct feed_item *items, size_t count); /* copies */
const struct feed_item *queue_first(const struct queue *q); /* NULL when empty; lives until queue_drop */
void queue_drop(struct queue *q); /* the first */

#endif
