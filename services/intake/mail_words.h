/* mail_words: encoded words in headers (RFC 2047), as they are really written: in quoted strings, too, with a character
 * split over two of them, with padding in between, and bytes beyond ASCII beside them. (GMime 3.2 loses what follows a
 * padded word.) Pure. */
#ifndef KOPRU_SERVICES_INTAKE_MAIL_WORDS_H
#define KOPRU_SERVICES_INTAKE_MAIL_WORDS_H

#include "common/base/arena.h"

/* UTF-8 of an unstructured value: a subject. */
char *mail_words_text(struct arena *a, const char *value);
/* The same of a structured value, an address or parameters, that can still be parsed: what was decoded is quoted. */
char *mail_words_quoted(struct arena *a, const char *value);

#endif
