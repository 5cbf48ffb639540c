/* err: the reason why something failed, as one sentence without a full stop. */
#ifndef KOPRU_COMMON_BASE_ERR_H
#define KOPRU_COMMON_BASE_ERR_H

#define ERR_TEXT_SIZE 512

struct err {
	char text[ERR_TEXT_SIZE];
};

/* Sets the reason (cut to fit, between two characters) and returns -1, so that `return err_set(e, ...)` leaves. */
int err_set(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " in front of the reason and returns -1. */
int err_prefix(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __clang_analyzer__ /* which sees one file at a time, and so not what these return */
#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_prefix(...) (err_prefix(__VA_ARGS__), -1)
#endif

#endif
