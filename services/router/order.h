/* order: what a command wants, read out of its message and checked for itself, before any case is looked at. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_ORDER_H
#define KOPRU_SERVICES_ROUTER_ORDER_H

#include "common/base/arena.h"
#include "common/base/ids.h"
#include "common/domain/attachment.h"
#include "proto/kopru/v1/command.pb-c.h"
#include "services/router/lifecycle.h"

#define ORDER_MEANING_SIZE 32
#define ORDER_REASON_MAX 2000 /* characters */
#define ORDER_TEXT_MAX 20000
#define ORDER_PARTS_MAX 10

struct order {
	int action;
	enum lifecycle_way way;
	const struct lifecycle_rule *rule; /* NULL: unknown action */
	struct uuid id, application_id, into;
	bool english;
	uint32_t expected_version;
	uint64_t after_intake_seq;
	const char *traceparent;
	const Kopru__V1__Actor *actor; /* by the key, where there is one */
	const char *reason, *text; /* "" when there is none; the evidence of a payment is a reason */
	const char *department, *topic, *letter_number;
	int32_t day; /* answer by, final by, letter on, pay by, paid on or promised on; 0: none was given */
	int clock; /* kopru.v1.Clock, of an escalation or recomputation; stage and due_at of it, too */
	uint32_t stage;
	int64_t clock_due_at;
	int64_t new_due_at; /* of a recomputation, with the version of the calendar */
	uint32_t calendar_version;
	uint32_t part;
	int legal_reason;
	const Kopru__V1__Part *const *parts;
	size_t part_count;
	Kopru__V1__Attachment **attachments;
	size_t attachment_count;
	uint8_t meaning[ORDER_MEANING_SIZE]; /* SHA-256 of who wants what */
};

/* Refused by itself: code and sentence; code 0: it is not. */
struct order_fault {
	int code; /* of Reply */
	const char *text;
};

/* peer: name of the sender's key ("" on ipc://). What it gives lives in a, or is the command's. */
struct order_fault order_read(
    struct arena *a, const char *peer, const Kopru__V1__Command *command, struct order *order);

/* The fields of a command about terms. */
void order_read_term(const Kopru__V1__Command *command, struct order *order);

#endif
