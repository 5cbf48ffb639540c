/* year: see the header. */
#include "services/reporting/year.h"

#include <math.h>
#include <string.h>

#include "common/domain/calendar.h"
#include "common/domain/words.h"
#include "proto/kopru/v1/application.pb-c.h"
#include "services/reporting/figures.h"

#define MINUTES_OF_DAY 1440

static const char *const months_tr[] = {
    "Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım", "Aralık"};
static const char *const months_en[] = {"January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December"};

/* Channels of a group end with 0. */
static const struct {
	const char *token, *name_tr, *name_en;
	int32_t channels[8];
} groups[YEAR_GROUPS] = {
    {"service_desk", "Hizmet Masası", "Service Desk",
	{KOPRU__V1__CHANNEL__CHANNEL_DESK, KOPRU__V1__CHANNEL__CHANNEL_PETITION, KOPRU__V1__CHANNEL__CHANNEL_EMAIL,
	    KOPRU__V1__CHANNEL__CHANNEL_OFFICIAL_DOCUMENT, KOPRU__V1__CHANNEL__CHANNEL_PHONE,
	    KOPRU__V1__CHANNEL__CHANNEL_LETTER}},
    {"whatsapp_and_social_media", "WhatsApp ve sosyal medya", "WhatsApp and social media",
	{KOPRU__V1__CHANNEL__CHANNEL_WHATSAPP, KOPRU__V1__CHANNEL__CHANNEL_FACEBOOK,
	    KOPRU__V1__CHANNEL__CHANNEL_INSTAGRAM, KOPRU__V1__CHANNEL__CHANNEL_X,
	    KOPRU__V1__CHANNEL__CHANNEL_TELEGRAM}},
    {"cimer", "CİMER", "CİMER", {KOPRU__V1__CHANNEL__CHANNEL_CIMER}},
    {"web_and_open311", "Web ve Open311", "Web and Open311",
	{KOPRU__V1__CHANNEL__CHANNEL_WEB, KOPRU__V1__CHANNEL__CHANNEL_OPEN311}},
    {"unknown", "Bilinmiyor", "Unknown", {0}},
};

const char *const year_columns[YEAR_COLUMNS] = {
    "table", "key", "name", "count", "answered", "forwarded", "mean_days", "list"};

static size_t
group_of(int32_t channel)
{
	for (size_t group = 0; group < YEAR_GROUPS - 1; group++)
		for (const int32_t *one = groups[group].channels; *one; one++)
			if (*one == channel)
				return group;
	return YEAR_GROUPS - 1;
}

static void
counts_add(struct year_counts *to, const struct year_counts *more)
{
	to->received += more->received;
	to->answered += more->answered;
	to->forwarded += more->forwarded;
	to->minutes += more->minutes;
}

void
year_add(struct year *y, int month, int32_t channel, const struct year_counts *counts)
{
	size_t group = group_of(channel);

	counts_add(&y->total, counts);
	counts_add(&y->months[month - 1], counts);
	counts_add(&y->groups[group], counts);
	counts_add(&y->group_months[group][month - 1], counts);
	if (channel > 0 && channel < YEAR_CHANNELS)
		counts_add(&y->channels[channel], counts);
}

static bool
mean_days(const struct year_counts *counts, double *days)
{
	if (counts->answered <= 0)
		return false;
	*days = round((double)counts->minutes / (double)counts->answered / MINUTES_OF_DAY * 100) / 100;
	return true;
}

/* The list behind counts of some months and of one group, one channel (then group is YEAR_GROUPS) or all. */
static const char *
list_of(struct arena *a, const struct year *y, int first, int last, const char *channels)
{
	int32_t next;
	char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE];
	bool december = last == 12;

	if (!date_from_civil(y->year, first, 1, &next))
		return "";
	date_text(next, from);
	if (!date_from_civil(december ? y->year + 1 : y->year, december ? 1 : last + 1, 1, &next))
		return "";
	date_text(next - 1, to);
	if (channels && !*channels)
		return ""; /* nothing to ask a list by */
	return arena_printf(
	    a, FIGURES_LIST "?from=%s&to=%s%s%s", from, to, channels ? "&channel=" : "", channels ? channels : "");
}

static const char *
group_channels(struct arena *a, size_t group)
{
	const char *list = NULL;

	for (const int32_t *one = groups[group].channels; *one; one++)
		list = arena_printf(a, "%s%s%s", list ? list : "", list ? "," : "", word_token(channel_words, *one));
	return list ? list : "";
}

static json_t *
counts_json(const char *key, const char *name, const struct year_counts *counts, const char *list)
{
	json_t *json = json_object();
	double days;

	json_object_set_new(json, "key", json_string(key));
	json_object_set_new(json, "name", json_string(name));
	json_object_set_new(json, "count", json_integer(counts->received));
	json_object_set_new(json, "answered", json_integer(counts->answered));
	json_object_set_new(json, "forwarded", json_integer(counts->forwarded));
	json_object_set_new(json, "mean_days", mean_days(counts, &days) ? json_real(days) : json_null());
	json_object_set_new(json, "list", json_string(list));
	return json;
}

