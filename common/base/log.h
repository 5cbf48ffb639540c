/* log: one line on stderr for each thing worth knowing:
 *   2026-11-23T09:00:00.123Z level=info service=router event=started listen=...
 * The event name is a constant, noun.verb. Control characters are replaced, so nobody can forge a
 * line. Never a name, an address, a text of a citizen: the id is enough. At most LOG_LINES_A_SECOND
 * lines of one event a second go out; what was left out is counted in the next one. Thread-safe. */
#ifndef KOPRU_COMMON_BASE_LOG_H
#define KOPRU_COMMON_BASE_LOG_H

enum log_level { LOG_ERROR_LEVEL, LOG_WARN_LEVEL, LOG_INFO_LEVEL, LOG_DEBUG_LEVEL };

/* Once, at start. service is kept, not copied. */
void log_open(const char *service, enum log_level level);
void log_set_level(enum log_level level);
/* "error", "warn", "info", "debug"; -1 for anything else. */
int log_level_parse(const char *text, enum log_level *level);

void log_write(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* error: someone must look. warn: we coped. info: a business fact. debug: off in production.
 * format gives key=value pairs; texts in "quotes". Pass "%s", "" for none. */
#define log_error(event, ...) log_write(LOG_ERROR_LEVEL, event, __VA_ARGS__)
#define log_warn(event, ...) log_write(LOG_WARN_LEVEL, event, __VA_ARGS__)
#define log_info(event, ...) log_write(LOG_INFO_LEVEL, event, __VA_ARGS__)
#define log_debug(event, ...) log_write(LOG_DEBUG_LEVEL, event, __VA_ARGS__)

#endif
