/* deciding_sentence: why it was decided so, in one sentence, Turkish and English. Names get no suffixes, so that none can
 * be wrong; words of the text, and nothing else, stand between “ and ”. */
#include <string.h>

#include "common/base/text.h"
#include "services/router/deciding_internal.h"

#define CANDIDATES_TOLD 3
#define PERCENT_MIN 5 /* thousandths that are told as 1% */

/* The sentence in the making, in both languages. */
struct telling {
	struct deciding_case *c;
	char *tr, *en;
};

static void
say(struct telling *t, const char *tr, const char *en)
{
	t->tr = arena_printf(t->c->arena, "%s%s", t->tr, tr);
	t->en = arena_printf(t->c->arena, "%s%s", t->en, en);
}

static void
say_percent(struct telling *t, uint32_t thousandths)
{
	unsigned percent = (thousandths + 5) / 10;

	say(t, arena_printf(t->c->arena, "%%%u", percent), arena_printf(t->c->arena, "%u%%", percent));
}

static const struct catalogue_topic *
topic_of(const struct telling *t, const struct topics_candidate *candidate)
{
	return catalogue_topic(t->c->d->catalogue, candidate->topic);
}

static void
say_department(struct telling *t, const struct catalogue_department *department)
{
	say(t, department->name_tr, department->name_en);
}

/* "“çöp”, “konteyner” sözcükleri nedeniyle ". In English they come last. */
static const char *
words_quoted(const struct telling *t)
{
	const char *all = "";

	for (size_t i = 0; i < t->c->word_count; i++)
		all = arena_printf(t->c->arena, "%s%s“%s”", all, i > 0 ? ", " : "", t->c->words[i]);
	return all;
}

/* One that is told may be of several: “emlak vergisi”. */
static bool
is_one_word(const struct telling *t)
{
	return t->c->word_count == 1 && !strchr(t->c->words[0], ' ');
}

static void
say_words(struct telling *t)
{
	if (t->c->word_count > 0)
		say(t,
		    arena_printf(
			t->c->arena, "%s %s nedeniyle ", words_quoted(t), is_one_word(t) ? "sözcüğü" : "sözcükleri"),
		    "");
}

static void
say_words_after(struct telling *t)
{
	if (t->c->word_count > 0)
		say(t, "",
		    arena_printf(t->c->arena, " because of the word%s %s", is_one_word(t) ? "" : "s", words_quoted(t)));
}

static void
say_routed(struct telling *t)
{
	const struct catalogue_department *department = t->c->decision->department;

	say(t, "", "routed to ");
	say_department(t, department);
	say(t, department->outside ? " kurumuna yönlendirildi" : " birimine yönlendirildi", "");
}

static void
say_urgent(struct telling *t)
{
	const struct danger *danger = t->c->danger;
	const struct decision *decision = t->c->decision;

	say(t, "ACİL, can güvenliği (", "URGENT, life safety (");
	if (danger)
		say(t, arena_printf(t->c->arena, "%s: “%s”", danger->reason_tr, t->c->danger_phrase),
		    arena_printf(t->c->arena, "%s: “%s”", danger->reason_en, t->c->danger_phrase));
	else
		say(t, t->c->alarming->name_tr, t->c->alarming->name_en);
	say(t,
	    arena_printf(t->c->arena, "; aranacak numara%s %s): nöbetçiye bildirilir, ",
		strchr(decision->emergency, ',') ? "lar" : "", decision->emergency),
	    arena_printf(t->c->arena, "; call %s): who is on duty is told, ", decision->emergency));
}

