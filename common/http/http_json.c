/* http_json: a body as JSON: one object, strict UTF-8, no key twice, no NUL, not deep. */
#include "common/http/http_internal.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

/* While a body is parsed, what jansson asks for comes from the request's arena, and ends with it: a third of the cost of
 * a small body was its many little pieces. Outside of http_json() it is memory as ever. */
static _Thread_local struct arena *parsing;

static void *
take(size_t size)
{
	void *memory = parsing ? arena_alloc(parsing, size) : malloc(size);

	if (!memory && size > 0)
		abort(); /* jansson would leave out a field */
	return memory;
}

static void
give_back(void *data)
{
	if (!parsing)
		free(data);
}

void
http_json_start(void)
{
	json_set_alloc_funcs(take, give_back);
}

/* What jansson says, in the words of a reader. */
static const struct {
	enum json_error_code code;
	const char *tr, *en;
} reasons[] = {
    {json_error_invalid_utf8, "metin geçerli UTF-8 değil", "the text is not valid UTF-8"},
    {json_error_premature_end_of_input, "metin yarıda kesilmiş", "the text ends too early"},
    {json_error_end_of_input_expected, "JSON nesnesinden sonra fazladan metin var",
	"there is text after the JSON object"},
    {json_error_duplicate_key, "bir alan iki kez verilmiş", "a field is given twice"},
    {json_error_numeric_overflow, "bir sayı çok büyük", "a number is too large"},
    {json_error_null_character, "metin NUL karakteri (\\u0000) içeriyor", "the text holds a NUL character (\\u0000)"},
    {json_error_null_byte_in_key, "bir alan adı NUL karakteri (\\u0000) içeriyor",
	"the name of a field holds a NUL character (\\u0000)"},
    {json_error_stack_overflow, "iç içe yapılar çok derin", "it is nested too deeply"},
};

static void
fault_of_error(struct arena *a, const json_error_t *error, struct http_json_fault *fault)
{
	const char *tr = "JSON sözdizimi hatalı", *en = "the JSON syntax is wrong";

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].code == json_error_code(error)) {
			tr = reasons[i].tr;
			en = reasons[i].en;
		}
	}
	fault->tr = arena_printf(a, "%d. satır, %d. sütun: %s", error->line, error->column, tr);
	fault->en = arena_printf(a, "line %d, column %d: %s", error->line, error->column, en);
}

/* jansson would go 2,048 levels down. */
static bool
is_shallow(const char *text, size_t size)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			if (++depth > HTTP_JSON_DEPTH_MAX)
				return false;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return true;
}

json_t *
http_json_parse(struct arena *a, const char *text, size_t size, struct http_json_fault *fault)
{
	json_error_t error;
	json_t *json;

	if (!is_shallow(text, size)) {
		fault->tr = "iç içe yapılar çok derin: en çok 8 düzey";
		fault->en = "it is nested too deeply: at most 8 levels";
		return NULL;
	}
	parsing = a;
	json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	parsing = NULL;
	if (!json) {
		fault_of_error(a, &error, fault);
		return NULL;
	}
	if (!json_is_object(json)) {
		fault->tr = "gövde bir JSON nesnesi ({...}) olmalıdır";
		fault->en = "the body must be a JSON object ({...})";
		return NULL;
	}
	return json;
}

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
	struct http_json_fault fault;
	size_t size;
	const char *text = http_body(r, &size);

	if (r->json)
		return r->json;
	if (!is_json(evhttp_find_header(evhttp_request_get_input_headers(r->request), "Content-Type"))) {
		http_set_header(r, "Accept", "application/json");
		http_reply_problem(r, "media-type", NULL);
		return NULL;
	}
	r->json = http_json_parse(r->arena, text, size, &fault);
	if (!r->json) {
		http_fault_add(&faults, "", fault.tr, fault.en);
		http_reply_problem(r, "malformed-json", &faults);
	}
	return r->json;
}
