/* draft_form: messages as the text and the form of an application. Pure. */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/draft.h"

#define TEXT_ROOM (FORM_TEXT_MAX * 8) /* bytes; of more only that there was more is said */
#define NOTES_ROOM 300 /* of the text, for what is said about it */

/* What is written when nothing was. */
static const struct {
	const char *type, *text;
} unwritten[] = {
    {"image", "Fotoğraf gönderildi; açıklama yazılmadı."},
    {"sticker", "Çıkartma gönderildi; açıklama yazılmadı."},
    {"video", "Video gönderildi; açıklama yazılmadı."},
    {"audio", "Ses kaydı gönderildi; açıklama yazılmadı."},
    {"voice", "Ses kaydı gönderildi; açıklama yazılmadı."},
    {"document", "Belge gönderildi; açıklama yazılmadı."},
    {"location", "Konum gönderildi; açıklama yazılmadı."},
    {"contacts", "Kişi bilgisi gönderildi; açıklama yazılmadı."},
    {"unsupported", "Türü okunamayan bir mesaj gönderildi; gönderenden yazması istenmelidir."},
    {NULL, "Dosya gönderildi; açıklama yazılmadı."},
};

/* Bytes of at most count code points of text. */
static size_t
bytes_of(const char *text, size_t count)
{
	size_t size = 0;

	while (text[size] && count > 0) {
		size++;
		while (((unsigned char)text[size] & 0xc0) == 0x80)
			size++;
		count--;
	}
	return size;
}

/* Without control characters that no application takes; of one line when it must be. */
static char *
clean(struct arena *a, const char *text, bool line)
{
	char *copy = arena_string(a, text), *to = copy;

	for (const char *c = copy; *c; c++) {
		unsigned char byte = (unsigned char)*c;

		if (byte == 0xc2 && (unsigned char)c[1] >= 0x80 && (unsigned char)c[1] < 0xa0)
			c++; /* U+0080 to U+009F */
		else if (byte == '\n' || byte == '\t')
			*to++ = line ? ' ' : (char)byte;
		else if (byte >= 0x20 && byte != 0x7f)
			*to++ = (char)byte;
	}
	*to = '\0';
	return text_trim(a, copy);
}

/* NULL when there is nothing; cut after so many code points. */
static const char *
line_of(struct arena *a, const char *text, size_t most)
{
	const char *line = text ? clean(a, text, true) : "";

	return *line ? text_trim(a, arena_string_n(a, line, bytes_of(line, most))) : NULL;
}

static const char *
unwritten_text(const struct draft *d)
{
	size_t n = 0;

	while (unwritten[n].type && strcmp(unwritten[n].type, d->messages[0].type) != 0)
		n++;
	return unwritten[n].text;
}

/* All that was written, one below the other, as far as there is room; false: there was more. */
static bool
join(const struct draft *d, char text[TEXT_ROOM])
{
	size_t used = 0, size;

	for (size_t i = 0; i < d->message_count; i++) {
		const char *piece = d->messages[i].text ? clean(d->arena, d->messages[i].text, false) : "";

		size = bytes_of(piece, FORM_TEXT_MAX);
		if (size == 0)
			continue;
		if (used + size + 2 > TEXT_ROOM)
			return false;
		if (used > 0)
			text[used++] = '\n';
		memcpy(text + used, piece, size);
		used += size;
		text[used] = '\0';
	}
	return true;
}

const char *
draft_text(const struct draft *d)
{
	char *joined = arena_alloc(d->arena, TEXT_ROOM);
	bool cut = !join(d, joined) || d->cut;
	const char *text = text_blank(joined) ? unwritten_text(d) : joined;
	size_t size = bytes_of(text, FORM_TEXT_MAX - NOTES_ROOM);

	cut = cut || text[size] != '\0';
	text = arena_string_n(d->arena, text, size);
	if (cut)
		text = arena_printf(d->arena, "%s…\n[Metin buraya sığmadı; tamamı gelen mesajlarda durur.]", text);
	if (d->files_left_out > 0)
		text = arena_printf(
		    d->arena, "%s\n[%zu dosya eklenemedi; bilgisi gelen mesajlarda durur.]", text, d->files_left_out);
	return text;
}

static void
set_place(const struct draft *d, struct application_form *form)
{
	for (size_t i = 0; i < d->message_count; i++) {
		const struct draft_message *m = &d->messages[i];

		if (m->has_point && labs(m->latitude_e7) <= 900000000 && labs(m->longitude_e7) <= 1800000000) {
			form->has_point = true;
			form->latitude_e7 = m->latitude_e7;
			form->longitude_e7 = m->longitude_e7;
			form->address = NULL;
		}
		if (m->address && (m->has_point || !form->address))
			form->address = line_of(d->arena, m->address, FORM_ADDRESS_MAX);
	}
}

static void
set_person(const struct draft *d, struct application_form *form)
{
	form->applicant_name = line_of(d->arena, d->name, FORM_NAME_MAX);
	if (d->email && email_valid(d->email))
		form->applicant_email = d->email;
	if (d->phone && phone_normalize(d->phone, form->phone))
		form->applicant_phone = form->phone;
	form->email_verified = form->applicant_email != NULL;
	for (size_t i = 0; i < d->message_count; i++)
		form->email_verified = form->email_verified && d->messages[i].email_verified;
	form->language = "tr";
}

void
draft_form(const struct draft *d, struct application_form *form)
{
	const struct draft_message *first = &d->messages[0];

	*form = (struct application_form){.channel = d->channel, .received_at = first->received_at};
	form->kind = KOPRU__V1__KIND__KIND_REQUEST;
	form->text = draft_text(d);
	form->inbound_id = first->inbound_id;
	if (text_length(first->external_id) <= FORM_EXTERNAL_ID_MAX)
		form->external_id = first->external_id;
	for (size_t i = d->message_count; i-- > 0;) {
		const struct draft_message *m = &d->messages[i];

		form->received_at = m->received_at < form->received_at ? m->received_at : form->received_at;
		form->kind = m->kind != 0 ? m->kind : form->kind;
		form->subject = m->subject ? line_of(d->arena, m->subject, FORM_SUBJECT_MAX) : form->subject;
		form->source_url =
		    m->source_url && text_length(m->source_url) <= FORM_URL_MAX ? m->source_url : form->source_url;
	}
	set_place(d, form);
	set_person(d, form);
	memcpy(form->attachments, d->files, d->file_count * sizeof(d->files[0]));
	form->attachment_count = d->file_count;
}
