/* Any bytes as a form posted over Open311: what is read holds only valid text, and the key is never among what is kept. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "services/intake/open311_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct open311_value values[] = {{"a", "Bir", "One"}, {"b", "İki", "Two"}};
static struct open311_attribute list = {
    "YOL-01", "WHAT", "Ne?", "What?", OPEN311_SOME_OF, true, values, sizeof(values) / sizeof(values[0])};
static struct open311_attribute number = {"YOL-01", "SIZE", "Boy", "Size", OPEN311_NUMBER, false, NULL, 0};
static const struct open311_service service = {.code = "YOL-01",
    .name_tr = "Çukur",
    .name_en = "Pothole",
    .category_tr = "Yol",
    .attributes = {&list, &number},
    .attribute_count = 2};

static void
must_be_text(const char *text)
{
	if (text && !text_valid(text, strlen(text)))
		abort();
}

static void
read_pairs(struct arena *a, const struct open311_pairs *pairs)
{
	struct open311_texts faults = {.count = 0};
	struct open311_given given;
	struct application_form form;

	open311_form_given(pairs, &given);
	open311_form_read(a, &given, pairs, &service, &form, &faults);
	must_be_text(form.text);
	must_be_text(form.address);
	must_be_text(form.applicant_name);
	for (size_t i = 0; i < faults.count; i++) {
		must_be_text(faults.list[i].tr);
		must_be_text(faults.list[i].en);
	}
	if (faults.count == 0 && (text_length(form.text) > FORM_TEXT_MAX || (!form.has_point && !form.address)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct open311_pairs pairs;
	const struct open311_text *wrong = NULL;
	const char *kept;
	size_t kept_size;

	if (size > OPEN311_BODY_MAX)
		size = OPEN311_BODY_MAX;
	kept = open311_form_without_key(a, (const char *)data, size, &kept_size);
	if (kept_size > size)
		abort();
	if (open311_form_decode(a, (const char *)data, size, &pairs, &wrong) == 0)
		read_pairs(a, &pairs);
	else if (!wrong)
		abort();
	if (open311_form_decode(a, kept, kept_size, &pairs, &wrong) == 0)
		for (size_t i = 0; i < pairs.count; i++)
			if (strcmp(pairs.list[i].name, "api_key") == 0)
				abort();
	arena_free(a);
	return 0;
}
