/* deciding: outcomes, baskets, several matters, danger, rules, and the sentence for each, with a small catalogue and a model
 * of the texts that ship. */
#include "services/router/deciding.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/file.h"

#define OUTCOME(name) KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_##name
#define BASKET(name) KOPRU__V1__APPLICATION_ROUTED__BASKET__BASKET_##name
#define NOW INT64_C(1779094800000000) /* 2026-05-18 */
#define EXAMPLES_MAX 2000

static const struct catalogue_department departments[] = {
    {.code = "EMN", .name_tr = "Emniyet", .name_en = "Police", .outside = true, .phone = "112"},
    {.code = "FEN", .name_tr = "Fen İşleri Müdürlüğü", .name_en = "Public Works"},
    {.code = "HM", .name_tr = "Hizmet Masası", .name_en = "Service Desk"},
    {.code = "KBB", .name_tr = "Büyükşehir", .name_en = "Metropolitan", .outside = true, .phone = "153"},
    {.code = "KOSKI", .name_tr = "KOSKİ", .name_en = "Water", .outside = true, .phone = "185"},
    {.code = "TEM", .name_tr = "Temizlik İşleri Müdürlüğü", .name_en = "Cleaning Services"},
    {.code = "VET", .name_tr = "Veteriner İşleri Müdürlüğü", .name_en = "Veterinary Services"},
};

static const struct catalogue_topic topics[] = {
    {.code = "DIS-01",
	.name_tr = "Su kesintisi",
	.name_en = "Water cut",
	.department = "KOSKI",
	.keywords = "su yok\nsu kesik"},
    {.code = "DIS-14",
	.name_tr = "Yangın",
	.name_en = "Fire",
	.department = "KBB",
	.keywords = "yangin\nitfaiye",
	.emergency = "112"},
    {.code = "IDR-07",
	.name_tr = "Teşekkür",
	.name_en = "Thanks",
	.department = "HM",
	.keywords = "tesekkur",
	.basket = "thanks"},
    {.code = "IDR-09",
	.name_tr = "Önceki başvuru",
	.name_en = "Follow-up",
	.department = "HM",
	.keywords = "basvurum",
	.basket = "follow_up"},
    {.code = "IDR-10",
	.name_tr = "Konu dışı",
	.name_en = "Off-topic",
	.department = "HM",
	.keywords = "kazandiniz",
	.basket = "irrelevant"},
    {.code = "OLD-01", .name_tr = "Eski", .name_en = "Old", .department = "OLD", .keywords = "eskikonu"},
    {.code = "TEM-01",
	.name_tr = "Çöpün toplanmaması",
	.name_en = "Missed refuse",
	.department = "TEM",
	.keywords = "cop alinmiyor\ncop"},
    {.code = "VET-01",
	.name_tr = "Başıboş köpek",
	.name_en = "Stray dogs",
	.department = "VET",
	.keywords = "kopek",
	.shared_with = "EMN"},
    {.code = "YOL-01", .name_tr = "Yol çukuru", .name_en = "Pothole", .department = "FEN", .keywords = "cukur\nasfalt"},
};

struct world {
	struct arena *arena;
	struct deciding deciding;
	struct catalogue *catalogue;
	struct model *model;
	struct dangers *dangers;
};

static bool
is_known(const char *label)
{
	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
		if (strcmp(topics[i].code, label) == 0)
			return true;
	return false;
}

/* The shipped texts of the small catalogue's topics. */
static struct model *
model_make(struct arena *a)
{
	struct model_example *list = arena_array(a, EXAMPLES_MAX, sizeof(*list));
	struct model_training training = {.examples = list, .trained_on = 20600, .threads = 2};
	struct model *model = NULL;
	struct err e = {""};
	glob_t files;

	assert_int_equal(glob("deploy/data/texts/*.tsv", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		char *text = NULL, *rest = NULL;
		size_t size = 0;

		if (file_read(a, files.gl_pathv[i], 16 * 1024 * 1024, &text, &size, &e) < 0)
			fail_msg("%s", e.text);
		for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
			char *tab = strchr(line, '\t');

			if (!tab || training.count == EXAMPLES_MAX)
				continue;
			*tab = '\0';
			if (is_known(line))
				list[training.count++] = (struct model_example){line, tab + 1};
		}
	}
	globfree(&files);
	model = model_train(&training, &e);
	if (!model)
		fail_msg("%s", e.text);
	return model;
}

