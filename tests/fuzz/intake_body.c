/* fuzz intake_body: any bytes as the body of an application. What is taken makes an event that everybody can read; what
 * is refused has its reasons in both languages. So is a list of them that is imported. The first byte says whether a key was shown. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/wire.h"
#include "proto/kopru/v1/event.pb-c.h"
#include "services/intake/imports_form.h"
#include "services/intake/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int holds)
{
	if (!holds)
		abort();
}

static void
check_taken(struct arena *a, const struct application_form *form)
{
	struct receipt receipt = {.number = "HM-2026-0000001-5",
	    .access_code = "0123-4567-89AB-CDEF-GHJK-MNPQ-RS",
	    .received_at = form->received_at,
	    .due_on = 20800,
	    .traceparent = ""};
	const Kopru__V1__Event *event;
	struct err e;
	uint8_t *bytes;
	char *json;
	size_t size;

	bytes = receipt_event(a, &receipt, form, &size);
	require(size <= WIRE_EVENT_MAX);
	event = wire_unpack(&kopru__v1__event__descriptor, a, bytes, size, &e);
	require(event && event->body_case == KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED);
	require(strcmp(event->application_received->application->text, form->text) == 0);
	json = receipt_json(a, &receipt, "http://127.0.0.1:8080", &size);
	json_decref(json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL));
}

static void
check_refused(const struct form_faults *faults)
{
	require(faults->count > 0 && faults->count <= FORM_FAULTS_MAX);
	for (size_t i = 0; i < faults->count; i++) {
		const struct form_fault *f = &faults->list[i];

		require(text_valid(f->field, strlen(f->field)));
		require(text_valid(f->text_tr, strlen(f->text_tr)) && text_valid(f->text_en, strlen(f->text_en)));
		require(!f->pointer || strncmp(f->pointer, "#/", 2) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct form_rules rules = {.files = true, .now = INT64_C(1795424400000000)};
	struct application_form form;
	struct form_faults faults;
	struct imports_form imports;
	struct arena *a;
	json_t *json;

	if (size < 1)
		return 0;
	json = json_loadb((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES, NULL);
	if (!json || !json_is_object(json)) {
		json_decref(json);
		return 0;
	}
	a = arena_new(0);
	rules.trusted = data[0] == '+';
	if (form_read(a, json, &rules, &form, &faults) == 0)
		check_taken(a, &form);
	else
		check_refused(&faults);
	if (imports_form_read(a, json, &imports, &faults) < 0)
		check_refused(&faults);
	else
		require(imports.count > 0 && imports.count <= IMPORTS_MAX && imports.source);
	arena_free(a);
	json_decref(json);
	return 0;
}
