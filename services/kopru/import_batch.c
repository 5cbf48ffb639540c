/* import_batch: see the header. */
#include "services/kopru/import_batch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define IMPORTS_PATH "/api/v1/imports"
#define DESK_TOPIC "HM-00" /* as in services/router/routing.h: departments get no old cases to work on */
#define RETRY_MS 300
#define RETRY_MAX_MS 5000

struct import_batch *
import_batch_new(struct import_flight *f)
{
	struct import_batch *b = calloc(1, sizeof(*b)), **slot = f->batches;

	if (!b)
		abort();
	while (*slot)
		slot++;
	*slot = b;
	b->flight = f;
	b->arena = arena_new(0);
	b->call_arena = arena_new(0);
	f->count++;
	return b;
}

void
import_batch_end(struct import_batch *b)
{
	struct import_batch **slot = b->flight->batches;

	while (*slot != b)
		slot++;
	*slot = NULL;
	b->flight->count--;
	arena_free(b->call_arena);
	arena_free(b->arena);
	free(b);
}

void
import_batch_refuse(struct import_batch *b, struct import_work *w, const char *column, const char *reason)
{
	const struct import_job *job = b->flight->job;

	w->done = true;
	b->flight->counts->refused++;
	import_report_refuse(
	    job->report, w->item.row, w->item.line, w->item.number ? w->item.number : "", column, reason);
}

void
import_batch_fail(struct import_batch *b, long status, const char *body)
{
	json_t *json = json_loads(body, 0, NULL);
	const char *title = json_string_value(json_object_get(json, "title"));
	const char *detail = json_string_value(json_object_get(json, "detail"));

	if (!b->flight->failed)
		err_set(b->flight->e, "%s%s answered %ld: %s%s%s", b->flight->job->api->name, b->call.path, status,
		    title ? title : "no problem document", detail ? ": " : "", detail ? detail : "");
	b->flight->failed = true;
	json_decref(json);
	import_batch_end(b);
}

/* Those that are not in yet. */
static void
make_body(struct import_batch *b)
{
	const struct import_job *job = b->flight->job;
	char *text = NULL;
	size_t size = 0;
	FILE *body = open_memstream(&text, &size);

	if (!body)
		abort();
	fprintf(body, "{\"source\":\"%s\",\"dry_run\":%s,", job->source->name, job->dry_run ? "true" : "false");
	if (job->inbound_id > 0)
		fprintf(body, "\"inbound_id\":%" PRId64 ",", job->inbound_id);
	fputs("\"applications\":[", body);
	b->sent_count = 0;
	for (size_t i = 0; i < b->count; i++) {
		const struct import_work *w = &b->works[i];

		if (w->done || w->number)
			continue;
		fprintf(body, "%s{\"key\":\"%s\",\"application\":%s%s}", b->sent_count > 0 ? "," : "", w->item.key,
		    w->item.application, w->item.for_desk ? ",\"topic\":\"" DESK_TOPIC "\"" : "");
		b->sent[b->sent_count++] = i;
	}
	fputs("]}", body);
	fclose(body);
	arena_reset(b->call_arena);
	b->call.body = arena_string_n(b->call_arena, text, size);
	b->call.size = size;
	free(text);
}

static void
refuse_form(struct import_batch *b, struct import_work *w, const json_t *errors)
{
	const struct import_job *job = b->flight->job;
	const json_t *first = json_array_get(errors, 0);
	const char *field = json_string_value(json_object_get(first, "field"));
	const char *text = json_string_value(json_object_get(first, "text"));

	import_batch_refuse(b, w, field ? import_row_column(job->source, field) : "", text ? text : "is not valid");
	for (size_t i = 1; i < json_array_size(errors); i++) {
		field = json_string_value(json_object_get(json_array_get(errors, i), "field"));
		text = json_string_value(json_object_get(json_array_get(errors, i), "text"));
		import_report_refuse(job->report, w->item.row, w->item.line, w->item.number,
		    field ? import_row_column(job->source, field) : "", text ? text : "");
	}
}

static void
take_result(struct import_batch *b, struct import_work *w, const json_t *result)
{
	struct import_counts *counts = b->flight->counts;
	json_int_t status = json_integer_value(json_object_get(result, "status"));
	const char *type = json_string_value(json_object_get(result, "type"));
	const char *title = json_string_value(json_object_get(result, "title"));
	const char *number = json_string_value(json_object_get(result, "number"));

	if (status == 200) { /* of a dry run */
		counts->stored++;
		w->done = true;
	} else if (status == 201) {
		w->number = arena_string(b->arena, json_string_value(json_object_get(result, "number")));
		w->repeated = json_is_true(json_object_get(result, "repeated"));
		*(w->repeated ? &counts->repeated : &counts->stored) += 1;
	} else if (type && strcmp(type, "urn:kopru:problem:key-reused") == 0) {
		import_batch_refuse(b, w, "",
		    arena_printf(b->arena,
			"this number is in already with other content, as %s: entered by hand, or changed in the file",
			number ? number : "?"));
	} else if (status == 422) {
		refuse_form(b, w, json_object_get(result, "errors"));
	} else if (status != 429 && status != 503) { /* those come again */
		import_batch_refuse(b, w, "", title ? title : "it was not taken");
	}
}

static void
post(struct import_batch *b, int64_t delay)
{
	make_body(b);
	import_front_post(b->flight->front, &b->call, delay);
}

static void
on_answered(struct import_call *call, long status, const char *body, size_t size)
{
	struct import_batch *b = (struct import_batch *)((char *)call - offsetof(struct import_batch, call));
	json_t *json = status == 200 ? json_loadb(body, size, 0, NULL) : NULL;
	const json_t *results = json_object_get(json, "results");
	bool again = false;
	int64_t delay;

	if (json_array_size(results) != b->sent_count) {
		json_decref(json);
		import_batch_fail(b, status, body);
		return;
	}
	for (size_t i = 0; i < b->sent_count; i++) {
		struct import_work *w = &b->works[b->sent[i]];

		take_result(b, w, json_array_get(results, i));
		again |= !w->done && !w->number;
	}
	json_decref(json);
	if (!again) {
		import_steps_begin(b);
		return;
	}
	delay = (int64_t)RETRY_MS << (b->tries < 5 ? b->tries : 5);
	b->tries++;
	post(b, delay < RETRY_MAX_MS ? delay : RETRY_MAX_MS);
}

void
import_batch_begin(struct import_batch *b)
{
	if (b->count == 0) {
		import_batch_end(b);
		return;
	}
	b->call.path = IMPORTS_PATH;
	b->call.on_end = on_answered;
	post(b, 0);
}
