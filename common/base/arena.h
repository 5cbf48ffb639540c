/* arena: memory of one piece of work, freed all at once. A bounded arena is what
 * protobuf-c unpacks hostile bytes into: it says no (NULL) instead of growing. */
#ifndef KOPRU_COMMON_BASE_ARENA_H
#define KOPRU_COMMON_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

struct arena;

/* limit: most bytes that it ever holds, 0 for no limit of its own. Aborts when the machine has no memory. */
struct arena *arena_new(size_t limit);
void arena_free(struct arena *a); /* NULL is fine */

/* Forgets everything and keeps the first block for the next piece of work. */
void arena_reset(struct arena *a);

/* Zeroed, aligned for any type. NULL only when the limit is reached; never NULL in an arena without one. */
void *arena_alloc(struct arena *a, size_t size);

/* As arena_alloc(count * size), with the product checked. */
void *arena_array(struct arena *a, size_t count, size_t size);

/* Copies, NUL-terminated. A NULL text gives NULL. */
char *arena_string(struct arena *a, const char *text);
char *arena_string_n(struct arena *a, const char *text, size_t size);
void *arena_copy(struct arena *a, const void *data, size_t size);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes held now, for tests and metrics. */
size_t arena_size(const struct arena *a);

/* For protobuf-c: allocates from the arena, frees nothing. Lives as long as the arena.
 * Never call __free_unpacked() on what came from it. */
ProtobufCAllocator *arena_protobuf(struct arena *a);

#endif
