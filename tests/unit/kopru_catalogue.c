/* Unit tests of services/kopru/catalogue and of migrations' names. */
#include "services/kopru/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "services/kopru/migrations.h"

#define HEAD                                                                                                           \
	"code,topic_tr,topic_en,category_tr,unit_code,responsible_unit,competence,target_working_days,priority,"       \
	"keywords_folded,note_tr\n"
#define DECIDING_HEAD                                                                                                  \
	"code,topic_tr,topic_en,category_tr,unit_code,responsible_unit,competence,target_working_days,priority,"       \
	"keywords_folded,note_tr,shared_with,emergency,basket\n"
#define GOOD                                                                                                                   \
	HEAD "TEM-01,Çöp,Refuse,Temizlik,TEM,Temizlik İşleri Müdürlüğü,own,2,yuksek,\"çöp, KONTEYNER ,,Işık\",\n" \
	     "SU-01,Su,Water,Su,KOSKI,KOSKİ,shared,1,acil,su,\n"                                                              \
	     "SU-02,Kanal,Sewer,Su,KOSKI,KOSKİ,forward,1,acil,kanal,\n"                                                       \
	     "YRG-01,Dava,Lawsuit,Diğer,YRG,Yargı mercii,none,0,dusuk,,\n"                                                   \
	     "NEW-01,Yeni,New,Yeni,NEW,Yeni Müdürlük,shared,365,normal,,\n"
#define HOLIDAYS "date,weekday,name,kind\n2026-10-28,Çar,Arife,yarim\n2026-10-29,Per,Cumhuriyet Bayramı,tam\n"

static const struct catalogue_department *
department(const struct catalogue *c, const char *code)
{
	for (size_t i = 0; i < c->departments_count; i++)
		if (strcmp(c->departments[i].code, code) == 0)
			return &c->departments[i];
	fail_msg("there is no %s", code);
	return NULL;
}

static void
test_catalogue_parse_takes_departments_topics_and_holidays(void **state)
{
	struct arena *a = arena_new(0);
	struct catalogue c;
	struct err e = {""};

	(void)state;
	assert_int_equal(catalogue_parse(a, GOOD, HOLIDAYS, &c, &e), 0);
	assert_int_equal(c.departments_count, 5);
	assert_string_equal(c.departments[0].code, "HM");
	assert_string_equal(department(&c, "TEM")->name_en, "Cleaning Services Directorate");
	assert_string_equal(department(&c, "NEW")->name_en, "Yeni Müdürlük");
	assert_false(department(&c, "HM")->outside);
	assert_false(department(&c, "TEM")->outside);
	assert_false(department(&c, "NEW")->outside);
	assert_true(department(&c, "KOSKI")->outside);
	assert_true(department(&c, "YRG")->outside);
	assert_int_equal(c.topics_count, 5);
	assert_string_equal(c.topics[0].keywords, "cop,konteyner,isik");
	assert_string_equal(c.topics[3].keywords, "");
	assert_int_equal(c.topics[4].target_working_days, 365);
	assert_int_equal(c.holidays_count, 2);
	assert_true(c.holidays[0].half);
	assert_false(c.holidays[1].half);
	assert_int_equal(c.holidays[1].day - c.holidays[0].day, 1);
	arena_free(a);
}

static void
test_catalogue_parse_takes_how_topics_are_decided_on(void **state)
{
	struct arena *a = arena_new(0);
	struct catalogue c;
	struct err e = {""};

	(void)state;
	assert_int_equal(catalogue_parse(a,
			     DECIDING_HEAD "A-01,a,b,c,TEM,T,shared,1,acil,x,,KOSKI,\"112, 183\",\n"
					   "A-02,a,b,c,KOSKI,K,own,1,acil,x,,,,follow_up\n",
			     HOLIDAYS, &c, &e),
	    0);
	assert_string_equal(c.topics[0].shared_with, "KOSKI");
	assert_string_equal(c.topics[0].emergency, "112, 183");
	assert_string_equal(c.topics[0].basket, "");
	assert_string_equal(c.topics[1].shared_with, "");
	assert_string_equal(c.topics[1].basket, "follow_up");
	assert_int_equal(catalogue_parse(a, GOOD, HOLIDAYS, &c, &e), 0); /* a file of before has no such columns */
	assert_string_equal(c.topics[1].shared_with, "");
	arena_free(a);
}

