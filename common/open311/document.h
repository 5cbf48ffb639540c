/* document: one answer of GeoReport v2, written once and come out as XML (libxml2's writer; nothing is ever read with it) or
 * as JSON by the specification's Spark convention: a list is an array, what is empty is an empty element or null. */
#ifndef KOPRU_COMMON_OPEN311_DOCUMENT_H
#define KOPRU_COMMON_OPEN311_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

#define DOCUMENT_DEPTH_MAX 8

struct document;

enum document_format { DOCUMENT_XML, DOCUMENT_JSON };

/* Once for the process, before the first. */
void document_start(void);

/* Lives in a, and so does its end; an unfinished one leaks, so each is ended. Nothing fails: without memory it aborts. */
struct document *document_new(struct arena *a, enum document_format format);
enum document_format document_format(const struct document *d);

/* Opens an object: the root, or a member of the object that is open, or an item of the list that is open (then name is the
 * item's element and no member of the JSON). */
void document_object(struct document *d, const char *name);
/* Opens a list, as root or member. */
void document_list(struct document *d, const char *name);
/* Closes what was opened last. */
void document_close(struct document *d);

/* Members of the open object, or items of the open list. Texts are UTF-8; what XML cannot hold (control characters) becomes
 * U+FFFD in both. NULL and "" are empty. */
void document_text(struct document *d, const char *name, const char *text);
void document_number(struct document *d, const char *name, int64_t number);
void document_bool(struct document *d, const char *name, bool value);
void document_degrees(struct document *d, const char *name, int32_t e7); /* times 10^7; without trailing zeros */
void document_empty(struct document *d, const char *name);
/* A moment in Istanbul, with its zone; 0: empty. */
void document_time(struct document *d, const char *name, int64_t time);

/* Closes all that is open. The bytes, from the arena. */
const char *document_end(struct document *d, size_t *size);

#endif
