/* intake_graph_url: which addresses may be asked, which may see a token, and what of their faults passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>

#include "services/intake/channels/graph_fault.h"
#include "services/intake/channels/graph_url.h"

#define META "https://graph.facebook.com/v21.0"
#define LOCAL "http://127.0.0.1:8080/v21.0"

static void
test_addresses_that_may_be_asked(void **state)
{
	char longest[GRAPH_URL_MAX + 64] = "https://example.org/";

	(void)state;
	assert_null(graph_url_refusal("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1", META));
	assert_null(graph_url_refusal("https://example.org:443/a", META));
	assert_null(graph_url_refusal("http://127.0.0.1:9/a", LOCAL));
	assert_null(graph_url_refusal("http://[::1]:9/a", LOCAL));
	memset(longest + strlen(longest), 'a', sizeof(longest) - strlen(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_non_null(graph_url_refusal(longest, META));
}

static void
test_addresses_that_may_not(void **state)
{
	static const char *const bad[] = {"", "x", "http://example.org/", "http://127.0.0.1/", "ftp://example.org/",
	    "file:///etc/passwd", "https://user@example.org/", "https://user:word@example.org/",
	    "https://example.org:22/", "gopher://example.org/", "https://exa mple.org/", "//example.org/"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(graph_url_refusal(bad[i], META));
	assert_non_null(graph_url_refusal("http://10.0.0.1/", LOCAL));
	assert_non_null(graph_url_refusal("http://127.0.0.1.example.org/", LOCAL));
	assert_non_null(graph_url_refusal("https://example.org/", LOCAL));
}

static void
test_who_sees_the_token(void **state)
{
	(void)state;
	assert_true(graph_url_trusted("https://graph.facebook.com/x", META));
	assert_true(graph_url_trusted("https://lookaside.fbsbx.com/x", META));
	assert_true(graph_url_trusted("https://LOOKASIDE.FBSBX.COM/x", META));
	assert_true(graph_url_trusted("https://mmg.whatsapp.net/x", META));
	assert_true(graph_url_trusted("http://127.0.0.1:9/x", LOCAL));
	assert_false(graph_url_trusted("https://example.org/x", META));
	assert_false(graph_url_trusted("https://notfbsbx.com/x", META));
	assert_false(graph_url_trusted("https://fbsbx.com.example.org/x", META));
	assert_false(graph_url_trusted("https://example.org/?fbsbx.com", META));
	assert_non_null(graph_url_refusal("https://example.org\\@graph.facebook.com/", META));
}

static void
test_pieces_of_a_path(void **state)
{
	(void)state;
	assert_true(graph_url_piece_valid("106540352242922"));
	assert_true(graph_url_piece_valid("AgACAgQAAxkBAAIB-_.="));
	assert_false(graph_url_piece_valid(""));
	assert_false(graph_url_piece_valid("."));
	assert_false(graph_url_piece_valid(".."));
	assert_false(graph_url_piece_valid("a/b"));
	assert_false(graph_url_piece_valid("a?b"));
	assert_false(graph_url_piece_valid("a%2fb"));
	assert_false(graph_url_piece_valid("\xc3\xa7"));
}

static bool
is_public(const char *text)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		return graph_address_public((struct sockaddr *)&four, sizeof(four));
	assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
	return graph_address_public((struct sockaddr *)&six, sizeof(six));
}

static void
test_public_addresses(void **state)
{
	static const char *const yes[] = {"8.8.8.8", "157.240.1.1", "11.0.0.1", "172.15.255.255", "172.32.0.1",
	    "100.63.0.1", "100.128.0.1", "223.255.255.255", "2a03:2880:f003::1", "2600::1"};
	static const char *const no[] = {"0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.255",
	    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1",
	    "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
	    "::", "::1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:1", "fe80::1", "fc00::1", "fd00::1",
	    "ff02::1", "2001::1", "2001:db8::1", "2002:a00:1::", "3fff:0:1::"};
	struct sockaddr other = {.sa_family = AF_UNIX};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(is_public(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(is_public(no[i]));
	assert_false(graph_address_public(&other, sizeof(other)));
}

static void
test_faults(void **state)
{
	static const struct {
		int status;
		const char *body;
		bool passes, none_such;
	} faults[] = {
	    {404, NULL, false, true},
	    {404, "<html>", false, true},
	    {410, "{}", false, true},
	    {400, "{\"error\":{\"code\":100,\"error_subcode\":33}}", false, true},
	    {400, "{\"error\":{\"code\":100}}", false, false},
	    {400, "{\"error\":{\"code\":80007}}", true, false},
	    {404, "{\"error\":{\"code\":190}}", true, false},
	    {400, "{\"error\":{\"code\":130429}}", true, false},
	    {403, "{\"error\":{\"code\":10}}", false, false},
	    {401, "", true, false},
	    {429, "{\"ok\":false,\"error_code\":429}", true, false},
	    {503, NULL, true, false},
	    {400, "{\"ok\":false,\"error_code\":400}", false, false},
	    {400, "{\"error\":{\"code\":4294967300}}", false, false},
	    {400, "[]", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct graph_fault fault = graph_fault_read(faults[i].status, faults[i].body);

		assert_int_equal(graph_fault_passes(&fault), faults[i].passes);
		assert_int_equal(graph_fault_none_such(&fault), faults[i].none_such);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addresses_that_may_be_asked),
	    cmocka_unit_test(test_addresses_that_may_not),
	    cmocka_unit_test(test_who_sees_the_token),
	    cmocka_unit_test(test_pieces_of_a_path),
	    cmocka_unit_test(test_public_addresses),
	    cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
