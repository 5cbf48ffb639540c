/* text: UTF-8 and Turkish. Human text is lower-cased and folded here and nowhere else, never with
 * tolower() or a locale. kopru.fold_tr() in SQL gives the same; both are tested with the same vectors. */
#ifndef KOPRU_COMMON_BASE_TEXT_H
#define KOPRU_COMMON_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"

/* Well-formed UTF-8 without NUL. */
bool text_valid(const char *text, size_t size);
/* Code points of well-formed text. */
size_t text_length(const char *text);
/* Holds a control character other than tab, newline, carriage return? */
bool text_has_control(const char *text);
/* Holds any control character, newlines too? For fields of one line. */
bool text_has_line_break_or_control(const char *text);
/* Only white space (Unicode), or empty. */
bool text_blank(const char *text);

/* NFC. NULL when the arena is full or text is malformed. */
char *text_normalize(struct arena *a, const char *text);
/* Turkish lower and upper case (I/ı, İ/i), NFC. */
char *text_lower_tr(struct arena *a, const char *text);
char *text_upper_tr(struct arena *a, const char *text);
/* Turkish lower case, then çğıöşüâîûêô -> cgiosuaiueo: "İSMİL" = "Ismıl" = "ismil".
 * Fast path for text whose letters are ASCII and Turkish in NFC; libunistring for the rest. */
char *text_fold_tr(struct arena *a, const char *text);

/* Protocol text, ASCII only, no locale. */
bool ascii_equal_nocase(const char *a, const char *b);
bool ascii_starts_nocase(const char *text, const char *prefix);
char ascii_lower(char c);
bool ascii_digit(char c);

/* Cuts white space at both ends (Unicode), in place of a copy. */
char *text_trim(struct arena *a, const char *text);

#endif
