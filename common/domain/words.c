/* words: see words.h. */
#include "common/domain/words.h"

#include <stddef.h>
#include <string.h>

#include "kopru/v1/event.pb-c.h"

const struct word kind_words[] = {
    {KOPRU__V1__KIND__KIND_REQUEST, "request", "Talep", "Request"},
    {KOPRU__V1__KIND__KIND_COMPLAINT, "complaint", "Şikâyet", "Complaint"},
    {KOPRU__V1__KIND__KIND_SUGGESTION, "suggestion", "Öneri", "Suggestion"},
    {KOPRU__V1__KIND__KIND_TIP_OFF, "tip_off", "İhbar", "Tip-off"},
    {KOPRU__V1__KIND__KIND_INFORMATION_REQUEST, "information_request", "Bilgi edinme", "Information request"},
    {KOPRU__V1__KIND__KIND_THANKS, "thanks", "Teşekkür", "Thanks"},
    {0, NULL, NULL, NULL},
};

const struct word channel_words[] = {
    {KOPRU__V1__CHANNEL__CHANNEL_DESK, "desk", "Hizmet Masası", "Service Desk"},
    {KOPRU__V1__CHANNEL__CHANNEL_PETITION, "petition", "Dilekçe", "Petition"},
    {KOPRU__V1__CHANNEL__CHANNEL_LETTER, "letter", "Mektup", "Letter"},
    {KOPRU__V1__CHANNEL__CHANNEL_PHONE, "phone", "Telefon", "Phone"},
    {KOPRU__V1__CHANNEL__CHANNEL_EMAIL, "email", "E-posta", "E-mail"},
    {KOPRU__V1__CHANNEL__CHANNEL_OFFICIAL_DOCUMENT, "official_document", "Resmî yazı", "Official document"},
    {KOPRU__V1__CHANNEL__CHANNEL_CIMER, "cimer", "CİMER", "CİMER"},
    {KOPRU__V1__CHANNEL__CHANNEL_WHATSAPP, "whatsapp", "WhatsApp", "WhatsApp"},
    {KOPRU__V1__CHANNEL__CHANNEL_FACEBOOK, "facebook", "Facebook", "Facebook"},
    {KOPRU__V1__CHANNEL__CHANNEL_INSTAGRAM, "instagram", "Instagram", "Instagram"},
    {KOPRU__V1__CHANNEL__CHANNEL_X, "x", "X", "X"},
    {KOPRU__V1__CHANNEL__CHANNEL_WEB, "web", "Web", "Web"},
    {KOPRU__V1__CHANNEL__CHANNEL_OPEN311, "open311", "Open311", "Open311"},
    {0, NULL, NULL, NULL},
};

const struct word state_words[] = {
    {KOPRU__V1__STATE__STATE_RECEIVED, "received", "Alındı", "Received"},
    {KOPRU__V1__STATE__STATE_ASSIGNED, "assigned", "Birime iletildi", "Assigned"},
    {KOPRU__V1__STATE__STATE_IN_PROGRESS, "in_progress", "İşlemde", "In progress"},
    {KOPRU__V1__STATE__STATE_WAITING_FOR_CITIZEN, "waiting_for_citizen", "Başvurandan bilgi bekleniyor",
	"Waiting for the applicant"},
    {KOPRU__V1__STATE__STATE_ANSWERED, "answered", "Cevaplandı", "Answered"},
    {KOPRU__V1__STATE__STATE_CLOSED, "closed", "Kapatıldı", "Closed"},
    {KOPRU__V1__STATE__STATE_FORWARDED, "forwarded", "Yetkili kuruma iletildi", "Forwarded to another institution"},
    {KOPRU__V1__STATE__STATE_REJECTED, "rejected", "İncelenemedi", "Not examined"},
    {KOPRU__V1__STATE__STATE_MERGED, "merged", "Birleştirildi", "Merged"},
    {KOPRU__V1__STATE__STATE_WITHDRAWN, "withdrawn", "Geri çekildi", "Withdrawn"},
    {KOPRU__V1__STATE__STATE_REOPENED, "reopened", "Yeniden açıldı", "Reopened"},
    {0, NULL, NULL, NULL},
};

const struct word legal_basis_words[] = {
    {KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071, "3071", "3071 sayılı Dilekçe Hakkı Kanunu", "Law 3071 on petitions"},
    {KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_4982, "4982", "4982 sayılı Bilgi Edinme Hakkı Kanunu",
	"Law 4982 on the right to information"},
    {KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_6698, "6698", "6698 sayılı Kişisel Verilerin Korunması Kanunu",
	"Law 6698 on personal data"},
    {KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_NONE, "none", "Kanuni süre yok", "No legal term"},
    {0, NULL, NULL, NULL},
};

const struct word prefers_words[] = {
    {KOPRU__V1__PREFERS__PREFERS_EMAIL, "email", "E-posta", "E-mail"},
    {KOPRU__V1__PREFERS__PREFERS_SMS, "sms", "SMS", "SMS"},
    {KOPRU__V1__PREFERS__PREFERS_WHATSAPP, "whatsapp", "WhatsApp", "WhatsApp"},
    {KOPRU__V1__PREFERS__PREFERS_LETTER, "letter", "Mektup", "Letter"},
    {KOPRU__V1__PREFERS__PREFERS_NONE, "none", "Bildirim istemiyor", "No notices"},
    {0, NULL, NULL, NULL},
};

int
word_value(const struct word *words, const char *token)
{
	for (; words->value != 0; words++) {
		if (strcmp(words->token, token) == 0)
			return words->value;
	}
	return 0;
}

const struct word *
word_find(const struct word *words, int value)
{
	for (; words->value != 0; words++) {
		if (words->value == value)
			return words;
	}
	return NULL;
}

const char *
word_token(const struct word *words, int value)
{
	const struct word *word = word_find(words, value);

	return word ? word->token : "unknown";
}
