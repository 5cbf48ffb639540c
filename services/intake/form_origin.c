/* form_origin: how it came in: who entered it, who brought it, under which numbers it is registered, which call or post it
 * was; and what each channel needs for it. */
#include "services/intake/form_reader.h"

#include <stddef.h>
#include <string.h>

#include "common/domain/calendar.h"
#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/post_url.h"

#define IN(channel) (1U << KOPRU__V1__CHANNEL__CHANNEL_##channel)
#define EVERY (~0U)

/* In which channels a field may stand, and in which it must. */
static const struct {
	const char *name;
	unsigned may, must;
	const char *tr, *en; /* what it is */
} rules[] = {
    {"brought_by", IN(DESK) | IN(PETITION) | IN(LETTER) | IN(OFFICIAL_DOCUMENT), 0, "getirenin adı",
	"who handed it in"},
    {"registry_number", EVERY, IN(OFFICIAL_DOCUMENT), "evrak kayıt numarası",
	"its number in the register of documents"},
    {"registry_on", EVERY, IN(OFFICIAL_DOCUMENT), "evrak kayıt tarihi, örneğin 2026-11-23",
	"its date in the register of documents, such as 2026-11-23"},
    {"sender_institution", IN(OFFICIAL_DOCUMENT) | IN(CIMER), IN(OFFICIAL_DOCUMENT), "gönderen kurum",
	"the institution that sent it"},
    {"call_id", IN(PHONE), 0, "görüşmenin kimliği", "the id of the call"},
    {"recording", IN(PHONE), 0, "ses kaydının santraldeki yeri", "where the exchange keeps the recording"},
    {"source_url", IN(X) | IN(FACEBOOK) | IN(INSTAGRAM), IN(X), "gönderinin adresi", "the address of the post"},
};

void
form_read_url(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = form_text(r, field, value);

	if (!text)
		return;
	if (post_url_valid(text))
		memcpy((char *)r->filled + field->offset, &text, sizeof(text));
	else
		form_fault(r, field->name,
		    "https:// ile başlayan, Türkçe karakter ve boşluk içermeyen bir adres olmalı; adres çubuğundan "
		    "kopyalayın",
		    "must be an address that begins with https://, in ASCII and without spaces; copy it from the "
		    "address bar");
}

bool
form_has_origin(const struct application_form *form)
{
	return form->entered_by || form->brought_by || form->registry_number || form->sender_institution ||
	       form->call_id || form->recording || form->source_url || form->registry_on != 0 || form->reply_by != 0;
}

static bool
is_new(const struct application_form *form, const struct uuid *id)
{
	for (size_t i = 0; i < form->attachment_count; i++)
		if (uuid_compare(&form->attachments[i].id, id) == 0)
			return false;
	return true;
}

void
form_read_attachments(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	size_t count = json_array_size(value);

	if (!r->rules->files) {
		form_fault(r, field->name, "burada dosya verilemez", "no files may be named here");
		return;
	}
	if (!json_is_array(value) || count > FORM_ATTACHMENTS_MAX) {
		form_fault(r, field->name,
		    arena_printf(
			r->arena, "yüklenmiş en çok %d dosyanın kimliğinden bir dizi olmalı", FORM_ATTACHMENTS_MAX),
		    arena_printf(
			r->arena, "must be an array of the ids of at most %d uploaded files", FORM_ATTACHMENTS_MAX));
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(value, i));
		struct uuid id;

		if (text && uuid_parse(text, &id) && is_new(r->form, &id))
			r->form->attachments[r->form->attachment_count++].id = id;
		else
			form_fault(r, arena_printf(r->arena, "%s.%zu", field->name, i),
			    "yüklenmiş bir dosyanın kimliği (UUID) olmalı ve listede bir kez bulunmalı",
			    "must be the id (a UUID) of an uploaded file, once in the list");
	}
}

/* The words of the channels in a set, with commas. */
static const char *
list_channels(struct arena *a, unsigned set)
{
	const char *list = "";

	for (const struct word *word = channel_words; word->value != 0; word++)
		if (set & (1U << word->value))
			list = arena_printf(a, "%s%s%s", list, *list ? ", " : "", word->token);
	return list;
}

