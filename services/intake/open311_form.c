/* open311_form: see the header. */
#include "services/intake/open311_form.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/domain/identity.h"
#include "proto/kopru/v1/application.pb-c.h"

#define SHORT_MAX 254

static const struct open311_text not_utf8 = {
    "Form UTF-8 ile kodlanmalı ve NUL içermemelidir", "The form must be encoded in UTF-8, without NUL"};
static const struct open311_text bad_percent = {
    "Formda % işaretinden sonra iki onaltılık rakam olmalıdır", "In the form two hexadecimal digits follow each %"};
static const struct open311_text too_many = {"Formda en çok 200 alan olabilir", "The form has 200 fields at most"};

static int
hex(char c)
{
	if (ascii_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
hex_byte(const char *two)
{
	int high = hex(two[0]), low = hex(two[1]);

	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static const char *
decode(struct arena *a, const char *text, size_t size, const struct open311_text **wrong)
{
	char *out = arena_alloc(a, size + 1);
	size_t length = 0;

	for (size_t i = 0; i < size; i++) {
		int byte;

		if (text[i] != '%') {
			out[length++] = text[i] == '+' ? ' ' : text[i];
			continue;
		}
		byte = size - i < 3 ? -1 : hex_byte(text + i + 1);
		if (byte < 0) {
			*wrong = &bad_percent;
			return NULL;
		}
		out[length++] = (char)byte;
		i += 2;
	}
	if (text_valid(out, length))
		return out;
	*wrong = &not_utf8;
	return NULL;
}

int
open311_form_decode(
    struct arena *a, const char *body, size_t size, struct open311_pairs *pairs, const struct open311_text **wrong)
{
	const char *end = body + size;

	pairs->count = 0;
	while (body < end) {
		const char *next = memchr(body, '&', (size_t)(end - body)), *equals;
		struct open311_pair *pair = &pairs->list[pairs->count];

		next = next ? next : end;
		equals = memchr(body, '=', (size_t)(next - body));
		if (next > body && pairs->count == OPEN311_PAIRS_MAX) {
			*wrong = &too_many;
			return -1;
		}
		if (next > body) {
			pair->name = decode(a, body, (size_t)((equals ? equals : next) - body), wrong);
			pair->value =
			    decode(a, equals ? equals + 1 : next, equals ? (size_t)(next - equals - 1) : 0, wrong);
			if (!pair->name || !pair->value)
				return -1;
			pairs->count++;
		}
		body = next + 1;
	}
	return 0;
}

static const struct {
	const char *name;
	size_t offset;
	size_t most; /* code points */
	bool lines; /* may hold line breaks */
} fields[] = {
    {"api_key", offsetof(struct open311_given, api_key), SHORT_MAX, false},
    {"jurisdiction_id", offsetof(struct open311_given, jurisdiction_id), SHORT_MAX, false},
    {"service_code", offsetof(struct open311_given, service_code), SHORT_MAX, false},
    {"lat", offsetof(struct open311_given, lat), 32, false},
    {"long", offsetof(struct open311_given, lon), 32, false},
    {"address_string", offsetof(struct open311_given, address_string), FORM_ADDRESS_MAX, true},
    {"address_id", offsetof(struct open311_given, address_id), 100, false},
    {"email", offsetof(struct open311_given, email), SHORT_MAX, false},
    {"device_id", offsetof(struct open311_given, device_id), SHORT_MAX, false},
    {"account_id", offsetof(struct open311_given, account_id), SHORT_MAX, false},
    {"first_name", offsetof(struct open311_given, first_name), FORM_NAME_MAX / 2 - 1, false},
    {"last_name", offsetof(struct open311_given, last_name), FORM_NAME_MAX / 2, false},
    {"phone", offsetof(struct open311_given, phone), SHORT_MAX, false},
    {"description", offsetof(struct open311_given, description), OPEN311_DESCRIPTION_MAX, true},
    {"media_url", offsetof(struct open311_given, media_url), OPEN311_URL_MAX, false},
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static const char **
field_of(struct open311_given *given, size_t i)
{
	return (const char **)(void *)((char *)given + fields[i].offset);
}

/* The first one counts. */
void
open311_form_given(const struct open311_pairs *pairs, struct open311_given *given)
{
	memset(given, 0, sizeof(*given));
	for (size_t k = 0; k < pairs->count; k++)
		for (size_t i = 0; i < FIELDS; i++)
			if (strcmp(pairs->list[k].name, fields[i].name) == 0 && !*field_of(given, i) &&
			    !text_blank(pairs->list[k].value))
				*field_of(given, i) = pairs->list[k].value;
}

static void
check_fields(struct arena *a, const struct open311_given *given, struct open311_texts *faults)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const char *text = *(const char *const *)(const void *)((const char *)given + fields[i].offset);

		if (!text)
			continue;
		if (text_length(text) > fields[i].most)
			open311_texts_add(faults,
			    arena_printf(a, "%s en çok %zu karakter olabilir", fields[i].name, fields[i].most),
			    arena_printf(a, "%s has %zu characters at most", fields[i].name, fields[i].most));
		if (fields[i].lines ? text_has_control(text) : text_has_line_break_or_control(text))
			open311_texts_add(faults, arena_printf(a, "%s denetim karakteri içeremez", fields[i].name),
			    arena_printf(a, "%s must not hold control characters", fields[i].name));
	}
}

static bool
degrees_read(const char *text, double most, int32_t *e7)
{
	char *end;
	double value;

	if (strspn(text, "+-.0123456789") != strlen(text))
		return false;
	value = strtod(text, &end);
	if (end == text || *end || !(value >= -most && value <= most))
		return false;
	*e7 = (int32_t)lround(value * 1e7);
	return true;
}

static void
read_place(
    struct arena *a, const struct open311_given *given, struct application_form *form, struct open311_texts *faults)
{
	if (!given->lat != !given->lon)
		open311_texts_add(faults, "lat ve long birlikte verilmelidir", "lat and long must be given together");
	else if (given->lat && (!degrees_read(given->lat, 90, &form->latitude_e7) ||
				   !degrees_read(given->lon, 180, &form->longitude_e7)))
		open311_texts_add(faults,
		    "lat -90 ile 90, long -180 ile 180 arasında, derece olarak bir sayı olmalıdır",
		    "lat is a number of degrees from -90 to 90, long from -180 to 180");
	else if (given->lat)
		form->has_point = true;
	else if (!given->address_string && !given->address_id)
		open311_texts_add(faults, "Yer gerekli: lat ile long, address_string ya da address_id verin",
		    "A location is required: lat and long, address_string or address_id");
	if (given->address_string)
		form->address = given->address_string;
	else if (given->address_id)
		form->address = arena_printf(a, "Adres kimliği: %s", given->address_id);
}

static void
read_person(
    struct arena *a, const struct open311_given *given, struct application_form *form, struct open311_texts *faults)
{
	const char *first = given->first_name, *last = given->last_name;

	if (first && last)
		form->applicant_name = arena_printf(a, "%s %s", first, last);
	else
		form->applicant_name = first ? first : last;
	if (given->email && !email_valid(given->email))
		open311_texts_add(
		    faults, "email geçerli bir e-posta adresi olmalıdır", "email must be a valid address");
	form->applicant_email = given->email;
	if (given->phone && !phone_normalize(given->phone, form->phone))
		open311_texts_add(faults, "phone geçerli bir telefon numarası olmalıdır: örneğin 0500 000 00 00",
		    "phone must be a valid number: +90 500 000 00 00, for example");
	if (given->phone)
		form->applicant_phone = form->phone;
	form->anonymous = !form->applicant_name && !given->email && !given->phone;
}

/* "attribute[CODE]" and "attribute[CODE][]". */
static bool
is_answer_to(const char *name, const char *code)
{
	size_t length = strlen(code);

	if (strncmp(name, "attribute[", 10) != 0 || strncmp(name + 10, code, length) != 0)
		return false;
	name += 10 + length;
	return strcmp(name, "]") == 0 || strcmp(name, "][]") == 0;
}

static const char *
read_answers(struct arena *a, const struct open311_pairs *pairs, const struct open311_service *service,
    struct open311_texts *faults)
{
	const char *answers[OPEN311_PAIRS_MAX], *text = "";

	for (size_t i = 0; i < service->attribute_count; i++) {
		const struct open311_attribute *attribute = service->attributes[i];
		const char *said;
		size_t given = 0;

		for (size_t k = 0; k < pairs->count; k++)
			if (is_answer_to(pairs->list[k].name, attribute->code) && !text_blank(pairs->list[k].value))
				answers[given++] = pairs->list[k].value;
		said = open311_answers_read(a, attribute, answers, given, faults);
		if (said && *said)
			text = arena_printf(a, "%s\n%s: %s", text, attribute->question_tr, said);
	}
	return text;
}

static bool
url_valid(const char *url)
{
	size_t scheme = ascii_starts_nocase(url, "https://") ? 8 : ascii_starts_nocase(url, "http://") ? 7 : 0;

	return scheme > 0 && url[scheme] != '\0' && strlen(url) <= OPEN311_URL_MAX && !strpbrk(url, " \"<>\\");
}

void
open311_form_read(struct arena *a, const struct open311_given *given, const struct open311_pairs *pairs,
    const struct open311_service *service, struct application_form *form, struct open311_texts *faults)
{
	const char *answers;

	*form = (struct application_form){.kind = KOPRU__V1__KIND__KIND_REQUEST,
	    .channel = KOPRU__V1__CHANNEL__CHANNEL_OPEN311,
	    .subject = service->name_tr,
	    .topic = service->code};
	check_fields(a, given, faults);
	read_place(a, given, form, faults);
	read_person(a, given, form, faults);
	if (given->media_url && !url_valid(given->media_url))
		open311_texts_add(faults, "media_url http:// ya da https:// ile başlayan bir adres olmalıdır",
		    "media_url is an address that begins with http:// or https://");
	answers = read_answers(a, pairs, service, faults);
	form->text = arena_printf(
	    a, "%s%s%s", given->description ? given->description : service->name_tr, *answers ? "\n" : "", answers);
}

/* The name is decoded first: api%5Fkey is a key, too. */
static bool
is_key(struct arena *a, const char *pair, size_t size)
{
	const struct open311_text *wrong;
	const char *equals = memchr(pair, '=', size), *name;

	name = decode(a, pair, equals ? (size_t)(equals - pair) : size, &wrong);
	return name && strcmp(name, "api_key") == 0;
}

const char *
open311_form_without_key(struct arena *a, const char *body, size_t size, size_t *size_without)
{
	char *copy = arena_alloc(a, size + 1), *to = copy;
	const char *end = body + size;

	while (body < end) {
		const char *next = memchr(body, '&', (size_t)(end - body));
		size_t length = (size_t)((next ? next : end) - body);

		if (!is_key(a, body, length)) {
			if (to > copy)
				*to++ = '&';
			memcpy(to, body, length);
			to += length;
		}
		body += length + 1;
	}
	*size_without = (size_t)(to - copy);
	return copy;
}
