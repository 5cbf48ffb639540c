/* model_file: a model as bytes (see model.h). Little-endian:
 * magic 8, version 4, size of the whole file 8, head (below), the labels' names, scales and biases, the slots of the rows
 * in ascending order, the rows, and the SHA-256 of all before it. */
#include <string.h>

#include <sodium.h>

#include "common/base/text.h"
#include "common/topics/model_internal.h"

#define VERSION 1
#define MAGIC_SIZE 8
#define IDF_MAX 100.0f
#define NUMBER_MAX 1000.0f
#define PREFIX_SIZE (MAGIC_SIZE + 4 + 8)

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "model files are written as they lie in memory, which must be little-endian"
#endif

static const char magic[MAGIC_SIZE] = "KOPRUMDL";

struct head {
	int32_t trained_on;
	uint32_t labels, rows, slots;
	uint64_t examples;
	uint8_t data_hash[MODEL_HASH_SIZE];
	struct model_figures figures;
	struct model_calibration calibration;
	float idf_unknown, none;
};

_Static_assert(sizeof(struct head) == 4 * 4 + 8 + MODEL_HASH_SIZE + 5 * 8 + 4 * 4, "no padding");

/* Bytes that are read or written from front to back; at goes past size when there are too few. */
struct cursor {
	uint8_t *data;
	size_t size, at;
};

static void
put(struct cursor *c, const void *data, size_t size)
{
	memcpy(c->data + c->at, data, size);
	c->at += size;
}

static bool
get(struct cursor *c, void *data, size_t size)
{
	if (size > c->size - c->at)
		return false;
	memcpy(data, c->data + c->at, size);
	c->at += size;
	return true;
}

static size_t
file_size(size_t labels, size_t rows)
{
	return PREFIX_SIZE + sizeof(struct head) + labels * (MODEL_LABEL_SIZE + 2 * sizeof(float)) +
	       rows * (sizeof(uint32_t) + sizeof(float) + labels) + crypto_hash_sha256_BYTES;
}

static void
put_rows(struct cursor *c, const struct model *m)
{
	for (uint32_t slot = 0; slot < FEATURES_SLOTS; slot++) {
		if (m->row_of[slot])
			put(c, &slot, sizeof(slot));
	}
	for (size_t i = 0; i < m->rows; i++)
		put(c, model_row(m, i), sizeof(struct model_row) + m->labels);
}

const uint8_t *
model_save(const struct model *m, struct arena *a, size_t *size)
{
	struct head head = {m->trained_on, (uint32_t)m->labels, (uint32_t)m->rows, FEATURES_SLOTS, m->examples, {0},
	    m->figures, m->calibration, m->idf_unknown, 0};
	uint64_t whole = file_size(m->labels, m->rows);
	uint32_t version = VERSION;
	struct cursor c = {arena_alloc(a, whole), whole, 0};

	if (!c.data)
		return NULL;
	memcpy(head.data_hash, m->data_hash, MODEL_HASH_SIZE);
	put(&c, magic, MAGIC_SIZE);
	put(&c, &version, sizeof(version));
	put(&c, &whole, sizeof(whole));
	put(&c, &head, sizeof(head));
	put(&c, m->label, m->labels * MODEL_LABEL_SIZE);
	put(&c, m->scale, m->labels * sizeof(float));
	put(&c, m->bias, m->labels * sizeof(float));
	put_rows(&c, m);
	crypto_hash_sha256(c.data + c.at, c.data, c.at);
	*size = whole;
	return c.data;
}

/* What can be said before the content is believed. */
static int
check_frame(const uint8_t *data, size_t size, struct err *e)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	uint32_t version;
	uint64_t whole;

	if (size > MODEL_FILE_MAX)
		return err_set(e, "the model has %zu bytes; %d are allowed", size, MODEL_FILE_MAX);
	if (size < PREFIX_SIZE || memcmp(data, magic, MAGIC_SIZE) != 0)
		return err_set(e, "this is no model: it does not begin as one");
	memcpy(&version, data + MAGIC_SIZE, sizeof(version));
	memcpy(&whole, data + MAGIC_SIZE + sizeof(version), sizeof(whole));
	if (version != VERSION) {
		return err_set(e, "the model is of version %u; this program knows version %d%s", version, VERSION,
		    version > VERSION ? ": it comes from a later one" : "");
	}
	if (whole != size) {
		return err_set(e, "the model is %s: it has %zu bytes and should have %llu",
		    size < whole ? "cut off" : "too long", size, (unsigned long long)whole);
	}
	if (size < file_size(0, 0))
		return err_set(e, "the model is cut off: %zu bytes are too few", size);
	crypto_hash_sha256(hash, data, size - sizeof(hash));
	if (memcmp(hash, data + size - sizeof(hash), sizeof(hash)) != 0)
		return err_set(e, "the model is damaged: its checksum is not that of its content");
	return 0;
}

