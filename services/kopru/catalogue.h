/* catalogue: departments, topics and holidays as their CSV files say. Pure. */
#ifndef KOPRU_SERVICES_KOPRU_CATALOGUE_H
#define KOPRU_SERVICES_KOPRU_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"

struct catalogue_department {
	const char *code;
	const char *name_tr;
	const char *name_en;
	bool outside; /* another institution: some topic is forwarded to it, or it has only such as nobody examines */
};

struct catalogue_topic {
	const char *code;
	const char *name_tr;
	const char *name_en;
	const char *category_tr;
	const char *department;
	const char *competence;
	int32_t target_working_days;
	const char *priority;
	const char *keywords; /* folded, separated by commas without spaces around them */
	bool open311; /* about public space and no person: offered over Open311, its applications listed there */
	const char *shared_with; /* code of who has a part in it; "": nobody */
	const char *emergency; /* life safety: what to call at once, "112, 183"; "": nothing */
	const char *basket; /* "thanks", "irrelevant", "follow_up": no matter for a department; "": one */
	int32_t target_working_minutes; /* sooner than a day; 0: by days */
};

struct catalogue_holiday {
	int32_t day;
	const char *name_tr;
	bool half;
};

struct catalogue {
	struct catalogue_department *departments; /* the desk, HM, first; the others as they appear */
	size_t departments_count;
	struct catalogue_topic *topics;
	size_t topics_count;
	struct catalogue_holiday *holidays;
	size_t holidays_count;
};

/* Reads topics.csv and holidays.csv (NUL-terminated text). The reason names the row and the column. */
int catalogue_parse(struct arena *a, const char *topics, const char *holidays, struct catalogue *c, struct err *e);

/* "çukur, asfalt bozuk" -> "cukur,asfalt bozuk"; empty ones are left out. */
const char *catalogue_keywords(struct arena *a, const char *text);

/* "A-Z0-9", 2 to 12: what a stream may be called after. */
bool catalogue_code_valid(const char *code);

#endif
