/* image: a photo encoded anew, upright and without anything but its pixels. Only where a crash harms nobody: see examine.h. */
#ifndef KOPRU_SERVICES_INTAKE_IMAGE_H
#define KOPRU_SERVICES_INTAKE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/intake/file_type.h"

#define IMAGE_PIXELS_MAX ((uint64_t)52000000) /* what phones call 50 megapixels */
#define IMAGE_MEMORY_MAX ((uint64_t)400 * 1024 * 1024) /* that decoding may need, as estimated */
#define IMAGE_SIDE_MAX 4096 /* of what is kept */
#define IMAGE_QUALITY 88

struct image {
	uint32_t width, height; /* as the header says */
	uint64_t memory; /* that decoding needs, estimated */
	int orientation; /* of EXIF: 1 to 8 */
	bool has_point;
	int32_t latitude_e7, longitude_e7;
};

/* Pure. Size and memory from the header. false: it is broken, or ends before it should. */
bool image_read_head(enum file_way way, const void *data, size_t size, struct image *image);
/* Orientation and point from a JPEG's EXIF; without any 1 and none. */
void image_read_exif(const void *data, size_t size, struct image *image);
/* Upright, no side longer than IMAGE_SIDE_MAX, of animations the first picture. NULL: it cannot be decoded, or there is no
 * memory. For image_free. */
void *image_encode(enum file_way way, const void *data, size_t size, const struct image *image, size_t *encoded_size);
void image_free(void *encoded); /* NULL is fine */

#endif
