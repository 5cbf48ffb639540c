/* sentences: the table, and putting words into it. */
#include "services/router/sentences.h"

#include <stddef.h>
#include <string.h>

static const struct sentence sentences[SENTENCE_COUNT] = {
    [SENTENCE_NOT_FOUND] = {"Böyle bir başvuru yok ya da size açık değil.",
	"There is no such application, or it is not open to you."},
    [SENTENCE_FORBIDDEN] = {"Bu işlem sizin yetkinizde değil: {0}. Bu başvuruda şimdi yapabilecekleriniz: {1}.",
	"This action is not yours: {0}. What you may do with this application now: {1}."},
    [SENTENCE_VERSION_OLD] = {"Başvuru siz bakarken değişti: şimdiki sürümü {0}, sizin gördüğünüz {1}. Yeniden okuyup "
			      "tekrar deneyin.",
	"The application changed while you looked at it: it is at version {0}, you saw {1}. Read it again and repeat."},
    [SENTENCE_VERSION_MISSING] =
	{"Gördüğünüz sürüm (expected_version) gereklidir; yalnızca yanıt, ekleme, geri çekme ve iç not "
	 "onsuz gönderilebilir: {0}.",
	    "The version that you saw (expected_version) is needed; only a reply, an addition, a withdrawal and a note "
	    "may come "
	    "without: "
	    "{0}."},
    [SENTENCE_STATE] = {"Başvurunun durumu: {0}. Bu durumda yapılamaz: {1}. Şimdi yapabilecekleriniz: {2}.",
	"The application is in state: {0}. Not possible in this state: {1}. What you may do now: {2}."},
    [SENTENCE_ACTOR] = {"İşlemi yapanın türü, kimliği (1-64 karakter) ve rolü gereklidir; birim rollerinde birim kodu "
			"da.",
	"The actor's type, id (1 to 64 characters) and role are needed; a department, too, for officers and managers."},
    [SENTENCE_ACTION_UNKNOWN] = {"Bu sürüm bu işlemi bilmiyor.", "This version knows no such action."},
    [SENTENCE_ID] = {"{0}: 16 baytlık bir UUID olmalıdır.", "{0}: must be a UUID of 16 bytes."},
    [SENTENCE_EMPTY] = {"{0} boş olamaz.", "{0} must not be empty."},
    [SENTENCE_LONG] = {"{0} en çok {1} karakter olabilir; {2} karakter geldi.",
	"{0} may have at most {1} characters; {2} came."},
    [SENTENCE_CONTROL] = {"{0} sekme ve satır sonu dışında denetim karakteri içeremez.",
	"{0} may hold no control characters except tab and newline."},
    [SENTENCE_DEPARTMENT_UNKNOWN] = {"Böyle bir birim yok: {0}. Bugün geçerli bir birim kodu gereklidir.",
	"There is no such department: {0}. A department code that is valid today is needed."},
    [SENTENCE_DEPARTMENT_SAME] = {"Başvuru zaten bu birimde: {0}. Başka bir birim gereklidir.",
	"The application already is with this department: {0}. Another one is needed."},
    [SENTENCE_TOPIC_UNKNOWN] = {"Böyle bir konu yok: {0}. Bugün geçerli bir konu kodu ya da boş gereklidir.",
	"There is no such topic: {0}. A topic code that is valid today is needed, or none."},
    [SENTENCE_INSTITUTION_INSIDE] =
	{"Bu bir dış kurum değil: {0}. Belediyenin birimine gönderme değil, devretme yapılır.",
	    "This is no outside institution: {0}. To a department of the municipality a case is transferred, not "
	    "forwarded."},
    [SENTENCE_LETTER_NONE] = {"Bu kurum için hazır yazı yok: {0}. Yazının metnini (letter) verin.",
	"There is no ready letter to this institution: {0}. Give the letter's text (letter)."},
    [SENTENCE_LEGAL_REASON] = {"İncelemeye almama için kanuni neden gereklidir: {0}.",
	"A legal reason is needed for not examining: {0}."},
    [SENTENCE_DAY_PAST] = {"{0}: {1} ile {2} arasında bir gün olmalıdır.", "{0}: must be a day from {1} to {2}."},
    [SENTENCE_SAME_COMMAND] = {"Bu komut numarası daha önce başka bir içerikle kullanıldı; yeni bir numara kullanın.",
	"This command id was used before with another content; use a new one."},
    [SENTENCE_DRAFT_NONE] = {"Ortada bir cevap taslağı yok; önce taslak yazın.",
	"There is no drafted answer; write a draft first."},
    [SENTENCE_DRAFT_APPROVED] = {"Taslak zaten onaylandı; şimdi gönderilebilir.",
	"The draft is approved already; it can be sent now."},
    [SENTENCE_DRAFT_UNAPPROVED] = {"Taslak henüz onaylanmadı; önce yönetici onaylamalıdır.",
	"The draft is not approved yet; a manager must approve it first."},
    [SENTENCE_FOUR_EYES] = {"Taslağı yazan onu onaylayamaz; bir başkası onaylamalıdır.",
	"Who wrote the draft may not approve it; somebody else must."},
    [SENTENCE_TEXT_IS_NOT_YOURS] = {"Yalnızca onaylanmış taslağı gönderebilirsiniz: metni boş bırakın.",
	"You may only send the approved draft: leave the text empty."},
    [SENTENCE_ATTACHMENTS] = {"En çok {0} ek olabilir; her ekin kimliği, türü, özeti ve en çok 255 karakterlik adı "
			      "olmalıdır.",
	"There may be at most {0} attachments, each with its id, type, hash, and a name of at most 255 characters."},
    [SENTENCE_PARTS_OPEN] = {"Şu birimlerin bölümleri henüz cevaplanmadı: {0}.",
	"The parts of these departments are not answered yet: {0}."},
    [SENTENCE_PARTS_COUNT] = {"En az 1, en çok {0} bölüm olabilir.", "There may be 1 to {0} parts."},
    [SENTENCE_PARTS_TWICE] = {"Bir birime iki bölüm verilemez: {0}.", "A department cannot get two parts: {0}."},
    [SENTENCE_PART_UNKNOWN] = {"Böyle bir bölüm yok: {0}. Olan bölümler: {1}.",
	"There is no such part: {0}. Parts: {1}."},
    [SENTENCE_PART_ANSWERED] = {"Bu bölüm zaten cevaplandı: {0}.", "This part is answered already: {0}."},
    [SENTENCE_PART_OTHERS] = {"Bölüm {0} başka bir birimin: {1}.", "Part {0} is another department's: {1}."},
    [SENTENCE_MERGE_SELF] = {"Bir başvuru kendisiyle birleştirilemez.", "An application cannot be merged into itself."},
    [SENTENCE_MERGE_INTO_NONE] = {"Birleştirilecek başvuru yok ya da size açık değil.",
	"The application to merge into does not exist, or it is not open to you."},
    [SENTENCE_MERGE_INTO_STATE] = {"{0} ile birleştirilemez, durumu: {1}. Yalnızca açık ve kendisi birleştirilmemiş "
				   "bir "
				   "başvuru öncü olabilir.",
	"Cannot be merged into {0}, its state is: {1}. Only an open application that is not merged itself can lead."},
    [SENTENCE_MERGE_HAS_MEMBERS] = {"Bu başvuruya {0} başvuru bağlı; kendisi başka birine bağlanamaz.",
	"{0} applications are merged into this one; it cannot be merged into another."},
    [SENTENCE_MERGE_FULL] = {"Bir başvuruya en çok {0} başvuru bağlanabilir.",
	"At most {0} applications can be merged into one."},
    [SENTENCE_EXTEND_BASIS] = {"Süre yalnızca bilgi edinme başvurusunda (4982 sayılı Kanun, madde 11) uzatılabilir; bu "
			       "başvurunun dayanağı: {0}.",
	"Only the term of an information request (Law 4982, article 11) can be extended; this application's basis: "
	"{0}."},
    [SENTENCE_EXTEND_TWICE] = {"Süre bir kez uzatılabilir ve uzatıldı.", "The term can be extended once, and it was."},
    [SENTENCE_EXTEND_LATE] = {"Süre dolmadan uzatılmalıydı; son gün {0} idi.",
	"The term had to be extended before its end; the last day was {0}."},
    [SENTENCE_FEE_BASIS] = {"Ücret yalnızca bilgi edinme başvurusunda (4982 sayılı Kanun, madde 10) bildirilebilir; bu "
			    "başvurunun dayanağı: {0}.",
	"Only of an information request (Law 4982, article 10) can a fee be told; this application's basis: {0}."},
    [SENTENCE_FEE_TWICE] = {"Ücret bir kez bildirilebilir ve bildirildi.", "A fee can be told once, and it was."},
    [SENTENCE_FEE_LATE] = {"Ücret süre dolmadan bildirilmeliydi; son gün {0} idi.",
	"The fee had to be told before the end of the term; the last day was {0}."},
    [SENTENCE_FEE_NONE] = {"Bu başvuruda ödenmesi beklenen bir ücret yok.", "No fee is awaited for this application."},
    [SENTENCE_FEE_UNPAID] = {"Ücret süresinde ödenmediği için başvurudan vazgeçilmiş sayıldı (4982 sayılı Kanun, "
			     "madde 11).",
	"The fee was not paid in time: the application counts as withdrawn (Law 4982, article 11)."},
    [SENTENCE_PROMISE_SAME] = {"Bu tarih başvurana zaten bildirildi: {0}.",
	"The applicant was told this date already: {0}."},
    [SENTENCE_PROMISE_REASON] = {"Başvurana {0} sözü verildi; tarihi değiştirmek için gerekçe (reason) gereklidir.",
	"The applicant was promised {0}; moving the date takes a reason."},
    [SENTENCE_DAY_MISSING] = {"{0}: bir tarih gereklidir.", "{0}: a date is needed."},
    [SENTENCE_NOT_DUE] = {"Vakti gelmedi ya da zaten yapıldı.", "It is not due, or it was done already."},
    [SENTENCE_LEADER_WITHDRAWN] = {"Öncü başvuru geri çekildi.", "The leading application was withdrawn."},
    [SENTENCE_BUSY] = {"Şu an yoğunluk var; aynı komut numarasıyla biraz sonra yeniden deneyin.",
	"It is busy now; try again a little later with the same command id."},
    [SENTENCE_UNKNOWN] = {"Sonuç bilinmiyor; aynı komut numarasıyla yeniden sorun.",
	"The outcome is not known; ask again with the same command id."},
    [SENTENCE_REFUSED] = {"Komut saklanamadı; hiçbir şey değişmedi.",
	"The command could not be stored; nothing changed."},
};

