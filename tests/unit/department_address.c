/* Unit tests of services/department/address. */
#include "services/department/address.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool
is_local(const char *text)
{
	struct sockaddr_storage storage = {0};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		memcpy(&storage, &v4, sizeof(v4));
	else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
		memcpy(&storage, &v6, sizeof(v6));
	else
		fail_msg("no address: %s", text);
	return address_is_local((const struct sockaddr *)&storage);
}

static void
test_address_is_local_knows_private_networks(void **state)
{
	static const char *const local[] = {"127.0.0.1", "127.255.255.255", "10.0.0.1", "10.255.255.255", "172.16.0.1",
	    "172.31.255.255", "192.168.0.1", "192.168.255.255", "::1", "fc00::1", "fdff::1", "::ffff:127.0.0.1",
	    "::ffff:10.1.2.3"};
	static const char *const foreign[] = {"0.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "126.255.255.255",
	    "128.0.0.0", "169.254.169.254", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
	    "100.64.0.1", "224.0.0.1", "255.255.255.255", "::", "2001:db8::1", "fe80::1", "::ffff:8.8.8.8",
	    "64:ff9b::127.0.0.1"};
	struct sockaddr other = {.sa_family = AF_UNIX};

	(void)state;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if (!is_local(local[i]))
			fail_msg("not local: %s", local[i]);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (is_local(foreign[i]))
			fail_msg("local: %s", foreign[i]);
	assert_false(address_is_local(&other));
}

static void
test_address_check_url_refuses_what_leaves_the_house(void **state)
{
	static const char *const good[] = {"http://127.0.0.1:8090/events", "https://10.1.2.3/", "http://[::1]:80/x",
	    "http://localhost:1/", "http://kbs.karatay.example/", "HTTP://192.168.1.1/"};
	static const char *const bad[] = {"", "x", "http://", "ftp://127.0.0.1/", "file:///etc/passwd",
	    "http://8.8.8.8/", "http://[2001:db8::1]/", "http://user@127.0.0.1/", "http://user:word@127.0.0.1/",
	    "gopher://127.0.0.1/", "http://134744072/"};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (address_check_url(good[i], &e) != 0)
			fail_msg("refused: %s: %s", good[i], e.text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (address_check_url(bad[i], &e) != -1)
			fail_msg("taken: %s", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_address_is_local_knows_private_networks),
	    cmocka_unit_test(test_address_check_url_refuses_what_leaves_the_house),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
