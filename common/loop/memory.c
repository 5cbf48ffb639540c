/* memory: see memory.h. */
#include "common/loop/memory.h"

#include <event2/event.h>
#include <jansson.h>
#include <stdlib.h>

static void *
memory_get(size_t size)
{
	void *memory = malloc(size);

	if (!memory && size > 0)
		abort();
	return memory;
}

static void *
memory_resize(void *old, size_t size)
{
	void *memory = realloc(old, size);

	if (!memory && size > 0)
		abort();
	return memory;
}

void
memory_start(void)
{
	json_set_alloc_funcs(memory_get, free);
	event_set_mem_functions(memory_get, memory_resize, free);
}
