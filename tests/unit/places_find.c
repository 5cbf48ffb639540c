/* places: which neighbourhood and which street a point or words tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/places/places.h"

#define SQUARE(west, south, east, north)                                                                               \
	"{\"type\":\"Polygon\",\"coordinates\":[[[" #west "," #south "],[" #east "," #south "],[" #east "," #north     \
	"],[" #west "," #north "],[" #west "," #south "]]]}"

static const struct places_area areas[] = {
    {"fetih", "Fetih", "", "", SQUARE(32.50, 37.86, 32.51, 37.87), true, false},
    {"akabe", "Akabe", "", "", SQUARE(32.51, 37.86, 32.52, 37.87), true, false},
    {"sariyakup", "Sarıyakup", "", "", NULL, true, false},
    {"gocu", "Göçü", "", "", NULL, true, false},
    {"yenice", "Yenice", "", "", NULL, true, true},
    {"obruk", "Obruk", "", "", NULL, true, true},
    {"tatlicak", "Tatlıcak", "", "", NULL, true, false},
    {"haciyusufmescit", "Hacıyusufmescit", "", "", NULL, true, false},
    {"kerimdede", "Kerimdede", "", "kerim dede", NULL, true, false},
    {"kumkopru", "Kumköprü", "", "", NULL, true, false},
    {"karadona", "Karadona", "", "", NULL, true, false},
    {"karakaya", "Karakaya", "", "", NULL, true, false},
    {"kayacikaraplar", "Kayacıkaraplar", "", "araplar\nkayacık", NULL, true, false},
    {"esentepe", "Esentepe", "", "", NULL, true, false},
    {"selcuklu-esentepe", "Esentepe", "Selçuklu", "", NULL, true, false},
    {"bosna", "Bosna Hersek", "Selçuklu", "bosna", NULL, true, false},
    {"sancak", "Sancak", "Selçuklu", "", NULL, true, true},
    {"osb", "Sanayi", "", "", SQUARE(32.505, 37.865, 32.515, 37.868), false, false},
};
static const struct places_street streets[] = {
    {"Fetih Caddesi", "KBB", "", "{\"type\":\"LineString\",\"coordinates\":[[32.50,37.8650],[32.53,37.8650]]}"},
    {"Ankara Yolu", "KGM", "ankara asfaltı", NULL},
    {"Sedirler Caddesi", "KBB", "sedirler", NULL},
    {"Larende Caddesi", "KBB", "", NULL},
    {"Larende Caddesi", "KGM", "", NULL},
};

static int
start(void **state)
{
	const struct places_rows rows = {
	    areas, sizeof(areas) / sizeof(areas[0]), streets, sizeof(streets) / sizeof(streets[0])};
	struct err e = {""};

	*state = places_new(&rows, &e);
	assert_string_equal(e.text, "");
	return *state ? 0 : -1;
}

static int
stop(void **state)
{
	places_free(*state);
	return 0;
}

struct told {
	const char *neighbourhood, *how, *owner; /* "": not known */
};

static void
assert_told(const struct places *p, const struct places_question *q, const struct told *wanted)
{
	struct arena *a = arena_new(0);
	struct places_answer answer;
	const char *neighbourhood, *owner;

	places_find(p, a, q, &answer);
	neighbourhood = answer.neighbourhood ? answer.neighbourhood->code : "";
	owner = answer.street ? answer.street->owner : "";
	if (strcmp(neighbourhood, wanted->neighbourhood) != 0 || strcmp(owner, wanted->owner) != 0 ||
	    strcmp(answer.how ? answer.how : "", wanted->how) != 0)
		fail_msg("\"%s\" \"%s\" \"%s\" tell \"%s\" by \"%s\" and \"%s\", not \"%s\" by \"%s\" and \"%s\"",
		    q->neighbourhood, q->address, q->text, neighbourhood, answer.how ? answer.how : "", owner,
		    wanted->neighbourhood, wanted->how, wanted->owner);
	arena_free(a);
}

