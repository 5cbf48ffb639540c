/* bind: parameters and arrays in PostgreSQL's binary form. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/db/internal.h"

#define EPOCH_MICROSECONDS INT64_C(946684800000000) /* 2000-01-01, from 1970 */
#define EPOCH_DAYS 10957
#define ARRAY_HEAD 20 /* dimensions, nulls?, element type, size, lower bound */
#define ARRAY_FIRST_ROOM 1024

struct element {
	uint32_t oid;
	size_t size; /* a guess for those without a fixed one */
};

static const struct element elements[] = {
    [DB_UUIDS] = {2950, UUID_SIZE},
    [DB_TEXTS] = {25, 24},
    [DB_BYTES] = {17, 32},
    [DB_INT4S] = {23, 4},
    [DB_INT8S] = {20, 8},
    [DB_BOOLS] = {16, 1},
    [DB_TIMES] = {1184, 8},
    [DB_DATES] = {1082, 4},
};

static void
write_32(uint8_t *to, uint32_t value)
{
	uint32_t big = __builtin_bswap32(value);

	_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "written for little-endian machines");
	memcpy(to, &big, sizeof(big));
}

static void
write_64(uint8_t *to, uint64_t value)
{
	uint64_t big = __builtin_bswap64(value);

	memcpy(to, &big, sizeof(big));
}

static void
bind(struct db_tx *tx, const void *data, size_t size)
{
	struct db_entry *entry;

	bind_finish(tx);
	if (tx->calls.count == 0 || size > INT_MAX)
		abort();
	entry = &tx->calls.entries[tx->calls.count - 1];
	if (entry->count == DB_PARAMETERS_MAX)
		abort();
	entry->values[entry->count] = data;
	entry->sizes[entry->count] = (int)size;
	entry->count++;
}

void
db_bind_null(struct db_tx *tx)
{
	bind(tx, NULL, 0);
}

void
db_bind_text(struct db_tx *tx, const char *text)
{
	bind(tx, text, text ? strlen(text) : 0);
}

void
db_bind_bytes(struct db_tx *tx, const void *data, size_t size)
{
	bind(tx, data, size);
}

void
db_bind_uuid(struct db_tx *tx, const struct uuid *value)
{
	bind(tx, value ? arena_copy(tx->arena, value->bytes, UUID_SIZE) : NULL, UUID_SIZE);
}

void
db_bind_int4(struct db_tx *tx, int32_t value)
{
	uint8_t *data = arena_alloc(tx->arena, 4);

	write_32(data, (uint32_t)value);
	bind(tx, data, 4);
}

void
db_bind_int8(struct db_tx *tx, int64_t value)
{
	uint8_t *data = arena_alloc(tx->arena, 8);

	write_64(data, (uint64_t)value);
	bind(tx, data, 8);
}

void
db_bind_bool(struct db_tx *tx, bool value)
{
	bind(tx, value ? "\1" : "\0", 1);
}

void
db_bind_time(struct db_tx *tx, int64_t time)
{
	db_bind_int8(tx, time - EPOCH_MICROSECONDS);
}

void
db_bind_date(struct db_tx *tx, int32_t date)
{
	db_bind_int4(tx, date - EPOCH_DAYS);
}

void
db_bind_array(struct db_tx *tx, enum db_array type, size_t count)
{
	struct array_builder *a = &tx->array;
	size_t room = ARRAY_HEAD + count * (4 + elements[type].size);

	bind_finish(tx);
	if (count > INT32_MAX)
		abort();
	if (room < ARRAY_FIRST_ROOM)
		room = ARRAY_FIRST_ROOM;
	if (a->room < room) {
		free(a->data);
		a->data = malloc(room);
		if (!a->data)
			abort();
		a->room = room;
	}
	a->type = type;
	a->expected = count;
	a->put = 0;
	a->has_null = false;
	a->size = ARRAY_HEAD;
	a->open = true;
}

void
bind_finish(struct db_tx *tx)
{
	struct array_builder *a = &tx->array;
	size_t size = a->size;

	if (!a->open)
		return;
	if (a->put != a->expected)
		abort();
	a->open = false;
	write_32(a->data, a->expected == 0 ? 0 : 1);
	write_32(a->data + 4, a->has_null);
	write_32(a->data + 8, elements[a->type].oid);
	write_32(a->data + 12, (uint32_t)a->expected);
	write_32(a->data + 16, 1);
	if (a->expected == 0)
		size = ARRAY_HEAD - 8;
	bind(tx, arena_copy(tx->arena, a->data, size), size);
}

/* Room for one element more, of size bytes; its length is written. */
static uint8_t *
element_add(struct db_tx *tx, enum db_array type, size_t size)
{
	struct array_builder *a = &tx->array;
	size_t needed = a->size + 4 + size;
	uint8_t *to;

	if (!a->open || a->type != type || a->put == a->expected || size > INT_MAX || needed > INT_MAX)
		abort();
	if (needed > a->room) {
		a->room = needed * 2;
		a->data = realloc(a->data, a->room);
		if (!a->data)
			abort();
	}
	to = a->data + a->size;
	write_32(to, (uint32_t)size);
	a->size = needed;
	a->put++;
	return to + 4;
}

void
db_put_null(struct db_tx *tx)
{
	uint8_t *to = element_add(tx, tx->array.type, 0);

	write_32(to - 4, UINT32_MAX);
	tx->array.has_null = true;
}

static void
put_data(struct db_tx *tx, enum db_array type, const void *data, size_t size)
{
	uint8_t *to;

	if (!data) {
		db_put_null(tx);
		return;
	}
	to = element_add(tx, type, size);
	if (size > 0)
		memcpy(to, data, size);
}

void
db_put_text(struct db_tx *tx, const char *text)
{
	put_data(tx, DB_TEXTS, text, text ? strlen(text) : 0);
}

void
db_put_bytes(struct db_tx *tx, const void *data, size_t size)
{
	put_data(tx, DB_BYTES, data, size);
}

void
db_put_uuid(struct db_tx *tx, const struct uuid *value)
{
	put_data(tx, DB_UUIDS, value, UUID_SIZE);
}

void
db_put_int4(struct db_tx *tx, int32_t value)
{
	write_32(element_add(tx, DB_INT4S, 4), (uint32_t)value);
}

void
db_put_int8(struct db_tx *tx, int64_t value)
{
	write_64(element_add(tx, DB_INT8S, 8), (uint64_t)value);
}

void
db_put_bool(struct db_tx *tx, bool value)
{
	*element_add(tx, DB_BOOLS, 1) = value;
}

void
db_put_time(struct db_tx *tx, int64_t time)
{
	write_64(element_add(tx, DB_TIMES, 8), (uint64_t)(time - EPOCH_MICROSECONDS));
}

void
db_put_date(struct db_tx *tx, int32_t date)
{
	write_32(element_add(tx, DB_DATES, 4), (uint32_t)(date - EPOCH_DAYS));
}
