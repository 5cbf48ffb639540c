/* results: values out of PostgreSQL's binary form. What does not fit the statement is our own mistake: abort. */
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/db/internal.h"

#define EPOCH_MICROSECONDS INT64_C(946684800000000)
#define EPOCH_DAYS 10957

struct cell {
	const uint8_t *data;
	size_t size;
	Oid type;
	bool null;
};

static const Oid text_types[] = {25, 1043, 1042, 19, 18, 114, 705, 0};
static const Oid bytes_types[] = {17, 25, 1043, 114, 0};
static const Oid uuid_types[] = {2950, 0};
static const Oid whole_types[] = {21, 23, 20, 0};
static const Oid bool_types[] = {16, 0};
static const Oid time_types[] = {1184, 0};
static const Oid date_types[] = {1082, 0};

static void
mistake(const struct db_results *r, size_t call, int column, const char *what)
{
	log_error("statement.misread", "statement=%s column=%d reason=\"%s\"",
	    call < r->count ? r->entries[call].statement->name : "?", column, what);
	abort();
}

static const PGresult *
result_of(const struct db_results *r, size_t call)
{
	if (call >= r->count || !r->entries[call].result)
		mistake(r, call, -1, "no such call");
	return r->entries[call].result;
}

static bool
type_fits(Oid type, const Oid *types)
{
	for (; *types != 0; types++) {
		if (*types == type)
			return true;
	}
	return false;
}

static struct cell
cell_at(const struct db_results *r, size_t call, size_t row, int column)
{
	const PGresult *result = result_of(r, call);
	struct cell cell;

	if (row >= (size_t)PQntuples(result) || column < 0 || column >= PQnfields(result))
		mistake(r, call, column, "no such row or column");
	cell.type = PQftype(result, column);
	cell.null = PQgetisnull(result, (int)row, column) != 0;
	cell.data = (const uint8_t *)PQgetvalue(result, (int)row, column);
	cell.size = (size_t)PQgetlength(result, (int)row, column);
	return cell;
}

static struct cell
cell_of(const struct db_results *r, size_t call, size_t row, int column, const Oid *types)
{
	struct cell cell = cell_at(r, call, row, column);

	if (!type_fits(cell.type, types))
		mistake(r, call, column, "another type");
	return cell;
}

static int64_t
whole_number(const struct cell *cell)
{
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	switch (cell->size) {
	case 2:
		memcpy(&two, cell->data, sizeof(two));
		return (int16_t)__builtin_bswap16(two);
	case 4:
		memcpy(&four, cell->data, sizeof(four));
		return (int32_t)__builtin_bswap32(four);
	case 8:
		memcpy(&eight, cell->data, sizeof(eight));
		return (int64_t)__builtin_bswap64(eight);
	default:
		return 0; /* NULL */
	}
}

size_t
db_rows(const struct db_results *r, size_t call)
{
	return (size_t)PQntuples(result_of(r, call));
}

bool
db_null(const struct db_results *r, size_t call, size_t row, int column)
{
	return cell_at(r, call, row, column).null;
}

const char *
db_text(const struct db_results *r, size_t call, size_t row, int column)
{
	/* libpq ends each value with a NUL; a text of PostgreSQL holds none. */
	return (const char *)cell_of(r, call, row, column, text_types).data;
}

const void *
db_bytes(const struct db_results *r, size_t call, size_t row, int column, size_t *size)
{
	struct cell cell = cell_of(r, call, row, column, bytes_types);

	*size = cell.size;
	return cell.null ? NULL : cell.data;
}

struct uuid
db_uuid(const struct db_results *r, size_t call, size_t row, int column)
{
	struct cell cell = cell_of(r, call, row, column, uuid_types);
	struct uuid u = {{0}};

	if (!cell.null)
		memcpy(u.bytes, cell.data, UUID_SIZE);
	return u;
}

int32_t
db_int4(const struct db_results *r, size_t call, size_t row, int column)
{
	struct cell cell = cell_of(r, call, row, column, whole_types);

	if (cell.size > 4)
		mistake(r, call, column, "bigint read as int");
	return (int32_t)whole_number(&cell);
}

int64_t
db_int8(const struct db_results *r, size_t call, size_t row, int column)
{
	struct cell cell = cell_of(r, call, row, column, whole_types);

	return whole_number(&cell);
}

bool
db_bool(const struct db_results *r, size_t call, size_t row, int column)
{
	struct cell cell = cell_of(r, call, row, column, bool_types);

	return !cell.null && cell.data[0] != 0;
}

int64_t
db_time(const struct db_results *r, size_t call, size_t row, int column)
{
	struct cell cell = cell_of(r, call, row, column, time_types);

	return cell.null ? 0 : whole_number(&cell) + EPOCH_MICROSECONDS;
}

int32_t
db_date(const struct db_results *r, size_t call, size_t row, int column)
{
	struct cell cell = cell_of(r, call, row, column, date_types);

	return cell.null ? 0 : (int32_t)whole_number(&cell) + EPOCH_DAYS;
}
