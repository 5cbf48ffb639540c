/* files, examine, image, file_type: what comes in is kept under its hash or refused with a reason; images lose everything but
 * their pixels and stand upright; what a decoder dies of harms only the program that decodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <gd.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/ids.h"
#include "services/intake/examine.h"
#include "services/intake/file_type.h"
#include "services/intake/files.h"
#include "services/intake/image.h"

#define ROOM (24 * 1024 * 1024)

static char folder[64], program[512];
static uint8_t bytes[ROOM];

struct piece {
	uint8_t *data;
	size_t size;
};

static void
add(struct piece *p, const void *data, size_t size)
{
	assert_true(p->size + size <= ROOM);
	memcpy(p->data + p->size, data, size);
	p->size += size;
}

static struct piece
piece(const void *data, size_t size)
{
	struct piece p = {bytes, 0};

	add(&p, data, size);
	return p;
}

static struct files *
open_files(bool scan)
{
	struct err e;
	struct files *f = files_new(folder, program, scan, &e);

	if (!f)
		fail_msg("%s", e.text);
	return f;
}

/* Two colours: red left, blue right; below them green left, white right. */
static gdImagePtr
corners(int width, int height)
{
	gdImagePtr im = gdImageCreateTrueColor(width, height);
	int halfway = width / 2, half = height / 2;

	gdImageFilledRectangle(im, 0, 0, halfway - 1, half - 1, 0xFF0000);
	gdImageFilledRectangle(im, halfway, 0, width - 1, half - 1, 0x0000FF);
	gdImageFilledRectangle(im, 0, half, halfway - 1, height - 1, 0x00FF00);
	gdImageFilledRectangle(im, halfway, half, width - 1, height - 1, 0xFFFFFF);
	return im;
}

