/* topics: `kopru topics train` and `kopru topics explain`, without database and running system. */
#include "services/kopru/topics.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/domain/calendar.h"
#include "services/kopru/command.h"

#define FILES_MAX 1000
#define THREADS_MAX 8
#define EXPLAIN_LABELS 3
#define EXPLAIN_WORDS 5

static int
read_file(struct arena *a, const char *path, struct examples *x, struct err *e)
{
	char *data;
	size_t size;

	if (file_read(a, path, EXAMPLES_FILE_MAX, &data, &size, e) != 0)
		return -1;
	return examples_add(a, x, data, size, e) == 0 ? 0 : err_prefix(e, "%s", path);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
is_tsv(const char *name)
{
	size_t size = strlen(name);

	return size > 4 && name[0] != '.' && strcmp(name + size - 4, ".tsv") == 0;
}

static int
read_folder(struct arena *a, const char *path, struct examples *x, struct err *e)
{
	const char **names = arena_array(a, FILES_MAX, sizeof(*names));
	DIR *folder = opendir(path);
	struct dirent *entry;
	size_t count = 0;

	if (!folder)
		return err_set(e, "%s: cannot be opened: %m", path);
	while (count < FILES_MAX && (entry = readdir(folder))) {
		if (is_tsv(entry->d_name))
			names[count++] = arena_printf(a, "%s/%s", path, entry->d_name);
	}
	closedir(folder);
	if (count == 0 || count == FILES_MAX)
		return err_set(e, "%s: holds %s files *.tsv", path, count ? "too many" : "no");
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count; i++) {
		if (read_file(a, names[i], x, e) != 0)
			return -1;
	}
	return 0;
}

int
topics_read(struct arena *a, const char *const *paths, size_t count, struct examples *x, struct err *e)
{
	struct stat st;

	for (size_t i = 0; i < count; i++) {
		bool folder = stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode);

		if ((folder ? read_folder(a, paths[i], x, e) : read_file(a, paths[i], x, e)) != 0)
			return -1;
	}
	return 0;
}

struct model *
topics_model(const char *path, struct err *e)
{
	struct arena *a = arena_new(0);
	struct model *m = NULL;
	char *data;
	size_t size;

	if (!path && !(path = getenv("KOPRU_TOPICS_MODEL")))
		path = "build/topics.model";
	if (file_read(a, path, MODEL_FILE_MAX, &data, &size, e) == 0 && !(m = model_load(data, size, e)))
		err_prefix(e, "%s", path);
	arena_free(a);
	return m;
}

unsigned
topics_threads(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	return count < 1 ? 1 : count > THREADS_MAX ? THREADS_MAX : (unsigned)count;
}

double
topics_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int
train_day(const struct command_line *line, int32_t *day, struct err *e)
{
	*day = date_in_istanbul((int64_t)time(NULL) * 1000000);
	if (!line->day || date_parse(line->day, day))
		return 0;
	err_set(e, "--day is \"%.60s\"; it must be a day, YYYY-MM-DD", line->day);
	return COMMAND_WRONG_USAGE;
}

static void
say_trained(const struct command_line *line, const struct model *m, size_t size, double seconds)
{
	struct model_figures f = model_figures(m);

	command_say(line->json,
	    json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "model", model_name(m), "file",
		line->out, "texts", (json_int_t)model_examples(m), "labels", (json_int_t)model_labels(m), "bytes",
		(json_int_t)size, "memory", (json_int_t)model_memory(m), "accuracy", f.accuracy, "macro_f1", f.macro_f1,
		"top3", f.top3, "coverage", f.coverage, "precision", f.precision, "seconds", seconds),
	    "%s: model %s of %zu texts, %zu labels, %zu bytes, in %.1f s\n"
	    "Of texts that it had not seen %.1f %% were right (macro-F1 %.3f, %.1f %% among three); the surest %.1f %% "
	    "of them were %.1f %% right\n",
	    line->out, model_name(m), model_examples(m), model_labels(m), size, seconds, 100 * f.accuracy, f.macro_f1,
	    100 * f.top3, 100 * f.coverage, 100 * f.precision);
}

static int
train_from(struct arena *a, const struct command_line *line, int32_t day, struct err *e)
{
	struct examples x = {0};
	double start = topics_clock();
	struct model_training t = {.trained_on = day, .threads = topics_threads()};
	struct model *m;
	const uint8_t *bytes;
	size_t size;
	int rc;

	if (topics_read(a, line->arguments, line->count, &x, e) != 0)
		return -1;
	t.examples = x.list;
	t.count = x.count;
	if (!(m = model_train(&t, e)))
		return -1;
	bytes = model_save(m, a, &size);
	rc = file_write_durable(line->out, bytes, size, 0644, e);
	if (rc == 0)
		say_trained(line, m, size, topics_clock() - start);
	model_free(m);
	return rc;
}

int
topics_train(const struct command_line *line, struct err *e)
{
	struct arena *a;
	int32_t day;
	int rc;

	if (line->count == 0 || !line->out) {
		err_set(e, line->out ? "which files?" : "--out is missing: where the model goes");
		return COMMAND_WRONG_USAGE;
	}
	if ((rc = train_day(line, &day, e)) != 0)
		return rc;
	a = arena_new(0);
	rc = train_from(a, line, day, e);
	arena_free(a);
	return rc;
}

static json_t *
explain_label(struct arena *a, const struct model *m, const char *text, const struct model_score *score, bool json)
{
	struct model_word words[EXPLAIN_WORDS];
	size_t count = model_explain(m, a, text, score->label, words, EXPLAIN_WORDS);
	json_t *list = json_array();

	if (!json)
		printf("%-*s %.3f ", MODEL_LABEL_SIZE / 2, score->label, score->probability);
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(list, json_pack("{s:s, s:f}", "word", words[i].word, "weight", words[i].weight));
		if (!json)
			printf(" %s (%.2f)", words[i].word, words[i].weight);
	}
	if (!json)
		putchar('\n');
	return json_pack("{s:s, s:f, s:o}", "label", score->label, "probability", score->probability, "words", list);
}

static int
explain_text(struct arena *a, const struct command_line *line, const char *text, struct err *e)
{
	struct model *m = topics_model(line->model, e);
	struct model_score scores[EXPLAIN_LABELS];
	json_t *labels = json_array();
	size_t count;

	if (!m) {
		json_decref(labels);
		return -1;
	}
	count = model_ask(m, a, text, scores, EXPLAIN_LABELS);
	if (!line->json)
		printf("Model %s\n", model_name(m));
	for (size_t i = 0; i < count; i++)
		json_array_append_new(labels, explain_label(a, m, text, &scores[i], line->json));
	if (count == 0 && !line->json)
		puts("It knows nothing of this text");
	if (line->json)
		command_say(true, json_pack("{s:s, s:o}", "model", model_name(m), "labels", labels), "%s", "");
	else
		json_decref(labels);
	model_free(m);
	return 0;
}

int
topics_explain(const struct command_line *line, struct err *e)
{
	const char *text = line->arguments[0];
	struct arena *a;
	int rc;

	if (!text_valid(text, strlen(text)) || text_blank(text))
		return err_set(e, "the text is %s", text_blank(text) ? "empty" : "not UTF-8");
	if (strlen(text) > MODEL_TEXT_MAX)
		return err_set(e, "the text has %zu bytes; %d are allowed", strlen(text), MODEL_TEXT_MAX);
	a = arena_new(0);
	rc = explain_text(a, line, text, e);
	arena_free(a);
	return rc;
}
