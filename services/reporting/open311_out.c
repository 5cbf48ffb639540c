/* open311_out: see the header. */
#include "services/reporting/open311_out.h"

#include <stdlib.h>

#include "common/domain/calendar.h"
#include "common/domain/words.h"

#define SECOND 1000000

static const struct {
	int32_t state;
	const char *tr, *en;
} notes[] = {
    {KOPRU__V1__STATE__STATE_RECEIVED, "Başvuru alındı; sorumlu birim belirleniyor.",
	"The request was received; the unit in charge is being determined."},
    {KOPRU__V1__STATE__STATE_ASSIGNED, "Başvuru sorumlu birime iletildi.",
	"The request was passed on to the unit in charge."},
    {KOPRU__V1__STATE__STATE_IN_PROGRESS, "Sorumlu birim konu üzerinde çalışıyor.",
	"The unit in charge is working on it."},
    {KOPRU__V1__STATE__STATE_WAITING_FOR_CITIZEN, "Başvurandan ek bilgi bekleniyor.",
	"More information was asked of the applicant."},
    {KOPRU__V1__STATE__STATE_ANSWERED, "Başvuru sonuçlandırıldı; başvurana cevap verildi.",
	"The request was settled; its applicant was answered."},
    {KOPRU__V1__STATE__STATE_CLOSED, "Başvuru kapatıldı.", "The request was closed."},
    {KOPRU__V1__STATE__STATE_FORWARDED, "Konu yetkili kuruma iletildi.",
	"The matter was passed on to the competent institution."},
    {KOPRU__V1__STATE__STATE_REJECTED, "Başvuru, kanundaki şartları taşımadığı için incelenemedi.",
	"The request could not be examined for want of what the law requires."},
    {KOPRU__V1__STATE__STATE_MERGED, "Aynı konudaki başka bir başvuruyla birleştirildi; birlikte yürütülüyor.",
	"It was joined with another request about the same matter; both go on together."},
    {KOPRU__V1__STATE__STATE_REOPENED, "Başvuru yeniden açıldı.", "The request was opened again."},
};

const char *
open311_out_notes(int32_t state, bool english)
{
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		if (notes[i].state == state)
			return english ? notes[i].en : notes[i].tr;
	return NULL;
}

static const char *
status_of(int32_t state)
{
	return request_status(state) == REQUEST_OPEN ? "open" : "closed";
}

/* "TIME STATE,TIME STATE", from reporting.moves_of. */
static void
moves_out(struct document *d, const char *moves, bool english)
{
	document_list(d, "notes");
	while (*moves) {
		char *end;
		int64_t at = strtoll(moves, &end, 10);
		int32_t state = (int32_t)strtol(end, &end, 10);

		document_object(d, "note");
		document_time(d, "datetime", at);
		document_text(d, "description", open311_out_notes(state, english));
		document_text(d, "type", word_token(state_words, state));
		document_close(d);
		if (*end != ',')
			break;
		moves = end + 1;
	}
	document_close(d);
}

static void
extensions_out(struct document *d, const struct shown *shown, bool english)
{
	document_object(d, "extended_attributes");
	document_text(d, "detailed_status", word_token(state_words, shown->state));
	document_close(d);
	moves_out(d, shown->moves, english);
}

static void
point_out(struct document *d, const struct shown *shown)
{
	if (shown->has_point) {
		document_degrees(d, "lat", shown->latitude_e7);
		document_degrees(d, "long", shown->longitude_e7);
	} else {
		document_empty(d, "lat");
		document_empty(d, "long");
	}
}

void
open311_out_request(struct document *d, struct arena *a, const struct shown *shown, bool english, bool extensions)
{
	const char *topic = english ? shown->topic_en : shown->topic_tr;

	document_text(d, "service_request_id", shown->number);
	document_text(d, "status", shown->status == REQUEST_OPEN ? "open" : "closed");
	document_text(d, "status_notes", open311_out_notes(shown->state, english));
	document_text(d, "service_name", topic);
	document_text(d, "service_code", shown->topic);
	document_text(
	    d, "description", *shown->neighbourhood ? arena_printf(a, "%s, %s", topic, shown->neighbourhood) : topic);
	document_text(d, "agency_responsible", english ? shown->department_en : shown->department_tr);
	document_empty(d, "service_notice");
	document_time(d, "requested_datetime", shown->received_at);
	document_time(d, "updated_datetime", shown->updated_at);
	document_time(d, "expected_datetime", date_start_in_istanbul(shown->expected_on + 1) - SECOND);
	document_text(d, "address", shown->neighbourhood);
	document_empty(d, "address_id");
	document_empty(d, "zipcode");
	point_out(d, shown);
	document_empty(d, "media_url");
	if (extensions)
		extensions_out(d, shown, english);
}

void
open311_out_update(struct document *d, struct arena *a, const struct shown_update *update, bool english)
{
	document_text(d, "update_id", arena_printf(a, "%s.%d", update->number, update->version));
	document_text(d, "service_request_id", update->number);
	document_text(d, "status", status_of(update->state));
	document_time(d, "updated_datetime", update->at);
	document_text(d, "description", open311_out_notes(update->state, english));
	document_empty(d, "media_url");
	document_text(d, "external_status_code", word_token(state_words, update->state));
}
