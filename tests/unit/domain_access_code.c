/* access_code: codes made elsewhere by the same rule, and what people type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/domain/access_code.h"

#define APPLICATION "0192f7a0-1234-7abc-8def-0123456789ab"

struct row {
	const char *application;
	uint32_t generation;
	size_t key_size;
	const char *code, *hash;
};

/* Made with Python's hmac, hashlib and base64. */
static const struct row rows[] = {
    {APPLICATION, 1, 32, "X1X2-G1GB-YG0F-9SV4-PEYE-67XJ-PG",
	"2563c9536bb75ad7447497521846ba5cf882f76717343d631ee7380d95ea5102"},
    {APPLICATION, 2, 32, "AS3R-85JW-PY6X-7WV2-7VS8-4VA4-50",
	"c885438ae717e07308f2203f7132416822388fa376340db1b55e4c2c189d0f13"},
    {"0192f7a0-1234-7abc-8def-0123456789ac", UINT32_MAX, 16, "CFZW-NJK1-HJTF-GKJJ-KANT-20JK-AR",
	"a1c37145de8d545f0dfe475806b8c94da4e6de96292dc35266e5c5edee640760"},
};

static const char nothing_hash[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static int
start(void **state)
{
	(void)state;
	ids_start();
	return 0;
}

static void
make(const struct row *row, char code[ACCESS_CODE_TEXT_SIZE])
{
	uint8_t key[32];
	struct uuid application;

	for (size_t i = 0; i < sizeof key; i++)
		key[i] = row->key_size == 16 ? 'k' : (uint8_t)i;
	assert_true(uuid_parse(row->application, &application));
	access_code_make(key, row->key_size, &application, row->generation, code);
}

static void
assert_hash(const uint8_t hash[ACCESS_CODE_HASH_SIZE], const char *expected)
{
	char text[2 * ACCESS_CODE_HASH_SIZE + 1];

	for (size_t i = 0; i < ACCESS_CODE_HASH_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
	assert_string_equal(text, expected);
}

static void
codes_and_hashes_are_as_others_make_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t hash[ACCESS_CODE_HASH_SIZE];
		char code[ACCESS_CODE_TEXT_SIZE];

		make(&rows[i], code);
		assert_string_equal(code, rows[i].code);
		assert_true(access_code_hash(code, hash));
		assert_hash(hash, rows[i].hash);
	}
}

static void
what_people_type_is_the_same_code(void **state)
{
	static const char *const typed[] = {"X1X2-G1GB-YG0F-9SV4-PEYE-67XJ-PG", "x1x2g1gbyg0f9sv4peye67xjpg",
	    " xIx2 g1gb ygOf 9sv4 peye 67xj pg ", "XLX2GIGBYGoF9SV4PEYE67XJPG", "X-1-X-2G1GBYG0F9SV4PEYE67XJPG-"};

	(void)state;
	for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
		uint8_t hash[ACCESS_CODE_HASH_SIZE];

		assert_true(access_code_hash(typed[i], hash));
		assert_hash(hash, rows[0].hash);
	}
}

static void
what_is_no_code_has_the_hash_of_nothing(void **state)
{
	static const char *const typed[] = {"", "-", "X1X2-G1GB-YG0F-9SV4-PEYE-67XJ-P",
	    "X1X2-G1GB-YG0F-9SV4-PEYE-67XJ-PGG", "X1X2-G1GB-YG0F-9SV4-PEYE-67XJ-PU", "X1X2-G1GB-YG0F-9SV4-PEYE-67XJ-PH",
	    "X1X2_G1GB_YG0F_9SV4_PEYE_67XJ_PG", "X1X2-G1GB-YG0F-9SV4-PEYE-67XJ-Pğ",
	    "X1X2-G1GB-YG0F-9SV4-PEYE-67XJ-PG\n"};

	(void)state;
	for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
		uint8_t hash[ACCESS_CODE_HASH_SIZE];

		assert_false(access_code_hash(typed[i], hash));
		assert_hash(hash, nothing_hash);
	}
}

static void
hashes_are_compared_whole(void **state)
{
	uint8_t a[ACCESS_CODE_HASH_SIZE] = {1}, b[ACCESS_CODE_HASH_SIZE] = {1};

	(void)state;
	assert_true(access_code_hash_equal(a, b));
	b[ACCESS_CODE_HASH_SIZE - 1] = 1;
	assert_false(access_code_hash_equal(a, b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(codes_and_hashes_are_as_others_make_them),
	    cmocka_unit_test(what_people_type_is_the_same_code),
	    cmocka_unit_test(what_is_no_code_has_the_hash_of_nothing),
	    cmocka_unit_test(hashes_are_compared_whole),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