static const struct sentence fields[] = {
    [FIELD_REASON] = {"Gerekçe (reason)", "The reason"},
    [FIELD_TEXT] = {"Metin (text)", "The text"},
    [FIELD_DEPARTMENT] = {"Birim (department)", "The department"},
    [FIELD_TOPIC] = {"Konu (topic)", "The topic"},
    [FIELD_INSTITUTION] = {"Kurum (institution)", "The institution"},
    [FIELD_LETTER] = {"Yazı (letter)", "The letter"},
    [FIELD_LETTER_NUMBER] = {"Yazı sayısı (letter_number)", "The letter's number (letter_number)"},
    [FIELD_TASK] = {"Bölümün işi (task)", "The task of a part"},
    [FIELD_APPLICATION] = {"Başvuru (application_id)", "The application (application_id)"},
    [FIELD_INTO] = {"Öncü başvuru (into)", "The leading application (into)"},
    [FIELD_ANSWER_BY] = {"Yanıt günü (answer_by)", "The day for the reply (answer_by)"},
    [FIELD_FINAL_BY] = {"Kesin cevap günü (final_by)", "The day of the final answer (final_by)"},
    [FIELD_LETTER_ON] = {"Yazı tarihi (letter_on)", "The letter's date (letter_on)"},
    [FIELD_PAY_BY] = {"Son ödeme günü (pay_by)", "The last day to pay (pay_by)"},
    [FIELD_PAID_ON] = {"Ödeme günü (paid_on)", "The day of the payment (paid_on)"},
    [FIELD_EVIDENCE] = {"Ödemenin kanıtı (evidence)", "The evidence of the payment (evidence)"},
    [FIELD_PROMISED_ON] = {"Söz verilen gün (promised_on)", "The promised day (promised_on)"},
};

/* The word that stands at {0} to {3}, or NULL. */
static const char *
word_at(const char *text, const struct sentence_words *words)
{
	if (!words || text[0] != '{' || text[1] < '0' || text[1] > '3' || text[2] != '}')
		return NULL;
	return words->words[text[1] - '0'];
}

const char *
sentence_make(struct arena *a, enum sentence_id id, bool english, const struct sentence_words *words)
{
	const char *text = english ? sentences[id].en : sentences[id].tr, *word = NULL;
	size_t room = strlen(text) + 1, used = 0;
	char *made = NULL;

	for (const char *p = text; *p; p++) {
		word = word_at(p, words);
		room += word ? strlen(word) : 0;
	}
	made = arena_alloc(a, room);
	for (const char *p = text; *p; p++) {
		word = word_at(p, words);
		if (!word) {
			made[used++] = *p;
			continue;
		}
		memcpy(made + used, word, strlen(word));
		used += strlen(word);
		p += 2;
	}
	return made;
}

const char *
sentence_field(enum field_id field, bool english)
{
	return english ? fields[field].en : fields[field].tr;
}