static int
setup(void **state)
{
	static const struct catalogue_day days[] = {{.day = 20455, .kind = CALENDAR_HOLIDAY}};
	const struct catalogue_rows rows = {.departments = departments,
	    .department_count = sizeof(departments) / sizeof(departments[0]),
	    .topics = topics,
	    .topic_count = sizeof(topics) / sizeof(topics[0]),
	    .days = days,
	    .day_count = 1,
	    .calendar_version = 3};
	struct world *w = calloc(1, sizeof(*w));
	struct err e;

	assert_non_null(w);
	w->arena = arena_new(0);
	w->catalogue = catalogue_new(&rows, &e);
	if (!w->catalogue)
		fail_msg("%s", e.text);
	w->model = model_make(w->arena);
	w->dangers = dangers_new();
	w->deciding = (struct deciding){.catalogue = w->catalogue, .model = w->model, .dangers = w->dangers};
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	catalogue_free(w->catalogue);
	model_free(w->model);
	dangers_free(w->dangers);
	arena_free(w->arena);
	free(w);
	return 0;
}

static struct decision
decide(struct world *w, const char *text, const char *topic)
{
	Kopru__V1__Application application;
	struct decision decision;

	kopru__v1__application__init(&application);
	application.text = arena_string(w->arena, text);
	application.topic = arena_string(w->arena, topic);
	application.channel = KOPRU__V1__CHANNEL__CHANNEL_WEB;
	deciding_decide(&w->deciding, w->arena, &application, NOW, &decision);
	return decision;
}

static void
assert_routed(const struct decision *d, const char *department, const char *topic)
{
	if (strcmp(d->department->code, department) != 0 || strcmp(d->topic ? d->topic->code : "", topic) != 0)
		fail_msg("%s/%s, not %s/%s: %s", d->department->code, d->topic ? d->topic->code : "", department, topic,
		    d->reason_tr);
}

/* Name of the model in the sentence is left out. */
static void
assert_reasons(struct world *w, const struct decision *d, const char *tr, const char *en)
{
	const char *name = w->deciding.model ? model_name(w->model) : "-";

	if (w->deciding.model) {
		assert_non_null(strstr(d->reason_tr, name));
		assert_non_null(strstr(d->reason_en, name));
	}
	if (!strstr(d->reason_tr, tr))
		fail_msg("\"%s\" is not in \"%s\"", tr, d->reason_tr);
	if (!strstr(d->reason_en, en))
		fail_msg("\"%s\" is not in \"%s\"", en, d->reason_en);
	assert_int_equal(d->reason_tr[strlen(d->reason_tr) - 1], '.');
	assert_int_equal(d->reason_en[strlen(d->reason_en) - 1], '.');
}

static void
test_sure_is_routed_with_its_words(void **state)
{
	struct world *w = *state;
	struct decision d = decide(w, "Sokağımızda çöp alınmıyor, kokuyor", "");

	assert_int_equal(d.outcome, OUTCOME(SURE));
	assert_routed(&d, "TEM", "TEM-01");
	assert_true(d.confidence >= 550 && d.sureness >= d.confidence);
	assert_false(d.urgent);
	assert_string_equal(d.candidates[0].topic, "TEM-01");
	assert_reasons(w, &d, "“çöp alınmıyor”", "“çöp alınmıyor”");
	assert_reasons(w, &d,
	    "nedeniyle Temizlik İşleri Müdürlüğü birimine yönlendirildi (konu: Çöpün toplanmaması, güven %",
	    "Routed to Cleaning Services because of the words");
	assert_string_equal(d.candidates[0].reasons[0], "word: çöp alınmıyor");
	d = decide(w, "Sokağımızda çöp” alınmıyor, kokuyor", "");
	assert_reasons(w, &d, "“çöp alınmıyor”", "“çöp alınmıyor”"); /* as hidden as any word */
}

static void
test_institution_has_its_phone(void **state)
{
	struct world *w = *state;
	struct decision d = decide(w, "Üç gündür su yok, musluktan akmıyor", "");

	assert_routed(&d, "KOSKI", "DIS-01");
	assert_string_equal(d.phone, "185");
	assert_reasons(w, &d, "KOSKİ kurumuna yönlendirildi, telefonu 185", "Routed to Water");
	d = decide(w, "Sokakta köpek sürüsü var, başıboş köpekler", "");
	assert_routed(&d, "VET", "VET-01");
	assert_string_equal(d.phone, "");
	assert_reasons(w, &d, "; Emniyet ile ortak bir konu", "; shared with Police");
}

