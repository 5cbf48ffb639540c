/* command: one row for each thing that `kopru` does; each function is one row's work. */
#ifndef KOPRU_SERVICES_KOPRU_COMMAND_H
#define KOPRU_SERVICES_KOPRU_COMMAND_H

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"

#define COMMAND_ARGUMENTS_MAX 1000

/* What stood on the command line after the command's words; borrowed from argv. */
struct command_line {
	const char *arguments[COMMAND_ARGUMENTS_MAX];
	size_t count;
	const char *folder; /* --folder */
	const char *out; /* --out; NULL when not given */
	const char *rights; /* --rights; NULL when not given */
	const char *role; /* --role; NULL when not given */
	const char *department; /* --department; NULL when not given */
	const char *consumer, *application, *state, *number, *limit, *wait,
	    *age; /* of what waits; NULL when not given */
	const char *from, *to, *csv, *xlsx, *key_file; /* of a report; NULL when not given */
	const char *url, *mapping, *errors, *preview, *source, *since, *file; /* of an import; NULL when not given */
	const char *model, *folds, *block, *day, *texts; /* of topics; NULL when not given */
	const char *version, *reason, *by, *calendar, *batch; /* of the calendar and of rules; NULL when not given */
	bool extended;
	const char *days; /* of rules; NULL when not given */
	bool activate, first;
	const char *kind, *owner, *on, *point, *data; /* of places, topics and departments; NULL when not given */
	const char *name_tr, *name_en, *category, *competence, *target_days, *target_minutes, *priority, *keywords;
	const char *shared_with, *emergency, *basket, *open311, *phone, *letter_file;
	bool replace;
	bool dry_run;
	bool outside;
	bool json;
	bool yes; /* --yes: it is meant */
};

/* What run gives when the command line itself is wrong: the reason is followed by where help is. */
#define COMMAND_WRONG_USAGE (-2)

struct command {
	const char *words; /* "department add"; NULL ends the table */
	const char *arguments; /* "CODE NAME_TR NAME_EN"; in [brackets]: all of them or none; [NAME...]: any number */
	size_t count; /* of arguments, exactly, or at most */
	const char *help;
	const struct argp_option *options;
	int (*run)(const struct command_line *line, struct err *e);
};

int migrate_run(const struct command_line *line, struct err *e);
int demo_run(const struct command_line *line, struct err *e);
int department_add(const struct command_line *line, struct err *e);
int department_list(const struct command_line *line, struct err *e);
int contact_add(const struct command_line *line, struct err *e);
int contact_list(const struct command_line *line, struct err *e);
int contact_remove(const struct command_line *line, struct err *e);
int department_key(const struct command_line *line, struct err *e);
int department_revoke(const struct command_line *line, struct err *e);
int service_key(const struct command_line *line, struct err *e);
int service_revoke(const struct command_line *line, struct err *e);
int peers_list(const struct command_line *line, struct err *e);
int curve_make(const struct command_line *line, struct err *e);
int passwords_set(const struct command_line *line, struct err *e);
int key_create(const struct command_line *line, struct err *e);
int key_list(const struct command_line *line, struct err *e);
int key_revoke(const struct command_line *line, struct err *e);
int channels_show(const struct command_line *line, struct err *e);
int rules_list(const struct command_line *line, struct err *e);
int rules_show(const struct command_line *line, struct err *e);
int rules_check(const struct command_line *line, struct err *e);
int rules_save(const struct command_line *line, struct err *e);
int rules_replay(const struct command_line *line, struct err *e);
int rules_activate(const struct command_line *line, struct err *e);
int rules_rollback(const struct command_line *line, struct err *e);
int rules_history(const struct command_line *line, struct err *e);
int places_import(const struct command_line *line, struct err *e);
int places_list(const struct command_line *line, struct err *e);
int places_find_run(const struct command_line *line, struct err *e);
int places_retire(const struct command_line *line, struct err *e);
int topics_add(const struct command_line *line, struct err *e);
int topics_change(const struct command_line *line, struct err *e);
int topics_retire(const struct command_line *line, struct err *e);
int topics_list(const struct command_line *line, struct err *e);
int department_change(const struct command_line *line, struct err *e);
int department_retire(const struct command_line *line, struct err *e);
int media_retry(const struct command_line *line, struct err *e);
int streams_show(const struct command_line *line, struct err *e);
int doctor_run(const struct command_line *line, struct err *e);
int case_show(const struct command_line *line, struct err *e);
int notices_list(const struct command_line *line, struct err *e);
int notices_retry(const struct command_line *line, struct err *e);
int replay_reporting(const struct command_line *line, struct err *e);
int report_summary(const struct command_line *line, struct err *e);
int report_year(const struct command_line *line, struct err *e);
int import_cimer(const struct command_line *line, struct err *e);
int import_old(const struct command_line *line, struct err *e);
int import_mapping(const struct command_line *line, struct err *e);
int cimer_answers(const struct command_line *line, struct err *e);
int cimer_answer(const struct command_line *line, struct err *e);
int cimer_handed_in(const struct command_line *line, struct err *e);
int reconcile_run(const struct command_line *line, struct err *e);
int topics_train(const struct command_line *line, struct err *e);
int topics_evaluate(const struct command_line *line, struct err *e);
int topics_explain(const struct command_line *line, struct err *e);
int topics_publish(const struct command_line *line, struct err *e);
int topics_models(const struct command_line *line, struct err *e);
int topics_rollback(const struct command_line *line, struct err *e);
int topics_learn(const struct command_line *line, struct err *e);
int topics_status(const struct command_line *line, struct err *e);
int calendar_show(const struct command_line *line, struct err *e);
int calendar_add(const struct command_line *line, struct err *e);
int calendar_remove(const struct command_line *line, struct err *e);
int calendar_import(const struct command_line *line, struct err *e);
int calendar_history(const struct command_line *line, struct err *e);
int calendar_moved(const struct command_line *line, struct err *e);
int calendar_due(const struct command_line *line, struct err *e);
int parked_list(const struct command_line *line, struct err *e);
int parked_release(const struct command_line *line, struct err *e);

/* All that there are, and where an option's value goes in a command_line; a flag has none. Their ends are empty. */
extern const struct command command_table[];
struct command_field {
	size_t offset;
	int key; /* 0 ends */
	bool flag;
};
extern const struct command_field command_fields[];

/* Today in Istanbul. */
int32_t command_today(void);

/* What was done: for a person the text, for a program (--json) the object, which is taken over. */
void command_say(bool json, json_t *object, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The value of an option that is a number: fallback when it was not given. */
int command_number(
    const char *option, const char *text, const long range[2], long fallback, long *number, struct err *e);

#endif
