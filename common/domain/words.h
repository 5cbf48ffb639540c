/* words: wire tokens of kinds, channels, states, actions, events and the like, with their Turkish and
 * English names, in one table each. The numbers are those of proto/kopru/v1. Pure. */
#ifndef KOPRU_COMMON_DOMAIN_WORDS_H
#define KOPRU_COMMON_DOMAIN_WORDS_H

struct word {
	int value; /* of the enum in proto/kopru/v1; 0 ends a table */
	const char *token;
	const char *name_tr;
	const char *name_en;
};

extern const struct word kind_words[];
extern const struct word channel_words[];
extern const struct word state_words[];
extern const struct word legal_basis_words[]; /* tokens "3071" "4982" "6698" "none" */
extern const struct word prefers_words[]; /* email sms whatsapp letter none */
extern const struct word role_words[]; /* applicant clerk officer manager arbiter service */
extern const struct word reject_reason_words[]; /* no_specific_subject judicial_matter missing_element */
extern const struct word clock_words[]; /* law target promise arbiter */
extern const struct word outcome_words[]; /* of routing: sure unsure basket chosen rule */
extern const struct word basket_words[]; /* thanks irrelevant follow_up */
extern const struct word action_words[]; /* by the tag of Command.action: accept assign ... expire */
extern const struct word event_words[]; /* by the tag of Event.body: application.received, case.answered ... */

/* 0 when the token is unknown. */
int word_value(const struct word *words, const char *token);
/* NULL when the value is unknown. */
const struct word *word_find(const struct word *words, int value);
/* Token of a value; "unknown" when there is none. */
const char *word_token(const struct word *words, int value);

#endif
