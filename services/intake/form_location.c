/* form_location: where it is: a point, words, or both. */
#include "services/intake/form_reader.h"

#include <stddef.h>

#define DEGREE_E7 10000000.0

static int32_t
to_e7(double degrees)
{
	return (int32_t)(degrees * DEGREE_E7 + (degrees < 0 ? -0.5 : 0.5));
}

static bool
read_degrees(struct form_reader *r, const struct form_field *field, const json_t *value, double limit)
{
	double degrees = json_number_value(value);

	if (json_is_number(value) && degrees >= -limit && degrees <= limit)
		return true;
	form_fault(r, field->name,
	    arena_printf(r->arena, "-%.0f ile %.0f arasında bir sayı (derece) olmalı", limit, limit),
	    arena_printf(r->arena, "must be a number (degrees) from -%.0f to %.0f", limit, limit));
	return false;
}

static void
read_latitude(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	if (read_degrees(r, field, value, 90))
		r->form->latitude_e7 = to_e7(json_number_value(value));
}

static void
read_longitude(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	if (read_degrees(r, field, value, 180))
		r->form->longitude_e7 = to_e7(json_number_value(value));
}

static const struct form_field fields[] = {
    {.name = "lat", .read = read_latitude},
    {.name = "lon", .read = read_longitude},
    {.name = "address",
	.read = form_read_text,
	.offset = offsetof(struct application_form, address),
	.length_max = FORM_ADDRESS_MAX},
    {.name = "neighbourhood",
	.read = form_read_text,
	.offset = offsetof(struct application_form, neighbourhood),
	.length_max = FORM_NEIGHBOURHOOD_MAX},
    {.name = NULL},
};

void
form_read_location(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	bool latitude = json_object_get(value, "lat") != NULL, longitude = json_object_get(value, "lon") != NULL;

	if (!json_is_object(value)) {
		form_fault(r, field->name, "nesne olmalı: {\"lat\", \"lon\", \"address\", \"neighbourhood\"}",
		    "must be an object: {\"lat\", \"lon\", \"address\", \"neighbourhood\"}");
		return;
	}
	r->place = "location.";
	form_read_fields(r, fields, value);
	if (latitude != longitude)
		form_fault(
		    r, latitude ? "lon" : "lat", "lat ve lon birlikte verilmeli", "lat and lon must be given together");
	r->form->has_point = latitude && longitude;
	r->place = "";
}
