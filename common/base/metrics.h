/* metrics: counters and gauges of one process, printed as Prometheus text. One struct, owned by main;
 * names are constants: kopru_<service>_<thing>_<unit or total>. */
#ifndef KOPRU_COMMON_BASE_METRICS_H
#define KOPRU_COMMON_BASE_METRICS_H

#include <stdint.h>
#include <stdio.h>

struct metrics;
struct metric;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);

/* Made once at start; labels is "" or `stream="intake"`, copied. The same name and labels give the same metric.
 * At most 1024; beyond that all share one metric named kopru_metrics_overflow. */
struct metric *metrics_counter(struct metrics *m, const char *name, const char *labels, const char *help);
struct metric *metrics_gauge(struct metrics *m, const char *name, const char *labels, const char *help);
void metric_add(struct metric *metric, int64_t n); /* NULL is fine */
void metric_set(struct metric *metric, int64_t value);
int64_t metric_value(const struct metric *metric);

/* Asks before printing, so that ages are computed when read. */
void metrics_on_read(struct metrics *m, void (*on_read)(void *arg), void *arg);
/* Prometheus text format 0.0.4, malloc'ed, NUL-terminated; the caller frees. */
char *metrics_text(struct metrics *m);

#endif
