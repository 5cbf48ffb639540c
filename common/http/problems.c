/* problems: what can go wrong, once each, in Turkish and English (RFC 9457). */
#include "common/http/http_internal.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"

#define FAULTS_MAX (sizeof(((struct http_faults *)0)->list) / sizeof(struct http_fault))

static const struct problem {
	const char *key;
	int status;
	const char *retry_after; /* seconds */
	const char *title_tr, *title_en;
	const char *detail_tr, *detail_en;
} problems[] = {
    {"malformed-json", 400, NULL, "JSON okunamadı", "The JSON cannot be read",
	"Gövde, UTF-8 ile yazılmış tek bir JSON nesnesi olmalıdır; bir alan iki kez verilemez, en çok 8 düzey iç içe "
	"olabilir. Hiçbir şey kaydedilmedi.",
	"The body must be one JSON object in UTF-8; no field may be given twice, and it may be nested 8 levels deep at "
	"most. Nothing was stored."},
    {"bad-request", 400, NULL, "İstek hatalı", "The request is malformed",
	"İsteğin başlıkları HTTP kurallarına veya bu adresin kurallarına uymuyor. Hiçbir şey kaydedilmedi.",
	"The request's headers do not follow the rules of HTTP or of this address. Nothing was stored."},
    {"empty", 400, NULL, "Dosya boş", "The file is empty",
	"Dosya boş ya da uzunluğu belirtilmemiş: dosyanın kendisini gövde olarak, Content-Length ile gönderin. Hiçbir "
	"şey kaydedilmedi.",
	"The file is empty, or its length is not given: send the file itself as the body, with Content-Length. Nothing "
	"was stored."},
    {"invalid", 422, NULL, "Bilgiler geçersiz", "The input is not valid",
	"Aşağıdaki alanları düzeltip yeniden gönderin. Hiçbir şey kaydedilmedi.",
	"Correct the fields below and send again. Nothing was stored."},
    {"unauthorized", 401, NULL, "API anahtarı gerekli", "An API key is needed",
	"Geçerli bir API anahtarı verilmedi: Authorization başlığı \"Bearer kopru_...\" biçiminde olmalı ve anahtar "
	"geçerli olmalıdır.",
	"No valid API key was given: the header Authorization must read \"Bearer kopru_...\" and the key must be in "
	"force."},
    {"signature", 401, NULL, "İmza geçersiz", "The signature is not valid",
	"Gövdenin imzası ya da gizli anahtarı eksik veya yanlış. Kabul edilmedi.",
	"The signature or the secret of the body is missing or wrong. Not accepted."},
    {"forbidden", 403, NULL, "Bu işleme yetki yok", "This is not permitted",
	"API anahtarının bu işlem için yetkisi yok.", "The API key does not hold the right for this."},
    {"not-found", 404, NULL, "Bulunamadı", "Not found", "Bu adreste bir kayıt yok.",
	"There is nothing at this address."},
    {"method", 405, NULL, "Yöntem kullanılamaz", "The method is not allowed",
	"Bu adres yalnızca Allow başlığındaki yöntemi kabul eder.",
	"This address takes only the method that the header Allow names."},
    {"too-large", 413, NULL, "İstek çok büyük", "The request is too large",
	"İsteğin gövdesi izin verilenden büyük. Hiçbir şey kaydedilmedi.",
	"The body of the request is larger than allowed. Nothing was stored."},
    {"media-type", 415, NULL, "İçerik türü desteklenmiyor", "The media type is not supported",
	"Gövde JSON olmalıdır: Content-Type: application/json.",
	"The body must be JSON: Content-Type: application/json."},
    {"conflict", 409, NULL, "Kaydın şu anki durumu buna uygun değil", "The record as it is now does not allow this",
	"Kayıt, sizin gördüğünüz sürümde değil. Son halini okuyup kararınızı yeniden verin. Hiçbir şey kaydedilmedi.",
	"The record is not at the version that you saw. Read it again and decide again. Nothing was stored."},
    {"unsupported", 501, NULL, "İşlem desteklenmiyor", "The action is not supported",
	"Bu sürüm böyle bir işlemi bilmiyor. Hiçbir şey kaydedilmedi.",
	"This version knows no such action. Nothing was stored."},
    {"key-reused", 422, NULL, "Idempotency-Key başka bir istekte kullanılmış", "The Idempotency-Key was used before",
	"Bu Idempotency-Key daha önce başka bir gövdeyle kullanıldı. Yeni bir başvuru için yeni bir anahtar gönderin; "
	"aynı başvuruyu yinelemek için gövdeyi değiştirmeyin.",
	"This Idempotency-Key was used before with another body. For a new application send a new key; to repeat the "
	"same one do not change the body."},
    {"busy", 503, "2", "Sistem şu anda yoğun", "The system is busy",
	"Şu anda çok sayıda istek var. Hiçbir şey kaydedilmedi; biraz sonra yeniden deneyin.",
	"There are too many requests now. Nothing was stored; try again in a moment."},
    {"unknown-outcome", 503, "2", "Sonuç bilinmiyor", "The outcome is unknown",
	"İsteğin kaydedilip kaydedilmediği bilinmiyor. Aynı Idempotency-Key ve aynı gövdeyle yeniden gönderin: "
	"kaydedildiyse "
	"aynı numarayı alırsınız, ikinci bir kayıt oluşmaz.",
	"It is not known whether the request was stored. Send it again with the same Idempotency-Key and the same "
	"body: if it "
	"was stored you get the same number, and no second one is made."},
    {"unavailable", 503, "2", "Hizmet şu anda verilemiyor", "The service is unavailable",
	"Sistem şu anda kayıt alamıyor. Hiçbir şey kaydedilmedi; biraz sonra yeniden deneyin.",
	"The system cannot record anything now. Nothing was stored; try again in a moment."},
    {"again", 503, "2", "Yeniden gönderin", "Send it again",
	"Bunun kaydedilip kaydedilmediği kesin değil. Aynısını yeniden gönderin; iki kez sayılmaz.",
	"It is not certain that this was stored. Send the same again; it will not count twice."},
    {"too-many", 429, "10", "Çok fazla istek", "Too many requests",
	"Kısa sürede çok fazla istek gönderildi. Biraz sonra yeniden deneyin.",
	"Too many requests in a short time. Try again in a moment."},
    {"internal", 500, NULL, "İç hata", "Internal error", "Sistemde bir hata oluştu; kayıt altına alındı.",
	"An error happened inside; it was logged."},
};

