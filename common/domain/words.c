/* words: see words.h. */
#include "common/domain/words.h"

#include <stddef.h>
#include <string.h>

#include "kopru/v1/command.pb-c.h"
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
    {KOPRU__V1__CHANNEL__CHANNEL_TELEGRAM, "telegram", "Telegram", "Telegram"},
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

const struct word role_words[] = {
    {KOPRU__V1__ACTOR__ROLE__ROLE_APPLICANT, "applicant", "Başvuran", "Applicant"},
    {KOPRU__V1__ACTOR__ROLE__ROLE_CLERK, "clerk", "Hizmet Masası görevlisi", "Clerk of the Service Desk"},
    {KOPRU__V1__ACTOR__ROLE__ROLE_OFFICER, "officer", "Birim görevlisi", "Officer of a department"},
    {KOPRU__V1__ACTOR__ROLE__ROLE_MANAGER, "manager", "Birim yöneticisi", "Manager of a department"},
    {KOPRU__V1__ACTOR__ROLE__ROLE_ARBITER, "arbiter", "Hakem", "Arbiter"},
    {KOPRU__V1__ACTOR__ROLE__ROLE_SERVICE, "service", "Sistem", "System"},
    {0, NULL, NULL, NULL},
};

const struct word reject_reason_words[] = {
    {KOPRU__V1__CASE_REJECTED__REASON__REASON_NO_SPECIFIC_SUBJECT, "no_specific_subject",
	"Belli bir konuyu içermemesi (3071 sayılı Kanun, madde 6/a)", "No specific subject (Law 3071, article 6/a)"},
    {KOPRU__V1__CASE_REJECTED__REASON__REASON_JUDICIAL_MATTER, "judicial_matter",
	"Yargı mercilerinin görevine giren bir konu olması (3071 sayılı Kanun, madde 6/b)",
	"A matter of the judiciary (Law 3071, article 6/b)"},
    {KOPRU__V1__CASE_REJECTED__REASON__REASON_MISSING_ELEMENT, "missing_element",
	"Ad soyad, imza ya da adresten birinin bulunmaması (3071 sayılı Kanun, madde 6/c)",
	"Name, signature or address is missing (Law 3071, article 6/c)"},
    {0, NULL, NULL, NULL},
};

const struct word clock_words[] = {
    {KOPRU__V1__CLOCK__CLOCK_LAW, "law", "Kanuni süre", "Legal term"},
    {KOPRU__V1__CLOCK__CLOCK_TARGET, "target", "Hedef süre", "Target"},
    {KOPRU__V1__CLOCK__CLOCK_PROMISE, "promise", "Söz verilen tarih", "Promised date"},
    {KOPRU__V1__CLOCK__CLOCK_ARBITER, "arbiter", "Hakem kararı süresi", "Arbiter's term"},
    {0, NULL, NULL, NULL},
};

const struct word outcome_words[] = {
    {KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_SURE, "sure", "Kesin", "Sure"},
    {KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_UNSURE, "unsure", "Kesin değil", "Not sure"},
    {KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_BASKET, "basket", "Ayrıldı", "Set aside"},
    {KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_CHOSEN, "chosen", "Seçildi", "Chosen"},
    {KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_RULE, "rule", "Kural gereği", "By a rule"},
    {0, NULL, NULL, NULL},
};

const struct word basket_words[] = {
    {KOPRU__V1__APPLICATION_ROUTED__BASKET__BASKET_THANKS, "thanks", "Teşekkür", "Thanks"},
    {KOPRU__V1__APPLICATION_ROUTED__BASKET__BASKET_IRRELEVANT, "irrelevant", "Konu dışı", "Irrelevant"},
    {KOPRU__V1__APPLICATION_ROUTED__BASKET__BASKET_FOLLOW_UP, "follow_up", "Önceki başvurunun takibi", "Follow-up"},
    {0, NULL, NULL, NULL},
};

