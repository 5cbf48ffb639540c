/* line_parts: the values themselves. */
#include "services/department/line_parts.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "common/base/ids.h"
#include "common/domain/calendar.h"

#define NAME_SIZE 64
#define HASH_MAX 32 /* bytes */

void
line_set_text(json_t *object, const char *name, const char *text)
{
	json_object_set_new(object, name, text && *text ? json_string(text) : json_null());
}

void
line_set_uuid(json_t *object, const char *name, const ProtobufCBinaryData *bytes)
{
	struct uuid id;
	char text[UUID_TEXT_SIZE] = "";

	if (uuid_from_bytes(bytes->data, bytes->len, &id))
		uuid_text(&id, text);
	line_set_text(object, name, text);
}

void
line_set_time(json_t *object, const char *name, int64_t time)
{
	char text[TIME_TEXT_SIZE] = "";

	if (time != 0)
		time_text_istanbul(time, text);
	line_set_text(object, name, text);
}

void
line_set_date(json_t *object, const char *name, int32_t date)
{
	char text[DATE_TEXT_SIZE] = "";

	if (date != 0)
		date_text(date, text);
	line_set_text(object, name, text);
}

void
line_set_word(json_t *object, const char *name, const struct word *words, int value)
{
	line_set_text(object, name, value == 0 ? NULL : word_token(words, value));
}

void
line_set_actor(json_t *object, const char *name, const Kopru__V1__Actor *actor)
{
	static const char *const types[] = {NULL, "citizen", "clerk", "department", "system", "service"};
	size_t type = actor ? (size_t)actor->type : 0;
	char member[NAME_SIZE];

	line_set_text(object, name, type < sizeof(types) / sizeof(types[0]) ? types[type] : "unknown");
	snprintf(member, sizeof(member), "%s_id", name);
	line_set_text(object, member, actor ? actor->id : NULL);
	snprintf(member, sizeof(member), "%s_role", name);
	line_set_word(object, member, role_words, actor ? (int)actor->role : 0);
	snprintf(member, sizeof(member), "%s_department", name);
	line_set_text(object, member, actor ? actor->department : NULL);
}

void
line_put_text(json_t *object, const char *name, const void *at)
{
	const char *text;

	memcpy(&text, at, sizeof(text));
	line_set_text(object, name, text);
}

void
line_put_uuid(json_t *object, const char *name, const void *at)
{
	line_set_uuid(object, name, at);
}

void
line_put_time(json_t *object, const char *name, const void *at)
{
	int64_t time;

	memcpy(&time, at, sizeof(time));
	line_set_time(object, name, time);
}

void
line_put_date(json_t *object, const char *name, const void *at)
{
	int32_t date;

	memcpy(&date, at, sizeof(date));
	line_set_date(object, name, date);
}

void
line_put_number(json_t *object, const char *name, const void *at)
{
	uint32_t number;

	memcpy(&number, at, sizeof(number));
	json_object_set_new(object, name, json_integer(number));
}

void
line_put_size(json_t *object, const char *name, const void *at)
{
	uint64_t size;

	memcpy(&size, at, sizeof(size));
	json_object_set_new(object, name, json_integer((json_int_t)size));
}

/* What is longer than a hash is none of ours and left out. */
void
line_put_hex(json_t *object, const char *name, const void *at)
{
	char text[2 * HASH_MAX + 1] = "";
	ProtobufCBinaryData bytes;

	memcpy(&bytes, at, sizeof(bytes));
	if (bytes.len <= HASH_MAX)
		sodium_bin2hex(text, sizeof(text), bytes.data, bytes.len);
	line_set_text(object, name, text);
}

void
line_put_switch(json_t *object, const char *name, const void *at)
{
	protobuf_c_boolean on;

	memcpy(&on, at, sizeof(on));
	json_object_set_new(object, name, json_boolean(on));
}

/* Enums of protobuf-c are as large as an int (its generator sees to that). */
static void
put_word(json_t *object, const char *name, const struct word *words, const void *at)
{
	int value;

	memcpy(&value, at, sizeof(value));
	line_set_word(object, name, words, value);
}

void
line_put_state(json_t *object, const char *name, const void *at)
{
	put_word(object, name, state_words, at);
}

void
line_put_kind(json_t *object, const char *name, const void *at)
{
	put_word(object, name, kind_words, at);
}

void
line_put_channel(json_t *object, const char *name, const void *at)
{
	put_word(object, name, channel_words, at);
}

void
line_put_legal_basis(json_t *object, const char *name, const void *at)
{
	put_word(object, name, legal_basis_words, at);
}

void
line_put_prefers(json_t *object, const char *name, const void *at)
{
	put_word(object, name, prefers_words, at);
}

void
line_put_reject_reason(json_t *object, const char *name, const void *at)
{
	put_word(object, name, reject_reason_words, at);
}

void
line_put_clock(json_t *object, const char *name, const void *at)
{
	put_word(object, name, clock_words, at);
}

void
line_put_outcome(json_t *object, const char *name, const void *at)
{
	put_word(object, name, outcome_words, at);
}

void
line_put_role(json_t *object, const char *name, const void *at)
{
	put_word(object, name, role_words, at);
}

void
line_put_actor(json_t *object, const char *name, const void *at)
{
	const Kopru__V1__Actor *actor;

	memcpy(&actor, at, sizeof(actor));
	line_set_actor(object, name, actor);
}

void
line_put_fields(json_t *object, const struct line_field *fields, int body, const void *message)
{
	for (; fields->name; fields++)
		if (fields->body == body)
			fields->put(object, fields->name, (const char *)message + fields->offset);
}
