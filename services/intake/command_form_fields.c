/* command_form_fields: one reader for each type of field, and the table of all of them. */
#include "services/intake/command_form_fields.h"

#include <string.h>

#include "common/base/text.h"
#include "common/domain/calendar.h"

#define NUMBER_LENGTH_MAX 64
#define ACCESS_CODE_LENGTH_MAX 64
#define AT(member) offsetof(struct command_form, member)

static struct command_form *
form_of(struct form_reader *r)
{
	return r->filled;
}

/* form_text, with the line breaks that commands take. */
static const char *
text_of(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = form_text(r, field, value);

	if (!text || !field->lines)
		return text;
	text = command_fields_lines(r->arena, text);
	if (strchr(text, '\r')) {
		form_fault(r, field->name, "sekme ve satır sonu dışında denetim karakteri içeremez",
		    "must not hold control characters other than tab and line breaks");
		return NULL;
	}
	return text;
}

static void
read_text(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = text_of(r, field, value);

	memcpy((char *)r->filled + field->offset, &text, sizeof(text));
}

static void
read_id(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	static const struct uuid nil;
	const char *text = json_string_value(value);
	struct command_form *form = form_of(r);

	form->has_id = text && uuid_parse(text, &form->id) && uuid_compare(&form->id, &nil) != 0;
	if (!form->has_id)
		form_fault(r, field->name, "UUID olmalı, örneğin 0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
		    "must be a UUID, such as 0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
}

/* Into number or into. */
static void
read_number(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = json_string_value(value);
	int32_t serial;
	int year;

	if (!text || strlen(text) > NUMBER_LENGTH_MAX || !number_parse(text, &year, &serial) ||
	    !number_format(year, serial, (char *)r->filled + field->offset))
		form_fault(r, field->name,
		    "başvuru numarası olmalı: HM-2026-0000123-4 biçiminde, son rakam sağlama rakamı",
		    "must be an application number like HM-2026-0000123-4; the last digit is a check digit");
}

/* What cannot be a code is answered as a wrong one, later. */
static void
read_access_code(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text && *text && strlen(text) <= ACCESS_CODE_LENGTH_MAX)
		form_of(r)->access_code = text;
	else
		form_fault(r, field->name, "takip kodu olmalı: en çok 64 karakterlik bir metin",
		    "must be the access code: a text of at most 64 characters");
}

static void
read_version(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const struct command_shape *shape = command_shape(form_of(r)->action);
	json_int_t version = json_is_integer(value) ? json_integer_value(value) : -1;

	if (version >= 1 && version <= INT32_MAX)
		form_of(r)->expected_version = (uint32_t)version;
	else if (version != 0 || (shape && !shape->any_version))
		form_fault(r, field->name,
		    "pozitif tam sayı olmalı: başvurunun gördüğünüz sürümü (son olayın version alanı)",
		    "must be a positive whole number: the version of the application that you saw (of its last event)");
}

static void
read_after(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *stream = json_string_value(json_object_get(value, "stream"));
	const json_t *seq = json_object_get(value, "seq");

	if (stream && strcmp(stream, "intake") == 0 && json_is_integer(seq) && json_integer_value(seq) >= 0 &&
	    json_object_size(value) == 2)
		form_of(r)->after_intake_seq = (uint64_t)json_integer_value(seq);
	else
		form_fault(r, field->name, "{\"stream\": \"intake\", \"seq\": sıfır ya da artı tam sayı} olmalı",
		    "must be {\"stream\": \"intake\", \"seq\": zero or a positive whole number}");
}

/* Is read before all others, or after. */
static void
read_action(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	(void)r;
	(void)field;
	(void)value;
}

static void
read_code(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text && command_fields_code(text))
		memcpy((char *)r->filled + field->offset, &text, sizeof(text));
	else
		form_fault(r, field->name, "birim kodu olmalı: 2-12 büyük harf (A-Z) veya rakam, örneğin TEM",
		    "must be a department's code: 2 to 12 of A-Z and 0-9, such as TEM");
}

static void
read_day(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = json_string_value(value);
	int32_t day = 0;

	if (text && date_parse(text, &day) && day > 0)
		memcpy((char *)r->filled + field->offset, &day, sizeof(day));
	else
		form_fault(r, field->name, "YYYY-AA-GG biçiminde bir tarih olmalı, örneğin 2026-11-23",
		    "must be a date as YYYY-MM-DD, such as 2026-11-23");
}

static void
read_legal_reason(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	form_of(r)->fields.legal_reason = form_word(r, field, value, reject_reason_words);
}

static void
read_part(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	json_int_t part = json_is_integer(value) ? json_integer_value(value) : -1;

	if (part >= 1 && part <= COMMAND_PARTS_MAX)
		form_of(r)->fields.part = (uint32_t)part;
	else
		form_fault(r, field->name, "bölümün numarası olmalı: 1-10 arası tam sayı",
		    "must be the number of the part: a whole number from 1 to 10");
}