static void
test_unsure_is_the_desks_with_three_to_pick_from(void **state)
{
	struct world *w = *state;
	struct deciding before = w->deciding;
	struct decision d;

	w->deciding.model = NULL;
	d = decide(w, "köpek, asfalt, su yok, itfaiye", "");
	w->deciding = before;
	assert_int_equal(d.outcome, OUTCOME(UNSURE));
	assert_routed(&d, "HM", "");
	assert_int_equal(d.candidate_count, 4);
	assert_string_equal(d.candidates[0].reasons[d.candidates[0].reason_count - 1], "score: not sure enough");
	assert_non_null(strstr(d.reason_tr, "Konu kesin değil, Hizmet Masası seçer: 1. "));
	assert_non_null(strstr(d.reason_en, "The topic is not sure, the Service Desk picks from: 1. "));
	assert_non_null(strstr(d.reason_tr, "), 3. "));
	assert_null(strstr(d.reason_tr, "), 4. "));
	d = decide(w, "", "");
	assert_int_equal(d.outcome, OUTCOME(UNSURE));
	assert_routed(&d, "HM", "");
	assert_reasons(w, &d, "Hizmet Masası", "the Service Desk");
}

static void
test_chosen_stands_before_words(void **state)
{
	struct world *w = *state;
	struct decision d = decide(w, "çöp alınmıyor", "YOL-01");

	assert_int_equal(d.outcome, OUTCOME(CHOSEN));
	assert_routed(&d, "FEN", "YOL-01");
	assert_int_equal(d.confidence, 1000);
	assert_string_equal(d.candidates[0].reasons[0], "topic: YOL-01 chosen");
	assert_string_equal(d.candidates[1].topic, "TEM-01");
	assert_reasons(w, &d, "Konuyu başvuran seçti, Fen İşleri Müdürlüğü birimine yönlendirildi",
	    "The applicant chose the topic, routed to Public Works");
	d = decide(w, "çöp alınmıyor", "HM-00");
	assert_int_equal(d.outcome, OUTCOME(CHOSEN));
	assert_routed(&d, "HM", "");
	assert_int_equal(d.candidate_count, 0);
	assert_reasons(w, &d, "Kaydı açan, Hizmet Masası için ayırdı", "Whoever entered it kept it");
	d = decide(w, "merhaba", "OLD-01");
	assert_routed(&d, "HM", "");
	assert_reasons(w, &d, "OLD kodlu birim geçerli olmadığı için Hizmet Masası karar verir", "OLD is not valid");
}

static void
test_baskets_take_only_what_asks_nothing(void **state)
{
	struct world *w = *state;
	struct decision d = decide(w, "Emeği geçen herkese çok teşekkür ederim, Allah razı olsun, elinize sağlık", "");

	assert_int_equal(d.outcome, OUTCOME(BASKET));
	assert_int_equal(d.basket, BASKET(THANKS));
	assert_routed(&d, "HM", "");
	assert_reasons(
	    w, &d, "teşekkür olarak ayrıldı, Hizmet Masası bakıp kapatır", "Set aside as thanks because of the word");
	d = decide(w, "Teşekkür ederim ama çöp hâlâ alınmıyor, çöp kamyonu gelsin lütfen", "");
	assert_int_equal(d.basket, BASKET(UNSPECIFIED));
	assert_string_equal(d.candidates[0].topic, "TEM-01");
	d = decide(w, "Tebrikler, 1000 TL hediye çeki kazandınız, linke tıklayın", "");
	assert_int_equal(d.basket, BASKET(IRRELEVANT));
	assert_routed(&d, "HM", "");
}

