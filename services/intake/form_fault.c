/* form_fault: how faults are worded. */
#include "services/intake/form_reader.h"

#include <string.h>

#define SHOWN_MAX 64 /* bytes of an unknown name that are repeated */
#define LIST_MAX 1024

static void
add(struct form_reader *r, const struct form_fault *fault)
{
	if (r->faults->count < FORM_FAULTS_MAX)
		r->faults->list[r->faults->count++] = *fault;
}

void
form_fault(struct form_reader *r, const char *name, const char *text_tr, const char *text_en)
{
	struct form_fault fault = {.field = name, .text_tr = text_tr, .text_en = text_en};

	if (*r->place)
		fault.field = arena_printf(r->arena, "%s%s", r->place, name);
	add(r, &fault);
}

/* Appends ", piece" to list as far as it fits. */
static void
append(char list[LIST_MAX], const char *piece)
{
	size_t length = strlen(list), more = strlen(piece);

	if (length + more + 3 > LIST_MAX)
		return;
	if (length > 0) {
		memcpy(list + length, ", ", 2);
		length += 2;
	}
	memcpy(list + length, piece, more + 1);
}

void
form_fault_words(struct form_reader *r, const char *name, const struct word *words)
{
	char tr[LIST_MAX] = "", en[LIST_MAX] = "";

	for (; words->value != 0; words++) {
		append(tr, arena_printf(r->arena, "%s (%s)", words->token, words->name_tr));
		append(en, arena_printf(r->arena, "%s (%s)", words->token, words->name_en));
	}
	form_fault(r, name, arena_printf(r->arena, "bilinmeyen değer; izin verilenler: %s", tr),
	    arena_printf(r->arena, "unknown value; allowed are: %s", en));
}

/* A name as one part of a JSON Pointer in a URI fragment (RFC 6901 section 6). */
static char *
escape(struct arena *a, const char *name)
{
	static const char hex[] = "0123456789ABCDEF";
	char *text = arena_alloc(a, strlen(name) * 3 + 1), *to = text;

	for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
		if (*c == '~' || *c == '/') {
			*to++ = '~';
			*to++ = *c == '~' ? '0' : '1';
		} else if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
			   strchr("-._", *c)) {
			*to++ = (char)*c;
		} else {
			*to++ = '%';
			*to++ = hex[*c >> 4];
			*to++ = hex[*c & 15];
		}
	}
	*to = '\0';
	return text;
}

/* The name, cut before a character that would not fit whole. */
static const char *
shorten(struct arena *a, const char *name)
{
	size_t size = strlen(name);

	if (size <= SHOWN_MAX)
		return name;
	for (size = SHOWN_MAX; size > 0 && ((unsigned char)name[size] & 0xc0) == 0x80; size--)
		;
	return arena_printf(a, "%.*s…", (int)size, name);
}

void
form_fault_unknown(struct form_reader *r, const char *name, const struct form_field *fields)
{
	const char *shown = shorten(r->arena, name);
	struct form_fault fault = {.field = arena_printf(r->arena, "%s%s", r->place, shown)};
	char list[LIST_MAX] = "";
	char *place = arena_string(r->arena, r->place);

	for (; fields->name; fields++)
		if (!fields->trusted || r->rules->trusted)
			append(list, fields->name);
	for (char *dot = place; (dot = strchr(dot, '.'));)
		*dot = '/';
	fault.pointer = arena_printf(r->arena, "#/%s%s", place, escape(r->arena, shown));
	fault.text_tr = arena_printf(r->arena, "bilinmeyen alan; izin verilenler: %s", list);
	fault.text_en = arena_printf(r->arena, "unknown field; allowed are: %s", list);
	add(r, &fault);
}
