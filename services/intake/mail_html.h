/* mail_html: the text that a person sees of an HTML mail. No script, style or hidden element; links as text with their
 * target behind; blocks and breaks as line ends; what is quoted with "> " in front. Bounded in memory and depth. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_MAIL_HTML_H
#define KOPRU_SERVICES_INTAKE_MAIL_HTML_H

#include <stddef.h>

#include "common/base/arena.h"

#define MAIL_HTML_MAX ((size_t)1024 * 1024) /* bytes; what is longer is cut */

/* html: well-formed UTF-8. Never NULL: what is too deep or too large to be parsed is read without its tags. */
char *mail_html_text(struct arena *a, const char *html, size_t size);

#endif
