/* refusal: see the header. */
#include "services/intake/refusal.h"

void
refusal_send(struct http_request *r, const struct form_faults *faults)
{
	struct http_faults list = {.count = 0};

	for (size_t i = 0; i < faults->count; i++) {
		const struct form_fault *f = &faults->list[i];

		http_fault_add(&list, f->field, f->text_tr, f->text_en);
		list.list[i].pointer = f->pointer;
	}
	http_reply_problem(r, "invalid", &list);
}

bool
refusal_read_key(struct http_request *r, const char **key)
{
	struct http_faults faults = {.count = 0};
	const char *given = http_header(r, "Idempotency-Key");

	*key = NULL;
	if (!http_has_header(r, "Idempotency-Key"))
		return true;
	if (given && form_key_valid(given)) {
		*key = arena_string(http_arena(r), given);
		return true;
	}
	http_fault_add(&faults, "header:Idempotency-Key",
	    "1-128 yazdırılabilir ASCII karakter olmalı ve boşluk içermemeli; örneğin bir UUID",
	    "must be 1 to 128 printable ASCII characters without spaces, such as a UUID");
	http_reply_problem(r, "bad-request", &faults);
	return false;
}