/* An EXIF block, little-endian: orientation, and a point of 37° 52' 12" (S), 32° 29' 24" (W) when asked for. */
static struct piece
exif(int orientation, bool point)
{
	static uint8_t room[512];
	struct piece p = {room, 0};
	const uint8_t head[] = {0xFF, 0xE1, 0, 0, 'E', 'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0};
	const uint8_t first[] = {2, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, (uint8_t)orientation, 0, 0, 0, 0x25, 0x88, 4, 0, 1, 0,
	    0, 0, 38, 0, 0, 0, 0, 0, 0, 0};
	const uint8_t gps[] = {4, 0, 1, 0, 2, 0, 2, 0, 0, 0, 'S', 0, 0, 0, 2, 0, 5, 0, 3, 0, 0, 0, 92, 0, 0, 0, 3, 0, 2,
	    0, 2, 0, 0, 0, 'W', 0, 0, 0, 4, 0, 5, 0, 3, 0, 0, 0, 116, 0, 0, 0, 0, 0, 0, 0};
	const uint32_t degrees[] = {37, 1, 52, 1, 12, 1, 32, 1, 29, 1, 24, 1};

	add(&p, head, sizeof(head));
	add(&p, first, sizeof(first));
	if (point) {
		add(&p, gps, sizeof(gps));
		add(&p, degrees, sizeof(degrees));
	} else {
		p.data[20 + 12] = 0; /* no second entry: its tag is none */
		p.data[20 + 13] = 0;
	}
	p.data[2] = (uint8_t)((p.size - 2) >> 8);
	p.data[3] = (uint8_t)(p.size - 2);
	return p;
}

/* A JPEG with that EXIF and a remark. */
static struct piece
photo(int width, int height, int orientation, bool point)
{
	gdImagePtr im = corners(width, height);
	struct piece p = {bytes, 0}, e = exif(orientation, point);
	static const uint8_t remark[] = {0xFF, 0xFE, 0, 14, 'g', 'i', 'z', 'l', 'i', ' ', 'n', 'o', 't', '!', '!', '!'};
	int size;
	uint8_t *jpeg = gdImageJpegPtr(im, &size, 95);

	assert_non_null(jpeg);
	add(&p, jpeg, 2);
	add(&p, e.data, e.size);
	add(&p, remark, sizeof(remark));
	add(&p, jpeg + 2, (size_t)size - 2);
	gdFree(jpeg);
	gdImageDestroy(im);
	return p;
}

static struct files_kept
keep(struct files *f, struct piece p)
{
	char reason[FILES_REASON_SIZE] = "";
	struct files_kept kept;
	enum files_end end = files_keep(f, p.data, p.size, &kept, reason);

	if (end != FILES_KEPT)
		fail_msg("end %d: %s", end, reason);
	return kept;
}

static void
refused(struct files *f, struct piece p, const char *why)
{
	char reason[FILES_REASON_SIZE] = "";
	struct files_kept kept;
	enum files_end end = files_keep(f, p.data, p.size, &kept, reason);

	if (end != FILES_REFUSED || !strstr(reason, why) || !strstr(reason, " / "))
		fail_msg("%.20s: end %d, %s \"%s\", wanted \"%s\"", p.data, end, kept.media_type, reason, why);
}

static size_t
read_kept(struct files *f, const struct files_kept *kept, uint8_t *data)
{
	uint8_t hash[32];
	uint64_t size;
	int fd = files_open(f, kept->kept_sha256, &size);

	assert_true(fd >= 0 && size == kept->size && size <= ROOM);
	assert_true(read(fd, data, (size_t)size) == (ssize_t)size);
	close(fd);
	crypto_hash_sha256(hash, data, size);
	assert_memory_equal(hash, kept->kept_sha256, 32);
	return (size_t)size;
}

static size_t
entries(const char *path)
{
	DIR *d = opendir(path);
	size_t count = 0;

	assert_non_null(d);
	for (const struct dirent *entry; (entry = readdir(d));)
		count += entry->d_name[0] != '.';
	closedir(d);
	return count;
}

static void
nothing_incoming(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/incoming", folder);
	assert_int_equal(entries(path), 0);
}

static void
test_keep_puts_a_file_under_its_hash(void **state)
{
	struct files *f = open_files(false);
	struct piece text = piece("Sokak lambası yanmıyor.\n", strlen("Sokak lambası yanmıyor.\n"));
	struct files_kept kept = keep(f, text), again = keep(f, text);
	uint8_t read_back[100];
	struct stat st;

	(void)state;
	assert_string_equal(kept.media_type, "text/plain");
	assert_false(kept.quarantine);
	assert_memory_equal(kept.kept_sha256, kept.original_sha256, 32);
	assert_memory_equal(kept.kept_sha256, again.kept_sha256, 32);
	assert_int_equal(read_kept(f, &kept, read_back), text.size);
	assert_memory_equal(read_back, text.data, text.size);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	nothing_incoming();
	files_free(f);
	f = open_files(true);
	assert_true(keep(f, text).quarantine);
	files_free(f);
}

static int
color(gdImagePtr im, int x, int y)
{
	int c = gdImageGetTrueColorPixel(im, x, y);

	return (gdTrueColorGetRed(c) > 127) << 2 | (gdTrueColorGetGreen(c) > 127) << 1 | (gdTrueColorGetBlue(c) > 127);
}

static void
test_keep_turns_photos_upright_and_strips_them(void **state)
{
	/* What the four corners are after each orientation; a letter for each colour: r, b, g, w. */
	static const char *const upright[] = {NULL, "rbgw", "brwg", "wgbr", "gwrb", "rgbw", "grwb", "wbgr", "bwrg"};
	static const char letters[] = " bg rr w";
	struct files *f = open_files(false);
	static uint8_t got[ROOM];

	(void)state;
	for (int orientation = 1; orientation <= 8; orientation++) {
		struct files_kept kept = keep(f, photo(64, 32, orientation, orientation % 2 == 0));
		size_t size = read_kept(f, &kept, got);
		gdImagePtr im = gdImageCreateFromJpegPtr((int)size, got);
		char seen[5] = "";

		assert_non_null(im);
		assert_string_equal(kept.media_type, "image/jpeg");
		assert_memory_not_equal(kept.kept_sha256, kept.original_sha256, 32);
		assert_int_equal(gdImageSX(im), orientation < 5 ? 64 : 32);
		for (int i = 0; i < 4; i++) {
			int c = color(im, i % 2 ? gdImageSX(im) - 8 : 8, i / 2 ? gdImageSY(im) - 8 : 8);

			seen[i] = c == 4 ? 'r' : letters[c];
		}
		assert_string_equal(seen, upright[orientation]);
		gdImageDestroy(im);
		assert_null(memmem(got, size, "Exif", 4));
		assert_null(memmem(got, size, "gizli", 5));
		assert_int_equal(kept.has_point, orientation % 2 == 0);
		if (kept.has_point) {
			assert_int_equal(kept.latitude_e7, -378700000);
			assert_int_equal(kept.longitude_e7, -324900000);
		}
	}
	nothing_incoming();
	files_free(f);
}

static struct piece
encoded(void *(*encode)(gdImagePtr, int *), gdImagePtr im)
{
	int size;
	void *data = encode(im, &size);
	struct piece p = piece(data, (size_t)size);

	gdFree(data);
	gdImageDestroy(im);
	return p;
}

static void *
jpeg_of(gdImagePtr im, int *size)
{
	return gdImageJpegPtr(im, size, 90);
}

static void
test_keep_encodes_each_kind_as_it_was(void **state)
{
	static const struct {
		void *(*encode)(gdImagePtr, int *);
		const char *media_type;
		gdImagePtr (*decode)(int, void *);
	} kinds[] = {
	    {gdImagePngPtr, "image/png", gdImageCreateFromPngPtr},
	    {gdImageWebpPtr, "image/webp", gdImageCreateFromWebpPtr},
	    {gdImageGifPtr, "image/gif", gdImageCreateFromGifPtr},
	    {jpeg_of, "image/jpeg", gdImageCreateFromJpegPtr},
	};
	struct files *f = open_files(false);
	static uint8_t got[ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct piece p = encoded(kinds[i].encode, corners(40, 30));
		struct files_kept kept;
		gdImagePtr im;

		add(&p, "PK\3\4<script>gizli</script>", 25); /* what hangs behind it is not kept */
		kept = keep(f, p);
		assert_string_equal(kept.media_type, kinds[i].media_type);
		im = kinds[i].decode((int)read_kept(f, &kept, got), got);
		assert_non_null(im);
		assert_int_equal(gdImageSX(im), 40);
		assert_int_equal(color(im, 5, 5), 4);
		assert_int_equal(color(im, 35, 5), 1);
		gdImageDestroy(im);
		assert_null(memmem(got, kept.size, "gizli", 5));
	}
	files_free(f);
}

static void
test_keep_makes_large_images_smaller(void **state)
{
	struct files *f = open_files(false);
	struct files_kept kept = keep(f, encoded(jpeg_of, corners(6000, 3000)));
	static uint8_t got[ROOM];
	gdImagePtr im = gdImageCreateFromJpegPtr((int)read_kept(f, &kept, got), got);

	(void)state;
	assert_int_equal(gdImageSX(im), IMAGE_SIDE_MAX);
	assert_int_equal(gdImageSY(im), 2048);
	assert_int_equal(color(im, 4000, 2000), 7);
	gdImageDestroy(im);
	files_free(f);
}

static void
set_big(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void
test_keep_refuses_bombs_and_broken_images(void **state)
{
	struct files *f = open_files(false);
	struct piece p;

	(void)state;
	p = encoded(gdImagePngPtr, corners(100, 100));
	set_big(p.data + 16, 30000);
	set_big(p.data + 20, 30000);
	refused(f, p, "50 mega");
	p = photo(100, 100, 1, false);
	for (size_t i = 0; i + 9 < p.size; i++)
		if (p.data[i] == 0xFF && p.data[i + 1] == 0xC0)
			memset(p.data + i + 5, 0xFF, 4);
	refused(f, p, "50 mega");
	p = photo(100, 100, 1, false);
	p.size -= 40;
	refused(f, p, "broken");
	p = encoded(gdImagePngPtr, corners(500, 500));
	p.size /= 2;
	refused(f, p, "broken");
	p = encoded(
	    gdImagePngPtr, corners(100, 100)); /* its header lies within what is allowed, its pixels are fewer */
	set_big(p.data + 16, 5000);
	set_big(p.data + 20, 5000);
	refused(f, p, "decoded");
	nothing_incoming();
	files_free(f);
}

static void
test_keep_refuses_what_is_not_on_the_list(void **state)
{
	static const char *const others[] = {
	    "<!DOCTYPE html><html><body>x</body></html>",
	    "\xEF\xBB\xBF<html><script>alert(1)</script></html>",
	    "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>",
	    "<svg onload=alert(1)>",
	    "#!/bin/sh\nrm -rf /\n",
	    "Merhaba <ScRiPt>alert(1)</sCrIpT>",
	    "MZ\x90\x03\x1B",
	    "\177ELF\2\1\1",
	    "PK\3\4 not a zip at all, but long enough to look like one",
	    "Rar!\x1A\x07\x01",
	    "7z\xBC\xAF\x27\x1C",
	    "\x1F\x8B\x08",
	};
	struct files *f = open_files(false);
	struct piece large = {bytes, FILES_SIZE_MAX + 1};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		refused(f, piece(others[i], strlen(others[i])), "JPEG PNG");
	refused(f, piece("a\0b", 3), "JPEG PNG");
	refused(f, piece("", 0), "empty");
	refused(f, large, "20 MB");
	nothing_incoming();
	files_free(f);
}

static void
put_little(struct piece *p, uint32_t value, int size)
{
	for (int i = 0; i < size; i++, value >>= 8)
		add(p, &(uint8_t){(uint8_t)value}, 1);
}

/* A ZIP of stored parts with these names, each with its content. */
static struct piece
zip(const char *const names[], const char *const contents[])
{
	struct piece p = {bytes, 0};
	size_t offsets[8], count = 0, directory;

	for (; names[count]; count++) {
		size_t size = strlen(contents[count]);

		offsets[count] = p.size;
		add(&p, "PK\3\4\24\0\0\0\0\0\0\0\0\0", 14);
		put_little(&p, 0, 4);
		put_little(&p, (uint32_t)size, 4);
		put_little(&p, (uint32_t)size, 4);
		put_little(&p, (uint32_t)strlen(names[count]), 2);
		put_little(&p, 0, 2);
		add(&p, names[count], strlen(names[count]));
		add(&p, contents[count], size);
	}
	directory = p.size;
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(contents[i]);

		add(&p, "PK\1\2\24\0\24\0\0\0\0\0\0\0\0\0", 16);
		put_little(&p, 0, 4);
		put_little(&p, (uint32_t)size, 4);
		put_little(&p, (uint32_t)size, 4);
		put_little(&p, (uint32_t)strlen(names[i]), 2);
		put_little(&p, 0, 2 + 2 + 2 + 2 + 4 > 12 ? 0 : 2);
		for (int zeros = 0; zeros < 10; zeros++)
			put_little(&p, 0, 1);
		put_little(&p, (uint32_t)offsets[i], 4);
		add(&p, names[i], strlen(names[i]));
	}
	put_little(&p, 0x06054B50, 4);
	put_little(&p, 0, 4);
	put_little(&p, (uint32_t)count, 2);
	put_little(&p, (uint32_t)count, 2);
	offsets[0] = p.size;
	put_little(&p, (uint32_t)(p.size - 12 - directory), 4);
	put_little(&p, (uint32_t)directory, 4);
	put_little(&p, 0, 2);
	return p;
}

#define ODT "application/vnd.oasis.opendocument.text"
#define TYPES "[Content_Types].xml"

static void
test_zip_is_a_document_or_refused(void **state)
{
	static const struct {
		const char *names[5], *first, *media_type;
	} zips[] = {
	    {{TYPES, "word/document.xml"}, "x",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	    {{TYPES, "xl/workbook.xml"}, "x", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	    {{TYPES, "Ustveri/Ustveri.xml", "PaketOzeti/PaketOzeti.xml"}, "x", "application/x-eyp"},
	    {{"mimetype", "content.xml"}, ODT, ODT},
	    {{"mimetype", "content.xml"}, "application/epub+zip", NULL},
	    {{"mimetype", "content.xml", "Basic/Standard/Module1.xml"}, ODT, NULL},
	    {{TYPES, "word/document.xml", "word/vbaProject.bin"}, "x", NULL},
	    {{TYPES, "word/document.xml", "xl/workbook.xml"}, "x", NULL},
	    {{"word/document.xml"}, "x", NULL},
	    {{"a.exe", "b.js"}, "x", NULL},
	};
	struct files *f = open_files(false);

	(void)state;
	for (size_t i = 0; i < sizeof(zips) / sizeof(zips[0]); i++) {
		const char *contents[] = {zips[i].first, "", "", "", ""};
		struct piece p = zip(zips[i].names, contents);

		if (zips[i].media_type)
			assert_string_equal(keep(f, p).media_type, zips[i].media_type);
		else
			refused(f, p, "JPEG PNG");
		p.data[p.size - 6]++; /* a directory that is not where the end says */
		refused(f, p, "JPEG PNG");
	}
	files_free(f);
}

static void
test_keep_knows_what_phones_send(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *media_type;
	} kinds[] = {
	    {"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj\n<<>>\nendobj\n", 36, "application/pdf"},
	    {"\0\0\0\x18"
	     "ftypmp42\0\0\0\0mp42isom",
		24, "video/mp4"},
	    {"\0\0\0\x18"
	     "ftyp3gp4\0\0\0\0isom3gp4",
		24, "video/3gpp"},
	    {"\0\0\0\x14"
	     "ftypqt  \0\0\0\0qt  ",
		20, "video/quicktime"},
	    {"\0\0\0\x18"
	     "ftypheic\0\0\0\0mif1heic",
		24, "image/heic"},
	    {"\0\0\0\x18"
	     "ftypM4A \0\0\0\0M4A isom",
		24, "audio/mp4"},
	    {"#!AMR\n\x3C\0\0\0", 10, "audio/amr"},
	    {"OggS\0\2\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\2\3\4\1\x13OpusHead\1\1\0\0\x80\xBB\0\0\0\0\0", 47,
		"audio/ogg"},
	    {"ID3\3\0\0\0\0\0\0\xFF\xFB\x90\x64\0\0", 16, "audio/mpeg"},
	    {"\x1A\x45\xDF\xA3\x9F\x42\x86\x81\1\x42\xF7\x81\1\x42\xF2\x81\4\x42\xF3\x81\x08\x42\x82\x84webm\x42\x87"
	     "\x81"
	     "\4\x42\x85\x81\2",
		36, "video/webm"},
	};
	struct files *f = open_files(false);

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		assert_string_equal(keep(f, piece(kinds[i].bytes, kinds[i].size)).media_type, kinds[i].media_type);
	files_free(f);
}

static void
test_keep_raw_keeps_anything(void **state)
{
	struct files *f = open_files(true);
	uint8_t hash[32];
	char reason[FILES_REASON_SIZE];
	uint64_t size = 0;
	int fd;

	(void)state;
	memset(bytes, 'x', ROOM);
	assert_int_equal(files_keep_raw(f, bytes, ROOM, hash, reason), FILES_KEPT);
	fd = files_open(f, hash, &size);
	assert_true(fd >= 0);
	assert_int_equal(size, ROOM);
	close(fd);
	assert_false(files_lack(f, hash));
	hash[31]++; /* beside it */
	assert_int_equal(files_open(f, hash, &size), -1);
	assert_true(files_lack(f, hash));
	hash[0]++; /* where nothing ever was: it may be another volume */
	assert_int_equal(files_open(f, hash, &size), -1);
	assert_false(files_lack(f, hash));
	files_free(f);
}

/* The program may die, tell nothing, or not be there. */
static void
test_keep_outlives_its_program(void **state)
{
	static const struct {
		const char *script;
		enum files_end end;
	} programs[] = {{"#!/bin/sh\nkill -SEGV $$\n", FILES_REFUSED}, {"#!/bin/sh\nkill -KILL $$\n", FILES_FAILED},
	    {"#!/bin/sh\nexit 0\n", FILES_FAILED}, {"#!/bin/sh\nyes | head -c 1000\n", FILES_FAILED},
	    {NULL, FILES_FAILED}};
	char path[128], reason[FILES_REASON_SIZE];
	struct files_kept kept;

	(void)state;
	snprintf(path, sizeof(path), "%s/program", folder);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct err e;
		struct files *f = files_new(folder, path, false, &e);
		int fd;

		unlink(path);
		if (programs[i].script) {
			fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
			assert_true(write(fd, programs[i].script, strlen(programs[i].script)) > 0);
			close(fd);
		}
		assert_int_equal(files_keep(f, "abc", 3, &kept, reason), programs[i].end);
		nothing_incoming();
		files_free(f);
	}
	unlink(path);
}

static void
test_remove_old_leaves_what_is_new(void **state)
{
	struct files *f = open_files(false);
	struct piece text = piece("eski bir dosya", 14);
	struct files_kept kept = keep(f, text);
	const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	char hex[65], path[256], name[FILES_NAME_SIZE];
	int fd;

	(void)state;
	sodium_bin2hex(hex, sizeof(hex), kept.kept_sha256, 32);
	snprintf(path, sizeof(path), "%s/%.2s/%.2s/%s", folder, hex, hex + 2, hex);
	assert_false(files_remove_old(f, kept.kept_sha256));
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	keep(f, text); /* kept again, it is new again */
	assert_false(files_remove_old(f, kept.kept_sha256));
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_true(files_remove_old(f, kept.kept_sha256));
	assert_int_equal(access(path, F_OK), -1);
	fd = files_incoming_new(f, name);
	assert_int_equal(files_incoming_clean(f), 0);
	assert_int_equal(futimens(fd, old), 0);
	assert_int_equal(files_incoming_clean(f), 1);
	close(fd);
	files_free(f);
}

struct crowd {
	struct files *files;
	pthread_t thread;
	struct files_kept kept;
	enum files_end end;
};

static void *
on_thread(void *arg)
{
	struct crowd *c = arg;
	char reason[FILES_REASON_SIZE];

	c->end = files_keep(c->files, bytes, 1000, &c->kept, reason);
	return NULL;
}

static void
test_keep_from_many_threads(void **state)
{
	struct crowd crowd[8];
	struct files *f = open_files(false);

	(void)state;
	memset(bytes, 'k', 1000);
	for (size_t i = 0; i < 8; i++) {
		crowd[i].files = f;
		assert_int_equal(pthread_create(&crowd[i].thread, NULL, on_thread, &crowd[i]), 0);
	}
	for (size_t i = 0; i < 8; i++) {
		pthread_join(crowd[i].thread, NULL);
		assert_int_equal(crowd[i].end, FILES_KEPT);
		assert_memory_equal(crowd[i].kept.kept_sha256, crowd[0].kept.kept_sha256, 32);
	}
	nothing_incoming();
	files_free(f);
}

static int
on_entry(const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)st;
	(void)type;
	(void)place;
	return remove(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keep_puts_a_file_under_its_hash),
	    cmocka_unit_test(test_keep_turns_photos_upright_and_strips_them),
	    cmocka_unit_test(test_keep_encodes_each_kind_as_it_was),
	    cmocka_unit_test(test_keep_makes_large_images_smaller),
	    cmocka_unit_test(test_keep_refuses_bombs_and_broken_images),
	    cmocka_unit_test(test_keep_refuses_what_is_not_on_the_list),
	    cmocka_unit_test(test_zip_is_a_document_or_refused),
	    cmocka_unit_test(test_keep_knows_what_phones_send),
	    cmocka_unit_test(test_keep_raw_keeps_anything),
	    cmocka_unit_test(test_keep_outlives_its_program),
	    cmocka_unit_test(test_remove_old_leaves_what_is_new),
	    cmocka_unit_test(test_keep_from_many_threads),
	};
	const char *build = getenv("KOPRU_BUILD");
	int rc;

	ids_start();
	snprintf(folder, sizeof(folder), "/tmp/kopru-files.XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	snprintf(program, sizeof(program), "%s/kopru-intake", build ? build : "build");
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	nftw(folder, on_entry, 16, FTW_DEPTH | FTW_PHYS);
	return rc;
}