static json_t *
group_json(struct arena *a, const struct year *y, size_t group, bool english)
{
	json_t *channels = json_array(), *months = json_array(), *json;

	json = counts_json(groups[group].token, english ? groups[group].name_en : groups[group].name_tr,
	    &y->groups[group], list_of(a, y, 1, 12, group_channels(a, group)));
	for (const int32_t *one = groups[group].channels; *one; one++) {
		const struct word *word = word_find(channel_words, *one);

		json_array_append_new(channels, counts_json(word->token, english ? word->name_en : word->name_tr,
						    &y->channels[*one], list_of(a, y, 1, 12, word->token)));
	}
	for (int month = 0; month < 12; month++)
		json_array_append_new(months, json_integer(y->group_months[group][month].received));
	json_object_set_new(json, "channels", channels);
	json_object_set_new(json, "count_by_month", months);
	return json;
}

static const char *
month_key(struct arena *a, const struct year *y, int month)
{
	return arena_printf(a, "%04d-%02d", y->year, month + 1);
}

static const char *
month_name(struct arena *a, const struct year *y, int month, bool english)
{
	return arena_printf(a, "%s %d", english ? months_en[month] : months_tr[month], y->year);
}

json_t *
year_json(struct arena *a, const struct year *y, int64_t generated_at, bool english)
{
	json_t *list = json_array(), *months = json_array(), *json;
	char at[TIME_TEXT_SIZE];

	time_text_istanbul(generated_at, at);
	json = json_pack("{s:i, s:s, s:i}", "year", y->year, "generated_at", at, "definition_version", FIGURES_VERSION);
	json_object_set_new(
	    json, "total", counts_json("total", english ? "Total" : "Toplam", &y->total, list_of(a, y, 1, 12, NULL)));
	for (size_t group = 0; group < YEAR_GROUPS; group++)
		if (group < YEAR_GROUPS - 1 || y->groups[group].received > 0)
			json_array_append_new(list, group_json(a, y, group, english));
	for (int month = 0; month < 12; month++)
		json_array_append_new(months, counts_json(month_key(a, y, month), month_name(a, y, month, english),
						  &y->months[month], list_of(a, y, month + 1, month + 1, NULL)));
	json_object_set_new(json, "groups", list);
	json_object_set_new(json, "by_month", months);
	return json;
}

struct row_writer {
	struct arena *arena;
	void (*on_row)(void *arg, const char *const *cells);
	void *arg;
};

static void
row_write(const struct row_writer *w, const char *const names[3], const struct year_counts *counts, const char *list)
{
	const char *cells[YEAR_COLUMNS] = {names[0], names[1], names[2]};
	double days;

	cells[3] = arena_printf(w->arena, "%lld", (long long)counts->received);
	cells[4] = arena_printf(w->arena, "%lld", (long long)counts->answered);
	cells[5] = arena_printf(w->arena, "%lld", (long long)counts->forwarded);
	cells[6] = mean_days(counts, &days) ? arena_printf(w->arena, "%.2f", days) : "";
	cells[7] = list;
	w->on_row(w->arg, cells);
}

static void
group_rows(const struct row_writer *w, const struct year *y, size_t group, bool english)
{
	const char *names[3] = {"group", groups[group].token, english ? groups[group].name_en : groups[group].name_tr};

	row_write(w, names, &y->groups[group], list_of(w->arena, y, 1, 12, group_channels(w->arena, group)));
	for (const int32_t *one = groups[group].channels; *one; one++) {
		const struct word *word = word_find(channel_words, *one);
		const char *own[3] = {"channel", word->token, english ? word->name_en : word->name_tr};

		row_write(w, own, &y->channels[*one], list_of(w->arena, y, 1, 12, word->token));
	}
}

void
year_rows(
    struct arena *a, const struct year *y, bool english, void (*on_row)(void *arg, const char *const *cells), void *arg)
{
	const struct row_writer w = {a, on_row, arg};
	const char *names[3] = {"total", "total", english ? "Total" : "Toplam"};

	row_write(&w, names, &y->total, list_of(a, y, 1, 12, NULL));
	for (size_t group = 0; group < YEAR_GROUPS; group++)
		if (group < YEAR_GROUPS - 1 || y->groups[group].received > 0)
			group_rows(&w, y, group, english);
	for (int month = 0; month < 12; month++) {
		const char *own[3] = {"month", month_key(a, y, month), month_name(a, y, month, english)};

		row_write(&w, own, &y->months[month], list_of(a, y, month + 1, month + 1, NULL));
	}
}
