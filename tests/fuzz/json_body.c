/* fuzz json_body: any bytes as the body of a request: refused in both languages, or one object that is not deep, holds no key
 * twice and only text that is valid, and that is read again as the same once it is written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/jsontext.h"
#include "common/base/text.h"
#include "common/http/http_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int holds)
{
	if (!holds)
		abort();
}

static void
check_text(const char *text, size_t size)
{
	require(strlen(text) == size && text_valid(text, size));
}

static void
check(const json_t *json, unsigned depth)
{
	const char *key;
	json_t *value;
	size_t i;

	require(depth <= HTTP_JSON_DEPTH_MAX);
	if (json_is_string(json))
		check_text(json_string_value(json), json_string_length(json));
	json_object_foreach((json_t *)(uintptr_t)json, key, value)
	{
		require(text_valid(key, strlen(key)));
		check(value, depth + json_is_object(value) + json_is_array(value));
	}
	json_array_foreach(json, i, value) check(value, depth + json_is_object(value) + json_is_array(value));
}

/* A real number that is written with all its digits is read as the same. */
static void
check_written(struct arena *a, const json_t *json)
{
	size_t size = json_dumpb(json, NULL, 0, JSON_COMPACT);
	struct jsontext_fault fault = {NULL, NULL};
	char *written = arena_alloc(a, size + 1);
	json_t *again;

	json_dumpb(json, written, size, JSON_COMPACT);
	again = jsontext_read(a, written, size, HTTP_JSON_DEPTH_MAX, &fault);
	require(again && json_equal(json, again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int started;
	struct arena *a = arena_new(0);
	struct jsontext_fault fault = {NULL, NULL};
	char *text = malloc(size ? size : 1);
	json_t *json;

	require(text != NULL);
	memcpy(text, data, size);
	if (!started++)
		jsontext_start();
	json = jsontext_read(a, text, size, HTTP_JSON_DEPTH_MAX, &fault);
	free(text);
	if (json) {
		check(json, 1);
		check_written(a, json);
	} else {
		require(fault.tr && *fault.tr && fault.en && *fault.en);
		require(text_valid(fault.tr, strlen(fault.tr)) && text_valid(fault.en, strlen(fault.en)));
	}
	arena_free(a);
	return 0;
}
