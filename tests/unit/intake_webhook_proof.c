/* intake_webhook_proof: who may bring something, and what may be given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "services/intake/webhook_proof.h"

/* RFC 4231, test case 2. */
#define KEY "Jefe"
#define BODY "what do ya want for nothing?"
#define HMAC "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

static void
test_signature(void **state)
{
	static const char *const right[] = {KEY}, *const rotating[] = {"new secret", KEY},
				 *const wrong[] = {"jefe", ""};
	char header[128] = "sha256=" HMAC;
	size_t size = strlen(BODY);

	(void)state;
	assert_true(webhook_signature_valid(header, BODY, size, right, 1));
	assert_true(webhook_signature_valid(header, BODY, size, rotating, 2));
	assert_false(webhook_signature_valid(header, BODY, size, wrong, 2));
	assert_false(webhook_signature_valid(header, BODY, size, right, 0));
	assert_false(webhook_signature_valid(header, BODY, size - 1, right, 1));
	assert_false(webhook_signature_valid(header, BODY "\n", size + 1, right, 1));
	for (size_t i = 0; i < strlen(header); i++) {
		char kept = header[i];

		header[i] = kept == '0' ? '1' : '0';
		assert_false(webhook_signature_valid(header, BODY, size, right, 1));
		header[i] = kept;
	}
}

static void
test_signatures_that_are_none(void **state)
{
	static const char *const secrets[] = {KEY};
	static const char *const bad[] = {NULL, "", "sha256", "sha256=", HMAC, "sha1=" HMAC, "sha256=" HMAC "0",
	    "sha256=" HMAC " ", "sha256= " HMAC, "sha256=5bdcc146", "SHA256=" HMAC,
	    "sha256=zzdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(webhook_signature_valid(bad[i], BODY, strlen(BODY), secrets, 1));
}

static void
test_secret(void **state)
{
	static const char *const secrets[] = {"one_secret-0123456789", "another_secret-0123456789"};

	(void)state;
	assert_true(webhook_secret_valid(secrets[0], secrets, 2));
	assert_true(webhook_secret_valid(secrets[1], secrets, 2));
	assert_false(webhook_secret_valid(secrets[1], secrets, 1));
	assert_false(webhook_secret_valid("one_secret-012345678", secrets, 2));
	assert_false(webhook_secret_valid("one_secret-01234567890", secrets, 2));
	assert_false(webhook_secret_valid("", secrets, 2));
	assert_false(webhook_secret_valid(NULL, secrets, 2));
}

static void
test_challenge(void **state)
{
	char longest[WEBHOOK_CHALLENGE_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[WEBHOOK_CHALLENGE_MAX + 1] = '\0';
	assert_false(webhook_challenge_valid(longest));
	longest[WEBHOOK_CHALLENGE_MAX] = '\0';
	assert_true(webhook_challenge_valid(longest));
	assert_true(webhook_challenge_valid("1158201444"));
	assert_true(webhook_challenge_valid("aZ_9-."));
	assert_false(webhook_challenge_valid(NULL));
	assert_false(webhook_challenge_valid(""));
	assert_false(webhook_challenge_valid("<script>"));
	assert_false(webhook_challenge_valid("a b"));
	assert_false(webhook_challenge_valid("a\r\nb"));
	assert_false(webhook_challenge_valid("\xc3\xa7"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_signature),
	    cmocka_unit_test(test_signatures_that_are_none),
	    cmocka_unit_test(test_secret),
	    cmocka_unit_test(test_challenge),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
