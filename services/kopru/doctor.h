/* doctor: what `kopru doctor` finds, and the checks that are more than a statement. Private to the doctor's files. */
#ifndef KOPRU_SERVICES_KOPRU_DOCTOR_H
#define KOPRU_SERVICES_KOPRU_DOCTOR_H

#include "common/base/arena.h"
#include "common/db/script.h"
#include "services/kopru/command.h"

struct doctor_conf {
	const char *database, *services, *state;
};

enum finding_state { FINDING_NOTE, FINDING_WRONG };

struct finding {
	struct finding *next;
	enum finding_state state;
	const char *check, *what, *why, *run; /* run: "" for none */
};

struct doctor {
	struct arena *arena;
	struct script *script; /* NULL: the database does not answer */
	const struct doctor_conf *conf;
	const char *folder; /* of the migrations */
	const char *check; /* the one that is being made */
	struct finding *first, **last;
	const char **checks; /* names of those that were made */
	size_t checks_count;
};

/* A finding of the check that is being made; the texts are copied. */
void doctor_find(struct doctor *d, enum finding_state state, const char *what, const char *why, const char *run);

/* Is the schema the one of the folder? */
void doctor_migrations(struct doctor *d);
/* Do their clock and ours agree? */
void doctor_clock(struct doctor *d);
/* Is there room where the database's files are (when that is this machine), and where our state is? */
void doctor_disks(struct doctor *d);
/* Is so little free (in bytes, and as a part of all) worth a word, and which? */
bool doctor_judge_disk(double free_bytes, double part, enum finding_state *state);
/* Do the services of KOPRU_SERVICES say that they are well? */
void doctor_services(struct doctor *d);

#endif