/* What a clerk picks from. */
static void
say_candidates(struct telling *t)
{
	const struct decision *decision = t->c->decision;

	for (size_t i = 0; i < decision->candidate_count && i < CANDIDATES_TOLD; i++) {
		const struct catalogue_topic *topic = topic_of(t, &decision->candidates[i]);
		const char *number = NULL;

		if (i > 0 && decision->candidates[i].score < PERCENT_MIN)
			break; /* "0%" is nothing to pick */
		number = arena_printf(t->c->arena, "%s%zu. ", i > 0 ? ", " : "", i + 1);

		say(t, arena_printf(t->c->arena, "%s%s (", number, topic->name_tr),
		    arena_printf(t->c->arena, "%s%s (", number, topic->name_en));
		say_percent(t, decision->candidates[i].score);
		say(t, ")", ")");
	}
}

static void
say_unsure(struct telling *t)
{
	const struct decision *decision = t->c->decision;

	if (t->c->doubt) {
		say(t, arena_printf(t->c->arena, "%s kodlu birim geçerli olmadığı için ", t->c->doubt),
		    arena_printf(t->c->arena, "because the department %s is not valid ", t->c->doubt));
		say(t, "Hizmet Masası karar verir", "the Service Desk decides");
	} else if (decision->candidate_count == 0) {
		say(t, "metinden konu anlaşılamadı, Hizmet Masası karar verir",
		    "no topic was found in the text, the Service Desk decides");
	} else {
		say(t,
		    "konu kesin değil, Hizmet Masası seçer: ", "the topic is not sure, the Service Desk picks from: ");
		say_candidates(t);
	}
}

/* Turkish, English before the words, and after them. */
static const char *const baskets[][3] = {
    {"", "", ""},
    {"teşekkür olarak ayrıldı, Hizmet Masası bakıp kapatır", "set aside as thanks",
	": the Service Desk looks and closes it"},
    {"konu dışı olarak ayrıldı, bir görevli bakmadan kapatılmaz", "set aside as irrelevant",
	": it is not closed before somebody has looked"},
    {"önceki bir başvurunun takibi olarak ayrıldı, Hizmet Masası ilgili kayda bağlar",
	"set aside as belonging to an earlier application", ": the Service Desk links it"},
};

static void
say_basket(struct telling *t)
{
	const char *const *basket = baskets[t->c->decision->basket];

	say_words(t);
	say(t, basket[0], basket[1]);
	say_words_after(t);
	say(t, "", basket[2]);
}

/* Who chose it: a clerk enters what comes over these channels, or is named. */
static bool
is_entered(const Kopru__V1__Application *application)
{
	return (application->origin && *application->origin->entered_by) ||
	       (application->channel >= KOPRU__V1__CHANNEL__CHANNEL_DESK &&
		   application->channel <= KOPRU__V1__CHANNEL__CHANNEL_PHONE) ||
	       application->channel == KOPRU__V1__CHANNEL__CHANNEL_OFFICIAL_DOCUMENT;
}

static void
say_chosen(struct telling *t)
{
	const struct decision *decision = t->c->decision;
	bool entered = is_entered(t->c->application);

	if (decision->candidate_count == 0) {
		say(t, "kaydı açan, Hizmet Masası için ayırdı", "whoever entered it kept it for the Service Desk");
		return;
	}
	say(t, entered ? "konuyu kaydı açan görevli seçti, " : "konuyu başvuran seçti, ",
	    entered ? "the clerk who entered it chose the topic, " : "the applicant chose the topic, ");
	if (decision->topic)
		say_routed(t);
	else
		say_unsure(t);
}

static void
say_rule(struct telling *t)
{
	/* The code of the rule does not stand first: what begins the sentence is written large. */
	say(t, arena_printf(t->c->arena, "belediyenin %s kuralı gereği ", t->c->decision->rule), "");
	if (t->c->decision->topic || strcmp(t->c->decision->department->code, CATALOGUE_DESK) != 0)
		say_routed(t);
	else
		say(t, "Hizmet Masası karar verir", "the Service Desk decides");
	say(t, "", arena_printf(t->c->arena, " by the rule %s", t->c->decision->rule));
}

static void
say_sure(struct telling *t)
{
	say_words(t);
	say_routed(t);
	say_words_after(t);
}

