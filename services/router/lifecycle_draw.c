/* lifecycle_draw: transitions of one pair of states share an arrow; a table says who and what with. */
#include "services/router/lifecycle_draw.h"

#include "common/domain/words.h"
#include "kopru/v1/event.pb-c.h"
#include "services/router/lifecycle.h"

/* A bit of a mask and its words. */
struct bit {
	unsigned bit;
	const char *words;
};

static const struct bit who_words[] = {
    {LIFECYCLE_APPLICANT, "the applicant"},
    {LIFECYCLE_CLERK, "clerk"},
    {LIFECYCLE_CLERK_FREE, "clerk, unless it is with the arbiter"},
    {LIFECYCLE_CLERK_OWN, "clerk, of the desk's own"},
    {LIFECYCLE_OFFICER_OWN, "officer of the department"},
    {LIFECYCLE_MANAGER_OWN, "manager of the department"},
    {LIFECYCLE_OFFICER_PART, "officer of the part's department"},
    {LIFECYCLE_MANAGER_PART, "manager of the part's department"},
    {LIFECYCLE_ARBITER, "arbiter"},
    {LIFECYCLE_SERVICE, "the router's clock"},
    {0, NULL},
};

static const struct bit need_words[] = {
    {LIFECYCLE_VERSION, "expected_version"},
    {LIFECYCLE_DEPARTMENT, "department"},
    {LIFECYCLE_TOPIC_MAY, "(topic)"},
    {LIFECYCLE_INSTITUTION, "institution"},
    {LIFECYCLE_LETTER, "(letter), (date), (number)"},
    {LIFECYCLE_LEGAL_REASON, "legal reason"},
    {LIFECYCLE_INTO, "leading case"},
    {LIFECYCLE_PARTS, "departments and tasks"},
    {LIFECYCLE_PART, "number of the part"},
    {LIFECYCLE_TEXT, "text"},
    {LIFECYCLE_CONTENT, "text, attachments, or both"},
    {LIFECYCLE_EVIDENCE, "evidence"},
    {LIFECYCLE_DAY, "date"},
    {LIFECYCLE_DAY_MAY, "(date)"},
    {LIFECYCLE_REASON, "reason"},
    {LIFECYCLE_REASON_MAY, "(reason)"},
    {LIFECYCLE_DRAFT, "a draft of somebody else"},
    {LIFECYCLE_APPROVED, "an approved draft"},
    {0, NULL},
};

static const char *const way_words[] = {
    [LIFECYCLE_PLAIN] = "",
    [LIFECYCLE_WITH_TEXT] = " (text)",
    [LIFECYCLE_WITH_DRAFT] = " (approved draft)",
    [LIFECYCLE_OF_PART] = " (of a part)",
};

static void
draw_bits(FILE *to, const struct bit *bits, unsigned mask)
{
	const char *between = "";

	for (; bits->words; bits++) {
		if ((mask & bits->bit) == 0)
			continue;
		(void)fprintf(to, "%s%s", between, bits->words);
		between = "; ";
	}
}

static void
draw_states(FILE *to, unsigned mask)
{
	const char *between = "";

	for (const struct word *word = state_words; word->value != 0; word++) {
		if ((mask & (1U << word->value)) == 0)
			continue;
		(void)fprintf(to, "%s%s", between, word->token);
		between = ", ";
	}
}

/* Each action once, though Answer has several ways. */
static void
draw_arrow(FILE *to, const struct word *from, const struct word *state)
{
	const char *between = ": ";
	int last = 0;

	for (const struct lifecycle_rule *rule = lifecycle_rules; rule->action != 0; rule++) {
		if (rule->to != state->value || !lifecycle_state_allows(rule, from->value) || rule->action == last)
			continue;
		if (last == 0)
			(void)fprintf(to, "    %s --> %s", from->token, state->token);
		(void)fprintf(to, "%s%s", between, word_token(action_words, rule->action));
		between = ", ";
		last = rule->action;
	}
	if (last != 0)
		(void)fputs("\n", to);
}

static void
draw_diagram(FILE *to)
{
	(void)fputs("```mermaid\nstateDiagram-v2\n    [*] --> received: routed to the desk\n"
		    "    [*] --> assigned: routed\n",
	    to);
	for (const struct word *from = state_words; from->value != 0; from++) {
		for (const struct word *state = state_words; state->value != 0; state++)
			draw_arrow(to, from, state);
	}
	(void)fputs("    merged --> received: unmerge, to the state before\n```\n", to);
}

static void
draw_target(FILE *to, const struct lifecycle_rule *rule)
{
	if (rule->to == LIFECYCLE_STAYS)
		(void)fputs("stays", to);
	else if (rule->to == LIFECYCLE_BACK)
		(void)fputs("as before", to);
	else
		(void)fputs(word_token(state_words, rule->to), to);
}

static void
draw_table(FILE *to)
{
	(void)fputs("| action | who | from | to | event | with (optional) |\n|---|---|---|---|---|---|\n", to);
	for (const struct lifecycle_rule *rule = lifecycle_rules; rule->action != 0; rule++) {
		(void)fprintf(to, "| %s%s | ", word_token(action_words, rule->action), way_words[rule->way]);
		draw_bits(to, who_words, rule->who);
		(void)fputs(" | ", to);
		draw_states(to, rule->states);
		(void)fputs(" | ", to);
		draw_target(to, rule);
		(void)fprintf(to, " | `%s` | ", word_token(event_words, rule->event));
		draw_bits(to, need_words, rule->needs);
		(void)fputs(" |\n", to);
	}
}

void
lifecycle_draw(FILE *to)
{
	draw_diagram(to);
	(void)fputs("\n", to);
	draw_table(to);
}
