/* send_values: values of options, each read and checked for itself. Shared by send_*.c only. */
#ifndef KOPRU_SERVICES_DEPARTMENT_SEND_VALUES_H
#define KOPRU_SERVICES_DEPARTMENT_SEND_VALUES_H

#include <stdbool.h>

#include "services/department/send_options.h"

struct send_reading {
	struct arena *arena;
	FILE *in;
	struct send_options *options;
	const struct command_shape *shape;
	unsigned given; /* enum command_field, or'ed */
	bool has_application, has_id, has_version, used_input;
	struct err *e;
};

/* The option --name, which gives a field of the command. */
int send_value_read(struct send_reading *r, const char *name, const char *value);
/* A whole number from 1 to most. */
int send_value_number(const char *value, uint32_t most, uint32_t *number, struct err *e);
/* An option that gives the field, with its hyphens. */
const char *send_value_option(unsigned field);

#endif
