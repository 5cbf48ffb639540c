/* command_fields: which fields belong to which action of a command, how long they may be, and how they become its
 * message. Shared by all who send commands; whether an action is allowed is the router's to say. Pure. */
#ifndef KOPRU_COMMON_DOMAIN_COMMAND_FIELDS_H
#define KOPRU_COMMON_DOMAIN_COMMAND_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/ids.h"
#include "common/domain/attachment.h"
#include "kopru/v1/command.pb-c.h"

#define COMMAND_REASON_MAX 2000 /* characters, as all limits here */
#define COMMAND_TEXT_MAX 20000
#define COMMAND_LETTER_NUMBER_MAX 64
#define COMMAND_CODE_MAX 12
#define COMMAND_PARTS_MAX 10

enum command_field {
	COMMAND_DEPARTMENT = 1U << 0,
	COMMAND_TOPIC = 1U << 1,
	COMMAND_REASON = 1U << 2,
	COMMAND_LEGAL_REASON = 1U << 3, /* of Reject: in JSON it is called reason, too */
	COMMAND_TEXT = 1U << 4,
	COMMAND_ANSWER_BY = 1U << 5,
	COMMAND_FINAL_BY = 1U << 6,
	COMMAND_INSTITUTION = 1U << 7,
	COMMAND_LETTER = 1U << 8,
	COMMAND_LETTER_ON = 1U << 9,
	COMMAND_LETTER_NUMBER = 1U << 10,
	COMMAND_INTO = 1U << 11,
	COMMAND_PARTS = 1U << 12,
	COMMAND_PART = 1U << 13,
	COMMAND_ATTACHMENTS = 1U << 14,
	COMMAND_PAY_BY = 1U << 15,
	COMMAND_PAID_ON = 1U << 16,
	COMMAND_EVIDENCE = 1U << 17,
	COMMAND_PROMISED_ON = 1U << 18,
};

/* What an action wants to be told. */
struct command_shape {
	int action; /* tag of Command.action; 0 ends the table */
	unsigned must, may; /* enum command_field, or'ed */
	bool any_version; /* the version that the sender saw may be left out */
	unsigned some; /* of may: at least one of these must be given; 0: none need be */
};

extern const struct command_shape command_shapes[];

/* NULL for what no person sends. */
const struct command_shape *command_shape(int action);

struct command_part {
	const char *department, *task;
};

/* Texts are borrowed; NULL or 0 when not given. */
struct command_fields {
	const char *department, *topic, *reason, *text, *institution, *letter, *letter_number, *evidence;
	int32_t answer_by, final_by, letter_on, pay_by, paid_on, promised_on; /* days since 1970-01-01 */
	int legal_reason; /* CaseRejected.Reason */
	uint32_t part;
	bool has_into;
	struct uuid into; /* application id of the leading case */
	struct command_part parts[COMMAND_PARTS_MAX];
	size_t parts_count;
	struct attachment attachments[ATTACHMENTS_MAX];
	size_t attachment_count;
};

/* Sets the action of command from fields. All of it lives in the arena. false: no such action. */
bool command_fields_fill(struct arena *a, int action, const struct command_fields *fields, Kopru__V1__Command *command);

/* UTF-8 text with the line breaks that commands take: CR LF becomes LF, in a copy when it must. */
const char *command_fields_lines(struct arena *a, const char *text);
/* 2 to COMMAND_CODE_MAX of A-Z and 0-9. */
bool command_fields_code(const char *text);

#endif
