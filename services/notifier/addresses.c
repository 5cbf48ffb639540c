/* addresses: reads the form, finds the addresses of the number, compares each one's token, and stores what was proven. */
#include "services/notifier/addresses.h"

#include <string.h>

#include "common/base/log.h"
#include "common/domain/number.h"
#include "services/notifier/store.h"

#define FIELD_MAX 64

struct asking {
	const struct addresses *addresses;
	struct http_request *request;
	enum token_purpose purpose;
	char number[NUMBER_TEXT_SIZE];
	const char *token;
	struct proof proof;
	size_t changed_call;
};

static const char *
text_or_none(const json_t *json)
{
	const char *text = json_string_value(json);

	return text && strlen(text) <= FIELD_MAX ? text : NULL;
}

static void
form_read(struct arena *a, json_t *form, struct asking *asking, struct http_faults *faults)
{
	const char *number = text_or_none(json_object_get(form, "number"));
	int32_t serial;
	int year;
	const char *key;
	json_t *value;

	asking->token = text_or_none(json_object_get(form, "token"));
	if (!number || !number_parse(number, &year, &serial) || !number_format(year, serial, asking->number))
		http_fault_add(faults, "number",
		    "Başvuru numarası HM-2026-0000123-4 biçiminde olmalıdır; son rakam sağlama rakamıdır",
		    "The application number looks like HM-2026-0000123-4; the last digit is a check digit");
	if (!asking->token || !*asking->token)
		http_fault_add(faults, "token",
		    "İletideki bağlantıda yazan kod gereklidir: en çok 64 karakterlik bir metin",
		    "The token of the link in the message is required: a text of at most 64 characters");
	json_object_foreach(form, key, value)
	{
		if (strcmp(key, "number") != 0 && strcmp(key, "token") != 0)
			http_fault_add(faults, arena_string(a, key), "Bilinmeyen alan; izin verilenler: number, token",
			    "Unknown field; allowed are number and token");
	}
}

static void
on_changed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct asking *asking = arg;
	const struct addresses *a = asking->addresses;
	bool confirm = asking->purpose == TOKEN_CONFIRM;

	if (outcome != DB_COMMITTED) {
		log_warn("address.delayed", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
		http_reply_problem(asking->request, "unavailable", NULL);
		return;
	}
	metric_add(confirm ? a->confirmed : a->opted_out, 1);
	log_info(confirm ? "address.confirmed" : "address.opted_out", "number=%s notices=%zu", asking->number,
	    db_rows(results, asking->changed_call));
	a->on_changed(a->arg);
	http_reply_json(asking->request, 200,
	    json_pack("{s:s, s:s}", "number", asking->number, "status", confirm ? "confirmed" : "opted_out"));
}

/* Looks at all of them, so that the time says nothing. */
static bool
proof_find(struct asking *asking, const struct db_results *results)
{
	struct arena *arena = http_arena(asking->request);
	char expected[TOKEN_TEXT_SIZE];
	struct proof proof = {.address = ""};
	bool found = false;

	for (size_t row = 0; row < db_rows(results, 0) || row == 0; row++) {
		bool known = row < db_rows(results, 0);

		if (known)
			store_get_proof(results, 0, row, arena, &proof);
		token_make(&asking->addresses->key, asking->purpose, &proof.application_id, proof.address, expected);
		if (token_equal(expected, asking->token) && known) {
			asking->proof = proof;
			found = true;
		}
	}
	return found;
}

static void
on_found(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct asking *asking = arg;
	struct db_tx *tx;

	(void)e;
	if (outcome != DB_COMMITTED) {
		http_reply_problem(asking->request, "unavailable", NULL);
		return;
	}
	if (!proof_find(asking, results)) {
		metric_add(asking->addresses->refused, 1);
		http_reply_problem(asking->request, "not-found", NULL);
		return;
	}
	tx = db_begin(asking->addresses->db);
	asking->changed_call = asking->purpose == TOKEN_CONFIRM ? store_address_verify(tx, &asking->proof)
								: store_address_opt_out(tx, &asking->proof);
	db_commit(tx, on_changed, asking);
}

void
addresses_answer(const struct addresses *a, enum token_purpose purpose, struct http_request *r)
{
	struct asking *asking = arena_alloc(http_arena(r), sizeof(*asking));
	struct http_faults faults = {.count = 0};
	json_t *form = http_json(r);
	struct db_tx *tx;

	if (!form)
		return;
	asking->addresses = a;
	asking->request = r;
	asking->purpose = purpose;
	form_read(http_arena(r), form, asking, &faults);
	if (faults.count > 0) {
		http_reply_problem(r, "invalid", &faults);
		return;
	}
	tx = db_begin(a->db);
	store_addresses_find(tx, asking->number);
	db_read(tx, on_found, asking);
}
