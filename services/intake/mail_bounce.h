/* mail_bounce: what a report of a mail system says about a letter of ours: RFC 3464, and those that came before it or do not
 * care for it (qmail, Exchange, X-Failed-Recipients). Pure. */
#ifndef KOPRU_SERVICES_INTAKE_MAIL_BOUNCE_H
#define KOPRU_SERVICES_INTAKE_MAIL_BOUNCE_H

#include "services/intake/mail_header.h"
#include "services/intake/mail_part.h"

enum mail_report {
	REPORT_NONE, /* it is no report of a delivery */
	REPORT_RETURNED,
	REPORT_OTHER, /* delayed, delivered: nothing came back */
};

enum mail_report mail_bounce_read(
    struct arena *a, const struct mail_headers *h, const struct mail_parts *parts, struct mail *mail);

#endif
