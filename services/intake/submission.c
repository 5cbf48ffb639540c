/* submission: see the header. */
#include "services/intake/submission.h"

#include <stddef.h>

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

/* The post was entered before, perhaps by somebody else who pasted another form of its address. */
static void
reply_entered_before(struct submission *s)
{
	const bool english = http_language(s->request) == HTTP_EN;
	const char *number = s->entry.record.number;
	json_t *json;

	json = http_problem_json(s->request, "conflict",
	    arena_printf(http_arena(s->request),
		english ? "This post is entered already, as application %s. Nothing was stored."
			: "Bu gönderi zaten kayıtlı: başvuru no %s. Yeni bir kayıt yapılmadı.",
		number));
	json_object_set_new(json, "number", json_string(number));
	http_reply_problem_json(s->request, "conflict", json);
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
	    [ENTRY_BUSY] = {a->metrics.unavailable, "busy"},
	    [ENTRY_UNAVAILABLE] = {a->metrics.unavailable, "unavailable"},
	    [ENTRY_UNKNOWN] = {a->metrics.unknown, "unknown-outcome"},
	    [ENTRY_TOO_LARGE] = {NULL, "too-large"},
	    [ENTRY_REFUSED] = {NULL, "internal"},
	};

	(void)e;
	metric_add(ends[end].counted, 1);
	if (!ends[end].problem)
		reply_receipt(s, end == ENTRY_REPEATED);
	else if (end == ENTRY_KEY_REUSED && s->post && !http_answered(s->request))
		reply_entered_before(s);
	else if (!http_answered(s->request))
		http_reply_problem(s->request, ends[end].problem, NULL);
	finish(s);
}

void
submission_begin(struct submission *s)
{
	s->entry.on_end = on_end;
	s->entry.abandoned = abandoned;
	http_keep(s->request);
	enqueue(s->applications, s);
	entry_begin(s->applications->desk.entry, &s->entry);
}
