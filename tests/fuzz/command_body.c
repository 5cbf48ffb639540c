/* fuzz command_body: any bytes as the body of a command or of a list. What is taken makes commands that the router can
 * read; what is refused has its reasons in both languages. The first byte says who sends it: 'r', 'a' and 'w' an applicant
 * who replies, adds or withdraws, anything else a holder of a key. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/wire.h"
#include "services/intake/command_form.h"

#define COMMAND_MAX (128UL * 1024) /* as the router's server takes */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int holds)
{
	if (!holds)
		abort();
}

static void
check_taken(struct arena *a, const struct command_form *form)
{
	Kopru__V1__Command command;
	const Kopru__V1__Command *read;
	struct err e;
	uint8_t *bytes;
	size_t size;

	require(number_parse(form->number, NULL, NULL));
	require(form->expected_version <= INT32_MAX);
	kopru__v1__command__init(&command);
	require(command_fields_fill(a, form->action, &form->fields, &command));
	bytes = wire_pack(a, &command.base, &size);
	require(bytes && size + 1024 < COMMAND_MAX);
	read = wire_unpack(&kopru__v1__command__descriptor, a, bytes, size, &e);
	require(read && (int)read->action_case == form->action);
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

static void
read_applicant(struct arena *a, int action, const json_t *json)
{
	struct command_form form;
	struct form_faults faults;

	if (command_form_read_applicant(a, action, json, &form, &faults) < 0) {
		check_refused(&faults);
		return;
	}
	require(form.access_code != NULL && form.action == action);
	check_taken(a, &form);
}

static void
read_forms(struct arena *a, const json_t *json)
{
	struct command_form *forms;
	struct form_faults faults;
	bool list;
	int count = command_forms_read(a, json, &forms, &list, &faults);

	if (count < 0) {
		check_refused(&faults);
		return;
	}
	require(count >= 1 && count <= COMMAND_FORMS_MAX && (list || count == 1));
	for (int i = 0; i < count; i++)
		check_taken(a, &forms[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
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
	if (data[0] == 'r')
		read_applicant(a, KOPRU__V1__COMMAND__ACTION_CITIZEN_REPLY, json);
	else if (data[0] == 'a')
		read_applicant(a, KOPRU__V1__COMMAND__ACTION_CITIZEN_ADD, json);
	else if (data[0] == 'w')
		read_applicant(a, KOPRU__V1__COMMAND__ACTION_WITHDRAW, json);
	else
		read_forms(a, json);
	arena_free(a);
	json_decref(json);
	return 0;
}
