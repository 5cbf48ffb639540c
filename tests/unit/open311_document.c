/* document: the same calls give XML and JSON that say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/open311/document.h"

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static struct arena *arena;

static int
arena_start(void **state)
{
	(void)state;
	document_start();
	arena = arena_new(0);
	return 0;
}

static int
arena_end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void
everything(struct document *d)
{
	document_list(d, "things");
	document_object(d, "thing");
	document_text(d, "text", "Çöp <&>\n'İ'");
	document_text(d, "nothing", NULL);
	document_text(d, "blank", "");
	document_number(d, "number", -7);
	document_bool(d, "yes", true);
	document_bool(d, "no", false);
	document_degrees(d, "lat", 378745000);
	document_degrees(d, "long", -5);
	document_degrees(d, "zero", 0);
	document_time(d, "at", INT64_C(1795424400000000));
	document_time(d, "never", 0);
	document_list(d, "names");
	document_text(d, "name", "a");
	document_text(d, "name", "b");
	document_close(d);
	document_list(d, "none");
	document_close(d);
	document_object(d, "inner");
	document_number(d, "one", 1);
	document_close(d);
	document_close(d);
	document_close(d);
}

static const char *
made(enum document_format format, void (*make)(struct document *d))
{
	struct document *d = document_new(arena, format);
	const char *text;
	size_t size;

	assert_int_equal(document_format(d), format);
	make(d);
	text = document_end(d, &size);
	assert_int_equal(size, strlen(text));
	return text;
}

static void
test_both_formats_say_the_same(void **state)
{
	(void)state;
	assert_string_equal(made(DOCUMENT_XML, everything), XML
	    "<things><thing><text>Çöp &lt;&amp;&gt;"
	    "\n'İ'</text><nothing/><blank/><number>-7</number><yes>true</yes>"
	    "<no>false</no><lat>37.8745</lat><long>-0.0000005</long><zero>0.0</zero><at>2026-11-23T12:00:00+03:00</at>"
	    "<never/><names><name>a</name><name>b</name></names><none/><inner><one>1</one></inner></thing></things>\n");
	assert_string_equal(made(DOCUMENT_JSON, everything),
	    "[{\"text\":\"Çöp <&>"
	    "\\n'İ'\",\"nothing\":null,\"blank\":null,\"number\":-7,\"yes\":true,\"no\":false,"
	    "\"lat\":37.8745,\"long\":-5e-7,\"zero\":0.0,\"at\":\"2026-11-23T12:00:00+03:00\",\"never\":null,"
	    "\"names\":[\"a\",\"b\"],\"none\":[],\"inner\":{\"one\":1}}]");
}

static void
controls(struct document *d)
{
	document_object(d, "root");
	document_text(d, "text", "a\x01\x02z\t\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd");
	document_close(d);
}

static void
test_what_xml_cannot_hold_is_replaced(void **state)
{
	(void)state;
	assert_string_equal(made(DOCUMENT_XML, controls),
	    XML "<root><text>a\xef\xbf\xbd\xef\xbf\xbdz\t\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd</text></root>\n");
	assert_string_equal(made(DOCUMENT_JSON, controls),
	    "{\"text\":\"a\xef\xbf\xbd\xef\xbf\xbdz\\t\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_formats_say_the_same),
	    cmocka_unit_test(test_what_xml_cannot_hold_is_replaced),
	};

	return cmocka_run_group_tests(tests, arena_start, arena_end);
}
