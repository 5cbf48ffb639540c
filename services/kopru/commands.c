/* command: the table of all that `kopru' does, and of all options. */
#include "services/kopru/command.h"

static const struct argp_option json_options[] = {{"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option migrate_options[] = {
    {"folder", 'f', "FOLDER", 0, "Where the files NNNN_noun.sql lie (deploy/migrations)", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option out_options[] = {
    {"out", 'o', "FILE", 0, "Where the secret key goes (NAME.key); must not exist", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option add_options[] = {
    {"outside", 'x', NULL, 0, "It is another institution, not a unit of the municipality", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option rights_options[] = {
    {"rights", 'r', "LIST", 0, "What it may do: applications, reports, cases, calls, open311 (separated by commas)", 0},
    {"role", 'R', "ROLE", 0, "In which role it commands (cases): clerk, officer, manager or arbiter", 0},
    {"department", 'd', "CODE", 0, "For which department an officer or a manager commands", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};

static const struct argp_option parked_options[] = {{"consumer", 'c', "NAME", 0, "Only what this consumer parked", 0},
    {"limit", 'l', "N", 0, "At most so many (100)", 0}, {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option release_options[] = {
    {"application", 'a', "ID", 0, "All of this application, by its id or number, whoever parked it", 0},
    {"consumer", 'c', "NAME", 0, "All that this consumer parked", 0},
    {"wait", 'w', "SECONDS", 0, "How long to wait for what becomes of them (10)", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};

static const struct argp_option channels_options[] = {
    {"age", 'A', "SECONDS", 0, "From when on something waits too long (60)", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option media_options[] = {
    {"limit", 'l', "N", 0, "At most so many, the newest messages' first (100)", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};

static const struct argp_option doctor_options[] = {
    {"age", 'A', "SECONDS", 0, "From when on something waits too long (60)", 0},
    {"folder", 'f', "FOLDER", 0, "Where the files NNNN_noun.sql lie (deploy/migrations)", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};

static const struct argp_option reconcile_options[] = {
    {"limit", 'l', "N", 0, "List at most so many exceptions (100)", 0}, {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};

static const struct argp_option notices_options[] = {
    {"state", 's', "STATE", 0, "Only these: pending, held, sending, sent, failed, unknown or none", 0},
    {"number", 'n', "NUMBER", 0, "Only those of this application", 0},
    {"limit", 'l', "N", 0, "At most so many, the newest first (100)", 0}, {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option retry_options[] = {
    {"state", 's', "STATE", 0, "All of these: failed, unknown or held", 0},
    {"limit", 'l', "N", 0, "At most so many, the oldest first (100)", 0}, {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option replay_options[] = {{"yes", 'y', NULL, 0, "It is meant", 0},
    {"wait", 'w', "SECONDS", 0, "How long to wait until it is made again (3600); 0: not at all", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option summary_options[] = {{"from", 'F', "DAY", 0, "First day of receipt (YYYY-MM-DD)", 0},
    {"to", 'T', "DAY", 0, "Last day", 0}, {"json", 'j', NULL, 0, "Print JSON", 0},
    {"csv", 'C', "FILE", 0, "Save the whole as CSV", 0}, {"xlsx", 'X', "FILE", 0, "Save the whole as XLSX", 0},
    {"key-file", 'k', "FILE", 0, "File with the API key (instead of KOPRU_KEY)", 0}, {0}};
static const struct argp_option year_options[] = {{"json", 'j', NULL, 0, "Print JSON", 0},
    {"csv", 'C', "FILE", 0, "Save the whole as CSV", 0}, {"xlsx", 'X', "FILE", 0, "Save the whole as XLSX", 0},
    {"key-file", 'k', "FILE", 0, "File with the API key (instead of KOPRU_KEY)", 0}, {0}};

#define API_OPTIONS                                                                                                    \
	{"url", OPTION_URL, "URL", 0, "Where intake is: http://host:port or unix:/path (instead of KOPRU_URL)", 0},    \
	    {"key-file", 'k', "FILE", 0, "File with the API key (instead of KOPRU_KEY)", 0},                           \
	{                                                                                                              \
		"json", 'j', NULL, 0, "Print JSON", 0                                                                  \
	}
#define IMPORT_OPTIONS                                                                                                 \
	{"dry-run", OPTION_DRY_RUN, NULL, 0, "Have intake check every row, and store none", 0},                        \
	    {"preview", OPTION_PREVIEW, "N", 0, "Only show how the file and its first N rows are understood", 0},      \
	    {"errors", OPTION_ERRORS, "FILE", 0, "Where refused rows are listed (FILE.csv.errors.csv)", 0},            \
	    API_OPTIONS
enum {
	OPTION_URL = 256,
	OPTION_DRY_RUN,
	OPTION_PREVIEW,
	OPTION_ERRORS,
	OPTION_MAPPING,
	OPTION_SOURCE,
	OPTION_SINCE,
	OPTION_FILE,
	OPTION_MODEL,
	OPTION_FOLDS,
	OPTION_BLOCK,
	OPTION_DAY,
	OPTION_TEXTS,
	OPTION_VERSION,
	OPTION_REASON,
	OPTION_BY,
	OPTION_CALENDAR,
	OPTION_BATCH,
	OPTION_EXTENDED,
	OPTION_DAYS,
	OPTION_ACTIVATE,
	OPTION_FIRST,
	OPTION_KIND,
	OPTION_OWNER,
	OPTION_ON,
	OPTION_POINT,
	OPTION_DATA,
	OPTION_REPLACE,
	OPTION_NAME_TR,
	OPTION_NAME_EN,
	OPTION_CATEGORY,
	OPTION_COMPETENCE,
	OPTION_TARGET_DAYS,
	OPTION_TARGET_MINUTES,
	OPTION_PRIORITY,
	OPTION_KEYWORDS,
	OPTION_SHARED_WITH,
	OPTION_EMERGENCY,
	OPTION_BASKET,
	OPTION_OPEN311,
	OPTION_PHONE,
	OPTION_LETTER_FILE
};
static const struct argp_option cimer_options[] = {
    {"mapping", OPTION_MAPPING, "FILE", 0, "Which column is what (deploy/data/mappings/cimer.json)", 0}, IMPORT_OPTIONS,
    {0}};
static const struct argp_option old_options[] = {
    {"mapping", OPTION_MAPPING, "FILE", 0, "Which column is what; required (kopru import mapping proposes one)", 0},
    {"source", OPTION_SOURCE, "NAME", 0, "The old system's name, the same in each run; required: a-z, 0-9, _ . -", 0},
    IMPORT_OPTIONS, {0}};
static const struct argp_option mapping_options[] = {
    {"mapping", OPTION_MAPPING, "FILE", 0, "After whose example (deploy/data/mappings/old.json)", 0},
    {"out", 'o', "FILE", 0, "Where the proposal goes; must not exist (standard output)", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option answers_options[] = {
    {"since", OPTION_SINCE, "DAY", 0, "Only what was answered on this day (YYYY-MM-DD) or later", 0},
    {"out", 'o', "FILE", 0, "Save them as CSV; required", 0}, {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option handed_in_options[] = {
    {"file", OPTION_FILE, "FILE.csv", 0, "All in this file, as `kopru cimer answers' saved it", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
#define RULES_DAYS                                                                                                     \
	{                                                                                                              \
		"days", OPTION_DAYS, "N", 0, "Replay the decisions of the last N days (30)", 0                         \
	}
#define RULES_BY                                                                                                       \
	{                                                                                                              \
		"by", OPTION_BY, "NAME", 0, "Who decided it; required", 0                                              \
	}
static const struct argp_option rules_save_options[] = {
    {"reason", OPTION_REASON, "TEXT", 0, "Why there is a new version; required", 0}, RULES_BY,
    {"activate", OPTION_ACTIVATE, NULL, 0, "Make it the active one at once", 0},
    {"first", OPTION_FIRST, NULL, 0, "Only when there is no version yet; else nothing is done", 0}, RULES_DAYS,
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option rules_replay_options[] = {RULES_DAYS,
    {"limit", 'l', "N", 0, "List at most so many cases, the newest first (100)", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option rules_activate_options[] = {
    RULES_BY, RULES_DAYS, {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option rules_rollback_options[] = {RULES_BY, {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};

static const struct argp_option topics_train_options[] = {
    {"out", 'o', "MODEL", 0, "Where the model goes; replaced when it is there; required", 0},
    {"day", OPTION_DAY, "DAY", 0, "The day of training that it tells (today; YYYY-MM-DD)", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option topics_evaluate_options[] = {
    {"model", OPTION_MODEL, "MODEL", 0, "Ask this model (without: train on all other folds, for each fold)", 0},
    {"folds", OPTION_FOLDS, "N", 0, "So many folds (5)", 0},
    {"block", OPTION_BLOCK, "N", 0, "So many lines stay together; block b is in fold b % folds (15)", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option topics_explain_options[] = {
    {"model", OPTION_MODEL, "MODEL", 0, "Ask this model (KOPRU_TOPICS_MODEL, or build/topics.model)", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option topics_publish_options[] = {{"by", OPTION_BY, "NAME", 0, "Who decided it; required", 0},
    {"reason", OPTION_REASON, "TEXT", 0, "Why", 0}, {"yes", 'y', NULL, 0, "It need not know all topics", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option topics_models_options[] = {
    {"limit", 'l', "N", 0, "At most so many, the newest first (100)", 0}, {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option topics_learn_options[] = {
    {"texts", OPTION_TEXTS, "FOLDER", 0, "Before that, the shipped texts become those of its files *.tsv", 0},
    {"by", OPTION_BY, "NAME", 0, "Who asks (operator)", 0},
    {"wait", 'w', "SECONDS", 0, "How long to wait for what comes of it (300)", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option calendar_show_options[] = {
    {"version", OPTION_VERSION, "N", 0, "As it was in this version (the newest)", 0},
    {"from", 'F', "DAY", 0, "First day (YYYY-MM-DD)", 0}, {"to", 'T', "DAY", 0, "Last day", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option calendar_change_options[] = {
    {"reason", OPTION_REASON, "TEXT", 0, "Why; citizens whose date moves are told; required", 0},
    {"by", OPTION_BY, "NAME", 0, "Who decided it; required", 0},
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "Only show whose deadlines would move", 0},
    {"limit", 'l', "N", 0, "Show at most so many of them (1000)", 0}, {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option calendar_moved_options[] = {
    {"limit", 'l', "N", 0, "Show at most so many", 0}, {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option calendar_due_options[] = {
    {"extended", OPTION_EXTENDED, NULL, 0, "The longer term of Law 4982", 0},
    {"version", OPTION_VERSION, "N", 0, "By this version of the calendar (the newest)", 0},
    {"calendar", OPTION_CALENDAR, "FILE.csv", 0, "By this file instead of the database's calendar", 0},
    {"batch", OPTION_BATCH, "FILE", 0, "Of each line LEGAL_BASIS DAY [extended], only the last day", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};

static const struct argp_option demo_options[] = {
    {"texts", OPTION_TEXTS, "FOLDER", 0, "Also load the texts of its files *.tsv, that topics are learnt from", 0},
    {"data", OPTION_DATA, "FOLDER", 0,
	"Places and institutions, too: its areas.geojson, neighbourhood_names.csv, streets.geojson, institutions.csv",
	0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option places_import_options[] = {
    {"kind", OPTION_KIND, "KIND", 0, "What they are: neighbourhood, area or street", 0},
    {"owner", OPTION_OWNER, "CODE", 0, "Who keeps the streets that do not say it", 0},
    {"source", OPTION_SOURCE, "TEXT", 0, "Whose data it is (import)", 0},
    {"replace", OPTION_REPLACE, NULL, 0, "Streets that the file does not have end today", 0},
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "Check all, store nothing", 0}, {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option places_list_options[] = {
    {"kind", OPTION_KIND, "KIND", 0, "Only these: neighbourhood, area or street", 0},
    {"on", OPTION_ON, "DAY", 0, "As they are on this day (today; YYYY-MM-DD)", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option places_find_options[] = {
    {"point", OPTION_POINT, "LATITUDE,LONGITUDE", 0, "In degrees, as 37.8712,32.4987", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option retire_options[] = {
    {"on", OPTION_ON, "DAY", 0, "The first day on which it is no more; required", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
#define FROM_ON                                                                                                        \
	{                                                                                                              \
		"on", OPTION_ON, "DAY", 0, "From this day on (today; YYYY-MM-DD)", 0                                   \
	}
#define NAMES                                                                                                          \
	{"name-tr", OPTION_NAME_TR, "TEXT", 0, "Its Turkish name", 0},                                                 \
	{                                                                                                              \
		"name-en", OPTION_NAME_EN, "TEXT", 0, "Its English name", 0                                            \
	}
static const struct argp_option topics_change_options[] = {FROM_ON, NAMES,
    {"category", OPTION_CATEGORY, "TEXT", 0, "Its heading, in Turkish", 0},
    {"department", 'd', "CODE", 0, "Whose matter it is", 0},
    {"competence", OPTION_COMPETENCE, "WORD", 0, "own, shared, forward or none", 0},
    {"target-days", OPTION_TARGET_DAYS, "N", 0, "In so many working days", 0},
    {"target-minutes", OPTION_TARGET_MINUTES, "N", 0, "In so many working minutes; \"\": by days", 0},
    {"priority", OPTION_PRIORITY, "WORD", 0, "acil, yuksek, normal or dusuk", 0},
    {"keywords", OPTION_KEYWORDS, "LIST", 0, "Words that tell it, separated by commas", 0},
    {"shared-with", OPTION_SHARED_WITH, "CODE", 0, "Who has a part in it; \"\": nobody", 0},
    {"emergency", OPTION_EMERGENCY, "LIST", 0, "What to call at once, as \"112, 187\"", 0},
    {"basket", OPTION_BASKET, "WORD", 0, "No matter, but thanks, irrelevant or follow_up", 0},
    {"open311", OPTION_OPEN311, "WORD", 0, "Offered to the public: yes or no", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option topics_list_options[] = {
    {"on", OPTION_ON, "DAY", 0, "As they are on this day (today; YYYY-MM-DD)", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};
static const struct argp_option department_change_options[] = {FROM_ON, NAMES,
    {"phone", OPTION_PHONE, "NUMBER", 0, "Of an institution", 0},
    {"letter-file", OPTION_LETTER_FILE, "FILE", 0,
	"The letter to an institution, with {number}, {date}, {topic}, {institution}", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0}, {0}};

const struct command command_table[] = {
    {"migrate", "", 0, "Bring the database to the newest schema", migrate_options, migrate_run},
    {"demo", "TOPICS.csv HOLIDAYS.csv", 2, "Load departments, topics and holidays", demo_options, demo_run},
    {"passwords", "FILE", 1, "Set the database passwords of the roles in a password file", json_options, passwords_set},
    {"department add", "CODE NAME_TR NAME_EN", 3, "Add a department and its stream", add_options, department_add},
    {"department list", "", 0, "Show the departments", json_options, department_list},
    {"department change", "CODE", 1, "Have a department be called otherwise from a day on", department_change_options,
	department_change},
    {"department retire", "CODE", 1, "Have a department be no more from a day on", retire_options, department_retire},
    {"department contact add", "CODE|- ROLE ADDRESS", 3,
	"Write to an official about terms and life safety; -: of the whole municipality", json_options, contact_add},
    {"department contact list", "", 0, "Show which officials are written to", json_options, contact_list},
    {"department contact remove", "CODE|- ROLE ADDRESS", 3, "Write to one no more", json_options, contact_remove},
    {"department key", "CODE", 1, "Make a key for a department's end of its feed", out_options, department_key},
    {"department revoke", "CODE PUBLIC", 2, "Let a department's key in no more", json_options, department_revoke},
    {"service key", "NAME", 1, "Make a key for a service on another host", out_options, service_key},
    {"service revoke", "NAME PUBLIC", 2, "Let a service's key in no more", json_options, service_revoke},
    {"peers", "", 0, "Show the public keys that feeds let in", json_options, peers_list},
    {"curve", "FILE", 1, "Make a server's key pair: FILE and FILE.pub; keeps what is there", json_options, curve_make},
    {"key create", "NAME", 1, "Make an API key and print it, once", rights_options, key_create},
    {"key list", "", 0, "Show the API keys", json_options, key_list},
    {"key revoke", "ID", 1, "Let an API key in no more", json_options, key_revoke},
    {"doctor", "", 0, "Say what is wrong and what to do", doctor_options, doctor_run},
    {"reconcile", "", 0, "Prove that nothing is lost, doubled or out of order", reconcile_options, reconcile_run},
    {"channels", "", 0, "Show what comes in over which channel, and what waits", channels_options, channels_show},
    {"media retry", "", 0, "Have files of messages that could not be had asked for again", media_options, media_retry},
    {"streams", "", 0, "Show heads, cursors and what waits", json_options, streams_show},
    {"parked list", "", 0, "Show events that nobody could digest", parked_options, parked_list},
    {"parked release", "[CONSUMER STREAM SEQ]", 3, "Have them digested again, with what waits for them",
	release_options, parked_release},
    {"import cimer", "FILE.csv", 1, "Bring in applications of CİMER, each once", cimer_options, import_cimer},
    {"import old", "FILE.csv", 1, "Bring in cases of an old system, each once, with their answers", old_options,
	import_old},
    {"import mapping", "FILE.csv", 1, "Propose which column of a file is what", mapping_options, import_mapping},
    {"cimer answers", "", 0, "Save the answers that CİMER does not have yet", answers_options, cimer_answers},
    {"cimer answer", "NUMBER", 1, "Print one answer, to be copied into CİMER", json_options, cimer_answer},
    {"cimer handed-in", "[NUMBER...]", COMMAND_ARGUMENTS_MAX, "Mark answers as handed in to CİMER", handed_in_options,
	cimer_handed_in},
    {"case", "NUMBER", 1, "Show where a case stands, without what was written", json_options, case_show},
    {"topics list", "", 0, "Show the topics as they are on a day", topics_list_options, topics_list},
    {"topics add", "CODE NAME_TR NAME_EN", 3, "Add a topic", topics_change_options, topics_add},
    {"topics change", "CODE", 1, "Have a topic be another from a day on", topics_change_options, topics_change},
    {"topics retire", "CODE", 1, "Have a topic be no more from a day on", retire_options, topics_retire},
    {"topics train", "FILE.tsv...", COMMAND_ARGUMENTS_MAX, "Learn topics from labelled texts", topics_train_options,
	topics_train},
    {"topics evaluate", "FILE.tsv", 1, "Say how good a model, or a training, is on labelled texts",
	topics_evaluate_options, topics_evaluate},
    {"topics explain", "TEXT", 1, "Show a text's topics and the words that decided", topics_explain_options,
	topics_explain},
    {"topics publish", "MODEL", 1, "Have the routers decide by this model", topics_publish_options, topics_publish},
    {"topics rollback", "", 0, "Have the routers decide by the model before", topics_publish_options, topics_rollback},
    {"topics models", "", 0, "Show the models, their states and figures", topics_models_options, topics_models},
    {"topics learn", "", 0, "Have a router learn anew from what staff said", topics_learn_options, topics_learn},
    {"topics status", "", 0, "Show what is learnt, corrected and unsure", json_options, topics_status},
    {"calendar show", "", 0, "Show the holidays, leaves, closures and suspensions", calendar_show_options,
	calendar_show},
    {"calendar add", "DAY KIND NAME", 3, "Add a day, or days FROM..TO, as a new version", calendar_change_options,
	calendar_add},
    {"calendar remove", "DAY KIND", 2, "Take days away, as a new version", calendar_change_options, calendar_remove},
    {"calendar import", "FILE.csv", 1, "Have a file say what is in its years, as a new version",
	calendar_change_options, calendar_import},
    {"calendar history", "", 0, "Show the versions, and how many deadlines each moved", json_options, calendar_history},
    {"calendar moved", "VERSION", 1, "Show whose deadlines a version moved, from, to and why", calendar_moved_options,
	calendar_moved},
    {"calendar due", "[LEGAL_BASIS DAY]", 2, "Compute a law's last day and show which days count", calendar_due_options,
	calendar_due},
    {"notices list", "", 0, "Show notices", notices_options, notices_list},
    {"notices retry", "[ID]", 1, "Have notices tried again", retry_options, notices_retry},
    {"report summary", "", 0, "Show the figures of a period", summary_options, report_summary},
    {"report year", "YEAR", 1, "Show a year's figures as the municipality publishes them", year_options, report_year},
    {"places import", "FILE.geojson", 1, "Bring in neighbourhoods, areas or streets, all or nothing",
	places_import_options, places_import},
    {"places list", "", 0, "Show the places as they are on a day", places_list_options, places_list},
    {"places find", "[TEXT]", 1, "Say which neighbourhood and whose street words or a point are", places_find_options,
	places_find_run},
    {"places retire", "CODE", 1, "Have a place be no more from a day on", retire_options, places_retire},
    {"rules list", "", 0, "Show the versions of the routing rules", json_options, rules_list},
    {"rules show", "[VERSION]", 1, "Show a version's rules (the active one's); with --json as their file", json_options,
	rules_show},
    {"rules check", "FILE", 1, "Say what is wrong with a file of rules", json_options, rules_check},
    {"rules save", "FILE", 1, "Keep a file of rules as a new version", rules_save_options, rules_save},
    {"rules replay", "[VERSION|FILE]", 1, "Show which cases would have gone elsewhere", rules_replay_options,
	rules_replay},
    {"rules activate", "VERSION", 1, "Have a version count, after its replay", rules_activate_options, rules_activate},
    {"rules rollback", "", 0, "Have the version count that counted before", rules_rollback_options, rules_rollback},
    {"rules history", "", 0, "Show which version counted when, and who decided it", json_options, rules_history},
    {"replay reporting", "", 0, "Empty the read side and have it made again", replay_options, replay_reporting},
    {0},
};

const struct command_field command_fields[] = {
    {offsetof(struct command_line, age), 'A', false},
    {offsetof(struct command_line, application), 'a', false},
    {offsetof(struct command_line, consumer), 'c', false},
    {offsetof(struct command_line, csv), 'C', false},
    {offsetof(struct command_line, department), 'd', false},
    {offsetof(struct command_line, folder), 'f', false},
    {offsetof(struct command_line, from), 'F', false},
    {offsetof(struct command_line, json), 'j', true},
    {offsetof(struct command_line, key_file), 'k', false},
    {offsetof(struct command_line, limit), 'l', false},
    {offsetof(struct command_line, number), 'n', false},
    {offsetof(struct command_line, out), 'o', false},
    {offsetof(struct command_line, rights), 'r', false},
    {offsetof(struct command_line, role), 'R', false},
    {offsetof(struct command_line, state), 's', false},
    {offsetof(struct command_line, to), 'T', false},
    {offsetof(struct command_line, wait), 'w', false},
    {offsetof(struct command_line, xlsx), 'X', false},
    {offsetof(struct command_line, yes), 'y', true},
    {offsetof(struct command_line, url), OPTION_URL, false},
    {offsetof(struct command_line, dry_run), OPTION_DRY_RUN, true},
    {offsetof(struct command_line, preview), OPTION_PREVIEW, false},
    {offsetof(struct command_line, errors), OPTION_ERRORS, false},
    {offsetof(struct command_line, mapping), OPTION_MAPPING, false},
    {offsetof(struct command_line, source), OPTION_SOURCE, false},
    {offsetof(struct command_line, since), OPTION_SINCE, false},
    {offsetof(struct command_line, file), OPTION_FILE, false},
    {offsetof(struct command_line, model), OPTION_MODEL, false},
    {offsetof(struct command_line, folds), OPTION_FOLDS, false},
    {offsetof(struct command_line, block), OPTION_BLOCK, false},
    {offsetof(struct command_line, day), OPTION_DAY, false},
    {offsetof(struct command_line, texts), OPTION_TEXTS, false},
    {offsetof(struct command_line, version), OPTION_VERSION, false},
    {offsetof(struct command_line, reason), OPTION_REASON, false},
    {offsetof(struct command_line, by), OPTION_BY, false},
    {offsetof(struct command_line, calendar), OPTION_CALENDAR, false},
    {offsetof(struct command_line, batch), OPTION_BATCH, false},
    {offsetof(struct command_line, extended), OPTION_EXTENDED, true},
    {offsetof(struct command_line, outside), 'x', true},
    {offsetof(struct command_line, days), OPTION_DAYS, false},
    {offsetof(struct command_line, activate), OPTION_ACTIVATE, true},
    {offsetof(struct command_line, first), OPTION_FIRST, true},
    {offsetof(struct command_line, kind), OPTION_KIND, false},
    {offsetof(struct command_line, owner), OPTION_OWNER, false},
    {offsetof(struct command_line, on), OPTION_ON, false},
    {offsetof(struct command_line, point), OPTION_POINT, false},
    {offsetof(struct command_line, data), OPTION_DATA, false},
    {offsetof(struct command_line, replace), OPTION_REPLACE, true},
    {offsetof(struct command_line, name_tr), OPTION_NAME_TR, false},
    {offsetof(struct command_line, name_en), OPTION_NAME_EN, false},
    {offsetof(struct command_line, category), OPTION_CATEGORY, false},
    {offsetof(struct command_line, competence), OPTION_COMPETENCE, false},
    {offsetof(struct command_line, target_days), OPTION_TARGET_DAYS, false},
    {offsetof(struct command_line, target_minutes), OPTION_TARGET_MINUTES, false},
    {offsetof(struct command_line, priority), OPTION_PRIORITY, false},
    {offsetof(struct command_line, keywords), OPTION_KEYWORDS, false},
    {offsetof(struct command_line, shared_with), OPTION_SHARED_WITH, false},
    {offsetof(struct command_line, emergency), OPTION_EMERGENCY, false},
    {offsetof(struct command_line, basket), OPTION_BASKET, false},
    {offsetof(struct command_line, open311), OPTION_OPEN311, false},
    {offsetof(struct command_line, phone), OPTION_PHONE, false},
    {offsetof(struct command_line, letter_file), OPTION_LETTER_FILE, false},
    {0},
};
