/* places: what `kopru places' and the places of `kopru demo' share. */
#ifndef KOPRU_SERVICES_KOPRU_PLACES_H
#define KOPRU_SERVICES_KOPRU_PLACES_H

#include "common/places/places.h"
#include "common/places/places_file.h"
#include "services/kopru/areas.sql.h"
#include "services/kopru/session.h"

/* As session_ask, of areas.sql. */
int places_ask(struct session *s, int statement, const char *const *values, struct script_rows *rows, struct err *e);

/* All places as they are today, in the session's arena. */
int places_rows_load(struct session *s, struct places_rows *set, struct err *e);

/* What was done. */
struct places_saved {
	long areas, streets, ended;
};

struct places_saving {
	const char *ends; /* "", or the day on which streets that are not in the file end */
	bool only_new; /* what is there stays as it is */
	bool dry_run; /* only checks */
};

/* Checks against what is stored, then stores all or nothing. */
int places_save(struct session *s, const struct places_file *file, const struct places_saving *how,
    struct places_saved *saved, struct err *e);

/* deploy/data/neighbourhood_names.csv with the shapes of areas.geojson, and streets.geojson: as one. Pure. */
int places_data_read(struct arena *a, const char *names, const struct places_file *shapes,
    const struct places_file *streets, struct places_file *all, struct err *e);
/* deploy/data/institutions.csv as the JSON of institutions_save; the caller's. Pure. */
json_t *places_institutions_read(struct arena *a, const char *csv, struct err *e);

#endif
