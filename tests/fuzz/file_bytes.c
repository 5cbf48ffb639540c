/* Fuzz: bytes of a file that came in, as the program that looks at files does it: type, header, EXIF, ZIP, decoding and encoding.
 * What is kept is of the list, and an image that was encoded anew is one that can be decoded again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "services/intake/examine.h"
#include "services/intake/file_type.h"
#include "services/intake/image.h"

#define PIXELS_MAX 1000000 /* more would only take time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum file_way ways[] = {FILE_JPEG, FILE_PNG, FILE_WEBP, FILE_GIF};
	struct examine_output output;
	struct examined result;
	struct image image;

	if (size == 0)
		return 0;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (image_read_head(ways[i], data, size, &image) && (uint64_t)image.width * image.height > PIXELS_MAX)
			return 0;
	file_zip_type(data, size);
	image_read_exif(data, size, &image);
	examine_bytes(data, size, -1, &result, &output);
	if (result.end == FILES_KEPT && !file_type_known(result.media_type))
		abort();
	if (result.encoded) {
		const struct file_type *type = file_type_find(output.image, output.size);

		if (!type || !image_read_head(type->way, output.image, output.size, &image))
			abort();
	}
	image_free(output.image);
	return 0;
}
