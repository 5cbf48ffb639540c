/* deciding_rules: the municipality's own rules stand above what words, the model and whoever chose a topic say. */
#include <string.h>

#include "services/router/deciding_internal.h"

static const char *
text_or_none(const char *text)
{
	return text ? text : "";
}

static bool
rule_find(const struct deciding_case *c, struct rules_outcome *outcome)
{
	const struct decision *decision = c->decision;
	const struct rules_facts facts = {
	    .on = date_in_istanbul(c->now),
	    .topic = decision->candidate_count > 0 ? decision->candidates[0].topic : "",
	    .neighbourhood = c->place.neighbourhood ? text_or_none(c->place.neighbourhood->code) : "",
	    .street_owner = decision->street_owner,
	    .areas = c->areas,
	    .area_count = c->area_count,
	    .kind = (int)c->application->kind,
	    .channel = (int)c->application->channel,
	    .received_at = c->application->received_at,
	    .calendar = catalogue_calendar(c->d->catalogue),
	    .folded = c->folded,
	};

	return rules_pick(c->d->rules, c->arena, &facts, outcome);
}

/* What a rule names must still be there: else the case is the desk's. */
static void
rule_follow(struct deciding_case *c, const struct rules_outcome *outcome)
{
	struct decision *decision = c->decision;
	const struct catalogue *catalogue = c->d->catalogue;
	const char *code = outcome->topic                                      ? outcome->topic
			   : decision->candidate_count > 0 && !outcome->triage ? decision->candidates[0].topic
									       : "";
	const struct catalogue_topic *topic = catalogue_topic(catalogue, code);
	const char *to = outcome->department ? outcome->department : topic ? topic->department : CATALOGUE_DESK;
	const struct catalogue_department *department = catalogue_department(catalogue, to);

	decision->rule = outcome->rule;
	decision->outcome = KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_RULE;
	decision->basket = KOPRU__V1__APPLICATION_ROUTED__BASKET__BASKET_UNSPECIFIED;
	decision->department = catalogue_department(catalogue, CATALOGUE_DESK);
	decision->topic = NULL;
	if (outcome->triage)
		return;
	if (!department) {
		c->doubt = to;
		return;
	}
	decision->department = department;
	decision->topic = topic;
}

void
deciding_rules(struct deciding_case *c)
{
	struct rules_outcome outcome;

	if (strcmp(c->application->topic, DECIDING_DESK_TOPIC) == 0)
		return; /* kept for the desk, such as an old system's answered cases */
	if (c->d->rules && rule_find(c, &outcome))
		rule_follow(c, &outcome);
}
