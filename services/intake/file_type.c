/* file_type: see the header. libmagic's word counts; only ZIP is looked into by ourselves, for it knows documents by the
 * order of their parts. */
#include "services/intake/file_type.h"

#include <magic.h>
#include <stdint.h>
#include <string.h>

#include "common/base/text.h"

#define TEXT_LOOK 4096

/* What libmagic says, and what we do. */
static const struct {
	const char *said;
	struct file_type type;
} types[] = {
    {"image/jpeg", {"image/jpeg", "jpg", FILE_JPEG}},
    {"image/png", {"image/png", "png", FILE_PNG}},
    {"image/webp", {"image/webp", "webp", FILE_WEBP}},
    {"image/gif", {"image/gif", "gif", FILE_GIF}},
    {"image/heic", {"image/heic", "heic", FILE_AS_IT_IS}},
    {"image/heif", {"image/heif", "heif", FILE_AS_IT_IS}},
    {"application/pdf", {"application/pdf", "pdf", FILE_AS_IT_IS}},
    {"video/mp4", {"video/mp4", "mp4", FILE_AS_IT_IS}},
    {"video/x-m4v", {"video/mp4", "mp4", FILE_AS_IT_IS}},
    {"video/quicktime", {"video/quicktime", "mov", FILE_AS_IT_IS}},
    {"video/3gpp", {"video/3gpp", "3gp", FILE_AS_IT_IS}},
    {"video/3gpp2", {"video/3gpp2", "3g2", FILE_AS_IT_IS}},
    {"video/webm", {"video/webm", "webm", FILE_AS_IT_IS}},
    {"audio/mpeg", {"audio/mpeg", "mp3", FILE_AS_IT_IS}},
    {"audio/mp4", {"audio/mp4", "m4a", FILE_AS_IT_IS}},
    {"audio/x-m4a", {"audio/mp4", "m4a", FILE_AS_IT_IS}},
    {"audio/x-hx-aac-adts", {"audio/aac", "aac", FILE_AS_IT_IS}},
    {"audio/ogg", {"audio/ogg", "ogg", FILE_AS_IT_IS}},
    {"video/ogg", {"video/ogg", "ogv", FILE_AS_IT_IS}},
    {"application/ogg", {"audio/ogg", "ogg", FILE_AS_IT_IS}},
    {"audio/amr", {"audio/amr", "amr", FILE_AS_IT_IS}},
    {"audio/AMR", {"audio/amr", "amr", FILE_AS_IT_IS}},
    {"audio/x-wav", {"audio/wav", "wav", FILE_AS_IT_IS}},
    {"text/plain", {"text/plain", "txt", FILE_AS_IT_IS}},
    /* file_zip_type's own */
    {NULL, {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", FILE_AS_IT_IS}},
    {NULL, {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", FILE_AS_IT_IS}},
    {NULL, {"application/vnd.oasis.opendocument.text", "odt", FILE_AS_IT_IS}},
    {NULL, {"application/x-eyp", "eyp", FILE_AS_IT_IS}},
};
#define TYPES (sizeof(types) / sizeof(types[0]))

static const struct file_type *
find_by_media_type(const char *media_type)
{
	for (size_t i = 0; media_type && i < TYPES; i++)
		if (strcmp(types[i].type.media_type, media_type) == 0)
			return &types[i].type;
	return NULL;
}

bool
file_type_known(const char *media_type)
{
	return find_by_media_type(media_type) != NULL;
}

const char *
file_type_extension(const char *media_type)
{
	const struct file_type *type = find_by_media_type(media_type);

	return type ? type->extension : "bin";
}

static bool
has_control(const uint8_t *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] == 0x7F || (text[i] < ' ' && !memchr("\t\n\r\f", text[i], 4)))
			return true;
	return false;
}

static bool
begins(const uint8_t *text, size_t size, const char *with)
{
	size_t length = strlen(with), same = 0;

	while (same < length && same < size && ascii_lower((char)text[same]) == with[same])
		same++;
	return same == length;
}

bool
file_text_plain(const void *data, size_t size)
{
	static const char *const active[] = {"<script", "<html", "<svg", "<!doctype", "<?xml", "<iframe", "<body"};
	const uint8_t *text = data;

	if (begins(text, size, "#!") || has_control(text, size))
		return false;
	for (size_t at = 0; at < size && at < TEXT_LOOK; at++)
		for (size_t i = 0; text[at] == '<' && i < sizeof(active) / sizeof(active[0]); i++)
			if (begins(text + at, size - at, active[i]))
				return false;
	return true;
}

static const struct file_type *
find_by_magic(magic_t magic, const void *data, size_t size)
{
	const char *said = magic_load(magic, NULL) == 0 ? magic_buffer(magic, data, size) : NULL;

	for (size_t i = 0; said && i < TYPES; i++)
		if (types[i].said && strcmp(types[i].said, said) == 0)
			return &types[i].type;
	return NULL;
}

const struct file_type *
file_type_find(const void *data, size_t size)
{
	const struct file_type *type;
	magic_t magic;

	if (size >= 4 && memcmp(data, "PK\3\4", 4) == 0)
		return find_by_media_type(file_zip_type(data, size));
	magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_ELF);
	if (!magic)
		return NULL;
	type = find_by_magic(magic, data, size);
	magic_close(magic);
	if (type && strcmp(type->media_type, "text/plain") == 0 && !file_text_plain(data, size))
		return NULL;
	return type;
}
