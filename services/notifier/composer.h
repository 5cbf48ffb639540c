/* composer: from a notice to its letter: the right template, the access code, the words. Reads its files
 * once, at start. */
#ifndef KOPRU_SERVICES_NOTIFIER_COMPOSER_H
#define KOPRU_SERVICES_NOTIFIER_COMPOSER_H

#include "services/notifier/letter.h"
#include "services/notifier/notice.h"

struct composer;

struct composer_conf {
	const char *templates; /* folder: <language>/<template>.txt */
	const char *from; /* "Name <address>" */
	const char *public_url;
	const char *access_code_key_file;
};

/* What is wrong with a template stops the start, with file and line. conf is not kept. */
struct composer *composer_new(const struct composer_conf *conf, struct err *e);
void composer_free(struct composer *c); /* NULL is fine */

/* The letter in a, or NULL: this notice can never be sent. at is its Date. */
char *composer_compose(
    const struct composer *c, struct arena *a, const struct notice *notice, int64_t at, size_t *size, struct err *e);

#endif
