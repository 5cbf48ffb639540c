/* image_head: how large an image says that it is, before anything decodes it. Formats: ITU T.81 B.1.1 (JPEG), PNG 11.2.2,
 * GIF89a 18 and 20, RFC 9649 (WebP). */
#include <string.h>

#include "services/intake/image.h"

#define COEFFICIENT_BYTES 2
#define PIXEL_BYTES 4

static uint32_t
big_at(const uint8_t *at, int bytes)
{
	uint32_t value = 0;

	for (int i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

static uint32_t
little_at(const uint8_t *at, int bytes)
{
	uint32_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | at[bytes];
	return value;
}

static void
set_size(struct image *image, uint32_t width, uint32_t height)
{
	image->width = width;
	image->height = height;
	image->memory = (uint64_t)width * height * PIXEL_BYTES;
}

/* A frame header: baseline is decoded line by line, progressive as a whole. */
static bool
read_frame(uint8_t marker, const uint8_t *segment, size_t size, struct image *image)
{
	uint64_t samples = 0;
	unsigned components, most = 1;

	if (size < 8 || size < 8 + (size_t)segment[7] * 3)
		return false;
	set_size(image, big_at(segment + 5, 2), big_at(segment + 3, 2));
	components = segment[7];
	for (unsigned i = 0; i < components; i++) {
		unsigned factor = (unsigned)(segment[9 + i * 3] >> 4) * (segment[9 + i * 3] & 15);

		most = factor > most ? factor : most;
		samples += factor;
	}
	if (marker == 0xC2)
		image->memory += (uint64_t)image->width * image->height * samples / most * COEFFICIENT_BYTES;
	return components >= 1 && components <= 4;
}

static bool
is_frame(uint8_t marker)
{
	return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/* The end of an image stands nowhere within its data, where each FF is followed by 00 or a restart. */
static bool
has_end(const uint8_t *data, size_t at, size_t size)
{
	for (; at + 1 < size; at++)
		if (data[at] == 0xFF && data[at + 1] == 0xD9)
			return true;
	return false;
}

static bool
read_jpeg(const uint8_t *data, size_t size, struct image *image)
{
	bool framed = false;
	size_t at = 2;

	while (size - at >= 4 && data[at] == 0xFF) {
		uint8_t marker = data[at + 1];
		size_t length;

		if (marker == 0xFF) { /* filling */
			at++;
			continue;
		}
		length = big_at(data + at + 2, 2);
		if (length < 2 || length > size - at - 2)
			return false;
		if (marker == 0xDA)
			return framed && has_end(data, at + 2 + length, size);
		if (is_frame(marker)) {
			if (framed || (marker != 0xC0 && marker != 0xC1 && marker != 0xC2) ||
			    !read_frame(marker, data + at + 2, length, image))
				return false;
			framed = true;
		}
		at += 2 + length;
	}
	return false;
}

static bool
read_png(const uint8_t *data, size_t size, struct image *image)
{
	static const uint8_t end[] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82};

	if (size < 33 + sizeof(end) || memcmp(data + 12, "IHDR", 4) != 0)
		return false;
	set_size(image, big_at(data + 16, 4), big_at(data + 20, 4));
	return image->width <= INT32_MAX && image->height <= INT32_MAX &&
	       memmem(data + 33, size - 33, end, sizeof(end)) != NULL;
}

static size_t
color_table_size(uint8_t flags)
{
	return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* The whole screen, or its first picture, whichever is larger. */
static bool
read_gif(const uint8_t *data, size_t size, struct image *image)
{
	size_t at = 13;
	uint64_t screen;

	if (size < at)
		return false;
	set_size(image, little_at(data + 6, 2), little_at(data + 8, 2));
	screen = image->memory;
	at += color_table_size(data[10]);
	while (at < size && data[at] == '!') { /* an extension: blocks, the last one empty */
		at += 2;
		while (at < size && data[at] != 0)
			at += 1 + (size_t)data[at];
		at++;
	}
	if (at >= size || size - at < 10 || data[at] != ',')
		return false;
	if ((uint64_t)little_at(data + at + 5, 2) * little_at(data + at + 7, 2) * PIXEL_BYTES > screen)
		set_size(image, little_at(data + at + 5, 2), little_at(data + at + 7, 2));
	return true;
}

static bool
read_webp(const uint8_t *data, size_t size, struct image *image)
{
	uint32_t bits;

	if (size < 30 || memcmp(data + 8, "WEBP", 4) != 0 || little_at(data + 4, 4) > size - 8)
		return false;
	if (memcmp(data + 12, "VP8X", 4) == 0) {
		set_size(image, little_at(data + 24, 3) + 1, little_at(data + 27, 3) + 1);
	} else if (memcmp(data + 12, "VP8L", 4) == 0) {
		bits = little_at(data + 21, 4);
		set_size(image, (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1);
	} else if (memcmp(data + 12, "VP8 ", 4) == 0) {
		set_size(image, little_at(data + 26, 2) & 0x3FFF, little_at(data + 28, 2) & 0x3FFF);
	} else {
		return false;
	}
	image->memory *= 2; /* decoded beside what gd makes of it */
	return true;
}

bool
image_read_head(enum file_way way, const void *data, size_t size, struct image *image)
{
	static bool (*const readers[])(const uint8_t *, size_t, struct image *) = {
	    [FILE_JPEG] = read_jpeg, [FILE_PNG] = read_png, [FILE_WEBP] = read_webp, [FILE_GIF] = read_gif};

	memset(image, 0, sizeof(*image));
	image->orientation = 1;
	return way != FILE_AS_IT_IS && size >= 4 && readers[way](data, size, image) && image->width > 0 &&
	       image->height > 0;
}