static void
test_danger_waits_for_nobody(void **state)
{
	struct world *w = *state;
	struct decision d = decide(w, "Çöp konteyneri yanıyor, alevler büyüyor", "");

	assert_true(d.urgent);
	assert_string_equal(d.emergency, "112");
	assert_true(d.topic != NULL);
	assert_reasons(w, &d, "ACİL, can güvenliği (yangın: “", "URGENT, life safety (fire: “");
	assert_reasons(w, &d, "aranacak numara 112): nöbetçiye bildirilir", "call 112): who is on duty is told");
	d = decide(w, "Kocam beni dövüyor", "");
	assert_reasons(w, &d, "(şiddet: “Kocam beni dövüyor”; aranacak numaralar 112, 183)",
	    "(violence: “Kocam beni dövüyor”; call 112, 183)");
	d = decide(w, "Bilinci kapalı birisi", "");
	assert_true(d.urgent); /* sent to whom it may concern, or the desk; never left for triage alone */
	d = decide(w, "yardım edin intihar edicem", "");
	assert_true(d.urgent);
	d = decide(w, "merhaba yangın çıktı", "TEM-01");
	assert_true(d.urgent);
	assert_routed(&d, "TEM", "TEM-01");
	assert_int_equal(d.outcome, OUTCOME(CHOSEN));
	d = decide(w, "Çok teşekkür ederim, yaralı birini kurtardınız", "");
	assert_int_equal(d.basket, BASKET(UNSPECIFIED)); /* a human reads what speaks of danger */
}

/* A fire of an old system's archive pages nobody; one that the desk keeps today does. */
static void
test_old_cases_that_are_kept_alarm_nobody(void **state)
{
	static const struct {
		const char *topic;
		int64_t age;
		bool urgent;
	} list[] = {{"HM-00", INT64_C(400) * 86400 * 1000000, false}, {"HM-00", 1000000, true},
	    {"", INT64_C(3) * 86400 * 1000000, true}};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		Kopru__V1__Application application;
		struct decision d;

		kopru__v1__application__init(&application);
		application.text = arena_string(w->arena, "Yangın çıktı, ev yanıyor");
		application.topic = arena_string(w->arena, list[i].topic);
		application.received_at = NOW - list[i].age;
		deciding_decide(&w->deciding, w->arena, &application, NOW, &d);
		assert_int_equal(d.urgent, list[i].urgent);
	}
}

/* A basket's topic that is not sure enough to set the text aside is no department's sure matter either. */
static void
test_what_may_be_a_basket_is_never_sure(void **state)
{
	static const char *const texts[] = {"Teşekkür ederim. Sokağımızda çukur var", "Teşekkür ederim, köpek",
	    "Allah razı olsun asfalt çukur", "Fire! Help!", "kazandınız köpek çukur", "başvurum çöp"};
	struct world *w = *state;
	size_t first = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct decision d = decide(w, texts[i], "");
		const struct catalogue_topic *best =
		    d.candidate_count > 0 ? catalogue_topic(w->catalogue, d.candidates[0].topic) : NULL;

		if (!best || !*best->basket || d.basket != BASKET(UNSPECIFIED) || d.urgent)
			continue;
		first++;
		assert_int_equal(d.outcome, OUTCOME(UNSURE));
		assert_routed(&d, "HM", "");
	}
	print_message("# %zu texts\n", first);
	assert_true(first > 0);
}

/* The topic of fire alone would alarm: its score is high enough. */
static void
test_a_topic_of_danger_in_a_calm_text_alarms_nobody(void **state)
{
	struct world *w = *state;
	struct decision d = decide(w, "yangın tüpü almak istiyorum", "");

	assert_string_equal(d.candidates[0].topic, "DIS-14");
	assert_true(d.candidates[0].score >= 300);
	assert_false(d.urgent);
	assert_string_equal(d.emergency, "");
	d = decide(w, "yangın tüpü almak istiyorum", "DIS-14");
	assert_true(d.urgent); /* a person chose it */
}

static void
test_several_matters_are_a_proposed_split(void **state)
{
	struct world *w = *state;
	struct decision d = decide(w,
	    "Çöp kamyonu gelmedi, çöpler alınmıyor. Ayrıca yolda kocaman çukur var, asfalt bozuk. Başıboş köpek sürüsü "
	    "saldırıyor.",
	    "");

	assert_true(d.matter_count >= 2);
	assert_string_equal(d.matters[0].topic, "TEM-01");
	assert_string_equal(d.matters[0].department, "TEM");
	assert_reasons(w, &d, "; metinde birden çok konu var: Çöpün toplanmaması: Temizlik İşleri Müdürlüğü, ",
	    "; there are several matters in it: Missed refuse: Cleaning Services, ");
	d = decide(w, "Çöp alınmıyor. Çöpler sokakta birikti, kokuyor. Çöp kamyonu gelmedi.", "");
	assert_int_equal(d.matter_count, 0);
}

