/* arena: see arena.h. Blocks in a list, bytes handed out by a moving mark. */
#include "common/base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(data, size) ((void)(data), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(data, size) ((void)(data), (void)(size))
#endif

#define ARENA_FIRST_BLOCK ((size_t)4096)
#define ARENA_LARGEST_BLOCK ((size_t)64 * 1024)
#define ARENA_ALIGNMENT alignof(max_align_t)

struct block {
	struct block *next; /* the older one */
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *block; /* the newest; the oldest is never freed before the arena */
	size_t limit;
	size_t held;
	ProtobufCAllocator protobuf;
};

static struct block *
block_new(struct arena *a, size_t size)
{
	struct block *b = malloc(sizeof *b + size);

	if (!b)
		abort();
	b->next = a->block;
	b->size = size;
	b->used = 0;
	ASAN_POISON_MEMORY_REGION(b->data, size);
	a->block = b;
	a->held += sizeof *b + size;
	return b;
}

static void *
on_protobuf_alloc(void *arg, size_t size)
{
	return arena_alloc(arg, size);
}

static void
on_protobuf_free(void *arg, void *data)
{
	(void)arg;
	(void)data;
}

struct arena *
arena_new(size_t limit)
{
	struct arena *a = calloc(1, sizeof *a);
	size_t first = ARENA_FIRST_BLOCK - sizeof(struct block);

	if (!a)
		abort();
	a->limit = limit ? limit : SIZE_MAX;
	a->protobuf = (ProtobufCAllocator){on_protobuf_alloc, on_protobuf_free, a};
	if (a->limit < ARENA_FIRST_BLOCK)
		first = a->limit > sizeof(struct block) ? a->limit - sizeof(struct block) : 0;
	block_new(a, first);
	return a;
}

static void
free_newer_blocks(struct arena *a)
{
	while (a->block->next) {
		struct block *b = a->block;

		a->block = b->next;
		a->held -= sizeof *b + b->size;
		free(b);
	}
}

void
arena_free(struct arena *a)
{
	if (!a)
		return;
	free_newer_blocks(a);
	free(a->block);
	free(a);
}

void
arena_reset(struct arena *a)
{
	free_newer_blocks(a);
	ASAN_POISON_MEMORY_REGION(a->block->data, a->block->size);
	a->block->used = 0;
}

/* A block with room for size bytes, or NULL when the limit is reached. Doubles up to ARENA_LARGEST_BLOCK. */
static struct block *
block_for(struct arena *a, size_t size)
{
	size_t left = a->limit > a->held + sizeof(struct block) ? a->limit - a->held - sizeof(struct block) : 0;
	size_t wanted = a->block->size * 2;

	if (size > left)
		return NULL;
	if (wanted < ARENA_FIRST_BLOCK)
		wanted = ARENA_FIRST_BLOCK;
	if (wanted > ARENA_LARGEST_BLOCK)
		wanted = ARENA_LARGEST_BLOCK;
	if (wanted > left)
		wanted = left;
	return block_new(a, wanted < size ? size : wanted);
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->block;
	void *data;

	/* No object may be larger than PTRDIFF_MAX, and rounding up must not overflow. */
	if (size > PTRDIFF_MAX - ARENA_ALIGNMENT) {
		if (a->limit == SIZE_MAX)
			abort();
		return NULL;
	}
	if (size > b->size - b->used && !(b = block_for(a, size)))
		return NULL;
	data = b->data + b->used;
	b->used += (size + ARENA_ALIGNMENT - 1) & ~(ARENA_ALIGNMENT - 1);
	if (b->used > b->size)
		b->used = b->size;
	ASAN_UNPOISON_MEMORY_REGION(data, size);
	return memset(data, 0, size);
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		total = SIZE_MAX;
	return arena_alloc(a, total);
}

char *
arena_string(struct arena *a, const char *text)
{
	return text ? arena_string_n(a, text, strlen(text)) : NULL;
}

char *
arena_string_n(struct arena *a, const char *text, size_t size)
{
	char *copy;

	if (!text)
		return NULL;
	copy = arena_alloc(a, size + 1);
	if (copy && size > 0)
		memcpy(copy, text, size);
	return copy;
}

void *
arena_copy(struct arena *a, const void *data, size_t size)
{
	void *copy = arena_alloc(a, size);

	if (copy && size > 0)
		memcpy(copy, data, size);
	return copy;
}

char *
arena_printf(struct arena *a, const char *format, ...)
{
	va_list args, again;
	char *text = NULL;
	int length;

	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, args);
	if (length < 0)
		abort();
	text = arena_alloc(a, (size_t)length + 1);
	if (text)
		vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	va_end(args);
	return text;
}

size_t
arena_size(const struct arena *a)
{
	return a->held;
}

ProtobufCAllocator *
arena_protobuf(struct arena *a)
{
	return &a->protobuf;
}
