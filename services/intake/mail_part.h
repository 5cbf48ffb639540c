/* mail_part: the parts of a parsed mail: its text, its files, and what a report says. Walked with an own stack. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_MAIL_PART_H
#define KOPRU_SERVICES_INTAKE_MAIL_PART_H

#include <gmime/gmime.h>

#include "services/intake/mail.h"

struct mail_parts {
	char *text; /* what is shown of it, whole; "" when nothing is */
	bool is_report; /* multipart/report of a delivery, or a part that is one */
	const char
	    *report; /* the fields of the report, the headers of the letter and what is written beside them; "" */
	bool registered; /* it holds what only the registry may open */
};

/* Fills mail->files. NULL, or why it cannot be read: a constant. */
const char *mail_parts_read(struct arena *a, GMimeMessage *message, struct mail *mail, struct mail_parts *parts);

#endif
