/* fuzz call_body: any bytes as what an exchange or a clerk says of calls and callers. What is taken keeps its promises; what is
 * refused has its reasons in both languages. The first byte says which form it is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "services/intake/call_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int holds)
{
	if (!holds)
		abort();
}

static void
check_line(const char *text, size_t most)
{
	require(!text || (text_length(text) <= most && !text_blank(text) && !text_has_line_break_or_control(text)));
}

static void
check_call(const struct call_form *call, int64_t now)
{
	require(call->call_id && call->started_at > 0 && call->started_at <= now);
	require(call->ended_at == 0 || (call->ended_at >= call->started_at && call->ended_at <= now));
	require(!(call->missed && call->answered_by));
	require(!call->caller || call->caller[0] == '+');
	check_line(call->call_id, FORM_CALL_ID_MAX);
	check_line(call->answered_by, FORM_SHORT_MAX);
	check_line(call->recording, FORM_RECORDING_MAX);
}

static void
check_search(const struct search_form *search)
{
	require((search->phone != NULL) + (search->national_id != NULL) + (search->email != NULL) == 1);
}

static void
check_refused(const struct form_faults *faults)
{
	require(faults->count > 0 && faults->count <= FORM_FAULTS_MAX);
	for (size_t i = 0; i < faults->count; i++) {
		const struct form_fault *f = &faults->list[i];

		require(text_valid(f->field, strlen(f->field)));
		require(text_valid(f->text_tr, strlen(f->text_tr)) && text_valid(f->text_en, strlen(f->text_en)));
	}
}

static void
check(struct arena *a, const json_t *json, uint8_t which)
{
	struct form_rules rules = {.now = INT64_C(1795424400000000), .trusted = true};
	struct form_faults faults;
	struct call_form call;
	struct call_back_form back;
	struct search_form search;
	int rc;

	if (which == 'b') {
		if ((rc = call_back_form_read(a, json, &back, &faults)) == 0)
			check_line(back.call_id, FORM_CALL_ID_MAX);
	} else if (which == 's') {
		if ((rc = search_form_read(a, json, &search, &faults)) == 0)
			check_search(&search);
	} else if ((rc = call_form_read(a, json, &rules, &call, &faults)) == 0) {
		check_call(&call, rules.now);
	}
	if (rc < 0)
		check_refused(&faults);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a;
	json_t *json;

	if (size < 1)
		return 0;
	json = json_loadb((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(json)) {
		a = arena_new(0);
		check(a, json, data[0]);
		arena_free(a);
	}
	json_decref(json);
	return 0;
}
