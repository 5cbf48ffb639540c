/* open311: what the two services that answer for Open311 (GeoReport v2) have in common: the format at the end of an
 * address, the jurisdiction, refusals in the specification's own shape, answers that may be cached. */
#ifndef KOPRU_COMMON_OPEN311_OPEN311_H
#define KOPRU_COMMON_OPEN311_OPEN311_H

#include "common/http/http.h"
#include "common/open311/document.h"

/* One request on its way; in its own arena. */
struct open311_turn {
	struct http_request *request;
	struct arena *arena;
	enum document_format format;
	const char *name; /* the last segment without its format: "services", "YOL-01" */
	bool english;
};

/* Reads the last segment. NULL: it ends in no known format and was answered with 404 (in XML, which everybody has). */
struct open311_turn *open311_begin(struct http_request *r);

/* One thing that is wrong. */
struct open311_fault {
	int code; /* 400, 403, 404, 503 */
	const char *text_tr, *text_en;
};
#define OPEN311_FAULTS_MAX 16
struct open311_faults {
	struct open311_fault list[OPEN311_FAULTS_MAX];
	size_t count; /* what does not fit is left out */
};
void open311_fault(struct open311_faults *f, int code, const char *text_tr, const char *text_en);

/* <errors> with the first one's HTTP status. */
void open311_refuse(struct open311_turn *t, const struct open311_faults *faults);
void open311_refuse_one(struct open311_turn *t, int code, const char *text_tr, const char *text_en);

/* Is the jurisdiction ours? configured NULL or "": Open311 is not offered at all. asked NULL or "" is fine, since there is one
 * only. false: answered with 404. */
bool open311_jurisdiction(struct open311_turn *t, const char *configured, const char *asked);

/* Ends the document and answers 200, with an ETag, or 304 to who has it. seconds: for which anybody may keep it. */
void open311_reply(struct open311_turn *t, struct document *d, int seconds);
/* The same for what nobody may keep. */
void open311_reply_once(struct open311_turn *t, struct document *d);

#endif