static void
test_find_knows_neighbourhoods_in_texts(void **state)
{
	static const struct {
		const char *text, *neighbourhood;
	} cases[] = {
	    {"Sarıyakup mah. çöp alınmıyor", "sariyakup"},
	    {"sariyakup ta su yok", "sariyakup"},
	    {"Sarıyakup Mahallesi'nde", "sariyakup"},
	    {"SARIYAKUP MAHALLESİ", "sariyakup"},
	    {"SARIYAKUP", "sariyakup"},
	    {"sarı yakup mahallesindeyiz", "sariyakup"},
	    {"sarıyakubun çöpü", "sariyakup"},
	    {"fetih mahallesindeyiz", "fetih"},
	    {"Fetih'te köpek var", "fetih"},
	    {"Göçü'de yol bozuk", "gocu"},
	    {"göçüdeki park", "gocu"},
	    {"göçük oluştu", ""},
	    {"hacı yusuf mescit", "haciyusufmescit"},
	    {"Hacı Yusufmescit mahallesi", "haciyusufmescit"},
	    {"kerim dede", "kerimdede"},
	    {"akabedeki parkta", "akabe"},
	    {"tatlıcağa giden", "tatlicak"},
	    {"kum köprü mah", "kumkopru"},
	    {"kum köprü yaptılar", ""},
	    {"yenice bir sorun", ""},
	    {"yenice mahallesi", "yenice"},
	    {"Yenice köyünde koyun var", "yenice"},
	    {"yenice koyun almış", ""},
	    {"tarlada obruk oluştu", ""},
	    {"Fetih Caddesi karanlık", ""},
	    {"fetih cad. üzerinde", ""},
	    {"Akabe mah. Fetih cad.", "akabe"},
	    {"akabe yolu", ""},
	    {"araplarda ışık yok", "kayacikaraplar"},
	    {"haraplar", ""},
	    {"bosna hersek mahallesi", "bosna"},
	    {"bosnada", "bosna"},
	    {"esentepe mah", "esentepe"},
	    {"sancak verildi", ""},
	    {"karadonda mah", "karadona"},
	    {"karakaya ve akabe", "karakaya"},
	    {"karakaya ile akabe mahallesi", "akabe"},
	    {"sariykup mah", "sariyakup"},
	    {"sarıyakpu mahallesi", "sariyakup"},
	    {"sariykup", ""},
	    {"", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct places_question q = {.neighbourhood = "", .address = "", .text = cases[i].text};
		struct places_answer answer;
		struct arena *a = arena_new(0);

		places_find(*state, a, &q, &answer);
		if (strcmp(answer.neighbourhood ? answer.neighbourhood->code : "", cases[i].neighbourhood) != 0)
			fail_msg("\"%s\" tells \"%s\", not \"%s\"", cases[i].text,
			    answer.neighbourhood ? answer.neighbourhood->code : "", cases[i].neighbourhood);
		arena_free(a);
	}
}

static void
test_find_takes_a_field_for_a_name(void **state)
{
	assert_told(*state, &(struct places_question){.neighbourhood = "yenice", .address = "", .text = ""},
	    &(struct told){"yenice", "neighbourhood", ""});
	assert_told(*state, &(struct places_question){.neighbourhood = "Yenice/Karatay", .address = "", .text = ""},
	    &(struct told){"yenice", "neighbourhood", ""});
	assert_told(*state, &(struct places_question){.neighbourhood = "Sancak / Selçuklu", .address = "", .text = ""},
	    &(struct told){"sancak", "neighbourhood", ""});
	assert_told(*state, &(struct places_question){.neighbourhood = "karadna", .address = "", .text = ""},
	    &(struct told){"karadona", "neighbourhood", ""});
	assert_told(*state, &(struct places_question){.neighbourhood = "bilmiyorum", .address = "akabe", .text = ""},
	    &(struct told){"akabe", "address", ""});
	assert_told(*state, &(struct places_question){.neighbourhood = "", .address = "", .text = "akabe"},
	    &(struct told){"akabe", "text", ""});
}

static void
test_find_believes_the_point(void **state)
{
	struct places_question q = {true, 378610000, 325050000, "", "", ""};

	assert_told(*state, &q, &(struct told){"fetih", "point", ""});
	q.neighbourhood = "Fetih";
	assert_told(*state, &q, &(struct told){"fetih", "point", ""});
	q.neighbourhood = "Akabe mah.";
	assert_told(*state, &q, &(struct told){"fetih", "point, not words", ""});
	q.latitude_e7 = 379610000; /* in no area that is known: the words it is */
	assert_told(*state, &q, &(struct told){"akabe", "neighbourhood", ""});
}

static void
test_find_knows_whose_street_it_is(void **state)
{
	struct places_question q = {true, 378650500, 325250000, "", "", ""};

	assert_told(*state, &q, &(struct told){"", "", "KBB"}); /* 6 m */
	q.latitude_e7 = 378655000; /* 56 m */
	assert_told(*state, &q, &(struct told){"", "", ""});
	q.text = "Fetih Caddesinde";
	assert_told(*state, &q, &(struct told){"", "", "KBB"});
	q.latitude_e7 = 378750000; /* 1.1 km */
	assert_told(*state, &q, &(struct told){"", "", ""});
	q.has_point = false;
	assert_told(*state, &q, &(struct told){"", "", "KBB"});
	q.text = "ankara yolunda kaza";
	assert_told(*state, &q, &(struct told){"", "", "KGM"});
	q.text = "ankara'ya giden yol";
	assert_told(*state, &q, &(struct told){"", "", ""});
	q.text = "Akabe mah. sedirler bulvarı değil, Sedirler Cd. no 5";
	assert_told(*state, &q, &(struct told){"akabe", "text", "KBB"});
	q.text = "Larende caddesi"; /* two, whose is not told */
	assert_told(*state, &q, &(struct told){"", "", ""});
}

static void
test_within_asks_one_area(void **state)
{
	assert_true(places_within(*state, "osb", 378660000, 325060000));
	assert_false(places_within(*state, "osb", 378690000, 325060000));
	assert_false(places_within(*state, "sariyakup", 378660000, 325060000));
	assert_false(places_within(*state, "nowhere", 378660000, 325060000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_find_knows_neighbourhoods_in_texts, start, stop),
	    cmocka_unit_test_setup_teardown(test_find_takes_a_field_for_a_name, start, stop),
	    cmocka_unit_test_setup_teardown(test_find_believes_the_point, start, stop),
	    cmocka_unit_test_setup_teardown(test_find_knows_whose_street_it_is, start, stop),
	    cmocka_unit_test_setup_teardown(test_within_asks_one_area, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
