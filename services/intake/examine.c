/* examine: the program's side, and what it does. */
#include "services/intake/examine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "services/intake/file_type.h"
#include "services/intake/image.h"

#define INPUT 0
#define RESULT 1
#define OUTPUT 3
#define LARGE 4
#define LARGE_MEMORY ((uint64_t)96 * 1024 * 1024) /* who needs more waits for others */
#define ADDRESS_SPACE ((rlim_t)768 * 1024 * 1024) /* IMAGE_MEMORY_MAX, what is encoded, the program and its libraries */
#define CPU_SECONDS 20
#define CLOCK_SECONDS 60

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#define WITH_ASAN __has_feature(address_sanitizer)
#else
#define WITH_ASAN 0
#endif

static void
refuse(struct examined *result, const char *reason)
{
	result->end = FILES_REFUSED;
	snprintf(result->reason, sizeof(result->reason), "%s", reason);
}

static void
examine_image(const struct file_type *type, const void *data, size_t size, struct examined *result, struct image *image)
{
	if (!image_read_head(type->way, data, size, image)) {
		refuse(result, "Resim bozuk veya eksik / The image is broken or incomplete");
		return;
	}
	if ((uint64_t)image->width * image->height > IMAGE_PIXELS_MAX || image->memory > IMAGE_MEMORY_MAX) {
		refuse(result, "Resim çok büyük; en çok 50 megapiksel olabilir / The image is too large; 50 megapixels "
			       "are allowed");
		return;
	}
	if (type->way == FILE_JPEG)
		image_read_exif(data, size, image);
	result->has_point = image->has_point;
	result->latitude_e7 = image->latitude_e7;
	result->longitude_e7 = image->longitude_e7;
}

static void
judge_encoded(const struct examine_output *output, struct examined *result)
{
	if (!output->image)
		refuse(result, "Resim çözülemedi / The image cannot be decoded");
	else if (output->size > FILES_SIZE_MAX)
		refuse(result, "Resim, yeniden kaydedildiğinde 20 MB sınırını aşıyor / Encoded anew the image is "
			       "larger than 20 MB");
	else
		result->encoded = true;
}

void
examine_bytes(const void *data, size_t size, int large, struct examined *result, struct examine_output *output)
{
	const struct file_type *type = file_type_find(data, size);
	struct image image;

	memset(result, 0, sizeof(*result));
	memset(output, 0, sizeof(*output));
	if (!type) {
		refuse(result, "Bu tür kabul edilmez; olabilir: " FILE_TYPES_TEXT
			       " / Not an accepted type; allowed: " FILE_TYPES_TEXT);
		return;
	}
	snprintf(result->media_type, sizeof(result->media_type), "%s", type->media_type);
	if (type->way == FILE_AS_IT_IS)
		return;
	examine_image(type, data, size, result, &image);
	if (result->end != FILES_KEPT)
		return;
	if (large >= 0 && image.memory > LARGE_MEMORY && flock(large, LOCK_EX) != 0) {
		result->end = FILES_FAILED;
		snprintf(result->reason, sizeof(result->reason), "no lock: %m");
		return;
	}
	if (large >= 0)
		alarm(CLOCK_SECONDS);
	output->image = image_encode(type->way, data, size, &image, &output->size);
	judge_encoded(output, result);
}

static int
limit(void)
{
	const struct rlimit space = {ADDRESS_SPACE, ADDRESS_SPACE}, cpu = {CPU_SECONDS, CPU_SECONDS + 1}, none = {0, 0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || setrlimit(RLIMIT_CPU, &cpu) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0)
		return -1;
	return WITH_ASAN ? 0 : setrlimit(RLIMIT_AS, &space); /* its shadow needs more */
}

static bool
write_whole(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

int
examine_main(void)
{
	struct examined result;
	struct stat st;
	struct examine_output output;
	void *data;

	if (limit() != 0 || fstat(INPUT, &st) != 0 || st.st_size <= 0)
		return EXIT_FAILURE;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, INPUT, 0);
	if (data == MAP_FAILED)
		return EXIT_FAILURE;
	examine_bytes(data, (size_t)st.st_size, LARGE, &result, &output);
	if (result.encoded && !write_whole(OUTPUT, output.image, output.size)) {
		result.end = FILES_FAILED;
		snprintf(result.reason, sizeof(result.reason), "an image cannot be written: %m");
	}
	image_free(output.image); /* a leak would be a failed end under the sanitizers */
	return write_whole(RESULT, (const char *)&result, sizeof(result)) ? EXIT_SUCCESS : EXIT_FAILURE;
}
