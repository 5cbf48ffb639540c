/* file: the provider that delivers by writing <number>-<notice id>.eml into a folder. The name is the same on every
 * repeat, so a repeat replaces the letter instead of sending it twice. */
#ifndef KOPRU_SERVICES_NOTIFIER_PROVIDERS_FILE_H
#define KOPRU_SERVICES_NOTIFIER_PROVIDERS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"
#include "common/base/ids.h"

struct file_outbox;

struct file_letter {
	const char *number;
	struct uuid id;
	const char *data;
	size_t size;
	bool delivered; /* durable: out */
	struct err reason; /* why not: out */
};

/* Makes the folder (mode 0700) when only its last part is missing; then and whenever it is gone later. */
struct file_outbox *file_outbox_open(const char *path, struct err *e);
void file_outbox_close(struct file_outbox *o); /* NULL is fine */

/* Writes the letters and makes all of them durable together; one that fails harms no other. */
void file_deliver(struct file_outbox *o, struct file_letter *letters, size_t count);

/* Removes a letter, if it is there. */
void file_forget(struct file_outbox *o, const char *number, const struct uuid *id);
/* Removes all letters about these applications; looks through the folder once. */
void file_forget_numbers(struct file_outbox *o, const char *const *numbers, size_t count);

#endif
