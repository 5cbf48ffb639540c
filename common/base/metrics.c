/* metrics: see metrics.h. */
#include "common/base/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define METRICS_MAX 1024

struct metric {
	const char *name;
	const char *help;
	char *labels;
	bool gauge;
	_Atomic int64_t value;
};

struct metrics {
	struct metric all[METRICS_MAX + 1]; /* the last one is for what did not fit */
	unsigned count;
	void (*on_read)(void *arg);
	void *arg;
};

struct metrics *
metrics_new(void)
{
	struct metrics *m = calloc(1, sizeof *m);

	if (!m)
		abort();
	return m;
}

void
metrics_free(struct metrics *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < m->count; i++)
		free(m->all[i].labels);
	free(m);
}

static struct metric *
metric_get(struct metrics *m, const char *name, const char *labels, const char *help, bool gauge)
{
	struct metric *metric;

	for (unsigned i = 0; i < m->count; i++) {
		if (strcmp(m->all[i].name, name) == 0 && strcmp(m->all[i].labels, labels) == 0)
			return &m->all[i];
	}
	if (m->count >= METRICS_MAX) {
		name = "kopru_metrics_overflow";
		labels = "";
		help = "Metrics that found no room share this one";
		gauge = true;
	}
	metric = &m->all[m->count < METRICS_MAX ? m->count : METRICS_MAX];
	if (metric->name)
		return metric;
	metric->name = name;
	metric->help = help;
	metric->gauge = gauge;
	if (!(metric->labels = strdup(labels)))
		abort();
	m->count++;
	return metric;
}

struct metric *
metrics_counter(struct metrics *m, const char *name, const char *labels, const char *help)
{
	return metric_get(m, name, labels, help, false);
}

struct metric *
metrics_gauge(struct metrics *m, const char *name, const char *labels, const char *help)
{
	return metric_get(m, name, labels, help, true);
}

void
metric_add(struct metric *metric, int64_t n)
{
	if (metric)
		atomic_fetch_add_explicit(&metric->value, n, memory_order_relaxed);
}

void
metric_set(struct metric *metric, int64_t value)
{
	if (metric)
		atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

int64_t
metric_value(const struct metric *metric)
{
	return metric ? atomic_load_explicit(&metric->value, memory_order_relaxed) : 0;
}

void
metrics_on_read(struct metrics *m, void (*on_read)(void *arg), void *arg)
{
	m->on_read = on_read;
	m->arg = arg;
}

static bool
named_before(const struct metrics *m, unsigned index)
{
	for (unsigned i = 0; i < index; i++) {
		if (strcmp(m->all[i].name, m->all[index].name) == 0)
			return true;
	}
	return false;
}

/* All metrics of one name stand together under one head, as the format wants it. */
static void
print_family(const struct metrics *m, unsigned first, FILE *out)
{
	const struct metric *head = &m->all[first];

	fprintf(
	    out, "# HELP %s %s\n# TYPE %s %s\n", head->name, head->help, head->name, head->gauge ? "gauge" : "counter");
	for (unsigned i = first; i < m->count; i++) {
		const struct metric *metric = &m->all[i];

		if (strcmp(metric->name, head->name) != 0)
			continue;
		if (metric->labels[0])
			fprintf(out, "%s{%s} %" PRId64 "\n", metric->name, metric->labels, metric_value(metric));
		else
			fprintf(out, "%s %" PRId64 "\n", metric->name, metric_value(metric));
	}
}

char *
metrics_text(struct metrics *m)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	if (m->on_read)
		m->on_read(m->arg);
	for (unsigned i = 0; i < m->count; i++) {
		if (!named_before(m, i))
			print_family(m, i, out);
	}
	if (fclose(out) != 0 || !text)
		abort();
	return text;
}
