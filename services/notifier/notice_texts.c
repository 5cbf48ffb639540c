/* notice_texts: the words of a letter's fields, in Turkish and English. */
#include <string.h>

#include "common/domain/calendar.h"
#include "common/domain/words.h"
#include "services/notifier/notice.h"

/* The articles of a law: the one that gives the date, and the one by which an application goes to whom it belongs. The
 * last row is for whatever has no law of its own. */
static const struct law {
	int32_t legal_basis;
	const char *due_tr, *due_en;
	const char *forward_tr, *forward_en;
} laws[] = {
    {KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071, "3071 sayılı Dilekçe Hakkının Kullanılmasına Dair Kanun'un 7. maddesi",
	"article 7 of Law No. 3071 on the Exercise of the Right to Petition",
	"3071 sayılı Dilekçe Hakkının Kullanılmasına Dair Kanun'un 5. maddesi",
	"article 5 of Law No. 3071 on the Exercise of the Right to Petition"},
    {KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_4982, "4982 sayılı Bilgi Edinme Hakkı Kanunu'nun 11. maddesi",
	"article 11 of Law No. 4982 on the Right to Information",
	"4982 sayılı Bilgi Edinme Hakkı Kanunu'nun 7. maddesi",
	"article 7 of Law No. 4982 on the Right to Information"},
    {KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_6698, "6698 sayılı Kişisel Verilerin Korunması Kanunu'nun 13. maddesi",
	"article 13 of Law No. 6698 on the Protection of Personal Data",
	"3071 sayılı Dilekçe Hakkının Kullanılmasına Dair Kanun'un 5. maddesi",
	"article 5 of Law No. 3071 on the Exercise of the Right to Petition"},
    {KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_NONE, "Belediyemizin hizmet standardı", "our service standard",
	"3071 sayılı Dilekçe Hakkının Kullanılmasına Dair Kanun'un 5. maddesi",
	"article 5 of Law No. 3071 on the Exercise of the Right to Petition"},
};

static const struct law *
law_find(int32_t legal_basis)
{
	size_t i = 0;

	while (i + 1 < sizeof(laws) / sizeof(laws[0]) && laws[i].legal_basis != legal_basis)
		i++;
	return &laws[i];
}

/* 23.11.2026, in both languages; "" when there is none. */
static const char *
date_words(struct arena *a, int32_t date)
{
	int year, month, day;

	if (date == 0)
		return "";
	date_to_civil(date, &year, &month, &day);
	return arena_printf(a, "%02d.%02d.%04d", day, month, year);
}

static void
texts_of_dates(struct arena *a, const struct notice_fields *fields, const char **texts)
{
	texts[TEMPLATE_RECEIVED_ON] = date_words(a, fields->received_on);
	texts[TEMPLATE_DUE_ON] = date_words(a, fields->due_on);
	texts[TEMPLATE_ANSWER_BY] = date_words(a, fields->answer_by);
	texts[TEMPLATE_FINAL_BY] = date_words(a, fields->final_by);
	texts[TEMPLATE_OLD_DUE_ON] = date_words(a, fields->old_due_on);
	texts[TEMPLATE_LETTER_ON] = date_words(a, fields->letter_on);
	texts[TEMPLATE_PAY_BY] = date_words(a, fields->pay_by);
	texts[TEMPLATE_PROMISED_ON] = date_words(a, fields->promised_on);
	texts[TEMPLATE_OLD_PROMISED_ON] = date_words(a, fields->old_promised_on);
}

static void
texts_of_words(const struct notice_fields *fields, bool english, const char **texts)
{
	const struct word *reason = word_find(reject_reason_words, fields->reject_reason);
	const struct law *law = law_find(fields->legal_basis);

	texts[TEMPLATE_DEPARTMENT] = fields->department_name;
	if (fields->triage)
		texts[TEMPLATE_DEPARTMENT] =
		    english ? "the Service Desk (Hizmet Masası) is assessing it" : "Hizmet Masası değerlendiriyor";
	texts[TEMPLATE_LAW] = english ? law->due_en : law->due_tr;
	texts[TEMPLATE_LAW_FORWARD] = english ? law->forward_en : law->forward_tr;
	if (reason)
		texts[TEMPLATE_REJECT_REASON] = english ? reason->name_en : reason->name_tr;
	if (fields->joint)
		texts[TEMPLATE_JOINT] = english ? "Applications on the same matter were examined together."
						: "Aynı konudaki başvurular birlikte değerlendirilmiştir.";
	texts[TEMPLATE_TEXT] = fields->text;
	texts[TEMPLATE_REASON] = fields->reason;
	texts[TEMPLATE_INSTITUTION] = fields->institution;
	texts[TEMPLATE_LETTER_NUMBER] = fields->letter_number;
}

static void
texts_of_staff(struct arena *a, const struct notice_fields *fields, const char **texts)
{
	const struct word *clock = word_find(clock_words, fields->clock);

	texts[TEMPLATE_TOPIC] = fields->topic_name;
	texts[TEMPLATE_EMERGENCY] = fields->emergency;
	if (clock) {
		texts[TEMPLATE_CLOCK] = clock->name_tr;
		texts[TEMPLATE_CLOCK_EN] = clock->name_en;
	}
	if (fields->stage != 0)
		texts[TEMPLATE_STAGE] = arena_printf(a, "%d", fields->stage);
	if (fields->count != 0)
		texts[TEMPLATE_COUNT] = arena_printf(a, "%d", fields->count);
}

/* Secrets stand in the fragment, which browsers send to no server. */
static void
texts_of_links(
    struct arena *a, const struct notice *notice, const struct notice_links *links, bool english, const char **texts)
{
	const char *page =
	    arena_printf(a, "%s/%s#no=%s", links->public_url, english ? "en/track" : "takip", notice->number);

	texts[TEMPLATE_CASE_URL] = page;
	texts[TEMPLATE_TRACKING_URL] = arena_printf(a, "%s&kod=%s", page, links->access_code);
	texts[TEMPLATE_ACCESS_CODE] = arena_string(a, links->access_code);
	texts[TEMPLATE_CONFIRM_URL] = arena_printf(a, "%s&onay=%s", page, links->confirm_token);
	texts[TEMPLATE_OPT_OUT_URL] = arena_printf(a, "%s&dur=%s", page, links->opt_out_token);
}

const char *const *
notice_texts(struct arena *a, const struct notice *notice, const struct notice_links *links)
{
	const char **texts = arena_array(a, TEMPLATE_FIELDS, sizeof(*texts));
	bool english = strcmp(notice->language, "en") == 0;

	for (int i = 0; i < TEMPLATE_FIELDS; i++)
		texts[i] = "";
	texts[TEMPLATE_NUMBER] = notice->number;
	texts_of_dates(a, &notice->fields, texts);
	texts_of_words(&notice->fields, english, texts);
	texts_of_staff(a, &notice->fields, texts);
	texts_of_links(a, notice, links, english, texts);
	for (int i = 0; i < TEMPLATE_FIELDS; i++)
		if (!texts[i])
			texts[i] = "";
	return texts;
}
