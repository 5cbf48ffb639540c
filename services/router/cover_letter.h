/* cover_letter: the cover letter with which a matter goes to the institution whose it is (Law 3071 art. 5), from its template.
 * Never anything of the applicant. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_COVER_LETTER_H
#define KOPRU_SERVICES_ROUTER_COVER_LETTER_H

#include <stdint.h>

#include "common/base/arena.h"

struct cover_letter_words {
	const char *number; /* of the application */
	int32_t received_on;
	const char *topic; /* NULL: none is known */
	const char *institution;
};

/* Puts the words in the place of {number}, {date}, {topic} and {institution}; other braces stay as they are. In a. */
const char *cover_letter_compose(struct arena *a, const char *template, const struct cover_letter_words *words);

#endif
