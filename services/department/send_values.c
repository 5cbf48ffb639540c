/* send_values: a table of options with the fields that they give, and one reader for each type. */
#include "services/department/send_values.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/domain/calendar.h"
#include "common/domain/words.h"

#define FILE_MAX_BYTES ((size_t)256 * 1024)
#define AT(member) offsetof(struct command_fields, member)

/* One option and the field that it gives; of several fields the one that the action has. */
struct option_field {
	const char *name;
	unsigned fields;
	int (*read)(struct send_reading *r, const struct option_field *option, const char *value);
	size_t offset, most; /* most: characters of a text */
};

static int
read_text(struct send_reading *r, const struct option_field *option, const char *value)
{
	const char *text;

	if (!text_valid(value, strlen(value)))
		return err_set(r->e, "the text of --%s is not UTF-8", option->name);
	text = command_fields_lines(r->arena, value);
	if (text_blank(text) || text_length(text) > option->most)
		return err_set(r->e, "the text of --%s must have 1 to %zu characters and not be blank; it has %zu",
		    option->name, option->most, text_length(text));
	if (text_has_control(text) || strchr(text, '\r'))
		return err_set(
		    r->e, "the text of --%s holds control characters other than tab and newline", option->name);
	memcpy((char *)&r->options->fields + option->offset, &text, sizeof(text));
	return 0;
}

/* The whole of standard input as text. */
static int
read_input(struct send_reading *r, char **text)
{
	size_t size;

	if (r->used_input)
		return err_set(r->e, "standard input can be read once: it cannot be two texts");
	r->used_input = true;
	*text = arena_alloc(r->arena, FILE_MAX_BYTES + 1);
	size = fread(*text, 1, FILE_MAX_BYTES, r->in);
	if (ferror(r->in) || !feof(r->in))
		return err_set(r->e, "cannot read standard input, or it has more than %zu bytes", FILE_MAX_BYTES);
	return strlen(*text) == size ? 0 : err_set(r->e, "standard input holds a NUL");
}

static int
read_text_file(struct send_reading *r, const struct option_field *option, const char *value)
{
	char *text;
	size_t size;

	if (strcmp(value, "-") == 0) {
		if (read_input(r, &text) < 0)
			return -1;
	} else if (file_read(r->arena, value, FILE_MAX_BYTES, &text, &size, r->e) < 0) {
		return -1;
	} else if (strlen(text) != size) {
		return err_set(r->e, "\"%s\" holds a NUL", value);
	}
	return read_text(r, option, text);
}

/* A sentence, or for reject one of the words of the law. */
static int
read_reason(struct send_reading *r, const struct option_field *option, const char *value)
{
	if (!(r->shape->must & COMMAND_LEGAL_REASON))
		return read_text(r, option, value);
	r->options->fields.legal_reason = word_value(reject_reason_words, value);
	return r->options->fields.legal_reason ? 0
					       : err_set(r->e,
						     "\"%s\" is no reason of Law 3071 art. 6; no_specific_subject, "
						     "judicial_matter and missing_element are",
						     value);
}

static int
read_code(struct send_reading *r, const struct option_field *option, const char *value)
{
	const bool institution = (r->shape->must & COMMAND_INSTITUTION) != 0;

	(void)option;
	if (!command_fields_code(value))
		return err_set(
		    r->e, "\"%s\" is no department's code: 2 to %d of A-Z and 0-9 are", value, COMMAND_CODE_MAX);
	if (institution)
		r->options->fields.institution = value;
	else
		r->options->fields.department = value;
	return 0;
}

static int
read_day(struct send_reading *r, const struct option_field *option, const char *value)
{
	int32_t day;

	if (!date_parse(value, &day))
		return err_set(r->e, "\"%s\" is no date; write YYYY-MM-DD", value);
	memcpy((char *)&r->options->fields + option->offset, &day, sizeof(day));
	return 0;
}

/* Of ask the citizen's day, of an interim answer that of the final one, of a fee that of the payment. */
static int
read_by(struct send_reading *r, const struct option_field *option, const char *value)
{
	struct option_field chosen = *option;

	chosen.offset = r->shape->may & COMMAND_FINAL_BY ? AT(final_by)
			: r->shape->may & COMMAND_PAY_BY ? AT(pay_by)
							 : AT(answer_by);
	return read_day(r, &chosen, value);
}

/* Of a promise the promised day, of a fee the day on which it was paid. */
static int
read_on(struct send_reading *r, const struct option_field *option, const char *value)
{
	struct option_field chosen = *option;

	chosen.offset = r->shape->must & COMMAND_PROMISED_ON ? AT(promised_on) : AT(paid_on);
	return read_day(r, &chosen, value);
}

int
send_value_number(const char *value, uint32_t most, uint32_t *number, struct err *e)
{
	char *end;
	uintmax_t found;

	errno = 0;
	found = strtoumax(value, &end, 10);
	if (!ascii_digit(value[0]) || *end || errno || found < 1 || found > most)
		return err_set(e, "\"%s\" is no whole number from 1 to %" PRIu32, value, most);
	*number = (uint32_t)found;
	return 0;
}

