/* places: all names that ship, as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/base/csv.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/places/places.h"

#define GUESSED_MIN 6
#define ROUNDS 2000

struct names {
	struct arena *arena;
	struct places_area *areas;
	size_t count, own;
	struct places *places;
};

static int
start(void **state)
{
	struct arena *a = arena_new(0);
	struct names *n = arena_alloc(a, sizeof(*n));
	struct places_rows rows = {0};
	struct csv_table t;
	struct err e = {""};
	char *text;
	size_t size;

	n->arena = a;
	if (file_read(a, "deploy/data/neighbourhood_names.csv", 1 << 20, &text, &size, &e) < 0 ||
	    csv_parse(a, text, 1000, &t, &e) < 0)
		fail_msg("%s", e.text);
	n->areas = arena_array(a, t.rows, sizeof(*n->areas));
	for (n->count = 0; n->count < t.rows; n->count++) {
		char *names = arena_string(a, csv_cell(&t, n->count, "names"));

		for (char *c = names; *c; c++)
			*c = *c == '|' ? '\n' : *c;
		n->areas[n->count] = (struct places_area){csv_cell(&t, n->count, "code"),
		    csv_cell(&t, n->count, "name"), csv_cell(&t, n->count, "district"), names, NULL, true,
		    strcmp(csv_cell(&t, n->count, "ordinary"), "yes") == 0};
		n->own += *n->areas[n->count].district == '\0';
	}
	rows.areas = n->areas;
	rows.area_count = n->count;
	n->places = places_new(&rows, &e);
	*state = n;
	return n->places ? 0 : -1;
}

static int
stop(void **state)
{
	struct names *n = *state;

	places_free(n->places);
	arena_free(n->arena);
	return 0;
}

static const char *
told(const struct names *n, const char *field, const char *text)
{
	struct places_question q = {.neighbourhood = field, .address = "", .text = text};
	struct places_answer answer;

	places_find(n->places, n->arena, &q, &answer);
	return answer.neighbourhood ? answer.neighbourhood->code : "";
}

static void
assert_told(const struct names *n, const char *field, const char *text, const char *code)
{
	const char *found = told(n, field, text);

	if (strcmp(found, code) != 0)
		fail_msg("\"%s\" \"%s\" tells \"%s\", not \"%s\"", field, text, found, code);
}

static void
test_all_names_are_found_in_each_spelling(void **state)
{
	const struct names *n = *state;
	struct arena *a = n->arena;

	assert_int_equal(n->own, 80);
	for (size_t i = 0; i < n->count; i++) {
		const struct places_area *area = &n->areas[i];
		const char *name = area->name, *upper = text_upper_tr(a, name), *folded = text_fold_tr(a, name);

		assert_told(n, name, "", area->code);
		assert_told(n, folded, "", area->code);
		assert_told(n, arena_printf(a, "%s Mahallesi / Konya", upper), "", area->code);
		assert_told(n, "", arena_printf(a, "%s mah. 1043 sok no 5", name), area->code);
		assert_told(n, "", arena_printf(a, "Bugün %s Mahallesi'nde çöp alınmadı", name), area->code);
		assert_told(n, "", arena_printf(a, "%s MAHALLESİNDEKİ PARK", upper), area->code);
		assert_told(n, "", arena_printf(a, "biz %s mahallesindeyiz", folded), area->code);
		assert_told(n, "", arena_printf(a, "%s Caddesi'nde çukur var", name), "");
		if (!strchr(folded, ' ')) /* else its last word alone may be another's name */
			assert_told(
			    n, "", arena_printf(a, "x%s mah", folded), strlen(folded) < GUESSED_MIN ? "" : area->code);
	}
}

static void
test_ordinary_words_are_no_names(void **state)
{
	const struct names *n = *state;
	struct arena *a = n->arena;

	for (size_t i = 0; i < n->count; i++) {
		const struct places_area *area = &n->areas[i];

		assert_told(n, "", arena_printf(a, "dün %s gördüm", area->name), area->ordinary ? "" : area->code);
	}
	assert_told(n, "", "sürücüler hızlı gidiyor, yenice bir köpek, başak gibi, istiklal marşı, doğuşu", "");
	assert_told(n, "", "akbaş köpek, obruk oluştu, esentepeli, çelebi kişi, buğday yarması, yediler içtiler", "");
}

static void
test_names_with_a_wrong_letter_are_guessed_only_when_sure(void **state)
{
	const struct names *n = *state;
	size_t right = 0, all = 0;

	for (size_t i = 0; i < n->own; i++) {
		const char *folded = text_fold_tr(n->arena, n->areas[i].name);
		size_t size = strlen(folded);

		for (size_t at = 1; at < size && size > GUESSED_MIN; at++) {
			const char *found =
			    told(n, "", arena_printf(n->arena, "%.*s%s mah", (int)at, folded, folded + at + 1));

			all++;
			right += strcmp(found, n->areas[i].code) == 0;
			if (*found && strcmp(found, n->areas[i].code) != 0)
				fail_msg("%s without letter %zu tells %s", folded, at, found);
		}
	}
	print_message("[ figures  ] %zu of %zu names with a letter left out are told, none is another's\n", right, all);
	assert_true(right * 100 >= all * 95);
}

static void
test_a_text_is_looked_through_quickly(void **state)
{
	static const char text[] =
	    "Merhaba, Fetih mahallesinde oturuyorum, bizim sokakta akşamları ışıklar yanmıyor ve çöp konteyneri taşmış "
	    "durumda. Kaç kere aradık ilgilenen olmadı. Çocuklar düşüyor, gereğinin yapılmasını rica ederim. "
	    "Teşekkürler.";
	const struct names *n = *state;
	struct timespec from, to;
	double microseconds;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < ROUNDS; i++) {
		struct arena *a = arena_new(0);
		struct places_question q = {.neighbourhood = "", .address = "", .text = text};
		struct places_answer answer;

		places_find(n->places, a, &q, &answer);
		assert_non_null(answer.neighbourhood);
		arena_free(a);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	microseconds = ((double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3) / ROUNDS;
	print_message("[ figures  ] %.1f us for a text of %zu bytes\n", microseconds, sizeof(text) - 1);
	assert_true(microseconds < 2000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_all_names_are_found_in_each_spelling, start, stop),
	    cmocka_unit_test_setup_teardown(test_ordinary_words_are_no_names, start, stop),
	    cmocka_unit_test_setup_teardown(test_names_with_a_wrong_letter_are_guessed_only_when_sure, start, stop),
	    cmocka_unit_test_setup_teardown(test_a_text_is_looked_through_quickly, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