const struct word action_words[] = {
    {KOPRU__V1__COMMAND__ACTION_ACCEPT, "accept", "İşleme al", "Accept"},
    {KOPRU__V1__COMMAND__ACTION_ASSIGN, "assign", "Birime ilet", "Assign"},
    {KOPRU__V1__COMMAND__ACTION_TRANSFER, "transfer", "Başka birime devret", "Transfer"},
    {KOPRU__V1__COMMAND__ACTION_HAND_BACK, "hand_back", "Bizim değil, geri gönder", "Hand back"},
    {KOPRU__V1__COMMAND__ACTION_ASK, "ask", "Başvurana sor", "Ask the applicant"},
    {KOPRU__V1__COMMAND__ACTION_CITIZEN_REPLY, "reply", "Soruyu yanıtla", "Reply"},
    {KOPRU__V1__COMMAND__ACTION_CITIZEN_ADD, "add", "Başvuruya ekle", "Add to the application"},
    {KOPRU__V1__COMMAND__ACTION_NOTE, "note", "İç not ekle", "Add a note"},
    {KOPRU__V1__COMMAND__ACTION_DRAFT, "draft", "Cevap taslağı yaz", "Draft an answer"},
    {KOPRU__V1__COMMAND__ACTION_APPROVE, "approve", "Taslağı onayla", "Approve the draft"},
    {KOPRU__V1__COMMAND__ACTION_ANSWER, "answer", "Cevapla", "Answer"},
    {KOPRU__V1__COMMAND__ACTION_INTERIM_ANSWER, "interim_answer", "Ara cevap ver", "Give an interim answer"},
    {KOPRU__V1__COMMAND__ACTION_FORWARD, "forward", "Yetkili kuruma gönder", "Forward to the competent institution"},
    {KOPRU__V1__COMMAND__ACTION_REJECT, "reject", "İncelemeye alma", "Do not examine"},
    {KOPRU__V1__COMMAND__ACTION_MERGE, "merge", "Birleştir", "Merge"},
    {KOPRU__V1__COMMAND__ACTION_UNMERGE, "unmerge", "Birleştirmeyi geri al", "Unmerge"},
    {KOPRU__V1__COMMAND__ACTION_SPLIT, "split", "Birimlere böl", "Split"},
    {KOPRU__V1__COMMAND__ACTION_REOPEN, "reopen", "Yeniden aç", "Reopen"},
    {KOPRU__V1__COMMAND__ACTION_CLOSE, "close", "Kapat", "Close"},
    {KOPRU__V1__COMMAND__ACTION_WITHDRAW, "withdraw", "Başvuruyu geri çek", "Withdraw"},
    {KOPRU__V1__COMMAND__ACTION_EXTEND, "extend", "Süreyi uzat", "Extend the term"},
    {KOPRU__V1__COMMAND__ACTION_REMIND, "remind", "Soruyu hatırlat", "Remind"},
    {KOPRU__V1__COMMAND__ACTION_EXPIRE, "expire", "Soruyu süresi dolmuş say", "Let the question expire"},
    {KOPRU__V1__COMMAND__ACTION_TELL_FEE, "tell_fee", "Ücreti bildir", "Tell the fee"},
    {KOPRU__V1__COMMAND__ACTION_FEE_WAS_PAID, "fee_was_paid", "Ücret ödendi", "The fee was paid"},
    {KOPRU__V1__COMMAND__ACTION_PROMISE, "promise", "Tarih sözü ver", "Promise a date"},
    {KOPRU__V1__COMMAND__ACTION_ESCALATE, "escalate", "Süre uyarısı ver", "Escalate"},
    {KOPRU__V1__COMMAND__ACTION_RECOMPUTE, "recompute", "Süreyi yeniden hesapla", "Recompute the deadline"},
    {0, NULL, NULL, NULL},
};