static const struct form_field part_fields[] = {
    {.name = "department", .read = read_code, .offset = offsetof(struct command_part, department)},
    {.name = "task",
	.read = read_text,
	.offset = offsetof(struct command_part, task),
	.length_max = COMMAND_REASON_MAX,
	.lines = true,
	.required = true},
    {.name = NULL},
};

static void
read_one_part(struct form_reader *r, const json_t *value, struct command_part *part)
{
	r->filled = part;
	if (json_is_object(value))
		form_read_fields(r, part_fields, value);
	for (const struct form_field *field = part_fields; field->name; field++)
		if (!json_object_get(value, field->name))
			form_fault(r, field->name, "zorunlu: bölüm {\"department\", \"task\"} nesnesidir",
			    "required: a part is an object {\"department\", \"task\"}");
}

static void
read_parts(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	struct command_form *form = form_of(r);
	const char *place = r->place;
	size_t count = json_array_size(value);

	if (count < 1 || count > COMMAND_PARTS_MAX) {
		form_fault(r, field->name, "1-10 bölümlük bir dizi olmalı: [{\"department\", \"task\"}, ...]",
		    "must be an array of 1 to 10 parts: [{\"department\", \"task\"}, ...]");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		r->place = arena_printf(r->arena, "%sparts.%zu.", place, i);
		read_one_part(r, json_array_get(value, i), &form->fields.parts[i]);
	}
	form->fields.parts_count = count;
	r->place = place;
	r->filled = form;
}

static bool
is_twice(const struct command_fields *fields, const struct uuid *id)
{
	for (size_t i = 0; i < fields->attachment_count; i++)
		if (uuid_compare(&fields->attachments[i].id, id) == 0)
			return true;
	return false;
}

/* Their ids; what they are is looked up later. */
static void
read_attachments(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	struct command_fields *fields = &form_of(r)->fields;
	size_t count = json_array_size(value);
	bool fine = count >= 1 && count <= ATTACHMENTS_MAX;

	for (size_t i = 0; fine && i < count; i++) {
		const char *text = json_string_value(json_array_get(value, i));
		struct uuid id;

		fine = text && uuid_parse(text, &id) && !is_twice(fields, &id);
		if (fine)
			fields->attachments[fields->attachment_count++].id = id;
	}
	if (!fine)
		form_fault(r, field->name,
		    "yüklenen dosyaların kimliklerinden oluşan 1-10 öğelik bir dizi olmalı, her biri bir kez",
		    "must be an array of 1 to 10 ids of uploaded files, each once");
}

#define TEXT(name_, member, most, lines_)                                                                              \
	{                                                                                                              \
		.name = (name_), .read = read_text, .offset = AT(fields.member), .length_max = (most),                 \
		.lines = (lines_)                                                                                      \
	}
#define FIELD(name_, read_, member)                                                                                    \
	{                                                                                                              \
		.name = (name_), .read = (read_), .offset = AT(member)                                                 \
	}

/* Of every command; those of the applicant alone and of holders of a key alone are told apart below. */
static const struct command_form_field number_field = {FIELD("number", read_number, number), 0,
    "başvuru numarası, örneğin HM-2026-0000123-4", "the application's number, such as HM-2026-0000123-4"};
static const struct command_form_field id_field = {FIELD("id", read_id, id), 0, "", ""};
static const struct command_form_field after_field = {FIELD("after", read_after, after_intake_seq), 0, "", ""};
static const struct command_form_field access_code_field = {
    FIELD("access_code", read_access_code, access_code), 0, "takip kodu", "the access code"};
static const struct command_form_field action_field = {FIELD("action", read_action, action), 0, "", ""};
static const struct command_form_field version_field = {FIELD("expected_version", read_version, expected_version), 0,
    "başvurunun gördüğünüz sürümü", "the version of the application that you saw"};

