/* submission: see the header. */
#include "services/intake/submission.h"

#include <stddef.h>

#include "common/base/log.h"
#include "services/intake/intake.sql.h"

#define SIMILAR_MAX 10

static void
enqueue(struct applications *a, struct submission *s)
{
	s->previous = a->last;
	s->next = NULL;
	if (a->last)
		a->last->next = s;
	else
		a->first = s;
	a->last = s;
	a->count++;
	a->bytes += s->body_size;
}

/* The end of a submission: its memory goes with the request. */
static void
finish(struct submission *s)
{
	struct applications *a = s->applications;

	if (s->previous)
		s->previous->next = s->next;
	else
		a->first = s->next;
	if (s->next)
		s->next->previous = s->previous;
	else
		a->last = s->previous;
	a->count--;
	a->bytes -= s->body_size;
	http_release(s->request);
}

static void
reply_receipt(struct submission *s, bool replayed)
{
	size_t size;
	char *json;

	if (http_answered(s->request))
		return;
	json = receipt_json(http_arena(s->request), &s->entry.receipt, s->applications->desk.public_url, &size);
	if (replayed)
		http_set_header(s->request, "Idempotency-Replayed", "true");
	http_reply_bytes(s->request, 201, "application/json", NULL, json, size);
}

static void
on_similar(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct submission *s = arg;
	struct arena *arena = http_arena(s->request);
	const char *list = "";

	if (outcome == DB_COMMITTED) {
		for (size_t row = 0; row < db_rows(results, 0); row++)
			list = arena_printf(arena, "%s%s\"%s\"", list, row > 0 ? "," : "", db_text(results, 0, row, 0));
		s->entry.receipt.similar = arena_printf(arena, "[%s]", list);
	} else {
		log_warn("similar.unknown", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
	}
	reply_receipt(s, s->replayed);
	finish(s);
}

/* A document that two clerks entered: a hint to who enters it, and never more. False: there is nothing to look for. */
static bool
find_similar(struct submission *s)
{
	const struct application_form *form = &s->entry.form;
	struct db *reader = s->applications->desk.reader;
	struct db_tx *tx;

	if (http_answered(s->request) || !s->entry.receipt.key_name || !form->registry_number ||
	    !form->sender_institution || !db_is_up(reader))
		return false;
	tx = db_begin(reader);
	db_call(tx, &intake_statements[APPLICATIONS_SIMILAR]);
	db_bind_text(tx, form->sender_institution);
	db_bind_text(tx, form->registry_number);
	db_bind_uuid(tx, &s->entry.receipt.application_id);
	db_bind_int4(tx, SIMILAR_MAX);
	db_read(tx, on_similar, s);
	return true;
}

/* It was entered before, perhaps by somebody else who pasted another form of a post's address, or came with CİMER's file. */
static void
reply_entered_before(struct submission *s)
{
	const bool english = http_language(s->request) == HTTP_EN;
	const char *number = s->entry.record.number;
	json_t *json;

	json = http_problem_json(s->request, "conflict",
	    arena_printf(http_arena(s->request),
		s->post   ? english ? "This post is entered already, as application %s. Nothing was stored."
				    : "Bu gönderi zaten kayıtlı: başvuru no %s. Yeni bir kayıt yapılmadı."
		: english ? "This CİMER number is entered already, as application %s. Nothing was stored."
			  : "Bu CİMER numarası zaten kayıtlı: başvuru no %s. Yeni bir kayıt yapılmadı.",
		number));
	json_object_set_new(json, "number", json_string(number));
	http_reply_problem_json(s->request, "conflict", json);
}

static void
reply_files(struct submission *s, enum attachments_end end, const char *field)
{
	static const char *const texts[][2] = {
	    [ATTACHMENTS_MISSING] = {"böyle bir dosya yok; yüklenen dosyalar 24 saat içinde kullanılmalıdır",
		"there is no such file; uploaded files are to be used within 24 hours"},
	    [ATTACHMENTS_USED] = {"dosya başka bir başvuruda kullanılmış; yeniden yükleyin",
		"the file belongs to another application; upload it again"},
	    [ATTACHMENTS_INFECTED] = {"dosyada virüs bulundu", "a virus was found in the file"},
	};
	struct http_faults faults = {.count = 0};

	http_fault_add(&faults, field, texts[end][0], texts[end][1]);
	http_reply_problem(s->request, "invalid", &faults);
}

static bool
abandoned(const struct entry *entry)
{
	const struct submission *s =
	    (const struct submission *)((const char *)entry - offsetof(struct submission, entry));

	return http_answered(s->request);
}

static void
on_end(struct entry *entry, enum entry_end end, const struct err *e)
{
	struct submission *s = (struct submission *)((char *)entry - offsetof(struct submission, entry));
	struct applications *a = s->applications;
	const struct {
		struct metric *counted;
		const char *problem; /* NULL: it has a receipt */
	} ends[] = {
	    [ENTRY_STORED] = {a->metrics.accepted, NULL},
	    [ENTRY_REPEATED] = {a->metrics.replayed, NULL},
	    [ENTRY_KEY_REUSED] = {a->metrics.refused, "key-reused"},
	    [ENTRY_FILES_USED] = {a->metrics.refused, "invalid"},
	    [ENTRY_BUSY] = {a->metrics.unavailable, "busy"},
	    [ENTRY_UNAVAILABLE] = {a->metrics.unavailable, "unavailable"},
	    [ENTRY_UNKNOWN] = {a->metrics.unknown, "unknown-outcome"},
	    [ENTRY_TOO_LARGE] = {NULL, "too-large"},
	    [ENTRY_REFUSED] = {NULL, "internal"},
	};

	(void)e;
	metric_add(ends[end].counted, 1);
	s->replayed = end == ENTRY_REPEATED;
	if (!ends[end].problem && find_similar(s))
		return;
	if (!ends[end].problem)
		reply_receipt(s, s->replayed);
	else if (end == ENTRY_KEY_REUSED && s->numbered && !http_answered(s->request))
		reply_entered_before(s);
	else if (end == ENTRY_FILES_USED && !http_answered(s->request))
		reply_files(s, ATTACHMENTS_USED, "attachments");
	else if (!http_answered(s->request))
		http_reply_problem(s->request, ends[end].problem, NULL);
	finish(s);
}

static void
on_files(struct attachments_wish *wish, enum attachments_end end, size_t guilty)
{
	struct submission *s = (struct submission *)((char *)wish - offsetof(struct submission, wish));
	const struct applications *a = s->applications;

	if (http_answered(s->request)) {
		finish(s);
	} else if (end == ATTACHMENTS_FOUND) {
		entry_begin(a->desk.entry, &s->entry);
	} else if (end == ATTACHMENTS_UNAVAILABLE) {
		metric_add(a->metrics.unavailable, 1);
		http_reply_problem(s->request, "unavailable", NULL);
		finish(s);
	} else {
		metric_add(a->metrics.refused, 1);
		reply_files(s, end, arena_printf(http_arena(s->request), "attachments.%zu", guilty));
		finish(s);
	}
}

void
submission_begin(struct submission *s)
{
	const struct applications *a = s->applications;
	struct entry *entry = &s->entry;

	entry->on_end = on_end;
	entry->abandoned = abandoned;
	http_keep(s->request);
	enqueue(s->applications, s);
	if (entry->form.attachment_count == 0) {
		entry_begin(a->desk.entry, entry);
		return;
	}
	s->wish = (struct attachments_wish){.arena = entry->arena,
	    .scope = s->scope,
	    .list = entry->form.attachments,
	    .count = entry->form.attachment_count,
	    .perhaps_repeated = entry->record.key != NULL,
	    .on_end = on_files};
	attachments_find(a->desk.attachments, &s->wish);
}