void
http_fault_add(struct http_faults *f, const char *field, const char *text_tr, const char *text_en)
{
	if (f->count >= FAULTS_MAX)
		return;
	f->list[f->count++] = (struct http_fault){.field = field, .text_tr = text_tr, .text_en = text_en};
}

static const struct problem *
find_problem(const char *key)
{
	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++)
		if (strcmp(problems[i].key, key) == 0)
			return &problems[i];
	abort();
}

/* "applicant.email" to "#/applicant/email" (RFC 6901, as fragment). */
static const char *
pointer_of(struct arena *a, const char *field)
{
	char *pointer = arena_printf(a, "#%s%s", *field ? "/" : "", field);

	for (char *c = pointer; *c; c++)
		if (*c == '.')
			*c = '/';
	return pointer;
}

static json_t *
fault_json(struct http_request *r, const struct http_fault *f)
{
	json_t *json = json_object();
	bool header = strncmp(f->field, "header:", 7) == 0, query = strncmp(f->field, "query:", 6) == 0;

	json_object_set_new(json, "field", json_string(header ? f->field + 7 : query ? f->field + 6 : f->field));
	if (header || query)
		json_object_set_new(json, "in", json_string(header ? "header" : "query"));
	else
		json_object_set_new(
		    json, "pointer", json_string(f->pointer ? f->pointer : pointer_of(r->arena, f->field)));
	json_object_set_new(json, "message", json_string(r->language == HTTP_EN ? f->text_en : f->text_tr));
	return json;
}

json_t *
http_problem_json(struct http_request *r, const char *problem, const char *detail)
{
	const struct problem *p = find_problem(problem);
	bool english = r->language == HTTP_EN;
	json_t *json = json_object();

	if (!detail || !*detail)
		detail = english ? p->detail_en : p->detail_tr;
	json_object_set_new(json, "type", json_string(arena_printf(r->arena, "urn:kopru:problem:%s", p->key)));
	json_object_set_new(json, "title", json_string(english ? p->title_en : p->title_tr));
	json_object_set_new(json, "status", json_integer(p->status));
	json_object_set_new(json, "detail", json_string(detail));
	return json;
}

void
http_reply_problem_json(struct http_request *r, const char *problem, json_t *json)
{
	const struct problem *p = find_problem(problem);
	char *text;

	http_set_header(r, "Content-Language", r->language == HTTP_EN ? "en" : "tr");
	if (p->retry_after)
		http_set_header(r, "Retry-After", p->retry_after);
	if (strcmp(p->key, "unauthorized") == 0)
		http_set_header(r, "WWW-Authenticate", "Bearer");
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (!text)
		abort();
	http_reply_bytes(r, p->status, "application/problem+json", NULL, text, strlen(text));
	free(text);
}

void
http_reply_problem(struct http_request *r, const char *problem, const struct http_faults *faults)
{
	json_t *json = http_problem_json(r, problem, NULL);
	json_t *errors;

	if (faults && faults->count > 0) {
		errors = json_array();
		for (size_t i = 0; i < faults->count; i++)
			json_array_append_new(errors, fault_json(r, &faults->list[i]));
		json_object_set_new(json, "errors", errors);
	}
	http_reply_problem_json(r, problem, json);
}
