/* draft: messages that belong together, while they become an application or part of a case. Each has an arena of its own and
 * ends once: done, or released to be tried again. Shared by drafts*.c. */
#ifndef KOPRU_SERVICES_INTAKE_DRAFT_H
#define KOPRU_SERVICES_INTAKE_DRAFT_H

#include "services/intake/drafts.h"
#include "services/intake/entry.h"

#define DRAFT_TARGETS_MAX 24

struct draft_message {
	const char *external_id, *source, *type;
	int64_t inbound_id, received_at;
	const char *subject, *text, *address, *source_url; /* NULL when not given */
	bool has_point, email_verified;
	int32_t latitude_e7, longitude_e7;
	int kind;
};

enum draft_how {
	DRAFT_ANSWERS = 1, /* a message of his own in it was answered */
	DRAFT_NAMED, /* its number was named by who has to do with it */
	DRAFT_NAMED_BY_OTHER,
	DRAFT_ANSWERS_ANOTHER, /* a message of somebody else in it was answered */
	DRAFT_OF_SENDER, /* the sender's: perhaps a question of ours waits for his answer */
};

struct draft_target {
	enum draft_how how;
	bool known; /* it is an application already */
	struct uuid application_id;
	uint64_t intake_seq;
};

struct draft {
	struct entry entry; /* when it becomes an application */
	struct drafts *drafts;
	const struct drafts_conf *conf;
	struct arena *arena;
	struct uuid id;
	int channel, attempts;
	int decisions; /* how often a clerk decided */
	bool has_contact;
	int64_t token, first_at;
	const char *decided; /* by a clerk; NULL: nobody had to */
	const char *name, *phone, *email;
	struct draft_message *messages;
	size_t message_count;
	bool cut; /* there were more */
	struct attachment files[ATTACHMENTS_MAX];
	size_t file_count, files_left_out; /* these did not fit, or could not be had */
	struct draft_target targets[DRAFT_TARGETS_MAX];
	size_t target_count;

	/* on its way to cases */
	const char *text;
	size_t target; /* that is asked */
	int action;

	/* its end */
	const char *ended_as; /* NULL: released */
	struct uuid application_id;
	bool has_application, counts; /* as an attempt, when it is released */
	const char *verdict;
	int wait_seconds;
};

/* From what the claim gave; then the rest of what it needs, from one read of several statements. */
struct draft *draft_new(struct drafts *drafts, const struct db_results *results, size_t row);
void draft_free(struct draft *d);
void drafts_load(struct db_tx *tx, struct draft *const *drafts, size_t count);
void drafts_loaded(const struct db_results *results, struct draft *const *drafts);

/* What it says as one text that an application takes; what does not fit is said in it. Never blank. Pure. */
const char *draft_text(const struct draft *d);
/* The application that it makes. Pure. */
void draft_form(const struct draft *d, struct application_form *form);

/* Finds out what it becomes and has it done. Ends with one of the two below, perhaps from within. */
void draft_go(struct draft *d, const struct drafts_conf *conf);
/* Hand the draft back. verdict: a constant, for a person ("triage"). application may be NULL. */
void draft_finish(struct draft *d, const char *ended_as, const struct uuid *application, const char *verdict);
/* To be tried again after so long; counts: as an attempt, of which there are few. */
void draft_release(struct draft *d, int seconds, bool counts);

#endif
