/* http_json: a body as JSON: one object, strict UTF-8, no key twice, no NUL, not deep. */
#include "common/http/http_internal.h"

#include <string.h>

#include "common/base/jsontext.h"
#include "common/base/text.h"

static bool
is_json(const char *content_type)
{
	size_t length = sizeof("application/json") - 1;
	const char *rest;

	if (!content_type || !ascii_starts_nocase(content_type, "application/json"))
		return false;
	for (rest = content_type + length; *rest == ' ' || *rest == '\t'; rest++)
		;
	if (*rest != '\0' && *rest != ';')
		return false;
	for (rest += *rest == ';'; *rest == ' ' || *rest == '\t'; rest++)
		;
	return !ascii_starts_nocase(rest, "charset=") || ascii_equal_nocase(rest, "charset=utf-8") ||
	       ascii_equal_nocase(rest, "charset=\"utf-8\"");
}

json_t *
http_json(struct http_request *r)
{
	struct http_faults faults = {.count = 0};
	struct jsontext_fault fault;
	size_t size;
	const char *text = http_body(r, &size);

	if (r->json)
		return r->json;
	if (!is_json(evhttp_find_header(evhttp_request_get_input_headers(r->request), "Content-Type"))) {
		http_set_header(r, "Accept", "application/json");
		http_reply_problem(r, "media-type", NULL);
		return NULL;
	}
	r->json = jsontext_read(r->arena, text, size, HTTP_JSON_DEPTH_MAX, &fault);
	if (!r->json) {
		http_fault_add(&faults, "", fault.tr, fault.en);
		http_reply_problem(r, "malformed-json", &faults);
	}
	return r->json;
}
