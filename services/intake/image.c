/* image: see the header. libexif reads, gd decodes and encodes. */
#include "services/intake/image.h"

#include <gd.h>
#include <libexif/exif-data.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#define E7 10000000.0

static bool
read_degrees(ExifContent *gps, ExifByteOrder order, int tag, double *degrees)
{
	const ExifEntry *entry = exif_content_get_entry(gps, (ExifTag)tag);
	static const double parts[] = {1, 60, 3600};

	if (!entry || entry->format != EXIF_FORMAT_RATIONAL || entry->components != 3 || entry->size < 24)
		return false;
	*degrees = 0;
	for (unsigned i = 0; i < 3; i++) {
		ExifRational r = exif_get_rational(entry->data + (size_t)i * 8, order);

		if (r.denominator == 0)
			return false;
		*degrees += (double)r.numerator / r.denominator / parts[i];
	}
	return true;
}

static bool
is_reference(ExifContent *gps, int tag, char letter)
{
	const ExifEntry *entry = exif_content_get_entry(gps, (ExifTag)tag);

	return entry && entry->format == EXIF_FORMAT_ASCII && entry->size >= 1 && (char)entry->data[0] == letter;
}

static void
read_point(ExifData *exif, ExifByteOrder order, struct image *image)
{
	ExifContent *gps = exif->ifd[EXIF_IFD_GPS];
	double latitude, longitude;

	if (!read_degrees(gps, order, EXIF_TAG_GPS_LATITUDE, &latitude) ||
	    !read_degrees(gps, order, EXIF_TAG_GPS_LONGITUDE, &longitude))
		return;
	if (latitude > 90 || longitude > 180 || (latitude == 0 && longitude == 0)) /* 0, 0: written without a fix */
		return;
	image->has_point = true;
	image->latitude_e7 = (int32_t)lround(latitude * E7);
	image->longitude_e7 = (int32_t)lround(longitude * E7);
	if (is_reference(gps, EXIF_TAG_GPS_LATITUDE_REF, 'S'))
		image->latitude_e7 = -image->latitude_e7;
	if (is_reference(gps, EXIF_TAG_GPS_LONGITUDE_REF, 'W'))
		image->longitude_e7 = -image->longitude_e7;
}

void
image_read_exif(const void *data, size_t size, struct image *image)
{
	ExifData *exif = size <= UINT_MAX ? exif_data_new_from_data(data, (unsigned)size) : NULL;
	const ExifEntry *entry;
	ExifByteOrder order;

	if (!exif)
		return;
	order = exif_data_get_byte_order(exif);
	entry = exif_content_get_entry(exif->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
	if (entry && entry->format == EXIF_FORMAT_SHORT && entry->size >= 2) {
		int orientation = exif_get_short(entry->data, order);

		image->orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
	}
	read_point(exif, order, image);
	exif_data_unref(exif);
}

static void
on_error(int priority, const char *format, va_list values)
{
	(void)priority;
	(void)format;
	(void)values;
}

static gdImagePtr
decode(enum file_way way, const void *data, size_t size)
{
	void *bytes = (void *)(uintptr_t)data; /* gd does not write to it */

	gdSetErrorMethod(on_error);
	switch (way) {
	case FILE_JPEG:
		return gdImageCreateFromJpegPtrEx((int)size, bytes, 1);
	case FILE_PNG:
		return gdImageCreateFromPngPtr((int)size, bytes);
	case FILE_WEBP:
		return gdImageCreateFromWebpPtr((int)size, bytes);
	case FILE_GIF:
		return gdImageCreateFromGifPtr((int)size, bytes);
	case FILE_AS_IT_IS:
	default:
		return NULL;
	}
}

/* Takes over old. */
static gdImagePtr
replace(gdImagePtr old, gdImagePtr made)
{
	gdImageDestroy(old);
	return made;
}

/* Takes over image; NULL without memory. */
static gdImagePtr
shrink(gdImagePtr image)
{
	unsigned width = (unsigned)gdImageSX(image), height = (unsigned)gdImageSY(image);
	unsigned longest = width > height ? width : height;

	if (longest <= IMAGE_SIDE_MAX)
		return image;
	width = (unsigned)((uint64_t)width * IMAGE_SIDE_MAX / longest);
	height = (unsigned)((uint64_t)height * IMAGE_SIDE_MAX / longest);
	gdImageSetInterpolationMethod(image, GD_TRIANGLE);
	return replace(image, gdImageScale(image, width > 0 ? width : 1, height > 0 ? height : 1));
}

/* What EXIF's orientation says has to be done, in this order; degrees against the clock. */
static const struct {
	bool mirror;
	int degrees;
} turns[9] = {
    [2] = {true, 0},
    [3] = {false, 180},
    [4] = {true, 180},
    [5] = {true, 90},
    [6] = {false, 270},
    [7] = {true, 270},
    [8] = {false, 90},
};

/* Takes over image; NULL without memory. */
static gdImagePtr
turn(gdImagePtr image, int orientation)
{
	if (turns[orientation].mirror)
		gdImageFlipHorizontal(image);
	if (turns[orientation].degrees == 0)
		return image;
	return replace(image, gdImageRotateInterpolated(image, (float)turns[orientation].degrees, 0));
}

static bool
is_transparent(gdImagePtr image)
{
	for (int y = 0; y < gdImageSY(image) && gdImageTrueColor(image); y++)
		for (int x = 0; x < gdImageSX(image); x++)
			if (gdTrueColorGetAlpha(gdImageTrueColorPixel(image, x, y)) != gdAlphaOpaque)
				return true;
	return false;
}

static void *
encode(enum file_way way, gdImagePtr image, int *size)
{
	gdImageSaveAlpha(image, is_transparent(image)); /* for nothing it makes a PNG a third larger */
	switch (way) {
	case FILE_JPEG:
		return gdImageJpegPtr(image, size, IMAGE_QUALITY);
	case FILE_PNG:
		return gdImagePngPtr(image, size);
	case FILE_WEBP:
		return gdImageWebpPtrEx(image, size, IMAGE_QUALITY);
	case FILE_GIF:
		return gdImageGifPtr(image, size);
	case FILE_AS_IT_IS:
	default:
		return NULL;
	}
}

void *
image_encode(enum file_way way, const void *data, size_t size, const struct image *image, size_t *encoded_size)
{
	gdImagePtr picture = size <= INT_MAX ? decode(way, data, size) : NULL;
	void *encoded = NULL;
	int length = 0;

	if (picture)
		picture = shrink(picture);
	if (picture)
		picture = turn(picture, image->orientation);
	if (picture) {
		encoded = encode(way, picture, &length);
		gdImageDestroy(picture);
	}
	*encoded_size = (size_t)length;
	return encoded;
}

void
image_free(void *encoded)
{
	if (encoded)
		gdFree(encoded);
}
