/* Replays a fuzz target's corpus as a test: every file of tests/fuzz/corpus/NAME, NAME being this program's name. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20 };

static int
replay(const char *path)
{
	static uint8_t buffer[INPUT_MAX];
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	size_t size;

	if (!file)
		return -1;
	size = fread(buffer, 1, sizeof(buffer), file);
	fclose(file);
	/* A block of the exact size, so that the sanitizer sees one byte too many. */
	data = malloc(size ? size : 1);
	if (!data)
		abort();
	memcpy(data, buffer, size);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

/* One line of TAP for each file; a crash leaves the plan unfulfilled. */
static int
replay_all(const char *folder, struct dirent **entries, int count)
{
	char path[1024];
	int failed = 0;

	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (replay(path) < 0)
			failed++;
		printf("%sok %d - %s\n", failed ? "not " : "", i + 1, path);
		fflush(stdout);
		free(entries[i]);
	}
	return failed;
}

static int
is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int
main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	char folder[512];
	struct dirent **entries;
	int count, failed;

	(void)argc;
	snprintf(folder, sizeof(folder), "tests/fuzz/corpus/%s", name ? name + 1 : argv[0]);
	count = scandir(folder, &entries, is_input, alphasort);
	if (count <= 0) {
		printf("not ok 1 - %s has no input\n1..1\n", folder);
		return EXIT_FAILURE;
	}
	failed = replay_all(folder, entries, count);
	free(entries);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
