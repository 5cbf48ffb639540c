/* jsontext: see the header. */
#include "common/base/jsontext.h"

#include <stdbool.h>
#include <stdlib.h>

/* While a body is parsed, what jansson asks for comes from the caller's arena, and ends with it: a third of the cost of
 * a small body was its many little pieces. Outside of jsontext_read() it is memory as ever. */
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
jsontext_start(void)
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
fault_of_error(struct arena *a, const json_error_t *error, struct jsontext_fault *fault)
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
is_shallow(const char *text, size_t size, unsigned depth_max)
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
			if (++depth > depth_max)
				return false;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return true;
}

json_t *
jsontext_read(struct arena *a, const char *text, size_t size, unsigned depth_max, struct jsontext_fault *fault)
{
	json_error_t error;
	json_t *json;

	if (!is_shallow(text, size, depth_max)) {
		fault->tr = arena_printf(a, "iç içe yapılar çok derin: en çok %u düzey", depth_max);
		fault->en = arena_printf(a, "it is nested too deeply: at most %u levels", depth_max);
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
