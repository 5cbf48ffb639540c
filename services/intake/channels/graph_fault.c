/* graph_fault: see the header. */
#include "services/intake/channels/graph_fault.h"

#include <stddef.h>

#include <jansson.h>

#define CODE_MAX 10000000

static int
number(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(object, name));

	return value > 0 && value < CODE_MAX ? (int)value : 0;
}

struct graph_fault
graph_fault_read(int status, const char *body)
{
	json_t *json = body ? json_loads(body, JSON_DECODE_ANY, NULL) : NULL;
	const json_t *error = json_object_get(json, "error");
	struct graph_fault fault = {
	    .status = status, .code = number(error, "code"), .subcode = number(error, "error_subcode")};

	if (fault.code == 0)
		fault.code = number(json, "error_code");
	json_decref(json);
	return fault;
}

bool
graph_fault_passes(const struct graph_fault *fault)
{
	static const int codes[] = {
	    1, 2, 4, 17, 32, 190, 131000, 613, 80007, 130429, 131048, 131056, 131016, 131057, 133004};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i] == fault->code)
			return true;
	return fault->status == 401 || fault->status == 408 || fault->status == 429 || fault->status == 503;
}

bool
graph_fault_none_such(const struct graph_fault *fault)
{
	if (graph_fault_passes(fault))
		return false;
	return fault->status == 404 || fault->status == 410 || (fault->code == 100 && fault->subcode == 33);
}
