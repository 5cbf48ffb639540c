/* file_type: what bytes are, by what they hold, against the list of what is allowed. */
#ifndef KOPRU_SERVICES_INTAKE_FILE_TYPE_H
#define KOPRU_SERVICES_INTAKE_FILE_TYPE_H

#include <stdbool.h>
#include <stddef.h>

/* For people, in each language the same. */
#define FILE_TYPES_TEXT "JPEG PNG WebP GIF HEIC PDF MP4 MOV 3GP WebM MP3 M4A AAC OGG AMR WAV TXT DOCX XLSX ODT EYP"

enum file_way { FILE_AS_IT_IS, FILE_JPEG, FILE_PNG, FILE_WEBP, FILE_GIF };

struct file_type {
	const char *media_type, *extension;
	enum file_way way; /* how it is kept: an image is encoded anew */
};

/* NULL: not allowed, or libmagic cannot be had. Opens libmagic's own file; not for a thread of a service. */
const struct file_type *file_type_find(const void *data, size_t size);
/* Is it one of the list's? */
bool file_type_known(const char *media_type);
/* "jpg"; "bin" for one that is not of the list. */
const char *file_type_extension(const char *media_type);

/* Pure. The media type of a ZIP: a document without macros, or an e-Yazışma package; NULL for any other. */
const char *file_zip_type(const void *data, size_t size);
/* Pure. Nothing in it that a browser or a shell would run. */
bool file_text_plain(const void *data, size_t size);

#endif
