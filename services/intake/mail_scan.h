/* mail_scan: looks through the bytes of a mail before anything that builds trees sees them: a tree of 200,000 parts takes
 * 261 MB, their bytes 2 MB. Counts more than a real mail has are a reason to leave it to a person. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_MAIL_SCAN_H
#define KOPRU_SERVICES_INTAKE_MAIL_SCAN_H

#include <stddef.h>

#define MAIL_SIZE_MAX ((size_t)25 * 1024 * 1024)
#define MAIL_PARTS_MAX 200
#define MAIL_DEPTH_MAX 20
#define MAIL_HEADER_MAX ((size_t)256 * 1024) /* bytes of the headers at the top */
#define MAIL_HEADER_LINES_MAX 2000

/* NULL when it may be parsed, or why not: a constant. */
const char *mail_scan(const char *raw, size_t size);

/* Where the body begins: after the first empty line; size when there is none. */
size_t mail_body_at(const char *raw, size_t size);

#endif
