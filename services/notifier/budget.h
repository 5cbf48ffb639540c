/* budget: how many letters are under way to each domain, and how many it had in the last minute. Of this process only;
 * what an address gets in a day is counted in the database. Pure: the time is given (monotonic microseconds). */
#ifndef KOPRU_SERVICES_NOTIFIER_BUDGET_H
#define KOPRU_SERVICES_NOTIFIER_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

#define BUDGET_DOMAINS_MAX 4096

struct budget;

/* at_once: letters under way to one domain; a_minute: letters to one domain, 0 for any number. */
struct budget *budget_new(int at_once, int a_minute);
void budget_free(struct budget *b); /* NULL is fine */

/* Takes a place for a letter: 0; or the seconds that it must wait, and why. Whoever got a place gives it back. */
int budget_take(struct budget *b, const char *domain, int64_t now, const char **reason);
void budget_give(struct budget *b, const char *domain);

/* Domains that have less than at_once left, and what they have. */
struct budget_list {
	const char **domains;
	int *left;
	size_t count;
};
struct budget_list budget_list(const struct budget *b, struct arena *a, int64_t now);

#endif