static struct decision
decide_by(struct world *w, const struct rules_row *row, const char *text)
{
	struct deciding before = w->deciding;
	struct err e = {""};
	struct rules *rules = rules_new(row, 1, 12, &e);
	struct decision d;

	if (!rules)
		fail_msg("%s", e.text);
	w->deciding.rules = rules;
	w->deciding.rules_version = 12;
	d = decide(w, text, "");
	d.rule = arena_string(w->arena, d.rule);
	rules_free(rules);
	w->deciding = before;
	return d;
}

static void
test_a_rule_stands_above(void **state)
{
	static const struct rules_row row = {.code = "cop-fen",
	    .valid_from = 20000,
	    .conditions = "{\"topics\": [\"TEM-01\"]}",
	    .outcome = "{\"department\": \"FEN\"}"};
	static const struct rules_row desk = {.code = "cop-masa",
	    .valid_from = 20000,
	    .conditions = "{\"topics\": [\"TEM-01\"]}",
	    .outcome = "{\"triage\": true}"};
	struct world *w = *state;
	struct decision d = decide_by(w, &row, "çöp alınmıyor");

	assert_int_equal(d.outcome, OUTCOME(RULE));
	assert_string_equal(d.rule, "cop-fen");
	assert_routed(&d, "FEN", "TEM-01");
	assert_reasons(w, &d, "Belediyenin cop-fen kuralı gereği Fen İşleri Müdürlüğü birimine yönlendirildi",
	    "by the rule cop-fen");
	assert_reasons(w, &d, "kurallar 12", "rules 12");
	d = decide_by(w, &desk, "çöp alınmıyor");
	assert_int_equal(d.outcome, OUTCOME(RULE));
	assert_routed(&d, "HM", "");
	d = decide_by(w, &row, "asfalt çukur");
	assert_routed(&d, "FEN", "YOL-01");
	assert_int_equal(d.outcome, OUTCOME(SURE));
}

static void
test_without_a_model_keywords_decide(void **state)
{
	struct world *w = *state;
	struct deciding before = w->deciding;
	struct decision d;

	w->deciding = (struct deciding){.catalogue = w->catalogue};
	d = decide(w, "Sokağımızda çöp alınmıyor", "");
	assert_int_equal(d.outcome, OUTCOME(SURE));
	assert_routed(&d, "TEM", "TEM-01");
	assert_reasons(w, &d, "yalnız anahtar sözcükler", "keywords only");
	d = decide(w, "eskikonu", "");
	assert_routed(&d, "HM", "");
	assert_string_equal(d.candidates[0].reasons[1], "department: OLD is not valid or has no stream");
	d = decide(w, "merhaba", "");
	assert_reasons(w, &d, "Metinden konu anlaşılamadı", "No topic was found");
	w->deciding = before;
}

static void
test_decide_takes_anything(void **state)
{
	struct world *w = *state;
	char *large = arena_alloc(w->arena, 300002);
	struct decision d;

	memcpy(large, "\xc3\xa7", 2);
	for (size_t i = 1; i + 6 < 300000; i += 6)
		memcpy(large + i, "\xc3\xa7öp ", 6); /* the bound falls within a letter */
	d = decide(w, large + 1, "");
	assert_non_null(d.reason_tr);
	d = decide(w, "“ ” 😡 \x01 \" \\ ", "yok böyle konu");
	assert_non_null(d.reason_tr);
	assert_routed(&d, "HM", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sure_is_routed_with_its_words),
	    cmocka_unit_test(test_institution_has_its_phone),
	    cmocka_unit_test(test_unsure_is_the_desks_with_three_to_pick_from),
	    cmocka_unit_test(test_chosen_stands_before_words),
	    cmocka_unit_test(test_baskets_take_only_what_asks_nothing),
	    cmocka_unit_test(test_danger_waits_for_nobody),
	    cmocka_unit_test(test_old_cases_that_are_kept_alarm_nobody),
	    cmocka_unit_test(test_what_may_be_a_basket_is_never_sure),
	    cmocka_unit_test(test_a_topic_of_danger_in_a_calm_text_alarms_nobody),
	    cmocka_unit_test(test_several_matters_are_a_proposed_split),
	    cmocka_unit_test(test_a_rule_stands_above),
	    cmocka_unit_test(test_without_a_model_keywords_decide),
	    cmocka_unit_test(test_decide_takes_anything),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
