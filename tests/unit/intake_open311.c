/* open311_form and open311_services: forms are decoded strictly, checked and made into applications; the file of attributes
 * is read, and refused with a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/file.h"
#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/open311_form.h"

#define HEAD "applies_to,code,datatype,required,question_tr,question_en,key,name_tr,name_en\n"
#define CSV                                                                                                            \
	HEAD "Yol,SIZE,number,no,Boy,Size,,,\n"                                                                        \
	     "YOL-01,WHAT,multivaluelist,yes,Ne?,What?,a,Bir,One\n"                                                    \
	     "YOL-01,WHAT,multivaluelist,yes,Ne?,What?,b,İki,Two\n"                                                   \
	     "YOL-01,WHEN,datetime,no,Ne zaman?,When?,,,\n"                                                            \
	     "Park,NAME,string,no,Ad,Name,,,\n"

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

static struct open311_service
pothole(void)
{
	static struct open311_attributes attributes;
	struct open311_service service = {.code = "YOL-01",
	    .name_tr = "Çukur",
	    .name_en = "Pothole",
	    .category_tr = "Yol",
	    .department_tr = "Fen",
	    .department_en = "Works",
	    .keywords = "cukur",
	    .target_working_days = 5};
	struct err e = {""};

	assert_int_equal(open311_attributes_parse(arena, CSV, &attributes, &e), 0);
	open311_service_attach(&service, &attributes);
	return service;
}

static const char *
decoded(const char *body)
{
	struct open311_pairs pairs;
	const struct open311_text *wrong = NULL;
	const char *all = "";

	if (open311_form_decode(arena, body, strlen(body), &pairs, &wrong) < 0)
		return wrong->en;
	for (size_t i = 0; i < pairs.count; i++)
		all = arena_printf(arena, "%s[%s|%s]", all, pairs.list[i].name, pairs.list[i].value);
	return all;
}

static void
test_decode_takes_what_forms_hold_and_nothing_else(void **state)
{
	char many[3 * (OPEN311_PAIRS_MAX + 1)] = "";

	(void)state;
	assert_string_equal(decoded(""), "");
	assert_string_equal(decoded("a=1&&b=x+y%20z%2B&c&=d&"), "[a|1][b|x y z+][c|][|d]");
	assert_string_equal(decoded("attribute%5BA%5D%5b%5d=%C3%87"), "[attribute[A][]|Ç]");
	assert_string_equal(decoded("a=b=c"), "[a|b=c]");
	assert_non_null(strstr(decoded("a=%"), "hexadecimal"));
	assert_non_null(strstr(decoded("a=%2"), "hexadecimal"));
	assert_non_null(strstr(decoded("a=%zz"), "hexadecimal"));
	assert_non_null(strstr(decoded("a=%00"), "UTF-8"));
	assert_non_null(strstr(decoded("%ff=1"), "UTF-8"));
	assert_non_null(strstr(decoded("a=%C3"), "UTF-8"));
	for (int i = 0; i <= OPEN311_PAIRS_MAX; i++)
		memcpy(many + i * 3, i ? "&a=" : "a=1", 3);
	many[sizeof(many) - 1] = '\0';
	assert_non_null(strstr(decoded(many), "200 fields"));
}

/* "" or all that is wrong, in English. */
static const char *
read_form(const char *body, struct application_form *form)
{
	struct open311_pairs pairs;
	const struct open311_text *wrong;
	struct open311_service service = pothole();
	struct open311_texts faults = {.count = 0};
	struct open311_given given;
	const char *all = "";

	assert_int_equal(open311_form_decode(arena, body, strlen(body), &pairs, &wrong), 0);
	open311_form_given(&pairs, &given);
	open311_form_read(arena, &given, &pairs, &service, form, &faults);
	for (size_t i = 0; i < faults.count; i++)
		all = arena_printf(arena, "%s%s;", all, faults.list[i].en);
	return all;
}

static void
test_a_form_becomes_an_application(void **state)
{
	struct application_form form;

	(void)state;
	assert_string_equal(
	    read_form(
		"service_code=YOL-01&lat=37.87451&long=-32.5&first_name=Deneme&last_name=%C5%9Eah%C4%B1s&phone=0500+"
		"000+00+00&"
		"email=deneme%40example.org&description=Bir%0D%0A%C3%A7ukur&attribute[WHAT][]=a&attribute[WHAT][]=b&"
		"attribute[SIZE]=4.5&attribute[OTHER]=x&title=other",
		&form),
	    "");
	assert_int_equal(form.kind, KOPRU__V1__KIND__KIND_REQUEST);
	assert_int_equal(form.channel, KOPRU__V1__CHANNEL__CHANNEL_OPEN311);
	assert_true(form.has_point);
	assert_int_equal(form.latitude_e7, 378745100);
	assert_int_equal(form.longitude_e7, -325000000);
	assert_string_equal(form.text, "Bir\r\nçukur\n\nBoy: 4.5\nNe?: Bir, İki");
	assert_string_equal(form.subject, "Çukur");
	assert_string_equal(form.topic, "YOL-01");
	assert_string_equal(form.applicant_name, "Deneme Şahıs");
	assert_string_equal(form.applicant_phone, "+905000000000");
	assert_false(form.anonymous);
	assert_false(form.email_verified);
	assert_null(form.address);
	assert_string_equal(read_form("address_id=7&attribute[WHAT]=a&lat=&long=", &form), "");
	assert_true(form.anonymous);
	assert_false(form.has_point);
	assert_string_equal(form.address, "Adres kimliği: 7");
	assert_string_equal(form.text, "Çukur\n\nNe?: Bir");
}

