/* model_internal: what a model is, for the files of common/topics only. */
#ifndef KOPRU_COMMON_TOPICS_MODEL_INTERNAL_H
#define KOPRU_COMMON_TOPICS_MODEL_INTERNAL_H

#include "common/topics/features.h"
#include "common/topics/model.h"

#define MODEL_HASH_SIZE 32 /* SHA-256 */
#define MODEL_MEMORY_MAX ((size_t)32 << 20)

/* A row of the table: one slot that the training saw. Its weights follow, one for each label, in 127ths of the label's
 * scale. */
struct model_row {
	float idf;
	int8_t weights[];
};

/* A label's chance is 1 / (1 + exp(-sharpness * (score - middle))); probabilities are its share of all labels' chances. */
struct model_calibration {
	float sharpness, middle;
};

struct model {
	char name[MODEL_NAME_SIZE];
	int32_t trained_on;
	uint8_t data_hash[MODEL_HASH_SIZE];
	uint64_t examples;
	struct model_figures figures;
	size_t labels, rows;
	size_t row_size; /* bytes */
	char (*label)[MODEL_LABEL_SIZE];
	float *scale, *bias; /* of each label */
	struct model_calibration calibration;
	float idf_unknown; /* of what the training did not see often enough */
	uint32_t *row_of; /* of each slot; 0: none, else row + 1 */
	uint8_t *table; /* rows * row_size */
};

/* Zeroed, with room for so many labels and rows. NULL when there is no memory. */
struct model *model_new(size_t labels, size_t rows);
/* Most rows that a model of so many labels may have, so that it stays within MODEL_MEMORY_MAX. */
size_t model_rows_most(size_t labels);
/* From trained_on and data_hash. */
void model_set_name(struct model *m);

static inline const struct model_row *
model_row(const struct model *m, size_t row)
{
	return (const struct model_row *)(const void *)(m->table + row * m->row_size);
}

/* Never 0. */
float model_chance(struct model_calibration c, float score);
/* What a count becomes: 1 + ln(count). */
float model_term(uint32_t count);

#endif
