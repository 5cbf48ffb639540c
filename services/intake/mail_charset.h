/* mail_charset: bytes of a mail in whatever charset they are said to be in, or really are in, become clean UTF-8. Turkish
 * mail is often mislabelled: what calls itself us-ascii or iso-8859-1 and is neither is UTF-8 when it is well-formed, and
 * windows-1254 otherwise (which holds iso-8859-9; six letters apart it is windows-1252). Pure. */
#ifndef KOPRU_SERVICES_INTAKE_MAIL_CHARSET_H
#define KOPRU_SERVICES_INTAKE_MAIL_CHARSET_H

#include <stddef.h>

#include "common/base/arena.h"

/* declared: NULL when nothing is said. Line ends become \n, control characters and what cannot be decoded vanish or become
 * U+FFFD. Always well-formed, never NULL. */
char *mail_decode(struct arena *a, const char *data, size_t size, const char *declared);

/* The charset to decode with what declares this one: windows-1254 for the Latin ones that Turkish hides in; else itself. */
const char *mail_charset_real(const char *declared);

/* Parameters of a header with the names of charsets in extended ones (RFC 2231) changed to the real ones. */
char *mail_parameters_relabel(struct arena *a, const char *value);

/* UTF-8 without line breaks and control characters, at most so many bytes. NULL gives NULL. */
char *mail_line(struct arena *a, const char *text, size_t size_max);

#endif
