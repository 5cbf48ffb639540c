/* open311: see the header. */
#include "common/open311/open311.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_XML "text/xml; charset=utf-8"
#define TYPE_JSON "application/json; charset=utf-8"
#define ETAG_BYTES 16

static const struct {
	const char *ending;
	enum document_format format;
} formats[] = {{".xml", DOCUMENT_XML}, {".json", DOCUMENT_JSON}};

struct open311_turn *
open311_begin(struct http_request *r)
{
	struct open311_turn *t = arena_alloc(http_arena(r), sizeof(*t));
	const char *segment = http_segment(r), *dot = strrchr(segment, '.');

	t->request = r;
	t->arena = http_arena(r);
	t->format = DOCUMENT_XML;
	t->english = http_language(r) == HTTP_EN;
	for (size_t i = 0; dot && i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(dot, formats[i].ending) != 0)
			continue;
		t->format = formats[i].format;
		t->name = arena_string_n(t->arena, segment, (size_t)(dot - segment));
		return t;
	}
	open311_refuse_one(t, 404, "Adres .xml ya da .json ile bitmelidir: örneğin services.xml",
	    "The address ends in .xml or .json: services.xml, for example");
	return NULL;
}

void
open311_fault(struct open311_faults *f, int code, const char *text_tr, const char *text_en)
{
	if (f->count < OPEN311_FAULTS_MAX)
		f->list[f->count++] = (struct open311_fault){code, text_tr, text_en};
}

static void
head_set(struct open311_turn *t, const char *cache)
{
	http_set_header(t->request, "Cache-Control", cache);
	http_set_header(t->request, "Vary", "Accept-Language");
	http_set_header(t->request, "Content-Language", t->english ? "en" : "tr");
	/* Maps in other people's pages: there are no cookies that could be abused, and keys stand in bodies. */
	http_set_header(t->request, "Access-Control-Allow-Origin", "*");
}

static const char *
type_of(const struct open311_turn *t)
{
	return t->format == DOCUMENT_XML ? TYPE_XML : TYPE_JSON;
}

void
open311_refuse(struct open311_turn *t, const struct open311_faults *faults)
{
	struct document *d = document_new(t->arena, t->format);
	const char *body;
	size_t size;

	document_list(d, "errors");
	for (size_t i = 0; i < faults->count; i++) {
		document_object(d, "error");
		document_number(d, "code", faults->list[i].code);
		document_text(d, "description", t->english ? faults->list[i].text_en : faults->list[i].text_tr);
		document_close(d);
	}
	document_close(d);
	body = document_end(d, &size);
	head_set(t, "no-store");
	if (faults->list[0].code == 503)
		http_set_header(t->request, "Retry-After", "2");
	http_reply_bytes(t->request, faults->list[0].code, type_of(t), NULL, body, size);
}

void
open311_refuse_one(struct open311_turn *t, int code, const char *text_tr, const char *text_en)
{
	struct open311_faults faults = {.count = 0};

	open311_fault(&faults, code, text_tr, text_en);
	open311_refuse(t, &faults);
}

bool
open311_jurisdiction(struct open311_turn *t, const char *configured, const char *asked)
{
	if (!configured || !*configured) {
		open311_refuse_one(
		    t, 404, "Bu belediye Open311 hizmeti sunmuyor", "This municipality does not offer Open311");
		return false;
	}
	if (!asked || !*asked || strcmp(asked, configured) == 0)
		return true;
	open311_refuse_one(t, 404,
	    arena_printf(t->arena, "jurisdiction_id bilinmiyor; bu adres yalnızca %s için hizmet verir", configured),
	    arena_printf(t->arena, "The jurisdiction_id is unknown; this address serves %s only", configured));
	return false;
}

static const char *
etag_of(struct arena *a, const char *body, size_t size)
{
	unsigned char hash[ETAG_BYTES];
	char hex[2 * ETAG_BYTES + 1];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)body, size, NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	return arena_printf(a, "W/\"%s\"", hex);
}

void
open311_reply(struct open311_turn *t, struct document *d, int seconds)
{
	size_t size;
	const char *body = document_end(d, &size), *has = http_header(t->request, "If-None-Match");
	const char *etag = etag_of(t->arena, body, size);

	head_set(t, arena_printf(t->arena, "public, max-age=%d", seconds));
	http_set_header(t->request, "ETag", etag);
	/* With or without the W/. */
	if (has && strstr(has, etag + 2))
		http_reply_bytes(t->request, 304, type_of(t), NULL, "", 0);
	else
		http_reply_bytes(t->request, 200, type_of(t), NULL, body, size);
}

void
open311_reply_once(struct open311_turn *t, struct document *d)
{
	size_t size;
	const char *body = document_end(d, &size);

	head_set(t, "no-store");
	http_reply_bytes(t->request, 200, type_of(t), NULL, body, size);
}