static void
test_catalogue_parse_names_what_is_wrong(void **state)
{
	static const struct {
		const char *topics, *holidays, *reason;
	} cases[] = {
	    {HEAD "A-01,a,b,c,TEM,T,own,1,normal,\xe7\xf6p,\n", HOLIDAYS,
		"topics: the file is not UTF-8; spreadsheets call it \"CSV UTF-8\""},
	    {GOOD, "date,name,kind\n2026-10-29,Bayram\xfd,tam\n",
		"holidays: the file is not UTF-8; spreadsheets call it \"CSV UTF-8\""},
	    {DECIDING_HEAD "A-01,a,b,c,TEM,T,own,1,normal,x,,NOS,,\n", HOLIDAYS,
		"topics: row 1: \"shared_with\" is no unit of this file: \"NOS\""},
	    {DECIDING_HEAD "A-01,a,b,c,TEM,T,own,1,normal,x,,,call me,\n", HOLIDAYS,
		"topics: row 1: \"emergency\" is no list of telephone numbers: \"call me\""},
	    {DECIDING_HEAD "A-01,a,b,c,TEM,T,own,1,normal,x,,,,spam\n", HOLIDAYS,
		"topics: row 1: \"basket\" is \"spam\"; allowed are thanks, irrelevant, follow_up and nothing"},
	    {"code\nYOL-01\n", HOLIDAYS, "topics: there is no column \"keywords_folded\""},
	    {HEAD ",a,b,c,TEM,T,own,1,normal,x,\n", HOLIDAYS, "topics: row 1: \"code\" is empty"},
	    {HEAD "A-01,a,b,c,TEM,T,mine,1,normal,x,\n", HOLIDAYS, "topics: row 1: \"competence\" cannot be \"mine\""},
	    {HEAD "A-01,a,b,c,TEM,T,own,-1,normal,x,\n", HOLIDAYS, "\"target_working_days\" is no number"},
	    {HEAD "A-01,a,b,c,TEM,T,own,366,normal,x,\n", HOLIDAYS, "\"target_working_days\" is no number"},
	    {HEAD "A-01,a,b,c,TEM,T,own,1x,normal,x,\n", HOLIDAYS, "\"target_working_days\" is no number"},
	    {HEAD "A-01,a,b,c,tem,T,own,1,normal,x,\n", HOLIDAYS, "\"tem\" is no department's code"},
	    {HEAD "A-01,a,b,c,TEM,T,own,1,normal,x,\nA-01,a,b,c,TEM,T,own,1,normal,x,\n", HOLIDAYS,
		"row 2: \"A-01\" stands twice"},
	    {HEAD "A-01,a,b,c,TEM,T,own,1,normal,x,\nA-02,a,b,c,TEM,U,own,1,normal,x,\n", HOLIDAYS,
		"row 2: \"TEM\" has two names"},
	    {GOOD, "date,name,kind\n2026-02-30,x,tam\n", "holidays: row 1: \"2026-02-30\" is no date"},
	    {GOOD, "date,name,kind\n2026-02-20,x,half\n", "holidays: row 1: \"kind\" cannot be \"half\""},
	};
	struct arena *a = arena_new(0);
	struct catalogue c;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(catalogue_parse(a, cases[i].topics, cases[i].holidays, &c, &e), -1);
		if (!strstr(e.text, cases[i].reason))
			fail_msg("wanted: %s\ngot: %s", cases[i].reason, e.text);
	}
	arena_free(a);
}

static void
test_catalogue_code_valid_takes_what_a_stream_takes(void **state)
{
	(void)state;
	assert_true(catalogue_code_valid("HM"));
	assert_true(catalogue_code_valid("ABCDEFGHIJ12"));
	assert_false(catalogue_code_valid("A"));
	assert_false(catalogue_code_valid("ABCDEFGHIJ123"));
	assert_false(catalogue_code_valid("ÇEV"));
	assert_false(catalogue_code_valid("A/B"));
	assert_false(catalogue_code_valid(""));
}

static void
test_migration_number_takes_numbered_nouns(void **state)
{
	(void)state;
	assert_int_equal(migration_number("0001_feed.sql"), 1);
	assert_int_equal(migration_number("9999_a_2.sql"), 9999);
	assert_int_equal(migration_number("0000_feed.sql"), 0);
	assert_int_equal(migration_number("001_feed.sql"), 0);
	assert_int_equal(migration_number("00001_feed.sql"), 0);
	assert_int_equal(migration_number("0001-feed.sql"), 0);
	assert_int_equal(migration_number("0001_.sql"), 0);
	assert_int_equal(migration_number("0001_Feed.sql"), 0);
	assert_int_equal(migration_number("0001_feed.sql~"), 0);
	assert_int_equal(migration_number(""), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_catalogue_parse_takes_departments_topics_and_holidays),
	    cmocka_unit_test(test_catalogue_parse_takes_how_topics_are_decided_on),
	    cmocka_unit_test(test_catalogue_parse_names_what_is_wrong),
	    cmocka_unit_test(test_catalogue_code_valid_takes_what_a_stream_takes),
	    cmocka_unit_test(test_migration_number_takes_numbered_nouns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
