/* model: what it is, and asking it (see model.h). */
#include "common/topics/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/calendar.h"
#include "common/topics/ask.h"
#include "common/topics/model_internal.h"

#define ROW_ALIGNMENT sizeof(float)

static size_t
row_size(size_t labels)
{
	return (sizeof(struct model_row) + labels + ROW_ALIGNMENT - 1) / ROW_ALIGNMENT * ROW_ALIGNMENT;
}

static size_t
fixed_size(size_t labels)
{
	return sizeof(struct model) + labels * (MODEL_LABEL_SIZE + 2 * sizeof(float)) +
	       FEATURES_SLOTS * sizeof(uint32_t);
}

size_t
model_rows_most(size_t labels)
{
	size_t most = (MODEL_MEMORY_MAX - fixed_size(labels)) / row_size(labels);

	return most < FEATURES_SLOTS ? most : FEATURES_SLOTS;
}

struct model *
model_new(size_t labels, size_t rows)
{
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->labels = labels;
	m->rows = rows;
	m->row_size = row_size(labels);
	m->label = calloc(labels, sizeof(*m->label));
	m->scale = calloc(labels, sizeof(*m->scale));
	m->bias = calloc(labels, sizeof(*m->bias));
	m->row_of = calloc(FEATURES_SLOTS, sizeof(*m->row_of));
	m->table = calloc(rows ? rows : 1, m->row_size);
	if (!m->label || !m->scale || !m->bias || !m->row_of || !m->table) {
		model_free(m);
		return NULL;
	}
	return m;
}

void
model_free(struct model *m)
{
	if (!m)
		return;
	free(m->label);
	free(m->scale);
	free(m->bias);
	free(m->row_of);
	free(m->table);
	free(m);
}

void
model_set_name(struct model *m)
{
	char day[DATE_TEXT_SIZE];

	date_text(m->trained_on, day);
	snprintf(m->name, sizeof(m->name), "%s-%02x%02x%02x%02x", day, m->data_hash[0], m->data_hash[1],
	    m->data_hash[2], m->data_hash[3]);
}

const char *
model_name(const struct model *m)
{
	return m->name;
}

size_t
model_labels(const struct model *m)
{
	return m->labels;
}

const char *
model_label(const struct model *m, size_t i)
{
	return i < m->labels ? m->label[i] : NULL;
}

size_t
model_examples(const struct model *m)
{
	return m->examples;
}

struct model_figures
model_figures(const struct model *m)
{
	return m->figures;
}

size_t
model_memory(const struct model *m)
{
	return fixed_size(m->labels) + m->rows * m->row_size;
}

static size_t
likeliest(const float *chances, size_t count)
{
	size_t best = 0;

	for (size_t i = 1; i < count; i++) {
		if (chances[i] > chances[best])
			best = i;
	}
	return best;
}

size_t
model_ask(const struct model *m, struct arena *scratch, const char *text, struct model_score *scores, size_t room)
{
	struct features f = features_read(scratch, features_fold(scratch, text));
	float *chances = arena_array(scratch, m->labels, sizeof(*chances));

	if (ask_scores(m, scratch, &f, chances) == 0)
		return 0;
	ask_chances(m, chances);
	if (room > m->labels)
		room = m->labels;
	for (size_t i = 0; i < room; i++) {
		size_t best = likeliest(chances, m->labels);

		scores[i] = (struct model_score){m->label[best], (double)chances[best]};
		chances[best] = -1;
	}
	return room;
}