static void
test_all_that_is_wrong_is_said_at_once(void **state)
{
	struct application_form form;
	const char *wrong;

	(void)state;
	wrong = read_form("lat=91&long=1&email=x&phone=1&media_url=ftp://a&attribute[WHAT]=c&attribute[SIZE]=big&"
			  "attribute[WHEN]=now&first_name=a%07",
	    &form);
	assert_non_null(strstr(wrong, "lat is a number"));
	assert_non_null(strstr(wrong, "email must be"));
	assert_non_null(strstr(wrong, "phone must be"));
	assert_non_null(strstr(wrong, "media_url is an address"));
	assert_non_null(strstr(wrong, "attribute[WHAT] is one or several of: a, b"));
	assert_non_null(strstr(wrong, "attribute[SIZE] is not valid"));
	assert_non_null(strstr(wrong, "attribute[WHEN] is not valid"));
	assert_non_null(strstr(wrong, "first_name must not hold"));
	wrong = read_form("lat=1", &form);
	assert_non_null(strstr(wrong, "given together"));
	assert_non_null(strstr(wrong, "attribute[WHAT] is required"));
	for (const char *const *bad =
		 (const char *const[]){"nan", "inf", "1e1", "0x1", "--1", "1.1.1", " 1", "181", NULL};
	     *bad; bad++)
		assert_non_null(
		    strstr(read_form(arena_printf(arena, "lat=1&long=%s", *bad), &form), "lat is a number"));
	assert_non_null(
	    strstr(read_form("address_string=x&attribute[WHAT]=a&attribute[SIZE]=1&attribute[SIZE]=2", &form),
		"attribute[SIZE] is not valid"));
}

static const char *
without_key(const char *body)
{
	size_t size;
	const char *text = open311_form_without_key(arena, body, strlen(body), &size);

	assert_int_equal(size, strlen(text));
	return text;
}

static void
test_the_key_is_left_out_of_what_is_kept(void **state)
{
	(void)state;
	assert_string_equal(without_key("api_key=kopru_x&a=1&api_key=y&api%5Fkey=z&b"), "a=1&b");
	assert_string_equal(without_key("a=api_key&api_keys=1"), "a=api_key&api_keys=1");
	assert_string_equal(without_key("api_key"), "");
	assert_string_equal(without_key("a=1&api_key=x"), "a=1");
	assert_string_equal(without_key(""), "");
}

static void
assert_file_refused(const char *csv, const char *reason)
{
	struct open311_attributes attributes;
	struct err e = {""};

	assert_int_equal(open311_attributes_parse(arena, csv, &attributes, &e), -1);
	if (!strstr(e.text, reason))
		fail_msg("%s", e.text);
}

static void
test_the_file_of_attributes(void **state)
{
	struct open311_service service = pothole();
	struct open311_attributes attributes;
	struct err e = {""};
	char *text;
	size_t size;

	(void)state;
	assert_int_equal(service.attribute_count, 3);
	assert_string_equal(service.attributes[1]->code, "WHAT");
	assert_int_equal(service.attributes[1]->value_count, 2);
	assert_true(service.attributes[1]->required);
	assert_file_refused("a,b\n1,2\n", "no column");
	assert_file_refused(HEAD "Yol,A B,string,no,x,y,,,\n", "row 1");
	assert_file_refused(HEAD "Yol,A,word,no,x,y,,,\n", "\"word\" is no datatype");
	assert_file_refused(HEAD "Yol,A,string,no,x,y,k,a,b\n", "only a list has values");
	assert_file_refused(HEAD "Yol,A,singlevaluelist,no,x,y,,,\n", "a value has a key");
	assert_file_refused(HEAD "Yol,A,string,no,\xff,y,,,\n", "UTF-8");
	/* The one that is delivered. */
	assert_int_equal(file_read(arena, "deploy/data/open311_attributes.csv", 1 << 20, &text, &size, &e), 0);
	assert_int_equal(open311_attributes_parse(arena, text, &attributes, &e), 0);
	assert_true(attributes.count >= 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decode_takes_what_forms_hold_and_nothing_else),
	    cmocka_unit_test(test_a_form_becomes_an_application),
	    cmocka_unit_test(test_all_that_is_wrong_is_said_at_once),
	    cmocka_unit_test(test_the_key_is_left_out_of_what_is_kept),
	    cmocka_unit_test(test_the_file_of_attributes),
	};

	return cmocka_run_group_tests(tests, arena_start, arena_end);
}