static bool
is_share(double number)
{
	return number >= 0 && number <= 1;
}

/* An idf is 1 + ln(a share of texts). */
static bool
is_idf(float number)
{
	return number >= 1 && number <= IDF_MAX;
}

static bool
is_bounded(float number)
{
	return number >= -NUMBER_MAX && number <= NUMBER_MAX;
}

static int
check_head(const struct head *h, size_t size, struct err *e)
{
	const struct model_figures *f = &h->figures;

	if (h->slots != FEATURES_SLOTS)
		return err_set(e, "the model's table has %u slots; this program's has %zu", h->slots, FEATURES_SLOTS);
	if (h->labels < 2 || h->labels > MODEL_LABELS_MAX)
		return err_set(e, "the model has %u labels; 2 to %d are allowed", h->labels, MODEL_LABELS_MAX);
	if (h->rows == 0 || h->rows > model_rows_most(h->labels) || file_size(h->labels, h->rows) != size)
		return err_set(e, "the model says that it has %u rows, which cannot be", h->rows);
	if (!is_share(f->accuracy) || !is_share(f->macro_f1) || !is_share(f->top3) || !is_share(f->coverage) ||
	    !is_share(f->precision))
		return err_set(e, "the model's own figures are no shares");
	if (!(h->calibration.sharpness > 0) || !is_bounded(h->calibration.sharpness) ||
	    !is_bounded(h->calibration.middle) || !is_idf(h->idf_unknown) || h->none != 0)
		return err_set(e, "the model's numbers are out of bounds");
	return 0;
}

static int
check_labels(const struct model *m, struct err *e)
{
	for (size_t i = 0; i < m->labels; i++) {
		size_t length = strnlen(m->label[i], MODEL_LABEL_SIZE);

		if (length == 0 || length == MODEL_LABEL_SIZE || !text_valid(m->label[i], length) ||
		    text_has_line_break_or_control(m->label[i]))
			return err_set(e, "the model's label %zu is no text", i + 1);
		if (i > 0 && strcmp(m->label[i - 1], m->label[i]) >= 0)
			return err_set(e, "the model's labels are not in order");
		if (!is_bounded(m->scale[i]) || !is_bounded(m->bias[i]))
			return err_set(e, "the model's numbers are out of bounds");
	}
	return 0;
}

static int
get_rows(struct cursor *c, struct model *m, struct err *e)
{
	uint32_t slot, next = 0;

	for (size_t i = 0; i < m->rows; i++) {
		if (!get(c, &slot, sizeof(slot)) || slot >= FEATURES_SLOTS || slot < next)
			return err_set(e, "the model's slots are not in order");
		m->row_of[slot] = (uint32_t)i + 1;
		next = slot + 1;
	}
	for (size_t i = 0; i < m->rows; i++) {
		if (!get(c, m->table + i * m->row_size, sizeof(struct model_row) + m->labels))
			return err_set(e, "the model is cut off in its rows");
		if (!is_idf(model_row(m, i)->idf))
			return err_set(e, "the model's numbers are out of bounds");
	}
	return 0;
}

static int
get_all(struct cursor *c, struct model *m, struct err *e)
{
	if (!get(c, m->label, m->labels * MODEL_LABEL_SIZE) || !get(c, m->scale, m->labels * sizeof(float)) ||
	    !get(c, m->bias, m->labels * sizeof(float)))
		return err_set(e, "the model is cut off in its labels");
	return check_labels(m, e) == 0 ? get_rows(c, m, e) : -1;
}

struct model *
model_load(const void *bytes, size_t size, struct err *e)
{
	union {
		const void *theirs;
		uint8_t *ours;
	} data = {bytes}; /* only read */
	struct cursor c = {data.ours, size, PREFIX_SIZE};
	struct head head;
	struct model *m;

	if (check_frame(bytes, size, e) != 0)
		return NULL;
	if (!get(&c, &head, sizeof(head)) || check_head(&head, size, e) != 0)
		return NULL;
	if (!(m = model_new(head.labels, head.rows))) {
		err_set(e, "no memory for the model");
		return NULL;
	}
	m->trained_on = head.trained_on;
	m->examples = head.examples;
	memcpy(m->data_hash, head.data_hash, MODEL_HASH_SIZE);
	m->figures = head.figures;
	m->calibration = head.calibration;
	m->idf_unknown = head.idf_unknown;
	model_set_name(m);
	if (get_all(&c, m, e) == 0)
		return m;
	model_free(m);
	return NULL;
}