static void
check_channel(struct form_reader *r, const json_t *body, size_t i)
{
	const unsigned channel = 1U << r->form->channel;
	const bool given = json_object_get(body, rules[i].name) != NULL;
	const char *list;

	if (given && !(rules[i].may & channel)) {
		list = list_channels(r->arena, rules[i].may);
		form_fault(r, rules[i].name,
		    arena_printf(r->arena,
			"yalnızca şu kanallarda verilir: %s; alanı çıkarın veya channel alanını düzeltin", list),
		    arena_printf(r->arena,
			"is given only in these channels: %s; leave it out, or put the field channel right", list));
	} else if (!given && (rules[i].must & channel)) {
		list = list_channels(r->arena, channel);
		form_fault(r, rules[i].name, arena_printf(r->arena, "%s kanalında zorunlu: %s", list, rules[i].tr),
		    arena_printf(r->arena, "required in the channel %s: %s", list, rules[i].en));
	}
}

/* A number of a register means something only with its date: registers begin again each year. */
static void
check_registry(struct form_reader *r, const json_t *body)
{
	const bool number = json_object_get(body, "registry_number") != NULL,
		   date = json_object_get(body, "registry_on") != NULL;

	if (number != date && r->form->channel != KOPRU__V1__CHANNEL__CHANNEL_OFFICIAL_DOCUMENT)
		form_fault(r, number ? "registry_on" : "registry_number",
		    "registry_number ve registry_on birlikte verilmeli",
		    "registry_number and registry_on must be given together");
	if (r->form->registry_on > date_in_istanbul(r->rules->now))
		form_fault(r, "registry_on", "gelecekte olamaz", "must not lie in the future");
}

static void
check_reply_by(struct form_reader *r)
{
	if (r->form->reply_by != 0 && r->form->reply_by < date_in_istanbul(r->form->received_at))
		form_fault(r, "reply_by", "başvurunun geldiği günden (received_at) önce olamaz",
		    "must not lie before the day on which it was received (received_at)");
}

/* Law 4982, article 6: in writing and signed, or electronically where the applicant can be identified. */
static void
check_information_request(struct form_reader *r)
{
	if (r->form->channel == KOPRU__V1__CHANNEL__CHANNEL_PHONE &&
	    r->form->kind == KOPRU__V1__KIND__KIND_INFORMATION_REQUEST)
		form_fault(r, "kind",
		    "bilgi edinme başvurusu telefonla alınamaz (4982 sayılı Kanun, madde 6): ad, soyad, imza ve adres "
		    "içeren "
		    "dilekçe ya da e-posta formu gerekir; arayanı buna yönlendirin veya başvuruyu başka bir türle "
		    "(request) kaydedin",
		    "a request for information cannot be made by telephone (Law 4982, article 6): it takes a petition "
		    "with name, "
		    "signature and address, or the form by e-mail; tell the caller so, or enter it as another kind "
		    "(request)");
}

/* The post's own id says which one it is, however its address was pasted. */
static void
check_post(struct form_reader *r)
{
	struct application_form *form = r->form;
	char *id;

	if (form->channel != KOPRU__V1__CHANNEL__CHANNEL_X || !form->source_url)
		return;
	id = arena_alloc(r->arena, POST_ID_SIZE);
	if (!post_url_x(form->source_url, id))
		form_fault(r, "source_url",
		    "tek bir X gönderisinin adresi olmalı, örneğin https://x.com/ad/status/1234567890123456789",
		    "must be the address of one post on X, such as https://x.com/name/status/1234567890123456789");
	else if (form->external_id && strcmp(form->external_id, id) != 0)
		form_fault(r, "external_id", "source_url içindeki gönderi numarasından farklı; bu alanı çıkarın",
		    "differs from the id of the post in source_url; leave this field out");
	else
		form->external_id = id;
}

void
form_check_origin(struct form_reader *r, const json_t *body)
{
	if (!r->rules->trusted || r->form->channel == 0)
		return; /* has its fault already */
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		check_channel(r, body, i);
	check_registry(r, body);
	check_reply_by(r);
	check_information_request(r);
	check_post(r);
}
