/* provider: how letters leave the house. It takes letters, and says of each, once and perhaps later, how it ended. */
#ifndef KOPRU_SERVICES_NOTIFIER_PROVIDERS_PROVIDER_H
#define KOPRU_SERVICES_NOTIFIER_PROVIDERS_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/ids.h"

enum provider_end {
	PROVIDER_SENT, /* it was taken over */
	PROVIDER_RETRY, /* it was certainly not taken over, and may be later */
	PROVIDER_FAILED, /* it was refused for good */
	PROVIDER_UNKNOWN, /* everything went out, and no answer came */
	PROVIDER_UNTOUCHED, /* nothing of it was sent: no attempt */
};

/* The sender's; untouched between send and its end. */
struct provider_letter {
	struct uuid id; /* of the notice */
	const char *number; /* of the application */
	const char *to;
	const char *data;
	size_t size;
	size_t route;
	struct provider_letter *next; /* the provider's own use meanwhile */
};

/* reason: one line without personal data; "" when it was sent. May be called from within send. */
typedef void provider_on_end(void *arg, struct provider_letter *letter, enum provider_end end, const char *reason);

/* Where letters go: each route has room of its own, so that a slow one takes nobody else's. */
struct provider_route {
	const char *const *domains; /* of recipients; route 0 takes all but its domains, another only its domains */
	size_t domain_count;
	size_t room; /* letters that it takes now */
};

struct provider {
	const char *name; /* "file", "smtp": stored with each attempt */
	bool has_budgets; /* counts what goes to each domain */
	size_t (*routes)(void *way);
	struct provider_route (*route)(void *way, size_t route);
	void (*send)(void *way, struct provider_letter **letters, size_t count);
	/* Takes no more; what may still be taken back ends soon. */
	void (*stop)(void *way);
	/* The application was erased: removes what the provider still has of its letters. NULL when it has nothing. */
	void (*forget)(void *way, const char *number, const struct uuid *id);
	void (*forget_numbers)(void *way, const char *const *numbers, size_t count);
	void (*free)(void *way);
};

#endif
