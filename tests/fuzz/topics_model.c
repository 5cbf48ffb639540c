/* Any bytes as a model: refused with a reason, or a model that answers, explains and is saved as it was. They are tried as
 * they are, and with the frame (size, checksum) made right around them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/topics/model.h"

#define SIZE_AT 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
use(struct arena *a, const struct model *m)
{
	static const char text[] = "Sokağımızdaki çukur günlerdir kapatılmadı, çöp de alınmıyor";
	struct model_score scores[MODEL_LABELS_MAX];
	struct model_word words[5];
	size_t count = model_ask(m, a, text, scores, MODEL_LABELS_MAX);

	if (count > model_labels(m))
		abort();
	for (size_t i = 0; i < count; i++) {
		/* a NaN is neither */
		if (!(scores[i].probability >= 0 && scores[i].probability <= 1) ||
		    (i > 0 && scores[i].probability > scores[i - 1].probability))
			abort();
	}
	for (size_t i = 0; i < count && i < 3; i++) {
		if (model_explain(m, a, text, scores[i].label, words, 5) > 5)
			abort();
	}
}

static void
try(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	struct err e = {""};
	struct model *m = model_load(data, size, &e);
	const uint8_t *again;
	size_t again_size;

	if (!m && e.text[0] == '\0')
		abort();
	if (m) {
		use(a, m);
		again = model_save(m, a, &again_size);
		if (again_size != size || memcmp(again, data, size) != 0)
			abort();
	}
	model_free(m);
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t whole = size;
	uint8_t *framed = malloc(size + 1);

	try(data, size);
	if (!framed)
		abort();
	if (size >= SIZE_AT + sizeof(whole) + crypto_hash_sha256_BYTES) {
		memcpy(framed, data, size);
		memcpy(framed + SIZE_AT, &whole, sizeof(whole));
		size -= crypto_hash_sha256_BYTES;
		crypto_hash_sha256(framed + size, framed, size);
		try(framed, size + crypto_hash_sha256_BYTES);
	}
	free(framed);
	return 0;
}
