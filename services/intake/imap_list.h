/* imap_list: the next mails of a folder by their UIDs, at most a round of them. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_IMAP_LIST_H
#define KOPRU_SERVICES_INTAKE_IMAP_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAP_ROUND_MAX 500 /* mails */
#define IMAP_COMMAND_SIZE (IMAP_ROUND_MAX * 11 + 100)

struct imap_listed {
	uint32_t uid;
	uint64_t size;
	bool came;
};

struct imap_list {
	struct imap_listed items[IMAP_ROUND_MAX]; /* sorted */
	size_t count;
};

/* Servers list in any order, and "n:*" gives the last mail in any case: of those after a UID the smallest are kept, once. */
void imap_list_add(struct imap_list *l, uint32_t after, uint64_t uid);
/* From the place begin on; NULL when there is none. */
struct imap_listed *imap_list_find(struct imap_list *l, size_t begin, uint32_t uid);
/* "UID FETCH 1,2,3 what" of the items begin to end that did not come. */
void imap_list_command(
    const struct imap_list *l, size_t begin, size_t end, const char *what, char text[IMAP_COMMAND_SIZE]);

#endif
