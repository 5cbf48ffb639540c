/* document: see the header. */
#include "common/open311/document.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <libxml/parser.h>
#include <libxml/xmlwriter.h>

#include "common/domain/calendar.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define DEGREES_SIZE 16 /* -180.0000000 and NUL */

struct document {
	struct arena *arena;
	enum document_format format;
	xmlBufferPtr buffer;
	xmlTextWriterPtr writer;
	json_t *open[DOCUMENT_DEPTH_MAX]; /* [0] is the root, owned; the others are its own */
	unsigned depth;
};

void
document_start(void)
{
	xmlInitParser();
}

static void
must(bool done)
{
	if (!done)
		abort();
}

static const xmlChar *
xml_text(const char *text)
{
	return (const xmlChar *)text;
}

struct document *
document_new(struct arena *a, enum document_format format)
{
	struct document *d = arena_alloc(a, sizeof(*d));

	d->arena = a;
	d->format = format;
	if (format == DOCUMENT_JSON)
		return d;
	must((d->buffer = xmlBufferCreate()) != NULL);
	must((d->writer = xmlNewTextWriterMemory(d->buffer, 0)) != NULL);
	must(xmlTextWriterStartDocument(d->writer, NULL, "UTF-8", NULL) >= 0);
	return d;
}

enum document_format
document_format(const struct document *d)
{
	return d->format;
}

/* Into the list or object that is open; value is taken over. */
static void
json_put(struct document *d, const char *name, json_t *value)
{
	json_t *in = d->depth > 0 ? d->open[d->depth - 1] : NULL;

	must(value != NULL);
	if (json_is_array(in))
		must(json_array_append_new(in, value) == 0);
	else
		must(in && json_object_set_new(in, name, value) == 0);
}

static void
open_one(struct document *d, const char *name, json_t *json)
{
	must(d->depth < DOCUMENT_DEPTH_MAX);
	if (d->format == DOCUMENT_XML) {
		must(xmlTextWriterStartElement(d->writer, xml_text(name)) >= 0);
	} else {
		must(json != NULL);
		if (d->depth > 0)
			json_put(d, name, json);
		d->open[d->depth] = json;
	}
	d->depth++;
}

void
document_object(struct document *d, const char *name)
{
	open_one(d, name, d->format == DOCUMENT_JSON ? json_object() : NULL);
}

void
document_list(struct document *d, const char *name)
{
	open_one(d, name, d->format == DOCUMENT_JSON ? json_array() : NULL);
}

void
document_close(struct document *d)
{
	must(d->depth > 0);
	d->depth--;
	if (d->format == DOCUMENT_XML)
		must(xmlTextWriterEndElement(d->writer) >= 0);
}

/* How many bytes at text XML 1.0 cannot hold: controls, U+FFFE and U+FFFF. */
static size_t
forbidden(const char *text)
{
	unsigned char c = (unsigned char)*text;

	if (c < 0x20)
		return c != '\t' && c != '\n' && c != '\r';
	return c == 0xef && (unsigned char)text[1] == 0xbf && (unsigned char)text[2] >= 0xbe ? 3 : 0;
}

static const char *
clean(struct arena *a, const char *text)
{
	size_t size = strlen(text), count = 0;
	char *copy, *to;

	for (const char *from = text; *from; from++)
		count += forbidden(from) > 0;
	if (count == 0)
		return text;
	to = copy = arena_alloc(a, size + count * (sizeof(REPLACEMENT) - 1) + 1);
	while (*text) {
		size_t bad = forbidden(text);

		if (bad == 0) {
			*to++ = *text++;
			continue;
		}
		memcpy(to, REPLACEMENT, sizeof(REPLACEMENT) - 1);
		to += sizeof(REPLACEMENT) - 1;
		text += bad;
	}
	return copy;
}

static void
xml_put(struct document *d, const char *name, const char *text)
{
	must(xmlTextWriterWriteElement(d->writer, xml_text(name), xml_text(text)) >= 0);
}

void
document_empty(struct document *d, const char *name)
{
	if (d->format == DOCUMENT_JSON) {
		json_put(d, name, json_null());
		return;
	}
	must(xmlTextWriterStartElement(d->writer, xml_text(name)) >= 0);
	must(xmlTextWriterEndElement(d->writer) >= 0);
}

void
document_text(struct document *d, const char *name, const char *text)
{
	if (!text || !*text)
		document_empty(d, name);
	else if (d->format == DOCUMENT_JSON)
		json_put(d, name, json_string(clean(d->arena, text)));
	else
		xml_put(d, name, clean(d->arena, text));
}

void
document_number(struct document *d, const char *name, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, number);
	if (d->format == DOCUMENT_JSON)
		json_put(d, name, json_integer(number));
	else
		xml_put(d, name, text);
}

void
document_bool(struct document *d, const char *name, bool value)
{
	if (d->format == DOCUMENT_JSON)
		json_put(d, name, json_boolean(value));
	else
		xml_put(d, name, value ? "true" : "false");
}

void
document_degrees(struct document *d, const char *name, int32_t e7)
{
	char text[DEGREES_SIZE];
	int64_t size = e7 < 0 ? -(int64_t)e7 : e7;
	size_t length;

	if (d->format == DOCUMENT_JSON) {
		json_put(d, name, json_real((double)e7 / 1e7));
		return;
	}
	snprintf(text, sizeof(text), "%s%" PRId64 ".%07" PRId64, e7 < 0 ? "-" : "", size / 10000000, size % 10000000);
	for (length = strlen(text); text[length - 1] == '0' && text[length - 2] != '.'; length--)
		text[length - 1] = '\0';
	xml_put(d, name, text);
}

void
document_time(struct document *d, const char *name, int64_t time)
{
	char text[TIME_TEXT_SIZE];

	if (time == 0) {
		document_empty(d, name);
		return;
	}
	time_text_istanbul(time, text);
	document_text(d, name, text);
}

static const char *
xml_end(struct document *d, size_t *size)
{
	const char *text;

	must(xmlTextWriterEndDocument(d->writer) >= 0);
	xmlFreeTextWriter(d->writer);
	*size = (size_t)xmlBufferLength(d->buffer);
	text = arena_string_n(d->arena, (const char *)xmlBufferContent(d->buffer), *size);
	xmlBufferFree(d->buffer);
	return text;
}

const char *
document_end(struct document *d, size_t *size)
{
	char *text;
	const char *copy;

	if (d->format == DOCUMENT_XML)
		return xml_end(d, size);
	must((text = json_dumps(d->open[0], JSON_COMPACT | JSON_REAL_PRECISION(12))) != NULL);
	*size = strlen(text);
	copy = arena_string_n(d->arena, text, *size);
	free(text);
	json_decref(d->open[0]);
	return copy;
}
