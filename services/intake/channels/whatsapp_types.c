/* whatsapp_types: see the header. */
#include "services/intake/channels/whatsapp_types.h"

#include <string.h>

#include "common/base/jsontext.h"
#include "services/intake/channels/fields.h"

#define LINES_MAX 100 /* of a list that becomes text */
#define FORM_DEPTH_MAX 4

static void
read_text(struct arena *a, const json_t *part, struct channel_item *item)
{
	item->text = fields_text(a, part, "body");
}

static void
read_media(struct arena *a, const json_t *part, struct channel_item *item)
{
	struct channel_file file = {.media_id = fields_id(a, part, "id", FIELDS_ID_MAX),
	    .media_type = fields_line(a, part, "mime_type"),
	    .sha256 = fields_id(a, part, "sha256", 100),
	    .name = fields_line(a, part, "filename")};

	item->text = fields_text(a, part, "caption");
	fields_file_add(item, &file);
}

static void
read_location(struct arena *a, const json_t *part, struct channel_item *item)
{
	fields_point(part, "latitude", "longitude", item);
	item->address = fields_join(a, fields_line(a, part, "name"), ", ", fields_line(a, part, "address"));
}

static void
add_line(struct arena *a, struct channel_item *item, const char *line)
{
	item->text = fields_join(a, item->text, "\n", line);
}

static void
read_contacts(struct arena *a, const json_t *part, struct channel_item *item)
{
	const json_t *contact, *phone;
	size_t i, j;

	json_array_foreach(part, i, contact)
	{
		const char *line = fields_line(a, json_object_get(contact, "name"), "formatted_name");

		if (i >= LINES_MAX)
			break;
		json_array_foreach(json_object_get(contact, "phones"), j, phone)
		{
			if (j < 5)
				line = fields_join(a, line, ", ", fields_line(a, phone, "phone"));
		}
		add_line(a, item, line);
	}
}

static void
read_button(struct arena *a, const json_t *part, struct channel_item *item)
{
	item->text = fields_text(a, part, "text");
}

static const char *
scalar_text(struct arena *a, const json_t *form, const char *name, const json_t *value)
{
	if (json_is_boolean(value))
		return json_is_true(value) ? "evet" : "hayır";
	if (json_is_real(value))
		return arena_printf(a, "%.15g", json_real_value(value));
	return json_is_integer(value) ? fields_id(a, form, name, 30) : fields_text(a, form, name);
}

/* A filled-in form comes as JSON in a text. */
static void
read_form(struct arena *a, const json_t *reply, struct channel_item *item)
{
	const char *text = json_string_value(json_object_get(reply, "response_json"));
	struct jsontext_fault fault;
	json_t *form = text ? jsontext_read(a, text, strlen(text), FORM_DEPTH_MAX, &fault) : NULL, *value;
	const char *name;
	size_t count = 0;

	json_object_foreach(form, name, value)
	{
		const char *said = scalar_text(a, form, name, value);

		if (said && strcmp(name, "flow_token") != 0 && count++ < LINES_MAX)
			add_line(a, item, fields_join(a, fields_one_line(a, name), ": ", said));
	}
	if (!item->text)
		item->text = fields_text(a, reply, form ? "body" : "response_json");
}

static void
read_interactive(struct arena *a, const json_t *part, struct channel_item *item)
{
	const json_t *button = json_object_get(part, "button_reply"), *row = json_object_get(part, "list_reply");

	if (json_object_get(part, "call_permission_reply")) {
		item->kind = CHANNEL_IGNORED;
		item->why = "a permission to call";
	}
	item->text = fields_text(a, button, "title");
	if (row)
		item->text = fields_join(a, fields_text(a, row, "title"), "\n", fields_text(a, row, "description"));
	if (json_object_get(part, "nfm_reply"))
		read_form(a, json_object_get(part, "nfm_reply"), item);
}

static void
read_order(struct arena *a, const json_t *part, struct channel_item *item)
{
	const json_t *product;
	size_t i;

	item->text = fields_text(a, part, "text");
	json_array_foreach(json_object_get(part, "product_items"), i, product)
	{
		const char *name = fields_line(a, product, "product_retailer_id");

		if (name && i < LINES_MAX)
			add_line(a, item, fields_join(a, fields_id(a, product, "quantity", 20), " x ", name));
	}
}

static const struct {
	const char *type;
	void (*read)(struct arena *a, const json_t *part, struct channel_item *item);
} types[] = {
    {"text", read_text},
    {"image", read_media},
    {"document", read_media},
    {"audio", read_media},
    {"video", read_media},
    {"location", read_location},
    {"contacts", read_contacts},
    {"button", read_button},
    {"interactive", read_interactive},
    {"order", read_order},
};

void
whatsapp_type_read(struct arena *a, const json_t *message, struct channel_item *item)
{
	const char *type = json_string_value(json_object_get(message, "type"));

	for (size_t i = 0; type && i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].type, type) != 0)
			continue;
		item->type = types[i].type;
		types[i].read(a, json_object_get(message, type), item);
	}
	if (!item->text && !item->has_point && !item->address && item->file_count == 0)
		item->type = "unsupported";
}
