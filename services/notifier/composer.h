/* composer: from a notice to its letter: the right template, the access code, the words. Reads its files
 * once, at start. */
#ifndef KOPRU_SERVICES_NOTIFIER_COMPOSER_H
#define KOPRU_SERVICES_NOTIFIER_COMPOSER_H

#include "services/notifier/letter.h"
#include "services/notifier/notice.h"
#include "services/notifier/token.h"

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

/* Parses every template of the folder and tells what is wrong with each; how many are. Their number goes to count. */
size_t composer_check(const char *templates, void (*on_wrong)(const struct err *e), size_t *count);

/* The letter in a, or NULL: this notice can never be sent. at is its Date; repeated marks it. */
struct composing {
	const struct notice *notice;
	int64_t at;
	bool repeated;
};
char *composer_compose(
    const struct composer *c, struct arena *a, const struct composing *what, size_t *size, struct err *e);

/* The key of links' tokens; lives as long as c. */
struct token_key composer_token_key(const struct composer *c);
const struct letter_sender *composer_sender(const struct composer *c);

#endif
