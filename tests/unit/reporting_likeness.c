/* likeness, likeness_rows and similar_out: windows, places, texts, what is one matter and what is not, and how it is told. How
 * good it is stands at the end: texts of different topics at one spot, and the same matter in other words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/file.h"
#include "services/reporting/likeness_rows.h"
#include "services/reporting/similar_out.h"

#define NOW INT64_C(1795424400000000) /* 2026-11-23T12:00:00+03:00 */
#define HOUR INT64_C(3600000000)
#define DAY (24 * HOUR)
#define LATITUDE 378700000
#define LONGITUDE 325000000
#define PAIRS 20000

static struct arena *arena;
static uint64_t seed; /* of numbers that are the same in each run */

static int
number_below(int most)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int)((seed >> 33) % (uint64_t)most);
}

static int
arena_start(void **state)
{
	(void)state;
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
test_each_kind_of_topic_has_its_window(void **state)
{
	static const struct {
		const char *topic;
		int days, radius_m;
		bool area, personal;
	} rows[] = {{"DIS-04", 14, 150, true, false}, {"DIS-05", 30, 100, false, false},
	    {"DIS-13", 30, 50, false, true}, {"YOL-01", 60, 75, false, false}, {"YOL-05", 3, 150, true, false},
	    {"TEM-01", 14, 100, false, false}, {"SOS-01", 30, 50, false, true}, {"SOS-05", 14, 100, false, false},
	    {"MAL-02", 30, 50, false, true}, {"", 30, 75, false, false}, {"XYZ-99", 30, 75, false, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct likeness_rule *rule = likeness_rule(rows[i].topic);

		assert_int_equal(rule->days, rows[i].days);
		assert_int_equal(rule->radius_m, rows[i].radius_m);
		assert_true(rule->area == rows[i].area);
		assert_true(rule->personal == rows[i].personal);
		assert_in_range(rule->radius_m, 50, 150);
	}
}

static int32_t
metres(int32_t north, int32_t east)
{
	return likeness_metres((int32_t[]){LATITUDE, LONGITUDE}, (int32_t[]){LATITUDE + north, LONGITUDE + east});
}

static void
test_metres_are_those_of_the_map(void **state)
{
	(void)state;
	assert_int_equal(metres(0, 0), 0);
	assert_in_range(metres(8993, 0), 99, 101); /* 100 m */
	assert_in_range(metres(0, 11392), 99, 101);
	assert_in_range(metres(6359, -8055), 99, 101);
	assert_true(metres(-LATITUDE, -LONGITUDE) > 1000000);
	assert_in_range(likeness_narrowing(LATITUDE), 788, 791);
	assert_int_equal(likeness_narrowing(0), 1000);
}

/* Whatever is within the greatest radius lies in one of the nine cells, all over the country. */
static void
test_cells_reach_as_far_as_any_radius(void **state)
{
	int64_t cells[LIKENESS_CELLS];

	(void)state;
	seed = 7;
	for (int i = 0; i < 20000; i++) {
		int32_t from[2] = {360000000 + number_below(60000000), 260000000 + number_below(190000000)};
		int32_t to[2] = {from[0] + number_below(26000) - 13000, from[1] + number_below(36000) - 18000};
		bool found = false;

		if (likeness_metres(from, to) > 150)
			continue;
		likeness_cells(from[0], from[1], cells);
		for (size_t k = 0; k < LIKENESS_CELLS; k++)
			found |= cells[k] == likeness_cell(to[0], to[1]);
		assert_true(found);
	}
	assert_true(likeness_cell(-900000000, -1800000000) == 0);
}

static void
test_streets_are_read(void **state)
{
	(void)state;
	assert_string_equal(likeness_streets(arena, "Mevlana Cad. No: 12", true), "mevlana.c");
	assert_string_equal(likeness_streets(arena, "MEVLANA CADDESİ 12, 10432. Sk.", true), "mevlana.c 10432.s");
	assert_string_equal(likeness_streets(arena, "Mevlana cadde, mevlana caddesi", true), "mevlana.c");
	assert_string_equal(likeness_streets(arena, "Ferhuniye Sokak", true), "ferhuniye.s");
	/* in free text only what is surely a name */
	assert_string_equal(likeness_streets(arena, "Ferhuniye Sokağı'nda çukur var", false), "ferhuniye.s");
	assert_string_equal(likeness_streets(arena, "iki gündür karanlık sokak, lamba yanmıyor", false), "");
	assert_string_equal(likeness_streets(arena, "bizim sokağımız, yan sokağımızda", false), "");
	assert_string_equal(likeness_streets(arena, "10432 sokak", false), "10432.s");
	assert_string_equal(likeness_streets(arena, "Işık Sokak'ta çukur", false), "isik.s");
	assert_string_equal(likeness_streets(arena, "", true), "");
	assert_string_equal(likeness_streets(arena, "caddesi", true), "");
}

static int
alike(const char *left, const char *right, const char *place)
{
	struct likeness_text a, b;

	likeness_text_read(arena, left, place, &a);
	likeness_text_read(arena, right, place, &b);
	assert_int_equal(likeness_of_texts(&a, &b), likeness_of_texts(&b, &a));
	return likeness_of_texts(&a, &b);
}

static void
test_texts_are_alike_by_their_words(void **state)
{
	(void)state;
	assert_int_equal(alike("Yolda çukur var", "YOLDA ÇUKUR VAR!", NULL), 1000);
	assert_int_equal(alike("Yolda çukur var", "Yolda cukur var lütfen", NULL), 1000);
	assert_int_equal(alike("Yolda çukur var", "Köpekler saldırıyor", NULL), 0);
	assert_int_equal(alike("", "Yolda çukur var", NULL), 0);
	assert_int_equal(alike("lütfen rica ederim", "lütfen rica ederim", NULL), 0); /* says nothing */
	assert_int_equal(alike("12 34", "12 34", NULL), 0);
	/* what both say only of the place makes them no more alike */
	assert_true(alike("Fetih Mevlana lamba", "Fetih Mevlana çöp", "fetih mevlana.c") <
		    alike("Fetih Mevlana lamba", "Fetih Mevlana çöp", ""));
	assert_int_equal(alike("Fetih Mevlana lamba", "Fetih Mevlana çöp", "fetih mevlana.c"), 0);
	/* a long letter and the short message about it */
	assert_true(alike("Kaldırımdaki mazgal kırılmış, çocuklar düşecek",
			"Sayın yetkili, evimin karşısında bulunan kaldırımda yer alan mazgal geçen hafta bir kamyonun "
			"geçmesi nedeniyle kırıldı; çocuklarımızın düşmesinden korkuyoruz, tamirini istiyoruz",
			NULL) > 300);
}

static struct likeness_side
side(const char *topic, const char *text)
{
	return (struct likeness_side){.received_at = NOW,
	    .topic = topic,
	    .candidates = "",
	    .neighbourhood = "fetih",
	    .streets = "",
	    .has_point = true,
	    .point = {LATITUDE, LONGITUDE},
	    .text = text};
}

static struct likeness_verdict
judge(const struct likeness_side *left, const struct likeness_side *right, bool person)
{
	struct likeness_side a = *left, b = *right;
	struct likeness_verdict one, other;

	likeness_judge(arena, &a, &b, person, &one);
	likeness_judge(arena, &b, &a, person, &other);
	assert_true(one.same_place == other.same_place && one.same_person == other.same_person);
	return one;
}

static void
test_place_time_and_topic_make_one_matter(void **state)
{
	struct likeness_side a = side("YOL-01", "Yolda çukur"), b = side("YOL-01", "Asfalt çökmüş");
	struct likeness_verdict v = judge(&a, &b, false);

	(void)state;
	assert_true(v.same_place);
	assert_false(v.same_person);
	assert_int_equal(v.place, LIKENESS_SPOT);
	b.point[0] += 5400; /* 60 m */
	assert_true(judge(&a, &b, false).same_place);
	b.point[0] += 2700; /* 90 m */
	v = judge(&a, &b, false);
	assert_false(v.same_place);
	assert_in_range(v.distance_m, 88, 92);
	b.point[0] = LATITUDE;
	b.received_at = NOW - 60 * DAY;
	assert_true(judge(&a, &b, false).same_place);
	b.received_at -= 1;
	assert_false(judge(&a, &b, false).same_place);
	b = side("TEM-01", "Çöp alınmadı");
	assert_false(judge(&a, &b, false).same_place);
	a = side("SOS-01", "Gıda yardımı");
	b = side("SOS-01", "Gıda yardımı");
	assert_false(judge(&a, &b, false).same_place); /* two families in one house */
	assert_true(judge(&a, &b, true).same_person);
}

static void
test_without_points_streets_count(void **state)
{
	struct likeness_side a = side("YOL-01", "Yolda çukur"), b = side("YOL-01", "Asfalt çökmüş");

	(void)state;
	b.has_point = false;
	assert_false(judge(&a, &b, false).same_place); /* somewhere in the quarter */
	a.streets = b.streets = "mevlana.c";
	assert_true(judge(&a, &b, false).same_place);
	b.streets = "10432.s mevlana.c";
	assert_true(judge(&a, &b, false).same_place);
	b.neighbourhood = "karaaslan";
	assert_false(judge(&a, &b, false).same_place);
	b.neighbourhood = "fetih";
	b.streets = "ferhuniye.s";
	b.text = a.text;
	assert_false(judge(&a, &b, false).same_place); /* another street, whatever is written */
	b.streets = "";
	assert_true(judge(&a, &b, false).same_place); /* the same words in the same quarter */
	a = side("DIS-04", "Elektrik yok");
	b = side("DIS-04", "Cereyan kesik");
	b.has_point = false;
	assert_true(judge(&a, &b, false).same_place); /* a power cut is the quarter's */
}

static void
test_unsure_topics_are_settled_by_the_text(void **state)
{
	struct likeness_side a = side("YOL-01", "Yolda büyük çukur oluştu, araçlar zarar görüyor"),
			     b = side("", "Çukur araçlara zarar veriyor, yol berbat"),
			     c = side("", "Köpekler havlıyor");

	(void)state;
	assert_true(judge(&a, &b, false).same_place);
	assert_false(judge(&a, &c, false).same_place);
	b.candidates = "DIS-07 YOL-01";
	assert_int_equal(judge(&a, &b, false).topic, LIKENESS_CANDIDATE);
	b.candidates = "";
	c = side("YOL-04", "Köpekler havlıyor");
	assert_int_equal(judge(&a, &c, false).topic, LIKENESS_GROUP);
	c = side("DIS-03", "Köpekler havlıyor");
	assert_int_equal(judge(&a, &c, false).topic, LIKENESS_OTHER);
	a.topic = b.topic = "";
	a.candidates = b.candidates = "YOL-01 DIS-07";
	assert_int_equal(judge(&a, &b, false).topic, LIKENESS_CANDIDATE);
}

static void
test_one_person_is_recognised_elsewhere(void **state)
{
	struct likeness_side a = side("YOL-01", "Yolda çukur"), b = side("YOL-01", "Asfalt çökmüş");

	(void)state;
	b.has_point = false;
	b.neighbourhood = "";
	assert_true(judge(&a, &b, true).same_person);
	assert_false(judge(&a, &b, false).same_person);
	b.received_at = NOW + 91 * DAY;
	assert_false(judge(&a, &b, true).same_person);
	b = side("YOL-01", "Asfalt çökmüş");
	b.point[0] += 90000; /* 1 km: another hole */
	assert_false(judge(&a, &b, true).same_person);
	b = side("MAL-01", "Emlak vergisi borcum görünmüyor");
	assert_false(judge(&a, &b, true).same_person);
}

static void
test_sentences_tell_how_many_and_since_when(void **state)
{
	struct similar_sum sum = {.places = 12, .since = NOW - 3 * HOUR - 50 * 60 * INT64_C(1000000)};

	(void)state;
	assert_string_equal(
	    similar_sentence(arena, &sum, NOW, false), "12 başvuru daha: aynı yer, bugün 08:10'dan beri");
	assert_string_equal(similar_sentence(arena, &sum, NOW, true), "12 others, same spot, since 08:10");
	sum = (struct similar_sum){.places = 1000, .more = true, .since = NOW - DAY};
	assert_string_equal(
	    similar_sentence(arena, &sum, NOW, false), "1000+ başvuru daha: aynı yer, dün 12:00'den beri");
	assert_string_equal(similar_sentence(arena, &sum, NOW, true), "1000+ others, same spot, since yesterday 12:00");
	sum = (struct similar_sum){.persons = 1, .since = NOW - 20 * DAY - 5 * HOUR + 40 * 60 * INT64_C(1000000)};
	assert_string_equal(
	    similar_sentence(arena, &sum, NOW, false), "aynı kişiden 1 başvuru daha, 03.11.2026 07:40'tan beri");
	assert_string_equal(
	    similar_sentence(arena, &sum, NOW, true), "1 other by the same person, since 03.11.2026 07:40");
	sum.places = 2;
	assert_string_equal(similar_sentence(arena, &sum, NOW, false),
	    "2 başvuru daha: aynı yer, 03.11.2026 07:40'tan beri; aynı kişiden 1 başvuru daha");
	assert_string_equal(similar_sentence(arena, &(struct similar_sum){0}, NOW, false), "Başka başvuru bilinmiyor");
}

/* Spoken: "sıfır"dan, "üç"ten, "altı"dan, "kırk"tan, "elli"den. */
static void
test_suffixes_follow_the_spoken_number(void **state)
{
	static const struct {
		int minutes; /* of the day */
		const char *tr;
	} rows[] = {{0, "00:00'dan"}, {540, "09:00'dan"}, {480, "08:00'den"}, {1200, "20:00'den"}, {483, "08:03'ten"},
	    {486, "08:06'dan"}, {520, "08:40'tan"}, {530, "08:50'den"}, {510, "08:30'dan"}, {501, "08:21'den"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		    similar_since(arena, NOW - 12 * HOUR + rows[i].minutes * INT64_C(60000000), NOW, false),
		    arena_printf(arena, "bugün %s beri", rows[i].tr));
}

static void
test_leading_and_open_cases_come_first(void **state)
{
	struct similar_one list[4] = {
	    {.row = {.number = "closed", .state = KOPRU__V1__STATE__STATE_CLOSED, .side = {.received_at = NOW}}},
	    {.row = {.number = "older",
		 .state = KOPRU__V1__STATE__STATE_ASSIGNED,
		 .side = {.received_at = NOW - HOUR}}},
	    {.row = {.number = "newer", .state = KOPRU__V1__STATE__STATE_MERGED, .side = {.received_at = NOW}}},
	    {.leading = true,
		.row = {.number = "leading",
		    .state = KOPRU__V1__STATE__STATE_ASSIGNED,
		    .side = {.received_at = NOW - DAY}}}};

	(void)state;
	qsort(list, 4, sizeof(list[0]), similar_compare);
	assert_string_equal(list[0].row.number, "leading");
	assert_string_equal(list[1].row.number, "newer");
	assert_string_equal(list[2].row.number, "older");
	assert_string_equal(list[3].row.number, "closed");
}

static void
test_events_become_rows(void **state)
{
	Kopru__V1__Event event;
	Kopru__V1__ApplicationRouted routed;
	Kopru__V1__Application application;
	Kopru__V1__Location location;
	Kopru__V1__Applicant applicant;
	struct application a = {.id = {{1}}, .version = 2, .received_at = NOW};
	struct likeness_row row;

	(void)state;
	kopru__v1__event__init(&event);
	kopru__v1__application_routed__init(&routed);
	kopru__v1__application__init(&application);
	kopru__v1__location__init(&location);
	kopru__v1__applicant__init(&applicant);
	event.body_case = KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED;
	event.application_routed = &routed;
	routed.application = &application;
	assert_true(likeness_read_routed(&event, &a, arena, &row));
	assert_string_equal(row.topic, "");
	assert_null(row.neighbourhood);
	assert_false(row.has_point || row.hidden);
	application.text = arena_string(arena, "Ferhuniye Sokağı karşısında, Mevlana Caddesi üstünde");
	assert_true(likeness_read_routed(&event, &a, arena, &row));
	assert_string_equal(row.streets, "ferhuniye.s mevlana.c");
	application.location = &location;
	application.applicant = &applicant;
	applicant.hide_identity = true;
	location.neighbourhood = arena_string(arena, "FETİH Mah.");
	location.address = arena_string(arena, "Mevlana Cad. 12");
	assert_true(likeness_read_routed(&event, &a, arena, &row));
	assert_string_equal(row.neighbourhood, "fetih");
	assert_string_equal(row.streets, "mevlana.c");
	assert_true(row.hidden);
	routed.neighbourhood = arena_string(arena, "Sarıyakup Mahallesi");
	assert_true(likeness_read_routed(&event, &a, arena, &row));
	assert_string_equal(row.neighbourhood, "sariyakup");
	event.body_case = KOPRU__V1__EVENT__BODY_CASE_ASSIGNED;
	assert_false(likeness_read_routed(&event, &a, arena, &row));
	assert_true(likeness_read_moved(&event, &a, &row));
	event.body_case = KOPRU__V1__EVENT__BODY_CASE_ACCEPTED;
	assert_false(likeness_read_moved(&event, &a, &row));
}

static void
test_the_last_of_an_application_counts(void **state)
{
	struct likeness_row list[] = {{.id = {{2}}, .version = 3, .topic = "c"},
	    {.id = {{1}}, .version = 4, .topic = "b"}, {.id = {{1}}, .version = 3, .topic = "a"}};

	(void)state;
	assert_int_equal(likeness_rows_fold(list, 3), 2);
	assert_string_equal(list[0].topic, "b");
	assert_string_equal(list[1].topic, "c");
	assert_int_equal(likeness_rows_fold(list, 0), 0);
}

/* One thing told twice, in other words. */
static const char *const paraphrases[][2] = {
    {"Evimizin önündeki yolda derin bir çukur oluştu, arabalar zarar görüyor",
	"Asfaltta koca çukur var araçlar düşüyor"},
    {"Sokak lambası üç gündür yanmıyor, akşamları zifiri karanlık", "lamba sönük, sokak karanlıkta kaldı"},
    {"Çöpler iki gündür alınmadı, koku yapıyor", "çöp kamyonu gelmedi konteyner taştı çöpler kokuyor"},
    {"Rögar kapağı çökmüş, çocuk düşecek", "Yoldaki rögarın kapağı yok çok tehlikeli"},
    {"Parktaki salıncak kopmuş durumda", "Çocuk parkında salıncağın zinciri kopuk, çocuklar için tehlike"},
    {"Kaldırım taşları sökülmüş, yaşlılar yürüyemiyor", "kaldırımda taşlar yerinden oynamış yürünmüyor"},
    {"Başıboş köpekler okula giden çocuklara saldırıyor", "Sokakta köpek sürüsü var, çocuklarımız okula gidemiyor"},
    {"Su borusu patladı, cadde sular altında", "borudan su fışkırıyor patlak var yol göl oldu"},
    {"Market gece yarısına kadar yüksek sesle müzik çalıyor", "Gece müzik sesinden uyuyamıyoruz, dükkan çok gürültülü"},
    {"Kaldırıma park eden araçlar yüzünden bebek arabasıyla geçemiyoruz",
	"Araçlar kaldırıma park ediyor yayalar yola iniyor"},
    {"Boş arsaya moloz dökmüşler", "arsaya kamyonla hafriyat ve moloz dökülüyor"},
    {"Ağaç dalları elektrik tellerine değiyor, budanması gerekiyor", "Ağacın dalları tellere dolandı budama yapılsın"},
    {"Kanalizasyon taştı pis su yola akıyor", "Lağım taşmış, sokağa pis kokulu su akıyor"},
    {"Trafik ışıkları çalışmıyor, kaza olacak", "kavşaktaki trafik ışığı bozuk kazaya davetiye"},
    {"Elektrikler sabahtan beri kesik", "sabahtan beri elektrik yok ne zaman gelecek"},
    {"Sivrisinekten duramıyoruz, ilaçlama yapılsın", "sinek çok arttı ilaçlama istiyoruz"},
    {"Hurda bir araç aylardır yolda duruyor, çekilmesini istiyoruz", "Terk edilmiş hurda araba yol kenarında çürüyor"},
    {"Seyyar satıcılar yolu kapatıyor", "Seyyar satıcı tezgahı yolu ve kaldırımı işgal ediyor"},
    {"İnşaattan çıkan toz evlere doluyor", "Yandaki inşaatın tozu yüzünden cam açamıyoruz"},
    {"Yağmur suyu mazgalı tıkalı, her yağmurda su birikiyor", "Mazgallar tıkanmış yağmurda yol göle dönüyor"},
    {"Apartmanın önüne kar yığılmış yol kapalı", "kar küreme yapılmadı yolumuz kapalı"},
    {"Devrilen ağaç yolu kapattı", "Rüzgarda ağaç devrildi, yol kapandı"},
    {"Otobüs durağının camı kırılmış", "durakta cam kırıkları var"},
    {"Metruk binaya girenler var, korkuyoruz", "Yıkık binada madde kullananlar toplanıyor, metruk bina yıkılsın"},
};

static void
test_other_words_are_the_same_matter(void **state)
{
	size_t found = 0, proposed = 0, count = sizeof(paraphrases) / sizeof(paraphrases[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct likeness_side a = side("YOL-01", paraphrases[i][0]), b = side("", paraphrases[i][1]);

		found += judge(&a, &b, false).same_place;
		b.candidates = "YOL-01";
		proposed += judge(&a, &b, false).same_place;
		b.topic = "YOL-01";
		assert_true(judge(&a, &b, false).same_place);
	}
	print_message(
	    "# same matter in other words: %zu of %zu when one topic is not known, %zu when it is proposed, all "
	    "when it is the same\n",
	    found, count, proposed);
	assert_true(found * 100 > count * 70);
	assert_true(proposed >= found);
}

struct labelled {
	const char *topic, *text;
};

static size_t
labelled_read(const char *path, struct labelled *list, size_t count)
{
	struct err e;
	char *text, *rest = NULL;
	size_t size;

	assert_int_equal(file_read(arena, path, 8 << 20, &text, &size, &e), 0);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *tab = strchr(line, '\t');

		if (!tab || *line == '#')
			continue;
		*tab = '\0';
		list[count++] = (struct labelled){line, tab + 1};
	}
	return count;
}

/* Of what people write about different topics at one spot less than one in twenty is taken for one matter. */
static void
test_different_topics_at_one_spot_are_not(void **state)
{
	static const char *const files[] = {"YOL", "TEM", "PRK", "ZAB", "DIS", "VET", "IMR"};
	struct labelled *list = arena_array(arena, 20000, sizeof(*list));
	size_t count = 0, known = 0, unknown = 0, all = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		count = labelled_read(arena_printf(arena, "deploy/data/texts/%s.tsv", files[i]), list, count);
	seed = 1;
	while (all < PAIRS) {
		const struct labelled *one = &list[number_below((int)count)], *other = &list[number_below((int)count)];
		struct likeness_side a = side(one->topic, one->text), b = side(other->topic, other->text);

		if (strcmp(one->topic, other->topic) == 0)
			continue;
		all++;
		known += judge(&a, &b, false).same_place;
		b.topic = "";
		unknown += judge(&a, &b, false).same_place;
	}
	print_message("# linked wrongly, of %d pairs of different topics at one spot: %.2f%%, when one topic is not "
		      "known %.2f%%\n",
	    PAIRS, 100.0 * (double)known / PAIRS, 100.0 * (double)unknown / PAIRS);
	assert_true(known * 100 < PAIRS * 5);
	assert_true(unknown * 100 < PAIRS * 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_kind_of_topic_has_its_window),
	    cmocka_unit_test(test_metres_are_those_of_the_map),
	    cmocka_unit_test(test_cells_reach_as_far_as_any_radius),
	    cmocka_unit_test(test_streets_are_read),
	    cmocka_unit_test(test_texts_are_alike_by_their_words),
	    cmocka_unit_test(test_place_time_and_topic_make_one_matter),
	    cmocka_unit_test(test_without_points_streets_count),
	    cmocka_unit_test(test_unsure_topics_are_settled_by_the_text),
	    cmocka_unit_test(test_one_person_is_recognised_elsewhere),
	    cmocka_unit_test(test_sentences_tell_how_many_and_since_when),
	    cmocka_unit_test(test_suffixes_follow_the_spoken_number),
	    cmocka_unit_test(test_leading_and_open_cases_come_first),
	    cmocka_unit_test(test_events_become_rows),
	    cmocka_unit_test(test_the_last_of_an_application_counts),
	    cmocka_unit_test(test_other_words_are_the_same_matter),
	    cmocka_unit_test(test_different_topics_at_one_spot_are_not),
	};

	return cmocka_run_group_tests(tests, arena_start, arena_end);
}
