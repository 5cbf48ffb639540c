/* hosts: a connection string taken apart, so that each of its hosts can be asked by itself. */
#include <stdlib.h>
#include <string.h>

#include "common/db/internal.h"

#define HOST_LISTS 3

static const char *const lists[HOST_LISTS] = {"host", "hostaddr", "port"};

const char *
hosts_option(const PQconninfoOption *options, const char *keyword)
{
	for (const PQconninfoOption *o = options; o->keyword; o++) {
		if (strcmp(o->keyword, keyword) == 0)
			return o->val;
	}
	return NULL;
}

static size_t
list_count(const char *list)
{
	size_t count = 1;

	for (; list && *list; list++)
		count += *list == ',';
	return count;
}

/* "a,b,c": the one at place. A single entry stands for all. */
static const char *
list_pick(struct arena *a, const char *list, size_t place)
{
	if (list_count(list) == 1)
		return list;
	for (; place > 0; place--)
		list = strchr(list, ',') + 1;
	return arena_string_n(a, list, strcspn(list, ","));
}

size_t
hosts_count(const PQconninfoOption *options)
{
	size_t most = 1;

	for (size_t i = 0; i < HOST_LISTS; i++) {
		size_t count = list_count(hosts_option(options, lists[i]));

		most = count > most ? count : most;
	}
	return most;
}

PQconninfoOption *
hosts_parse(const char *conninfo, struct err *e)
{
	char *reason = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &reason);
	size_t count;

	if (!options) {
		err_set(e, "%s", reason ? reason : "no memory");
		PQfreemem(reason);
		return NULL;
	}
	count = hosts_count(options);
	if (count > DB_HOSTS_MAX)
		err_set(e, "it names %zu hosts; at most %d are allowed", count, DB_HOSTS_MAX);
	for (size_t i = 0; count <= DB_HOSTS_MAX && i < HOST_LISTS; i++) {
		size_t own = list_count(hosts_option(options, lists[i]));

		if (own != count && own != 1) {
			err_set(e, "it has %zu entries in \"%s\" for %zu hosts; allowed is 1 or %zu", own, lists[i],
			    count, count);
			count = DB_HOSTS_MAX + 1;
		}
	}
	if (count <= DB_HOSTS_MAX)
		return options;
	PQconninfoFree(options);
	return NULL;
}

void
parameters_add(struct parameters *p, const char *keyword, const char *value)
{
	if (p->count == DB_KEYWORDS_MAX - 1)
		abort();
	p->keywords[p->count] = keyword;
	p->values[p->count] = value;
	p->count++;
}

void
parameters_add_host(struct parameters *p, const PQconninfoOption *options, size_t place)
{
	for (const PQconninfoOption *o = options; o->keyword; o++) {
		const char *value = o->val;

		for (size_t i = 0; value && i < HOST_LISTS; i++) {
			if (strcmp(o->keyword, lists[i]) == 0)
				value = list_pick(p->arena, value, place);
		}
		if (value)
			parameters_add(p, o->keyword, value);
	}
}
