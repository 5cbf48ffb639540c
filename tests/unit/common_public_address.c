/* public_address: which addresses a stranger's URL may lead to. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "common/base/public_address.h"

static bool
is_public(const char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return public_address((const struct sockaddr *)&v4, sizeof(v4));
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return public_address((const struct sockaddr *)&v6, sizeof(v6));
}

static void
test_addresses_of_the_internet_are_public(void **state)
{
	static const char *const list[] = {"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255",
	    "100.128.0.0", "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255",
	    "172.32.0.0", "192.0.1.1", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
	    "223.255.255.255", "2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450::1", "::ffff:8.8.8.8",
	    "64:ff9b::8.8.8.8", "2002:808:808::1", NULL};

	(void)state;
	for (const char *const *one = list; *one; one++)
		if (!is_public(*one))
			fail_msg("%s", *one);
}

static void
test_all_others_are_not(void **state)
{
	static const char *const list[] = {"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1",
	    "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
	    "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
	    "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1",
	    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::127.0.0.1", "64:ff9b:1::1",
	    "2002:7f00:1::1", "2002:a00:1::1", "2001::1", "2001:10::1", "2001:db8::1", "3fff::1", "4000::1", "fc00::1",
	    "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", NULL};
	struct sockaddr_un local = {.sun_family = AF_UNIX};

	(void)state;
	for (const char *const *one = list; *one; one++)
		if (is_public(*one))
			fail_msg("%s", *one);
	assert_false(public_address((const struct sockaddr *)&local, sizeof(local)));
	assert_false(public_address((const struct sockaddr *)&local, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addresses_of_the_internet_are_public),
	    cmocka_unit_test(test_all_others_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
