/* topics_speed FILE.tsv LABELS: how many texts of 250 characters a model of LABELS labels classifies a second on one core, and
 * how long its training of 10,000 of them takes. The texts are the file's, joined and cut; more labels than the file has
 * are made of parts of its labels. Prints JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/topics/examples.h"
#include "common/topics/model.h"

#define TEXTS 10000
#define CHARACTERS 250
#define ROUNDS 7
#define ROUND_SECONDS 0.5

struct bench {
	struct arena *a;
	struct examples x;
	const char **labels;
	size_t label_count;
	struct model_example texts[TEXTS];
};

static double
seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static size_t
label_place(const struct bench *b, const char *label)
{
	size_t i = 0;

	while (strcmp(b->labels[i], label) != 0)
		i++;
	return i;
}

/* Bytes of the first characters of text. */
static size_t
bytes_of(const char *text, size_t characters)
{
	size_t size = 0;

	for (; text[size] && (characters > 0 || ((unsigned char)text[size] & 0xc0) == 0x80); size++)
		characters -= ((unsigned char)text[size] & 0xc0) != 0x80;
	return size;
}

/* Text number n: one of the file's from another word on each time, and what follows of the same label. */
static const char *
text_of(struct bench *b, size_t n)
{
	size_t at = n % b->x.count, skip = n / b->x.count * 7;
	const char *label = b->x.list[at].label, *text = b->x.list[at].text, *next;

	for (; skip > 0 && (next = strchr(text, ' ')); skip--)
		text = next + 1;
	while (bytes_of(text, CHARACTERS) == strlen(text)) {
		do
			at = (at + 1 + n / b->x.count) % b->x.count;
		while (strcmp(b->x.list[at].label, label) != 0);
		text = arena_printf(b->a, "%s %s", text, b->x.list[at].text);
	}
	return arena_string_n(b->a, text, bytes_of(text, CHARACTERS));
}

static void
fill(struct bench *b, size_t labels)
{
	size_t parts = (labels + b->label_count - 1) / b->label_count;

	for (size_t n = 0; n < TEXTS; n++) {
		size_t at = n % b->x.count, part = at * parts / b->x.count;
		size_t label = (label_place(b, b->x.list[at].label) * parts + part) % labels;

		b->texts[n] = (struct model_example){arena_printf(b->a, "L%03zu", label), text_of(b, n)};
	}
}

/* Texts a second of one round. */
static double
speed_once(const struct bench *b, const struct model *m, struct arena *scratch)
{
	double start = seconds(CLOCK_THREAD_CPUTIME_ID), taken;
	struct model_score scores[3];
	size_t count = 0;

	do {
		if (model_ask(m, scratch, b->texts[count % TEXTS].text, scores, 3) == 0)
			abort();
		arena_reset(scratch);
		taken = ++count % 100 == 0 ? seconds(CLOCK_THREAD_CPUTIME_ID) - start : 0;
	} while (taken < ROUND_SECONDS);
	return (double)count / taken;
}

/* The best of some rounds: other programs of the machine only make it slower. */
static double
speed(const struct bench *b, const struct model *m)
{
	struct arena *scratch = arena_new(0);
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double once = speed_once(b, m, scratch);

		best = once > best ? once : best;
	}
	arena_free(scratch);
	return best;
}

static int
measure(struct bench *b, size_t labels, struct err *e)
{
	long threads = sysconf(_SC_NPROCESSORS_ONLN);
	struct model_training t = {b->texts, TEXTS, 20783, threads > 8 ? 8 : (unsigned)threads, NULL, NULL};
	double start, cpu, trained;
	struct model *m;

	fill(b, labels);
	start = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	if (!(m = model_train(&t, e)))
		return -1;
	trained = seconds(CLOCK_MONOTONIC) - start;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("{\"labels\": %zu, \"texts\": %d, \"train_s\": %.2f, \"train_cpu_s\": %.2f, \"model_mib\": %.2f, "
	       "\"per_s\": %.0f}\n",
	    model_labels(m), TEXTS, trained, cpu, (double)model_memory(m) / (1 << 20), speed(b, m));
	model_free(m);
	return 0;
}

int
main(int argc, char **argv)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct err e = {""};
	char *data;
	size_t size, labels = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (!b || labels < 2 || labels > MODEL_LABELS_MAX) {
		fprintf(stderr, "usage: topics_speed FILE.tsv LABELS\n");
		return 2;
	}
	b->a = arena_new(0);
	if (file_read(b->a, argv[1], EXAMPLES_FILE_MAX, &data, &size, &e) != 0 ||
	    examples_add(b->a, &b->x, data, size, &e) != 0)
		goto out;
	b->labels = examples_labels(b->a, &b->x, &b->label_count);
	measure(b, labels, &e);
out:
	if (e.text[0] != '\0')
		fprintf(stderr, "topics_speed: %s\n", e.text);
	arena_free(b->a);
	free(b);
	return e.text[0] != '\0';
}
