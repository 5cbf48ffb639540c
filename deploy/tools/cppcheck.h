/* What cppcheck does not read from <sys/queue.h>. */
#define TAILQ_FOREACH(v, head, field) for ((v) = (head)->tqh_first; (v); (v) = (v)->field.tqe_next)
#define STAILQ_FOREACH(v, head, field) for ((v) = (head)->stqh_first; (v); (v) = (v)->field.stqe_next)
#define LIST_FOREACH(v, head, field) for ((v) = (head)->lh_first; (v); (v) = (v)->field.le_next)
