/* arena: zeroed and aligned memory, its limit, and what protobuf-c takes from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/arena.h"

static void
memory_is_zeroed_and_aligned(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	srand(1);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 2000; i++) {
			size_t size = (size_t)(rand() % 300);
			unsigned char *data = arena_alloc(a, size);

			assert_int_equal((uintptr_t)data % _Alignof(max_align_t), 0);
			for (size_t j = 0; j < size; j++)
				assert_int_equal(data[j], 0);
			memset(data, 0xff, size);
		}
		arena_reset(a);
	}
	arena_free(a);
	arena_free(NULL);
}

static void
pieces_do_not_overlap(void **state)
{
	enum { COUNT = 500 };
	struct arena *a = arena_new(0);
	unsigned char *pieces[COUNT];
	size_t sizes[COUNT];

	(void)state;
	srand(2);
	for (int i = 0; i < COUNT; i++) {
		sizes[i] = (size_t)(rand() % (i % 50 == 0 ? 200000 : 200));
		pieces[i] = arena_alloc(a, sizes[i]);
		memset(pieces[i], i & 255, sizes[i]);
	}
	for (int i = 0; i < COUNT; i++) {
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(pieces[i][j], i & 255);
	}
	arena_free(a);
}

static void
the_limit_holds(void **state)
{
	static const size_t limits[] = {1, 16, 100, 4096, 5000, 100000, 1 << 20};

	(void)state;
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		struct arena *a = arena_new(limits[i]);
		size_t given = 0;

		while (arena_alloc(a, 48))
			given += 48;
		assert_true(given <= limits[i]);
		if (limits[i] >= 4096) {
			assert_true(arena_size(a) <= limits[i]);
			assert_true(given * 2 > limits[i]);
		}
		assert_null(arena_alloc(a, SIZE_MAX));
		assert_null(arena_alloc(a, SIZE_MAX - 8));
		assert_null(arena_alloc(a, PTRDIFF_MAX));
		assert_null(arena_array(a, SIZE_MAX / 2, 3));
		arena_free(a);
	}
}

static void
reset_gives_back_all_but_the_first_block(void **state)
{
	struct arena *a = arena_new(0);
	size_t before = arena_size(a);

	(void)state;
	arena_alloc(a, 1 << 20);
	arena_alloc(a, 100);
	assert_true(arena_size(a) > 1 << 20);
	arena_reset(a);
	assert_int_equal(arena_size(a), before);
	assert_non_null(arena_alloc(a, 100));
	assert_int_equal(arena_size(a), before);
	arena_free(a);
}

static void
texts_are_copied(void **state)
{
	struct arena *a = arena_new(0);
	char text[] = "köprü";
	char *copy = arena_string(a, text);

	(void)state;
	text[0] = 'K';
	assert_string_equal(copy, "köprü");
	assert_string_equal(arena_string_n(a, "abcdef", 3), "abc");
	assert_string_equal(arena_string_n(a, "", 0), "");
	assert_null(arena_string(a, NULL));
	assert_null(arena_string_n(a, NULL, 0));
	assert_memory_equal(arena_copy(a, "a\0b", 3), "a\0b", 3);
	assert_non_null(arena_copy(a, NULL, 0));
	assert_string_equal(arena_printf(a, "%s-%d", "HM", 7), "HM-7");
	assert_string_equal(arena_printf(a, "%05000d", 0) + 4995, "00000");
	arena_free(a);
	a = arena_new(64);
	assert_null(arena_printf(a, "%0100d", 0));
	arena_free(a);
}

static void
protobuf_takes_from_the_arena(void **state)
{
	struct arena *a = arena_new(100000);
	ProtobufCAllocator *allocator = arena_protobuf(a);
	void *data = allocator->alloc(allocator->allocator_data, 1000);

	(void)state;
	assert_non_null(data);
	allocator->free(allocator->allocator_data, data);
	assert_null(allocator->alloc(allocator->allocator_data, 200000));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(memory_is_zeroed_and_aligned),
	    cmocka_unit_test(pieces_do_not_overlap),
	    cmocka_unit_test(the_limit_holds),
	    cmocka_unit_test(reset_gives_back_all_but_the_first_block),
	    cmocka_unit_test(texts_are_copied),
	    cmocka_unit_test(protobuf_takes_from_the_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
