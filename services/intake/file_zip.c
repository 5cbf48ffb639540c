/* file_zip: which ZIP it is, by the names in its central directory; nothing is unpacked. */
#include "services/intake/file_type.h"

#include <stdint.h>
#include <string.h>

#define END_SIZE 22
#define END_LOOK (END_SIZE + 65535) /* with the longest remark behind it */
#define ENTRY_SIZE 46
#define LOCAL_SIZE 30
#define ODT "application/vnd.oasis.opendocument.text"

/* What a name in it says about the whole. */
enum part { WHOLE = 1, CONTENT_TYPES = 2, WORD = 4, SHEET = 8, PACKAGE = 16, MACRO = 32 };

static const struct {
	const char *name;
	bool prefix;
	enum part part;
} parts[] = {
    {"[Content_Types].xml", false, CONTENT_TYPES},
    {"word/document.xml", false, WORD},
    {"xl/workbook.xml", false, SHEET},
    {"PaketOzeti/", true, PACKAGE},
    {"word/vbaProject.bin", false, MACRO},
    {"xl/vbaProject.bin", false, MACRO},
    {"xl/macrosheets/", true, MACRO},
    {"Basic/", true, MACRO},
    {"Scripts/", true, MACRO},
};

static uint32_t
number_at(const uint8_t *at, int bytes)
{
	uint32_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | at[bytes];
	return value;
}

static const uint8_t *
find_end(const uint8_t *data, size_t size)
{
	size_t look = size < END_LOOK ? size : END_LOOK;

	for (size_t back = END_SIZE; back <= look; back++)
		if (memcmp(data + size - back, "PK\5\6", 4) == 0)
			return data + size - back;
	return NULL;
}

static unsigned
part_of(const uint8_t *name, size_t length)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t wanted = strlen(parts[i].name);

		if ((parts[i].prefix ? length >= wanted : length == wanted) && memcmp(name, parts[i].name, wanted) == 0)
			return parts[i].part;
	}
	return 0;
}

/* Of all names; 0 when the directory does not hold what it says. */
static unsigned
read_directory(const uint8_t *data, const uint8_t *end)
{
	uint32_t count = number_at(end + 10, 2), at = number_at(end + 16, 4);
	size_t limit = (size_t)(end - data);
	unsigned found = WHOLE;

	while (count-- > 0) {
		const uint8_t *entry = data + at;
		size_t length, more;

		if (at > limit || limit - at < ENTRY_SIZE || memcmp(entry, "PK\1\2", 4) != 0)
			return 0;
		length = number_at(entry + 28, 2);
		more = number_at(entry + 30, 2) + number_at(entry + 32, 2);
		if (limit - at - ENTRY_SIZE < length + more)
			return 0;
		found |= part_of(entry + ENTRY_SIZE, length);
		at += (uint32_t)(ENTRY_SIZE + length + more);
	}
	return found;
}

/* Its first part, not packed, says what it is. */
static bool
is_odt(const uint8_t *data, size_t size)
{
	size_t at = LOCAL_SIZE + 8, length = strlen(ODT);

	if (size < at || number_at(data + 26, 2) != 8 || memcmp(data + LOCAL_SIZE, "mimetype", 8) != 0)
		return false;
	at += number_at(data + 28, 2);
	return number_at(data + 8, 2) == 0 && number_at(data + 22, 4) == length && size >= at + length &&
	       memcmp(data + at, ODT, length) == 0;
}

const char *
file_zip_type(const void *data, size_t size)
{
	const uint8_t *end;
	unsigned found;

	if (size < LOCAL_SIZE || memcmp(data, "PK\3\4", 4) != 0 || !(end = find_end(data, size)))
		return NULL;
	found = read_directory(data, end);
	if (!(found & WHOLE) || (found & MACRO))
		return NULL;
	if (is_odt(data, size))
		return ODT;
	switch (found) {
	case WHOLE | CONTENT_TYPES | WORD:
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
	case WHOLE | CONTENT_TYPES | SHEET:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
	case WHOLE | CONTENT_TYPES | PACKAGE:
		return "application/x-eyp";
	default:
		return NULL;
	}
}
