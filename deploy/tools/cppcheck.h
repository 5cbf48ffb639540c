/* What cppcheck does not read from <sys/queue.h>. */
#define TAILQ_FOREACH(v, head, field) for ((v) = (head)->tqh_first; (v); (v) = (v)->field.tqe_next)
#define STAILQ_FOREACH(v, head, field) for ((v) = (head)->stqh_first; (v); (v) = (v)->field.stqe_next)
#define LIST_FOREACH(v, head, field) for ((v) = (head)->lh_first; (v); (v) = (v)->field.le_next)
/* Nor from <jansson.h>. */
#define json_array_foreach(array, index, value) \
	for ((index) = 0; (index) < json_array_size(array) && ((value) = json_array_get(array, index)); (index)++)
#define json_object_foreach(object, key, value)                                                               \
	for ((key) = json_object_iter_key(json_object_iter(object)); (key) && ((value) = json_object_get(object, key)); \
	     (key) = json_object_iter_key(json_object_iter_next(object, json_object_key_to_iter(key))))
