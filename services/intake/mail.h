/* mail: the bytes of a mail become what it says: who, when, what, what it answers, what is attached; or why it is nothing to
 * answer: a bounce, an answering machine, a list, our own. Takes any bytes, within bounds of its own. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_MAIL_H
#define KOPRU_SERVICES_INTAKE_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/ids.h"
#include "common/domain/number.h"

#define MAIL_REFERENCES_MAX 20
#define MAIL_FILES_MAX 50 /* that are looked at; MAIL_PARTS_MAX bounds them anyway */
#define MAIL_HASH_SIZE 32
#define MAIL_ID_MAX 250 /* bytes of a Message-ID; a longer one is cut, which changes nothing that is compared */

enum mail_class {
	MAIL_MESSAGE,
	MAIL_BOUNCE, /* a letter came back */
	MAIL_AUTOMATIC, /* a machine wrote it, or we did: nobody is answered */
	MAIL_REGISTERED, /* KEP, or an e-Yazışma package: the registry's */
	MAIL_BROKEN, /* not parsed: too large, too deep, no mail */
};

struct mail_rules {
	const char *authserv; /* whose Authentication-Results are believed; NULL: nobody's */
	const char *const *own; /* our own addresses */
	size_t own_count;
	bool registered; /* a KEP mailbox */
	int64_t received_at;
};

struct mail_file {
	const char *name, *type; /* as its sender says; name may be NULL */
	const void *data; /* decoded */
	size_t size;
};

/* Our letters have <notice id.number@host> for a Message-ID. */
struct mail_letter {
	struct uuid notice_id;
	char number[NUMBER_TEXT_SIZE];
};

struct mail_returned {
	bool has_letter;
	struct mail_letter letter;
	const char *address, *status; /* NULL when it does not say */
	bool permanent;
};

/* Texts are UTF-8 in the arena; NULL when there is none. */
struct mail {
	enum mail_class class;
	const char *why; /* all but MAIL_MESSAGE and MAIL_BOUNCE: constant */
	const char *address, *name; /* of From; address in lower case */
	bool verified; /* the mail server that we trust says that the address' domain stands for it */
	const char *id; /* Message-ID without < >, or "hash" and the content's hash in hex */
	uint8_t content_hash[MAIL_HASH_SIZE]; /* of what does not change on the way: From, Date, Subject and the body */
	int64_t sent_at; /* 0: not known */
	const char *subject;
	const char *text; /* what it says itself; NULL when it says nothing */
	const char *references[MAIL_REFERENCES_MAX]; /* nearest first, without < > */
	size_t reference_count;
	const char *number; /* a number of ours that it refers to by References, or that its subject quotes */
	struct mail_file files[MAIL_FILES_MAX];
	size_t file_count;
	struct mail_returned returned; /* MAIL_BOUNCE */
};

/* Once, before any thread reads mails. */
void mail_start(void);
void mail_read(struct arena *a, const struct mail_rules *rules, const void *raw, size_t size, struct mail *mail);

/* Finds the Message-ID of a letter of ours in text. */
bool mail_letter_find(const char *text, size_t size, struct mail_letter *letter);

#endif
