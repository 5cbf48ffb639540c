/* fields: see the header. */
#include "services/intake/channels/fields.h"

#include <math.h>
#include <string.h>

#include "common/base/jsontext.h"
#include "common/base/text.h"
#include "common/domain/identity.h"
#include "common/domain/number.h"

#define DEPTH_MAX 24 /* an address in a contact in an edit of a message lies 14 deep */
#define VALUES_MAX 200000 /* each costs some 100 bytes */
#define TIME_MAX INT64_C(7258118400000000) /* 2200 */

/* Three megabytes can hold a million empty lists, which would take fifty times their size. */
static bool
is_small(const char *text, size_t size)
{
	size_t count = 0;
	bool quoted = false;

	for (size_t i = 0; i < size; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == ',' || text[i] == '[' || text[i] == '{'))
			count++;
	}
	return count <= VALUES_MAX;
}

json_t *
fields_read(struct arena *a, const struct channel_inbound *inbound)
{
	struct jsontext_fault fault;

	if (!inbound->raw || !is_small(inbound->raw, inbound->size))
		return NULL;
	return jsontext_read(a, inbound->raw, inbound->size, DEPTH_MAX, &fault);
}

/* A control character (C0, DEL or C1 in UTF-8) at p: its bytes, or 0. */
static size_t
control_at(const char *p)
{
	unsigned char c = (unsigned char)p[0], next = c ? (unsigned char)p[1] : 0;

	if (c < 0x20 || c == 0x7f)
		return 1;
	return c == 0xc2 && next >= 0x80 && next <= 0x9f ? 2 : 0;
}

/* Control characters become spaces; those that break lines, too, when it is one line. */
static const char *
clean(struct arena *a, const char *text, bool one_line)
{
	char *copy, *p;

	if (one_line ? !text_has_line_break_or_control(text) : !text_has_control(text))
		return text;
	copy = arena_string(a, text);
	for (p = copy; *p; p++) {
		size_t size = control_at(p);

		if (one_line && p[0] == '\xe2' && p[1] == '\x80' && (p[2] == '\xa8' || p[2] == '\xa9'))
			size = 3;
		if (size > 0 && (one_line || (*p != '\t' && *p != '\n' && *p != '\r')))
			memset(p, ' ', size);
	}
	return copy;
}

static const char *
blank_to_null(const char *text)
{
	return text && !text_blank(text) ? text : NULL;
}

const char *
fields_text(struct arena *a, const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? blank_to_null(clean(a, text, false)) : NULL;
}

const char *
fields_one_line(struct arena *a, const char *text)
{
	size_t bytes = 0, count = 0;

	if (!text)
		return NULL;
	text = text_trim(a, clean(a, text, true));
	for (; text[bytes]; bytes++) {
		if (((unsigned char)text[bytes] & 0xc0) != 0x80 && count++ == FIELDS_NAME_MAX)
			break;
	}
	return blank_to_null(text[bytes] ? arena_string_n(a, text, bytes) : text);
}

const char *
fields_line(struct arena *a, const json_t *object, const char *name)
{
	return fields_one_line(a, json_string_value(json_object_get(object, name)));
}

const char *
fields_id(struct arena *a, const json_t *object, const char *name, size_t max)
{
	const json_t *value = json_object_get(object, name);
	const char *text = json_string_value(value);
	size_t size = 0;

	if (json_is_integer(value))
		text = arena_printf(a, "%lld", (long long)json_integer_value(value));
	if (!text)
		return NULL;
	for (; text[size]; size++)
		if (text[size] <= ' ' || text[size] > '~')
			return NULL;
	return size > 0 && size <= max ? text : NULL;
}

int64_t
fields_time(const json_t *object, const char *name, int64_t unit)
{
	const json_t *value = json_object_get(object, name);
	const char *text = json_string_value(value);
	int64_t count = json_is_integer(value) ? json_integer_value(value) : 0;

	for (size_t i = 0; text && text[i]; i++) {
		if (!ascii_digit(text[i]) || i == 15)
			return 0;
		count = count * 10 + (text[i] - '0');
	}
	return count > 0 && count < TIME_MAX / unit ? count * unit : 0;
}

void
fields_point(const json_t *object, const char *latitude, const char *longitude, struct channel_item *item)
{
	const json_t *north = json_object_get(object, latitude), *east = json_object_get(object, longitude);
	double lat = json_number_value(north), lon = json_number_value(east);

	if (!json_is_number(north) || !json_is_number(east) || fabs(lat) > 90 || fabs(lon) > 180)
		return;
	item->latitude_e7 = (int32_t)lround(lat * 1e7);
	item->longitude_e7 = (int32_t)lround(lon * 1e7);
	item->has_point = true;
}

const char *
fields_join(struct arena *a, const char *first, const char *separator, const char *second)
{
	if (!first || !second)
		return first ? first : second;
	return arena_printf(a, "%s%s%s", first, separator, second);
}

const char *
fields_phone(struct arena *a, const char *digits)
{
	char e164[PHONE_TEXT_SIZE];

	if (!digits)
		return NULL;
	for (const char *c = digits; *c; c++)
		if (!ascii_digit(*c))
			return NULL;
	return phone_normalize(arena_printf(a, "+%s", digits), e164) ? arena_string(a, e164) : NULL;
}

void
fields_key_add(struct channel_item *item, const char *key)
{
	for (size_t i = 0; key && i + 1 < CHANNEL_KEYS_MAX; i++) {
		if (item->keys[i] && strcmp(item->keys[i], key) == 0)
			return;
		if (!item->keys[i]) {
			item->keys[i] = key;
			return;
		}
	}
}

void
fields_number(struct arena *a, struct channel_item *item)
{
	char number[NUMBER_TEXT_SIZE];

	if (item->text && number_find(item->text, number))
		item->quoted_number = arena_string(a, number);
}

void
fields_file_add(struct channel_item *item, const struct channel_file *file)
{
	if (file->media_id && item->file_count < CHANNEL_FILES_MAX)
		item->files[item->file_count++] = *file;
}