const struct word event_words[] = {
    {KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED, "application.received", "Başvuru alındı", "Application received"},
    {KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED, "application.routed", "Birime yönlendirildi", "Routed"},
    {KOPRU__V1__EVENT__BODY_ERASED, "erased", "Silindi", "Erased"},
    {KOPRU__V1__EVENT__BODY_CASE_ASSIGNED, "case.assigned", "Birime iletildi", "Assigned to a department"},
    {KOPRU__V1__EVENT__BODY_CASE_ACCEPTED, "case.accepted", "İşleme alındı", "Taken into work"},
    {KOPRU__V1__EVENT__BODY_CASE_TRANSFERRED, "case.transferred", "Başka birime devredildi",
	"Transferred to another department"},
    {KOPRU__V1__EVENT__BODY_CASE_HANDED_BACK, "case.handed_back", "Birim geri gönderdi",
	"Handed back by the department"},
    {KOPRU__V1__EVENT__BODY_CITIZEN_ASKED, "citizen.asked", "Başvurana soru soruldu", "Question to the applicant"},
    {KOPRU__V1__EVENT__BODY_CITIZEN_REMINDED, "citizen.reminded", "Soru hatırlatıldı", "Reminder of the question"},
    {KOPRU__V1__EVENT__BODY_QUESTION_EXPIRED, "question.expired", "Sorunun süresi doldu", "The question expired"},
    {KOPRU__V1__EVENT__BODY_CITIZEN_REPLIED, "citizen.replied", "Başvuran yanıtladı", "The applicant replied"},
    {KOPRU__V1__EVENT__BODY_CITIZEN_ADDED, "citizen.added", "Başvuran ekleme yaptı", "The applicant added something"},
    {KOPRU__V1__EVENT__BODY_NOTICE_RETURNED, "notice.returned", "Bildirim geri döndü", "A notice came back"},
    {KOPRU__V1__EVENT__BODY_NOTE_ADDED, "note.added", "İç not eklendi", "Note added"},
    {KOPRU__V1__EVENT__BODY_ANSWER_DRAFTED, "answer.drafted", "Cevap taslağı yazıldı", "Answer drafted"},
    {KOPRU__V1__EVENT__BODY_ANSWER_APPROVED, "answer.approved", "Cevap taslağı onaylandı", "Draft approved"},
    {KOPRU__V1__EVENT__BODY_CASE_ANSWERED, "case.answered", "Cevaplandı", "Answered"},
    {KOPRU__V1__EVENT__BODY_INTERIM_ANSWER_GIVEN, "case.interim_answered", "Ara cevap verildi", "Interim answer given"},
    {KOPRU__V1__EVENT__BODY_CASE_FORWARDED, "case.forwarded", "Yetkili kuruma gönderildi",
	"Forwarded to the competent institution"},
    {KOPRU__V1__EVENT__BODY_CASE_REJECTED, "case.rejected", "İncelemeye alınmadı", "Not examined"},
    {KOPRU__V1__EVENT__BODY_CASE_MERGED, "case.merged", "Başka bir başvuruyla birleştirildi",
	"Merged with another application"},
    {KOPRU__V1__EVENT__BODY_CASE_UNMERGED, "case.unmerged", "Birleştirme geri alındı", "No longer merged"},
    {KOPRU__V1__EVENT__BODY_MEMBER_ADDED, "member.added", "Bir başvuru buna bağlandı",
	"An application was merged into this one"},
    {KOPRU__V1__EVENT__BODY_MEMBER_REMOVED, "member.removed", "Bağlı bir başvuru ayrıldı",
	"A merged application was taken out"},
    {KOPRU__V1__EVENT__BODY_CASE_SPLIT, "case.split", "Birimlere bölündü", "Split among departments"},
    {KOPRU__V1__EVENT__BODY_PART_ANSWERED, "part.answered", "Bir bölüm cevaplandı", "A part was answered"},
    {KOPRU__V1__EVENT__BODY_CASE_REOPENED, "case.reopened", "Yeniden açıldı", "Reopened"},
    {KOPRU__V1__EVENT__BODY_CASE_CLOSED, "case.closed", "Kapatıldı", "Closed"},
    {KOPRU__V1__EVENT__BODY_CASE_WITHDRAWN, "case.withdrawn", "Başvuran geri çekti", "Withdrawn by the applicant"},
    {KOPRU__V1__EVENT__BODY_DEADLINE_MOVED, "deadline.moved", "Süre değişti", "The deadline moved"},
    {KOPRU__V1__EVENT__BODY_CASE_ESCALATED, "case.escalated", "Süre uyarısı verildi", "Escalated"},
    {KOPRU__V1__EVENT__BODY_FEE_TOLD, "fee.told", "Ücret bildirildi", "The applicant was told of a fee"},
    {KOPRU__V1__EVENT__BODY_FEE_PAID, "fee.paid", "Ücret ödendi", "The fee was paid"},
    {KOPRU__V1__EVENT__BODY_DATE_PROMISED, "date.promised", "Tarih sözü verildi", "A date was promised"},
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
