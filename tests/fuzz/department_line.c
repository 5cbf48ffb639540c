/* fuzz department_line: any event as a department's consumer hands it on: refused with a reason, or one line of JSON that
 * anybody can read and that says which event it is; and that line, or any other, on the standard input of a command:
 * refused, or a command to that application. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/base/text.h"
#include "services/department/line.h"
#include "services/department/send_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char application[] = "01890000-0000-7000-8000-000000000001";

static void
require(int holds)
{
	if (!holds)
		abort();
}

/* What `kopru-department accept` makes of a line. */
static bool
command_of(const void *line, size_t size, struct send_options *options)
{
	static struct arena *a; /* a line takes a mebibyte, so few are read */
	static char word[] = "accept";
	char *arguments[] = {word, NULL};
	FILE *in = fmemopen((void *)(uintptr_t)line, size, "r");
	struct err e = {""};
	int rc;

	a = a ? a : arena_new(0);
	arena_reset(a);
	require(in != NULL);
	rc = send_options_read(a, 1, arguments, in, options, &e);
	fclose(in);
	require(rc == 0 || *e.text);
	return rc == 0;
}

static void
check_line(const struct line *line, const struct line_place *place)
{
	char id[UUID_TEXT_SIZE];
	struct send_options options;
	json_t *json;

	require(line->text[line->size - 1] == '\n' && strlen(line->text) == line->size);
	require(strchr(line->text, '\n') == line->text + line->size - 1 && text_valid(line->text, line->size));
	json = json_loads(line->text, JSON_REJECT_DUPLICATES, NULL);
	uuid_text(&place->event_id, id);
	require(json && strcmp(json_string_value(json_object_get(json, "event_id")), id) == 0);
	require((uint64_t)json_integer_value(json_object_get(json, "seq")) == place->seq);
	require(json_is_string(json_object_get(json, "type")));
	json_decref(json);
	if (line->size % 16 == 0 && command_of(line->text, line->size, &options))
		require(uuid_compare(&options.application_id, &line->application_id) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct line_place place = {.stream = "department/TEM", .seq = 7};
	struct arena *a = arena_new(0);
	struct send_options options;
	struct err e = {""};
	struct line line;

	require(uuid_parse(application, &place.event_id));
	if (line_make(a, &place, data, size, &line, &e) == 0)
		check_line(&line, &place);
	else
		require(*e.text != '\0');
	if (size > 0 && data[0] == '{')
		command_of(data, size, &options);
	arena_free(a);
	return 0;
}
