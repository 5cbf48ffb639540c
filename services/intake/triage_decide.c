/* triage_decide: a clerk decides about one row, once; the same decision again is answered with what became of it. */
#include <string.h>

#include "common/base/log.h"
#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/digest.sql.h"
#include "services/intake/refusal.h"
#include "services/intake/triage.sql.h"
#include "services/intake/triage_internal.h"

static void look(struct asking *asking);

/* became and number: NULL when nothing did so far. */
static void
reply_decided(struct asking *asking, const char *became, const char *number)
{
	http_reply_json(asking->request, 200,
	    json_pack("{s:I, s:s, s:s?, s:s?}", "id", (json_int_t)asking->form.id, "decision", asking->form.decision,
		"became", became, "number", number));
}

static void
on_decided(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct asking *asking = arg;

	if (outcome != DB_COMMITTED) {
		triage_reply_outcome(asking->request, outcome, e);
		return;
	}
	if (db_rows(results, 1) == 0) {
		asking->raced = true;
		look(asking);
		return;
	}
	metric_add(asking->triage->decided, 1);
	log_info("inbound.decided", "id=%lld decision=%s by=\"%s\"", (long long)asking->form.id, asking->form.decision,
	    asking->who);
	asking->triage->desk.on_decided(asking->triage->desk.arg);
	reply_decided(asking, NULL, *asking->form.number ? asking->form.number : NULL);
}

static void
commit_decision(struct asking *asking, const struct uuid *target)
{
	struct db_tx *tx = db_begin(asking->triage->desk.db);
	struct uuid draft = uuid_new();

	db_call(tx, &digest_statements[EFFECTS_LOCK]);
	db_call(tx, &triage_statements[TRIAGE_DECIDE]);
	db_bind_int8(tx, asking->form.id);
	db_bind_text(tx, asking->form.decision);
	db_bind_uuid(tx, target);
	db_bind_text(tx, asking->form.text);
	db_bind_text(tx, asking->who);
	db_bind_text(tx, asking->form.reason);
	db_bind_uuid(tx, &draft);
	db_bind_int4(tx, KOPRU__V1__CHANNEL__CHANNEL_DESK);
	db_commit(tx, on_decided, asking);
}

/* What was read of it is what is decided about; only of what could not be read the clerk says what it says. */
static bool
text_fits(struct asking *asking, bool readable)
{
	struct http_faults faults = {.count = 0};

	if (strcmp(asking->form.decision, "dismiss") == 0 || readable == !asking->form.text)
		return true;
	http_fault_add(&faults, "text",
	    readable ? "mesajın kendi metni kullanılır; text verilmez" : "zorunlu: okunamayan kaydın ne dediği",
	    readable ? "its own text is used; text is not given" : "required: what it says, as it could not be read");
	http_reply_problem(asking->request, "invalid", &faults);
	return false;
}

/* The columns of triage_look. */
enum { STATE, READABLE, TARGET, SAME, DECIDED_BY, DECIDED, BECAME, NUMBER };

static const char *
text_of(const struct db_results *results, int column)
{
	return db_null(results, 0, 0, column) ? NULL : db_text(results, 0, 0, column);
}

/* It does not wait for a decision: the same one again is no other; else it says what was decided, and by whom. */
static void
reply_over(struct asking *asking, const struct db_results *results)
{
	static const char *const words[][2] = {
	    {"application", "yeni başvuru"}, {"addition", "başvuruya ek"}, {"dismiss", "işlem yapılmadı"}};
	struct http_request *r = asking->request;
	const char *decision = text_of(results, DECIDED), *by = text_of(results, DECIDED_BY),
		   *number = text_of(results, NUMBER), *word = decision;
	const bool english = http_language(r) == HTTP_EN;
	json_t *json;

	if (db_bool(results, 0, 0, SAME)) {
		reply_decided(asking, text_of(results, BECAME), number);
		return;
	}
	for (size_t i = 0; decision && !english && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], decision) == 0)
			word = words[i][1];
	json = http_problem_json(r, "conflict",
	    !by || !decision
		? english ? "This record does not wait for a decision." : "Bu kayıt karar beklemiyor."
		: arena_printf(http_arena(r),
		      english ? "This record is decided already: %s%s%s, with the key \"%s\". Nothing was stored."
			      : "Bu kayıt için zaten karar verildi: %s%s%s; karar veren anahtar \"%s\". "
				"Hiçbir şey kaydedilmedi.",
		      word, number ? ", " : "", number ? number : "", by));
	json_object_set_new(json, "decision", decision ? json_string(decision) : json_null());
	json_object_set_new(json, "decided_by", by ? json_string(by) : json_null());
	json_object_set_new(json, "number", number ? json_string(number) : json_null());
	http_reply_problem_json(r, "conflict", json);
}

static void
on_looked(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct asking *asking = arg;
	struct http_faults faults = {.count = 0};
	struct uuid target;
	bool known;

	if (outcome != DB_COMMITTED) {
		triage_reply_outcome(asking->request, outcome, e);
		return;
	}
	if (db_rows(results, 0) == 0) {
		http_reply_problem(asking->request, "not-found", NULL);
		return;
	}
	if (asking->raced || strcmp(db_text(results, 0, 0, STATE), "triage") != 0) {
		reply_over(asking, results);
		return;
	}
	known = !db_null(results, 0, 0, TARGET);
	if (*asking->form.number && !known) {
		http_fault_add(&faults, "number", "bu numarayla bir başvuru yok", "there is no application with it");
		http_reply_problem(asking->request, "invalid", &faults);
		return;
	}
	if (!text_fits(asking, db_bool(results, 0, 0, READABLE)))
		return;
	if (known)
		target = db_uuid(results, 0, 0, TARGET);
	commit_decision(asking, known ? &target : NULL);
}

static void
look(struct asking *asking)
{
	struct db_tx *tx = db_begin(asking->triage->desk.db);

	db_call(tx, &triage_statements[TRIAGE_LOOK]);
	db_bind_int8(tx, asking->form.id);
	db_bind_text(tx, *asking->form.number ? asking->form.number : NULL);
	db_bind_text(tx, asking->form.decision);
	db_bind_text(tx, asking->form.text);
	db_bind_text(tx, asking->form.reason);
	db_read(tx, on_looked, asking);
}

void
triage_decide(struct triage *t, struct http_request *r)
{
	struct asking *asking = triage_asking_new(t, r);
	struct form_faults faults;
	json_t *json;

	if (!asking || !(json = http_json(r)))
		return;
	if (triage_form_read(http_arena(r), json, &asking->form, &faults) < 0) {
		refusal_send(r, &faults);
		return;
	}
	look(asking);
}