static void
say_outcome(struct telling *t)
{
	const struct decision *decision = t->c->decision;

	if (decision->outcome == KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_BASKET)
		say_basket(t);
	else if (decision->outcome == KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_CHOSEN)
		say_chosen(t);
	else if (decision->outcome == KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_RULE)
		say_rule(t);
	else if (decision->topic)
		say_sure(t);
	else
		say_unsure(t);
}

static void
say_matters(struct telling *t)
{
	const struct decision *decision = t->c->decision;

	if (decision->matter_count == 0)
		return;
	say(t, "; metinde birden çok konu var: ", "; there are several matters in it: ");
	for (size_t i = 0; i < decision->matter_count; i++) {
		const struct catalogue_topic *topic = topic_of(t, &decision->matters[i]);
		const struct catalogue_department *department =
		    catalogue_department(t->c->d->catalogue, decision->matters[i].department);

		say(t, arena_printf(t->c->arena, "%s%s: %s", i > 0 ? ", " : "", topic->name_tr, department->name_tr),
		    arena_printf(t->c->arena, "%s%s: %s", i > 0 ? ", " : "", topic->name_en, department->name_en));
	}
}

static void
say_institution(struct telling *t)
{
	const struct decision *decision = t->c->decision;
	const struct catalogue_department *with =
	    decision->topic ? catalogue_department(t->c->d->catalogue, decision->topic->shared_with) : NULL;

	if (*decision->phone)
		say(t, arena_printf(t->c->arena, ", telefonu %s", decision->phone),
		    arena_printf(t->c->arena, ", telephone %s", decision->phone));
	if (with)
		say(t, arena_printf(t->c->arena, "; %s ile ortak bir konu", with->name_tr),
		    arena_printf(t->c->arena, "; shared with %s", with->name_en));
}

/* Topic, how sure, and with which versions. */
static void
say_details(struct telling *t)
{
	const struct decision *decision = t->c->decision;
	const struct deciding *d = t->c->d;

	say(t, " (", " (");
	if (decision->topic) {
		say(t, arena_printf(t->c->arena, "konu: %s", decision->topic->name_tr),
		    arena_printf(t->c->arena, "topic: %s", decision->topic->name_en));
		say(t, ", güven ", ", confidence ");
		say_percent(t, decision->sureness);
		say(t, "; ", "; ");
	}
	if (d->rules_version > 0)
		say(t, arena_printf(t->c->arena, "kurallar %u, ", d->rules_version),
		    arena_printf(t->c->arena, "rules %u, ", d->rules_version));
	if (d->model)
		say(t, arena_printf(t->c->arena, "model %s)", model_name(d->model)),
		    arena_printf(t->c->arena, "model %s)", model_name(d->model)));
	else
		say(t, "yalnız anahtar sözcükler)", "keywords only)");
}

/* A sentence begins large; a quotation mark stays. */
static const char *
begin_large(struct arena *a, const char *text, char *(*upper)(struct arena *, const char *))
{
	size_t first = 1;

	while (((unsigned char)text[first] & 0xc0) == 0x80)
		first++;
	return arena_printf(a, "%s%s", upper(a, arena_string_n(a, text, first)), text + first);
}

static char *
upper_en(struct arena *a, const char *text)
{
	char *copy = arena_string(a, text);

	if (copy[0] >= 'a' && copy[0] <= 'z')
		copy[0] = (char)(copy[0] - 'a' + 'A');
	return copy;
}

void
deciding_sentence(struct deciding_case *c)
{
	struct telling t = {.c = c, .tr = arena_string(c->arena, ""), .en = arena_string(c->arena, "")};

	if (c->decision->urgent)
		say_urgent(&t);
	say_outcome(&t);
	say_institution(&t);
	say_matters(&t);
	say_details(&t);
	say(&t, ".", ".");
	c->decision->reason_tr = begin_large(c->arena, t.tr, text_upper_tr);
	c->decision->reason_en = begin_large(c->arena, t.en, upper_en);
}
