/* form_reader: see the header. */
#include "services/intake/form_reader.h"

#include <string.h>

#include "common/base/text.h"
#include "common/domain/calendar.h"

#define SKEW_MICROSECONDS INT64_C(60000000) /* clocks differ */
#define EARLIEST_YEAR 2020
#define EARLIEST_YEAR_IMPORTED 2000 /* numbers begin there */
#define CLERK_MAX 40

static const struct form_field *
find_field(const struct form_field *fields, const char *name)
{
	for (; fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

void
form_read_fields(struct form_reader *r, const struct form_field *fields, const json_t *object)
{
	json_t *members = (json_t *)(uintptr_t)object; /* jansson's iterators ask for what they do not change */

	for (void *i = json_object_iter(members); i; i = json_object_iter_next(members, i)) {
		const char *name = json_object_iter_key(i);
		const struct form_field *field = find_field(fields, name);

		if (!field)
			form_fault_unknown(r, name, fields);
		else if (field->trusted && !r->rules->trusted)
			form_fault(r, name,
			    "bu alanı yalnızca \"applications\" yetkili bir API anahtarıyla gönderebilirsiniz; alanı "
			    "çıkarın",
			    "only a caller with an API key that holds the right \"applications\" may give this field; "
			    "leave it out");
		else
			field->read(r, field, json_object_iter_value(i));
	}
}

static void
fault_length(struct form_reader *r, const struct form_field *field, size_t length)
{
	form_fault(r, field->name,
	    arena_printf(
		r->arena, "çok uzun: en çok %zu karakter olabilir, %zu karakter gönderildi", field->length_max, length),
	    arena_printf(
		r->arena, "too long: at most %zu characters are allowed, %zu were sent", field->length_max, length));
}

const char *
form_text(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t length;

	if (!text) {
		form_fault(r, field->name, "metin (tırnak içinde) olmalı", "must be a string");
		return NULL;
	}
	length = json_string_length(value) <= field->length_max ? 0 : text_length(text);
	if (length > field->length_max) {
		fault_length(r, field, length);
		return NULL;
	}
	if (text_blank(text)) {
		if (field->required)
			form_fault(r, field->name,
			    arena_printf(r->arena, "boş olamaz; 1-%zu karakter olmalı", field->length_max),
			    arena_printf(r->arena, "must not be blank: 1 to %zu characters", field->length_max));
		else
			form_fault(r, field->name, "boş olamaz; bilgi yoksa alanı hiç göndermeyin",
			    "must not be blank; leave the field out when there is nothing to say");
		return NULL;
	}
	if (field->lines && text_has_control(text)) {
		form_fault(r, field->name, "sekme ve satır sonu dışında denetim karakteri içeremez",
		    "must not hold control characters other than tab and line breaks");
		return NULL;
	}
	if (!field->lines && text_has_line_break_or_control(text)) {
		form_fault(r, field->name, "tek satır olmalı: satır sonu ve denetim karakteri içeremez",
		    "must be one line: no line breaks and no control characters");
		return NULL;
	}
	return text;
}

void
form_read_text(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = form_text(r, field, value);

	memcpy((char *)r->filled + field->offset, &text, sizeof(text));
}

void
form_read_switch(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	bool on = json_is_true(value);

	if (!json_is_boolean(value))
		form_fault(r, field->name, "true veya false olmalı", "must be true or false");
	memcpy((char *)r->filled + field->offset, &on, sizeof(on));
}

static int
earliest_year(const struct form_reader *r)
{
	return r->rules->imported ? EARLIEST_YEAR_IMPORTED : EARLIEST_YEAR;
}

static int32_t
earliest(const struct form_reader *r)
{
	int32_t date = 0;

	date_from_civil(earliest_year(r), 1, 1, &date);
	return date;
}

bool
form_time(struct form_reader *r, const struct form_field *field, const json_t *value, int64_t *time)
{
	const char *text = form_text(r, field, value);

	if (!text)
		return false;
	if (!time_parse(text, time)) {
		form_fault(r, field->name,
		    "RFC 3339 biçiminde, gelecekte olmayan bir an olmalı, örneğin 2026-11-23T09:30:00+03:00",
		    "must be an instant as in RFC 3339 that is not in the future, such as 2026-11-23T09:30:00+03:00");
	} else if (*time > r->rules->now + SKEW_MICROSECONDS) {
		form_fault(r, field->name, "gelecekte olamaz", "must not lie in the future");
	} else if (*time < date_start_in_istanbul(earliest(r))) {
		form_fault(r, field->name, arena_printf(r->arena, "%d-01-01 tarihinden önce olamaz", earliest_year(r)),
		    arena_printf(r->arena, "must not lie before %d-01-01", earliest_year(r)));
	} else {
		*time = *time < r->rules->now ? *time : r->rules->now;
		return true;
	}
	return false;
}

void
form_read_date(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = form_text(r, field, value);
	int32_t date;

	if (!text)
		return;
	if (date_parse(text, &date) && date >= earliest(r))
		memcpy((char *)r->filled + field->offset, &date, sizeof(date));
	else
		form_fault(r, field->name,
		    arena_printf(
			r->arena, "%d-01-01 veya sonrası bir gün olmalı, örneğin 2026-11-23", earliest_year(r)),
		    arena_printf(r->arena, "must be a day since %d-01-01, such as 2026-11-23", earliest_year(r)));
}

static bool
is_clerk(const char *text)
{
	bool digit = false;
	size_t length = 0;

	for (; length <= CLERK_MAX && text[length]; length++) {
		char c = ascii_lower(text[length]);

		digit = digit || ascii_digit(c);
		if (!ascii_digit(c) && (c < 'a' || c > 'z') && !strchr("._-", c))
			return false;
	}
	return digit && length <= CLERK_MAX;
}

void
form_read_clerk(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = form_text(r, field, value);

	if (!text)
		return;
	if (is_clerk(text))
		memcpy((char *)r->filled + field->offset, &text, sizeof(text));
	else
		form_fault(r, field->name,
		    "kişi adı değil, en az bir rakam içeren bir kimlik olmalı: en çok 40 harf (a-z), rakam, nokta, "
		    "tire; örneğin "
		    "masa-3",
		    "must not be a person's name but an id with a digit in it: at most 40 letters (a-z), digits, dots "
		    "and "
		    "hyphens, such as desk-3");
}

/* Two to five capital letters, a hyphen, two digits: TEM-01. */
static bool
is_topic(const char *text)
{
	size_t letters = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return letters >= 2 && letters <= 5 && text[letters] == '-' && ascii_digit(text[letters + 1]) &&
	       ascii_digit(text[letters + 2]) && text[letters + 3] == '\0';
}

void
form_read_topic(struct form_reader *r, const struct form_field *field, const json_t *value)
{
	const char *text = form_text(r, field, value);

	if (!text)
		return;
	if (is_topic(text))
		memcpy((char *)r->filled + field->offset, &text, sizeof(text));
	else
		form_fault(r, field->name, "konu kodu değil; yazım: 2-5 büyük harf, tire, iki rakam, örneğin TEM-01",
		    "no topic code; write 2 to 5 capital letters, a hyphen and two digits, such as TEM-01");
}

int
form_word(struct form_reader *r, const struct form_field *field, const json_t *value, const struct word *words)
{
	const char *text = json_string_value(value);
	int found = text ? word_value(words, text) : 0;

	if (found == 0)
		form_fault_words(r, field->name, words);
	return found;
}
