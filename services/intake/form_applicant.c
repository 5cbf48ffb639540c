/* form_applicant: who asks. Nobody has to say who they are; who says so must say it in a form that can be used. */
#include "services/intake/form_reader.h"

#include <stddef.h>
#include <string.h>

static void
read_phone(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = form_text(r, field, value);

	if (!text)
		return;
	if (phone_normalize(text, r->form->phone))
		r->form->applicant_phone = r->form->phone;
	else
		form_fault(r, field->name,
		    "geçerli bir telefon numarası değil; yazım: 05XX XXX XX XX, yurt dışı için + ve ülke koduyla",
		    "no valid telephone number; write 05XX XXX XX XX, or + and the country code from abroad");
}

static void
read_email(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = form_text(r, field, value);

	if (!text)
		return;
	if (email_valid(text))
		r->form->applicant_email = text;
	else
		form_fault(r, field->name,
		    "geçerli bir e-posta adresi değil; yazım: ad@example.org, Türkçe karakter ve boşluk olmadan",
		    "no valid e-mail address; write name@example.org, in ASCII and without spaces");
}

static void
read_national_id(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = form_text(r, field, value);

	if (!text)
		return;
	if (national_id_valid(text))
		r->form->national_id = text;
	else
		form_fault(r, field->name,
		    "geçerli bir T.C. kimlik numarası değil: 11 rakam olmalı, 0 ile başlamamalı ve son iki denetim "
		    "rakamı tutmalı",
		    "no valid T.C. national id: 11 digits, the first not 0, and the last two check digits must be "
		    "right");
}

static void
read_language(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text && (strcmp(text, "tr") == 0 || strcmp(text, "en") == 0))
		r->form->language = text;
	else
		form_fault(r, field->name, "\"tr\" veya \"en\" olmalı", "must be \"tr\" or \"en\"");
}

static void
read_prefers(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	r->form->prefers = form_word(r, field, value, prefers_words);
}

static const struct form_field fields[] = {
    {.name = "name",
	.read = form_read_text,
	.offset = offsetof(struct application_form, applicant_name),
	.length_max = FORM_NAME_MAX},
    {.name = "phone", .read = read_phone, .length_max = FORM_SHORT_MAX},
    {.name = "email", .read = read_email, .length_max = FORM_SHORT_MAX},
    {.name = "email_verified",
	.read = form_read_switch,
	.offset = offsetof(struct application_form, email_verified),
	.trusted = true},
    {.name = "national_id", .read = read_national_id, .length_max = FORM_SHORT_MAX},
    {.name = "address",
	.read = form_read_text,
	.offset = offsetof(struct application_form, applicant_address),
	.length_max = FORM_ADDRESS_MAX},
    {.name = "anonymous", .read = form_read_switch, .offset = offsetof(struct application_form, anonymous)},
    {.name = "hide_identity", .read = form_read_switch, .offset = offsetof(struct application_form, hide_identity)},
    {.name = "language", .read = read_language},
    {.name = "prefers", .read = read_prefers},
    {.name = NULL},
};

/* Anonymous is who gave nothing to know them by; who wants an answer and be hidden says hide_identity. */
static void
check_anonymous(struct form_reader *r, const json_t *applicant)
{
	static const char *const identities[] = {"name", "phone", "email", "national_id", "address"};

	if (!r->form->anonymous)
		return;
	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++)
		if (json_object_get(applicant, identities[i]))
			form_fault(r, identities[i],
			    "anonim başvuruda (anonymous) kimlik ve iletişim bilgisi verilemez; bu alanı çıkarın veya "
			    "anonymous yerine "
			    "hide_identity kullanın",
			    "an anonymous application holds no identity and no contact; leave this field out, or use "
			    "hide_identity in "
			    "place of anonymous");
}

static void
check_verified(struct form_reader *r, const json_t *applicant)
{
	if (r->form->email_verified && !json_object_get(applicant, "email"))
		form_fault(r, "email_verified", "e-posta adresi olmadan doğrulanmış olamaz; email alanını da gönderin",
		    "cannot be true without an address; give the field email, too");
}

void
form_read_applicant(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	if (!json_is_object(value)) {
		form_fault(r, field->name, "nesne olmalı: {\"name\", \"phone\", \"email\", ...}",
		    "must be an object: {\"name\", \"phone\", \"email\", ...}");
		return;
	}
	r->place = "applicant.";
	form_read_fields(r, fields, value);
	check_anonymous(r, value);
	check_verified(r, value);
	r->place = "";
}