static const struct command_form_field action_fields[] = {
    {FIELD("department", read_code, fields.department), COMMAND_DEPARTMENT, "birimin kodu, örneğin TEM",
	"the code of the department, such as TEM"},
    {{.name = "topic", .read = form_read_topic, .offset = AT(fields.topic), .length_max = FORM_SHORT_MAX},
	COMMAND_TOPIC, "konu kodu", "the code of the topic"},
    {TEXT("reason", reason, COMMAND_REASON_MAX, true), COMMAND_REASON, "gerekçe, 1-2.000 karakter",
	"the reason, 1 to 2,000 characters"},
    {FIELD("reason", read_legal_reason, fields), COMMAND_LEGAL_REASON,
	"no_specific_subject, judicial_matter veya missing_element (3071 sayılı Kanun, madde 6)",
	"no_specific_subject, judicial_matter or missing_element (Law 3071, article 6)"},
    {TEXT("text", text, COMMAND_TEXT_MAX, true), COMMAND_TEXT, "metin, 1-20.000 karakter",
	"the text, 1 to 20,000 characters"},
    {FIELD("answer_by", read_day, fields.answer_by), COMMAND_ANSWER_BY, "", ""},
    {FIELD("final_by", read_day, fields.final_by), COMMAND_FINAL_BY, "", ""},
    {FIELD("institution", read_code, fields.institution), COMMAND_INSTITUTION, "kurumun kodu, örneğin KOSKI",
	"the code of the institution, such as KOSKI"},
    {TEXT("letter", letter, COMMAND_TEXT_MAX, true), COMMAND_LETTER, "yazının metni, 1-20.000 karakter",
	"the text of the letter, 1 to 20,000 characters"},
    {FIELD("letter_on", read_day, fields.letter_on), COMMAND_LETTER_ON, "", ""},
    {TEXT("letter_number", letter_number, COMMAND_LETTER_NUMBER_MAX, false), COMMAND_LETTER_NUMBER, "", ""},
    {FIELD("pay_by", read_day, fields.pay_by), COMMAND_PAY_BY, "", ""},
    {FIELD("paid_on", read_day, fields.paid_on), COMMAND_PAID_ON, "", ""},
    {TEXT("evidence", evidence, COMMAND_REASON_MAX, true), COMMAND_EVIDENCE,
	"ödemenin kanıtı, örneğin makbuz numarası, 1-2.000 karakter",
	"evidence of the payment, such as the number of the receipt, 1 to 2,000 characters"},
    {FIELD("promised_on", read_day, fields.promised_on), COMMAND_PROMISED_ON, "söz verilen gün, örneğin 2026-11-23",
	"the promised day, such as 2026-11-23"},
    {FIELD("into", read_number, into), COMMAND_INTO, "birleştirilecek ana başvurunun numarası",
	"the number of the leading application"},
    {FIELD("parts", read_parts, fields.parts), COMMAND_PARTS, "bölümler: [{\"department\", \"task\"}, ...]",
	"the parts: [{\"department\", \"task\"}, ...]"},
    {FIELD("part", read_part, fields.part), COMMAND_PART, "", ""},
    {FIELD("attachments", read_attachments, fields.attachments), COMMAND_ATTACHMENTS, "", ""},
};

const struct command_form_field command_form_incident_fields[] = {
    {{.name = "leading", .read = read_number, .offset = AT(into), .required = true}, 0, "ana başvurunun numarası",
	"the number of the leading application"},
    {{.name = "reason",
	 .read = read_text,
	 .offset = AT(fields.reason),
	 .length_max = COMMAND_REASON_MAX,
	 .lines = true,
	 .required = true},
	0, "gerekçe, 1-2.000 karakter", "the reason, 1 to 2,000 characters"},
    {FIELD("action", read_action, action), 0, "", ""},
    {{.name = "members", .read = read_action, .required = true}, 0, "[{\"number\", \"expected_version\"}, ...]",
	"[{\"number\", \"expected_version\"}, ...]"},
    {{.name = NULL}, 0, NULL, NULL},
};

const struct command_form_field command_form_member_fields[] = {
    {{.name = "number", .read = read_number, .offset = AT(number), .required = true}, 0, "başvuru numarası",
	"the application's number"},
    {{.name = "expected_version", .read = read_version, .offset = AT(expected_version), .required = true}, 0,
	"başvurunun gördüğünüz sürümü", "the version of the application that you saw"},
    {{.name = NULL}, 0, NULL, NULL},
};

#define ACTION_FIELDS (sizeof(action_fields) / sizeof(action_fields[0]))

const struct command_form_field *
command_form_fields(struct arena *a, int action, bool applicant)
{
	const struct command_shape *shape = command_shape(action);
	const unsigned must = shape ? shape->must : 0, may = shape ? shape->may : ~0U;
	struct command_form_field *chosen = arena_array(a, ACTION_FIELDS + 6, sizeof(*chosen)), *next = chosen;

	*next++ = id_field;
	*next = number_field;
	next++->field.required = true;
	*next = applicant ? access_code_field : action_field;
	next++->field.required = applicant;
	if (!applicant) {
		*next = version_field;
		next++->field.required = shape && !shape->any_version;
	}
	for (size_t i = 0; i < ACTION_FIELDS; i++) {
		if (!((must | may) & action_fields[i].bit))
			continue;
		*next = action_fields[i];
		next++->field.required = (must & action_fields[i].bit) != 0;
	}
	*next = after_field;
	return chosen;
}

/* All that may be sent, with their names. */
void
command_form_fault_action(struct form_reader *r)
{
	struct word words[ACTION_FIELDS + 16];
	size_t count = 0;

	for (const struct word *word = action_words; word->value != 0; word++)
		if (command_shape(word->value) && count + 1 < sizeof(words) / sizeof(words[0]))
			words[count++] = *word;
	words[count] = (struct word){0, NULL, NULL, NULL};
	form_fault_words(r, "action", words);
}
