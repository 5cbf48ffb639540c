/* imap_reader: what an IMAP server says (RFC 3501), in pieces as they come, becomes what a reader of one folder wants to know.
 * Bounded: a line that is too long is cut, a literal beyond its limit is kept up to it, lists of numbers are never held. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_IMAP_READER_H
#define KOPRU_SERVICES_INTAKE_IMAP_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAP_LINE_MAX 2048
#define IMAP_TEXT_SIZE 160

enum imap_kind {
	IMAP_MORE, /* nothing yet: all bytes were taken */
	IMAP_DONE, /* our command ended well */
	IMAP_REFUSED, /* it did not: text says why */
	IMAP_BYE, /* the server ends the connection: text */
	IMAP_VALIDITY, /* number: UIDVALIDITY */
	IMAP_FOUND, /* number: a UID of SEARCH */
	IMAP_SIZE, /* uid, number: bytes of a mail */
	IMAP_LITERAL, /* number: so many bytes come */
	IMAP_MAIL, /* uid, number: bytes announced; data (size) is the caller's to free; less than announced when cut */
	IMAP_GARBAGE, /* this is no IMAP */
};

struct imap_event {
	uint64_t number;
	uint32_t uid; /* 0: not said */
	char *data;
	size_t size;
	char text[IMAP_TEXT_SIZE]; /* printable, one line */
};

struct imap_reader {
	size_t literal_max; /* bytes of a literal that are kept */
	char line[IMAP_LINE_MAX];
	size_t line_size;
	bool searching; /* within "* SEARCH ..." */
	uint64_t found; /* the number that is being read */
	uint64_t literal_left, literal_size;
	char *data;
	size_t data_size, data_room;
	bool announced; /* IMAP_LITERAL was said */
};

/* Consumes from *data until there is an event, or nothing left. tag: of the command under way. */
enum imap_kind imap_reader_next(
    struct imap_reader *r, const char *tag, const char **data, size_t *size, struct imap_event *event);
void imap_reader_clear(struct imap_reader *r);

#endif
