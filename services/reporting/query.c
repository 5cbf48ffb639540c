/* query: see the header. */
#include "services/reporting/query.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/domain/calendar.h"
#include "common/domain/words.h"
#include "services/reporting/figures.h"

#define UNKNOWN "unknown-" /* and its number: a word that this version does not know */
#define TEXT_MAX 200 /* bytes */

static void
day_read(struct http_request *r, const char *name, int32_t *day, struct http_faults *faults)
{
	const char *text = http_query(r, name);

	if (!text || !date_parse(text, day))
		http_fault_add(faults, name, "YYYY-AA-GG biçiminde bir gün olmalıdır, örneğin 2026-11-23",
		    "A day as YYYY-MM-DD is required, for example 2026-11-23");
}

void
query_read_period(struct http_request *r, int32_t *from, int32_t *to, struct http_faults *faults)
{
	size_t before = faults->count;

	day_read(r, "from", from, faults);
	day_read(r, "to", to, faults);
	if (faults->count > before)
		return;
	if (*to < *from)
		http_fault_add(
		    faults, "to", "Son gün ilk günden önce olamaz", "The last day cannot be before the first");
	else if (*to - *from >= FIGURES_DAYS_MAX)
		http_fault_add(faults, "to", "Dönem en çok 10 yıl (3653 gün) olabilir",
		    "The period is at most 10 years (3653 days)");
}

static const struct {
	const char *name, *type;
	enum query_format format;
} formats[] = {
    {"json", "application/json", QUERY_JSON},
    {"csv", "text/csv", QUERY_CSV},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", QUERY_XLSX},
};

void
query_read_output(struct http_request *r, struct query_output *output, struct http_faults *faults)
{
	const char *format = http_query(r, "format"), *separator = http_query(r, "sep");
	const char *accept = http_header(r, "Accept");
	bool known = false;

	*output = (struct query_output){QUERY_JSON, ','};
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (format ? strcmp(format, formats[i].name) == 0
			   : accept && ascii_starts_nocase(accept, formats[i].type)) {
			output->format = formats[i].format;
			known = true;
		}
	if (format && !known)
		http_fault_add(faults, "format", "json, csv ya da xlsx olmalıdır", "One of json, csv and xlsx");
	if (separator && strcmp(separator, ",") != 0 && strcmp(separator, ";") != 0)
		http_fault_add(faults, "sep", "Virgül (,) ya da noktalı virgül (;) olmalıdır",
		    "Either a comma (,) or a semicolon (;)");
	else if (separator)
		output->separator = *separator;
}

void
query_read_after(struct http_request *r, struct after_place *after, struct http_faults *faults)
{
	const char *text = http_query(r, "after");

	if (text && !after_parse(text, after))
		http_fault_add(
		    faults, "after", "intake:SAYI ya da case:SAYI olmalıdır", "intake:NUMBER or case:NUMBER");
}

/* The value of a word; 0 when it is none. */
static int32_t
word_read(const struct word *words, const char *token)
{
	int value = word_value(words, token);
	char *end;
	long number;

	if (value || strncmp(token, UNKNOWN, sizeof(UNKNOWN) - 1) != 0)
		return value;
	number = strtol(token + sizeof(UNKNOWN) - 1, &end, 10);
	return *end == '\0' && number > 0 && number < INT16_MAX ? (int32_t)number : 0;
}

/* All tokens of a table, as a list for people. */
static const char *
tokens_text(struct arena *a, const struct word *words)
{
	const char *list = "";

	for (; words->value != 0; words++)
		list = arena_printf(a, "%s%s%s", list, *list ? ", " : "", words->token);
	return list;
}

static void
word_refuse(struct http_request *r, const char *name, const struct word *words, struct http_faults *faults)
{
	const char *tokens = tokens_text(http_arena(r), words);

	http_fault_add(faults, name, arena_printf(http_arena(r), "Şunlardan biri olmalıdır: %s", tokens),
	    arena_printf(http_arena(r), "One of: %s", tokens));
}

static void
one_read(struct http_request *r, const char *name, const struct word *words, int32_t *value, struct http_faults *faults)
{
	const char *text = http_query(r, name);

	if (text && (*value = word_read(words, text)) == 0)
		word_refuse(r, name, words, faults);
}

static void
channels_read(struct http_request *r, struct listing *listing, struct http_faults *faults)
{
	const char *text = http_query(r, "channel");
	char *rest = NULL;

	if (!text)
		return;
	for (char *token = strtok_r(arena_string(http_arena(r), text), ",", &rest); token;
	     token = strtok_r(NULL, ",", &rest)) {
		int32_t value = word_read(channel_words, token);

		if (value == 0 || listing->channels_count == LISTING_CHANNELS_MAX) {
			word_refuse(r, "channel", channel_words, faults);
			return;
		}
		listing->channels[listing->channels_count++] = value;
	}
	if (listing->channels_count == 0)
		word_refuse(r, "channel", channel_words, faults);
}

/* "none" is the group of those that have none; no code and no neighbourhood is written in small letters only. */
static const char *
text_read(struct http_request *r, const char *name, struct http_faults *faults)
{
	const char *text = http_query(r, name);

	if (!text)
		return NULL;
	if (!*text || strlen(text) > TEXT_MAX) {
		http_fault_add(faults, name, "Boş olmayan, en çok 200 baytlık bir değer ya da none olmalıdır",
		    "A value of 1 to 200 bytes, or none");
		return NULL;
	}
	return strcmp(text, "none") == 0 ? "" : arena_string(http_arena(r), text);
}

/* How it was routed. */
static void
outcome_read(struct http_request *r, struct listing *listing, struct http_faults *faults)
{
	const char *text = http_query(r, "outcome"), *tokens = NULL;

	if (!text)
		return;
	listing->outcome = arena_string(http_arena(r), text);
	if (strcmp(text, "urgent") == 0 || word_value(outcome_words, text) != 0)
		return;
	tokens = tokens_text(http_arena(r), outcome_words);
	http_fault_add(faults, "outcome", arena_printf(http_arena(r), "Şunlardan biri olmalıdır: urgent, %s", tokens),
	    arena_printf(http_arena(r), "One of: urgent, %s", tokens));
}

static void
measure_read(struct http_request *r, struct listing *listing, struct http_faults *faults)
{
	const char *text = http_query(r, "measure");

	listing->measure = text ? listing_measure(text) : LISTING_RECEIVED;
	if (listing->measure < 0)
		http_fault_add(faults, "measure",
		    "Şunlardan biri olmalıdır: received, answered, open, overdue, forwarded, handed_back, reopened, "
		    "reacted",
		    "One of: received, answered, open, overdue, forwarded, handed_back, reopened, reacted");
}

void
query_read_listing(struct http_request *r, struct listing *listing, struct http_faults *faults)
{
	*listing = (struct listing){.from = 0, .to = 0};
	if (http_query(r, "backlog"))
		day_read(r, "backlog", &listing->backlog, faults);
	if (http_query(r, "backlog") && !http_query(r, "from") && !http_query(r, "to"))
		listing->to = listing->backlog;
	else
		query_read_period(r, &listing->from, &listing->to, faults);
	channels_read(r, listing, faults);
	one_read(r, "kind", kind_words, &listing->kind, faults);
	one_read(r, "status", state_words, &listing->state, faults);
	listing->topic = text_read(r, "topic", faults);
	listing->department = text_read(r, "department", faults);
	listing->neighbourhood = text_read(r, "neighbourhood", faults);
	outcome_read(r, listing, faults);
	measure_read(r, listing, faults);
}
