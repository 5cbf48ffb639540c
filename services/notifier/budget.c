/* budget: see budget.h. */
#include "services/notifier/budget.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE INT64_C(60000000)
#define DOMAIN_SIZE 256

struct domain {
	char name[DOMAIN_SIZE];
	int under_way;
	int used; /* since the minute began */
	int64_t minute_began;
};

struct budget {
	int at_once, a_minute;
	struct domain *domains;
	size_t count, size;
};

struct budget *
budget_new(int at_once, int a_minute)
{
	struct budget *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	b->at_once = at_once;
	b->a_minute = a_minute;
	return b;
}

void
budget_free(struct budget *b)
{
	if (!b)
		return;
	free(b->domains);
	free(b);
}

static bool
is_idle(const struct domain *d, int64_t now)
{
	return d->under_way == 0 && now - d->minute_began >= MINUTE;
}

static struct domain *
domain_find(const struct budget *b, const char *name)
{
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->domains[i].name, name) == 0)
			return &b->domains[i];
	return NULL;
}

static void
idle_forget(struct budget *b, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->count; i++)
		if (!is_idle(&b->domains[i], now))
			b->domains[kept++] = b->domains[i];
	b->count = kept;
}

static bool
domains_grow(struct budget *b, int64_t now)
{
	size_t size = b->size ? b->size * 2 : 16;
	struct domain *domains;

	idle_forget(b, now);
	if (b->count < b->size)
		return true;
	if (size > BUDGET_DOMAINS_MAX)
		return false;
	domains = realloc(b->domains, size * sizeof(*domains));
	if (!domains)
		abort();
	b->domains = domains;
	b->size = size;
	return true;
}

/* NULL when there are too many at once. */
static struct domain *
domain_take(struct budget *b, const char *name, int64_t now)
{
	struct domain *d = domain_find(b, name);

	if (d || strlen(name) >= DOMAIN_SIZE)
		return d;
	if (b->count == b->size && !domains_grow(b, now))
		return NULL;
	d = &b->domains[b->count++];
	*d = (struct domain){.minute_began = now};
	memcpy(d->name, name, strlen(name) + 1);
	return d;
}

/* Seconds until the next minute of a domain that used up this one; 0 when it has not. */
static int
minute_left(const struct budget *b, const struct domain *d, int64_t now)
{
	int64_t passed = now - d->minute_began;

	if (b->a_minute == 0 || d->used < b->a_minute || passed >= MINUTE)
		return 0;
	return (int)((MINUTE - passed) / 1000000) + 1;
}

int
budget_take(struct budget *b, const char *domain, int64_t now, const char **reason)
{
	struct domain *d = domain_take(b, domain, now);
	int wait;

	*reason = d ? "as many letters to this domain as allowed are under way" : "letters to too many domains at once";
	if (!d || d->under_way >= b->at_once)
		return 1;
	*reason = "the domain has had all letters of the minute";
	wait = minute_left(b, d, now);
	if (wait > 0)
		return wait;
	if (now - d->minute_began >= MINUTE) {
		d->minute_began = now;
		d->used = 0;
	}
	d->used++;
	d->under_way++;
	return 0;
}

void
budget_give(struct budget *b, const char *domain)
{
	struct domain *d = domain_find(b, domain);

	if (d && d->under_way > 0)
		d->under_way--;
}

struct budget_list
budget_list(const struct budget *b, struct arena *a, int64_t now)
{
	struct budget_list list = {.domains = arena_array(a, b->count + 1, sizeof(*list.domains)),
	    .left = arena_array(a, b->count + 1, sizeof(*list.left))};

	for (size_t i = 0; i < b->count; i++) {
		const struct domain *d = &b->domains[i];
		int left = minute_left(b, d, now) > 0 ? 0 : b->at_once - d->under_way;

		if (left == b->at_once)
			continue;
		list.domains[list.count] = arena_string(a, d->name);
		list.left[list.count++] = left;
	}
	return list;
}
