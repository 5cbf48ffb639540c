/* figures: counts of applications by channel, kind, topic, department, status and day, which all sum to the
 * same total. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_FIGURES_H
#define KOPRU_SERVICES_REPORTING_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define FIGURES_DAYS_MAX 3653 /* ten years */

/* As the statement applications_count numbers them. */
enum figures_table {
	FIGURES_TOTAL,
	FIGURES_BY_CHANNEL,
	FIGURES_BY_KIND,
	FIGURES_BY_TOPIC,
	FIGURES_BY_DEPARTMENT,
	FIGURES_BY_STATUS,
	FIGURES_BY_DAY,
	FIGURES_TABLES,
};

/* One counted group. */
struct figures_group {
	int table;
	int32_t value; /* of a channel, kind or state */
	const char *code, *name; /* of a topic or department; code NULL: it has none (yet) */
	int32_t day;
	int64_t count;
};

struct figures;

/* Lives in a. english: the language of names. */
struct figures *figures_new(struct arena *a, int32_t from, int32_t to, bool english, size_t groups_max);
/* Copies; groups in any order. */
void figures_add(struct figures *f, const struct figures_group *group);
/* After the last group: sorts (most first; days in order). -1 when a breakdown does not sum to the total. */
int figures_finish(struct figures *f, struct err *e);

/* generated_at: microseconds. */
json_t *figures_json(const struct figures *f, int64_t generated_at);
/* UTF-8 with BOM, CRLF, columns table,key,name,count; NUL-terminated, from the figures' arena. */
char *figures_csv(const struct figures *f, size_t *size);

#endif
