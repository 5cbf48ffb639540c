/* Any bytes as a template: it is refused with file and line, or rendered into text that is as valid as its fields. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "services/notifier/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *fields[TEMPLATE_FIELDS];
	struct arena *a = arena_new(0);
	struct template *t;
	struct err e = {""};

	t = template_parse(a, "t.txt", (const char *)data, size, TEMPLATE_ALLOW(TEMPLATE_FIELDS) - 1, &e);
	if (!t && strncmp(e.text, "t.txt:", 6) != 0)
		abort();
	for (int round = 0; t && round < 2; round++) {
		char *subject, *body;

		for (int i = 0; i < TEMPLATE_FIELDS; i++)
			fields[i] = round && i % 2 ? "" : "çok\nsatır {{law}}";
		subject = template_subject(a, t, fields);
		body = template_body(a, t, fields);
		if (!text_valid(subject, strlen(subject)) || !text_valid(body, strlen(body)))
			abort();
		if (*body && body[strlen(body) - 1] != '\n')
			abort();
	}
	arena_free(a);
	return 0;
}