static int
read_part(struct send_reading *r, const struct option_field *option, const char *value)
{
	(void)option;
	return send_value_number(value, COMMAND_PARTS_MAX, &r->options->fields.part, r->e);
}

static int
read_into(struct send_reading *r, const struct option_field *option, const char *value)
{
	(void)option;
	r->options->fields.has_into = uuid_parse(value, &r->options->fields.into);
	return r->options->fields.has_into ? 0 : err_set(r->e, "\"%s\" is no application id", value);
}

/* CODE=TASK, once for each part. */
static int
read_split(struct send_reading *r, const struct option_field *option, const char *value)
{
	struct command_fields *fields = &r->options->fields;
	const char *equals = strchr(value, '=');
	struct command_part part;

	(void)option;
	if (fields->parts_count == COMMAND_PARTS_MAX)
		return err_set(r->e, "at most %d parts are allowed", COMMAND_PARTS_MAX);
	part.department = arena_string_n(r->arena, value, equals ? (size_t)(equals - value) : 0);
	part.task = equals ? equals + 1 : "";
	if (!command_fields_code(part.department) || text_blank(part.task) ||
	    !text_valid(part.task, strlen(part.task)) || text_length(part.task) > COMMAND_REASON_MAX ||
	    text_has_control(part.task))
		return err_set(r->e, "\"%s\" is no part: CODE=TASK is, with a task of 1 to %d characters", value,
		    COMMAND_REASON_MAX);
	fields->parts[fields->parts_count++] = part;
	return 0;
}

static int
read_word(struct send_reading *r, const struct option_field *option, const char *value)
{
	if (!text_valid(value, strlen(value)) || text_blank(value) || text_length(value) > option->most ||
	    text_has_line_break_or_control(value))
		return err_set(
		    r->e, "the text of --%s must be one line of 1 to %zu characters", option->name, option->most);
	memcpy((char *)&r->options->fields + option->offset, &value, sizeof(value));
	return 0;
}

static const struct option_field option_fields[] = {
    {"text", COMMAND_TEXT, read_text, AT(text), COMMAND_TEXT_MAX},
    {"text-file", COMMAND_TEXT, read_text_file, AT(text), COMMAND_TEXT_MAX},
    {"reason", COMMAND_REASON | COMMAND_LEGAL_REASON, read_reason, AT(reason), COMMAND_REASON_MAX},
    {"to", COMMAND_DEPARTMENT | COMMAND_INSTITUTION, read_code, 0, 0},
    {"topic", COMMAND_TOPIC, read_word, AT(topic), COMMAND_CODE_MAX},
    {"letter", COMMAND_LETTER, read_text, AT(letter), COMMAND_TEXT_MAX},
    {"letter-file", COMMAND_LETTER, read_text_file, AT(letter), COMMAND_TEXT_MAX},
    {"letter-number", COMMAND_LETTER_NUMBER, read_word, AT(letter_number), COMMAND_LETTER_NUMBER_MAX},
    {"letter-on", COMMAND_LETTER_ON, read_day, AT(letter_on), 0},
    {"by", COMMAND_ANSWER_BY | COMMAND_FINAL_BY | COMMAND_PAY_BY, read_by, 0, 0},
    {"on", COMMAND_PROMISED_ON | COMMAND_PAID_ON, read_on, 0, 0},
    {"evidence", COMMAND_EVIDENCE, read_text, AT(evidence), COMMAND_REASON_MAX},
    {"into", COMMAND_INTO, read_into, 0, 0},
    {"part", COMMAND_PART, read_part, 0, 0},
    {"split", COMMAND_PARTS, read_split, 0, 0},
};

int
send_value_read(struct send_reading *r, const char *name, const char *value)
{
	const struct option_field *option = option_fields;
	unsigned field;

	while (strcmp(option->name, name) != 0)
		option++;
	field = option->fields & (r->shape->must | r->shape->may);
	if (!field)
		return err_set(r->e, "--%s does not belong to %s", name, r->options->word);
	if ((r->given & field) && !(field & COMMAND_PARTS))
		return err_set(r->e, "--%s says again what was said already", name);
	r->given |= field;
	return option->read(r, option, value);
}

const char *
send_value_option(unsigned field)
{
	static const struct {
		unsigned field;
		const char *option;
	} options[] = {{COMMAND_TEXT, "--text or --text-file"}, {COMMAND_REASON | COMMAND_LEGAL_REASON, "--reason"},
	    {COMMAND_DEPARTMENT | COMMAND_INSTITUTION, "--to"}, {COMMAND_INTO, "--into"},
	    {COMMAND_EVIDENCE, "--evidence"}, {COMMAND_PROMISED_ON, "--on"}, {COMMAND_PARTS, "--split"}};
	size_t i = 0;

	while (i + 1 < sizeof(options) / sizeof(options[0]) && !(options[i].field & field))
		i++;
	return options[i].option;
}
