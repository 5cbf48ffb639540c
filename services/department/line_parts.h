/* line_parts: how values of the contract look in JSON. Shared by line*.c only. What is not given is null. Pure. */
#ifndef KOPRU_SERVICES_DEPARTMENT_LINE_PARTS_H
#define KOPRU_SERVICES_DEPARTMENT_LINE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/domain/words.h"
#include "proto/kopru/v1/event.pb-c.h"

/* One field of a message and its name in JSON. at points to the field within the message. */
struct line_field {
	int body; /* tag of Event.body; 0 in tables of other messages */
	const char *name; /* NULL ends a table */
	void (*put)(json_t *object, const char *name, const void *at);
	size_t offset;
};

void line_set_text(json_t *object, const char *name, const char *text);
void line_set_uuid(json_t *object, const char *name, const ProtobufCBinaryData *bytes);
void line_set_time(json_t *object, const char *name, int64_t time);
void line_set_date(json_t *object, const char *name, int32_t date);
void line_set_word(json_t *object, const char *name, const struct word *words, int value);
/* Members NAME, NAME_id, NAME_role and NAME_department; actor may be NULL. */
void line_set_actor(json_t *object, const char *name, const Kopru__V1__Actor *actor);

/* For tables. */
void line_put_text(json_t *object, const char *name, const void *at);
void line_put_uuid(json_t *object, const char *name, const void *at);
void line_put_time(json_t *object, const char *name, const void *at);
void line_put_date(json_t *object, const char *name, const void *at);
void line_put_number(json_t *object, const char *name, const void *at); /* uint32 */
void line_put_size(json_t *object, const char *name, const void *at); /* uint64 */
void line_put_hex(json_t *object, const char *name, const void *at); /* bytes */
void line_put_switch(json_t *object, const char *name, const void *at);
void line_put_state(json_t *object, const char *name, const void *at);
void line_put_kind(json_t *object, const char *name, const void *at);
void line_put_channel(json_t *object, const char *name, const void *at);
void line_put_legal_basis(json_t *object, const char *name, const void *at);
void line_put_prefers(json_t *object, const char *name, const void *at);
void line_put_reject_reason(json_t *object, const char *name, const void *at);
void line_put_clock(json_t *object, const char *name, const void *at);
void line_put_outcome(json_t *object, const char *name, const void *at);
void line_put_role(json_t *object, const char *name, const void *at);
void line_put_actor(json_t *object, const char *name, const void *at);

/* The rows of body (all rows when it is 0), from message. */
void line_put_fields(json_t *object, const struct line_field *fields, int body, const void *message);

/* Messages within events; for tables, too. */
void line_put_location(json_t *object, const char *name, const void *at);
void line_put_applicant(json_t *object, const char *name, const void *at);
void line_put_origin(json_t *object, const char *name, const void *at);
/* at: the count, which its list follows as protobuf-c puts them. */
void line_put_attachments(json_t *object, const char *name, const void *at);
void line_put_matters(json_t *object, const char *name, const void *at);
void line_put_application(json_t *object, const char *name, const void *at);
void line_put_due_on(json_t *object, const char *name, const void *at); /* of an application */
void line_put_standing(json_t *object, const char *name, const void *at);
void line_put_part(json_t *object, const char *name, const void *at);

/* Type and body of an event. false: of a type that this program does not know. */
bool line_put_body(json_t *object, const Kopru__V1__Event *event);

#endif
