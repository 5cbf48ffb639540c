/* mail_part: see mail_part.h. Of alternatives the plain text is taken, else HTML; texts one after another stand one after
 * another; everything else is a file. */
#include "services/intake/mail_part.h"

#include <string.h>

#include "common/base/text.h"
#include "services/intake/mail_charset.h"
#include "services/intake/mail_html.h"
#include "services/intake/mail_quote.h"
#include "services/intake/mail_scan.h"
#include "services/intake/mail_words.h"

#define TEXT_PART_MAX ((size_t)1024 * 1024) /* bytes of one text that are read */
#define TEXT_MAX ((size_t)2 * 1024 * 1024) /* of all texts */
#define REPORT_MAX ((size_t)256 * 1024)
#define NAME_BYTES_MAX 250

/* What becomes one text in the end. */
struct pieces {
	const char *at[MAIL_PARTS_MAX];
	size_t size[MAIL_PARTS_MAX];
	size_t count, left; /* bytes that still fit */
};

struct walk {
	struct arena *arena;
	struct mail *mail;
	struct mail_parts *parts;
	struct pieces text, report;
	size_t part_count;
	const char *wrong;
};

static bool
type_is(GMimeObject *object, const char *type, const char *subtype)
{
	return g_mime_content_type_is_type(g_mime_object_get_content_type(object), type, subtype);
}

/* Decoded bytes of a part, from the arena; at most limit. Decoding makes nothing longer. */
static const char *
part_bytes(struct arena *a, GMimePart *part, size_t limit, size_t *size)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *stream = content ? g_mime_data_wrapper_get_stream(content) : NULL, *decoded;
	gint64 length = stream ? g_mime_stream_length(stream) : 0;
	size_t room = length < 0 ? 0 : (size_t)length < limit ? (size_t)length : limit;
	char *bytes = arena_alloc(a, room + 1);
	GMimeFilter *filter;

	*size = 0;
	if (room == 0)
		return bytes;
	g_mime_stream_reset(stream);
	decoded = g_mime_stream_filter_new(stream);
	filter = g_mime_filter_basic_new(g_mime_data_wrapper_get_encoding(content), FALSE);
	g_mime_stream_filter_add(GMIME_STREAM_FILTER(decoded), filter);
	for (ssize_t n; *size < room; *size += (size_t)n) {
		n = g_mime_stream_read(decoded, bytes + *size, room - *size);
		if (n <= 0)
			break;
	}
	g_object_unref(filter);
	g_object_unref(decoded);
	return bytes;
}

/* The same of any object, as it stands in the mail. */
static const char *
object_bytes(struct arena *a, GMimeObject *object, size_t limit, size_t *size)
{
	GMimeStream *memory = g_mime_stream_mem_new();
	const GByteArray *bytes;
	const char *copy;

	g_mime_object_write_to_stream(object, NULL, memory);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
	*size = bytes->len < limit ? bytes->len : limit;
	copy = arena_copy(a, bytes->data ? bytes->data : (const guint8 *)"", *size);
	g_object_unref(memory);
	return copy;
}

static char *
part_text(struct arena *a, GMimePart *part)
{
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
	const char *format = g_mime_content_type_get_parameter(type, "format");
	const char *delete_space = g_mime_content_type_get_parameter(type, "delsp");
	size_t size;
	const char *bytes = part_bytes(a, part, TEXT_PART_MAX, &size);
	char *text = mail_decode(a, bytes, size, g_mime_content_type_get_parameter(type, "charset"));

	if (type_is(GMIME_OBJECT(part), "text", "html"))
		return mail_html_text(a, text, strlen(text));
	if (format && ascii_equal_nocase(format, "flowed"))
		return mail_unflow(a, text, delete_space && ascii_equal_nocase(delete_space, "yes"));
	return text;
}

static void
piece_add(struct pieces *p, const char *bytes, size_t size)
{
	size_t taken = size < p->left ? size : p->left;

	if (taken == 0 || p->count == MAIL_PARTS_MAX)
		return;
	p->at[p->count] = bytes;
	p->size[p->count++] = taken;
	p->left -= taken;
}

/* With line ends between. */
static char *
pieces_join(struct arena *a, const struct pieces *p)
{
	size_t size = 0;
	char *text, *to;

	for (size_t i = 0; i < p->count; i++)
		size += p->size[i] + 1;
	text = to = arena_alloc(a, size + 1);
	for (size_t i = 0; i < p->count; i++) {
		memcpy(to, p->at[i], p->size[i]);
		to += p->size[i];
		if (i + 1 < p->count)
			*to++ = '\n';
	}
	return text;
}

/* The name with the charset that it really has. */
static const char *
file_name(struct arena *a, GMimeObject *object)
{
	const char *name = NULL;
	GMimeHeader *raw = g_mime_header_list_get_header(g_mime_object_get_header_list(object), "Content-Disposition");
	GMimeContentDisposition *disposition = NULL;
	char *line;

	if (raw && strlen(g_mime_header_get_raw_value(raw)) < 8192)
		disposition = g_mime_content_disposition_parse(
		    NULL, mail_words_quoted(a, mail_parameters_relabel(a, g_mime_header_get_raw_value(raw))));
	if (disposition)
		name = g_mime_content_disposition_get_parameter(disposition, "filename");
	if (!name)
		name = g_mime_content_type_get_parameter(g_mime_object_get_content_type(object), "name");
	line = mail_line(a, name, NAME_BYTES_MAX);
	if (disposition)
		g_object_unref(disposition);
	if (!line || !*line)
		return NULL;
	for (char *c = line; *c; c++)
		if (*c == '/' || *c == '\\')
			*c = '_';
	return line;
}

/* A zip whose directory names what only e-Yazışma packages hold. */
static bool
is_package(const struct mail_file *f)
{
	const char *dot = f->name ? strrchr(f->name, '.') : NULL;

	if (dot && ascii_equal_nocase(dot, ".eyp"))
		return true;
	return f->size > 4 && memcmp(f->data, "PK\3\4", 4) == 0 && memmem(f->data, f->size, "Ustveri/", 8) &&
	       (memmem(f->data, f->size, "NihaiOzet", 9) || memmem(f->data, f->size, "PaketOzeti", 10));
}

static void
file_add(struct walk *w, GMimeObject *object, const char *bytes, size_t size)
{
	struct mail_file *f = &w->mail->files[w->mail->file_count];
	char *type = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(object));

	if (w->mail->file_count < MAIL_FILES_MAX) {
		*f = (struct mail_file){file_name(w->arena, object), mail_line(w->arena, type, 100), bytes, size};
		w->parts->registered |= is_package(f) || (f->name && ascii_equal_nocase(f->name, "ileti.eml"));
		w->mail->file_count++;
	}
	g_free(type);
}

static bool
is_attached(GMimeObject *object)
{
	const char *disposition = g_mime_object_get_disposition(object);

	return disposition && ascii_equal_nocase(disposition, "attachment");
}

static bool
is_text(GMimeObject *object)
{
	return (type_is(object, "text", "plain") || type_is(object, "text", "html")) && !is_attached(object);
}

static void
leaf_take(struct walk *w, GMimePart *part)
{
	GMimeObject *object = GMIME_OBJECT(part);
	size_t size;
	const char *bytes;

	if (is_text(object)) {
		char *text = part_text(w->arena, part);

		if (!text_blank(text))
			piece_add(&w->text, text, strlen(text));
		piece_add(&w->report, text, strlen(text));
		return;
	}
	bytes = part_bytes(w->arena, part, MAIL_SIZE_MAX, &size);
	if (type_is(object, "message", "delivery-status") || type_is(object, "message", "global-delivery-status")) {
		w->parts->is_report = true;
		piece_add(&w->report, bytes, size);
	} else if (type_is(object, "text", "rfc822-headers") || type_is(object, "message", "*")) {
		piece_add(&w->report, bytes, size);
	}
	if (size > 0 && !type_is(object, "application", "pkcs7-signature") &&
	    !type_is(object, "application", "x-pkcs7-signature") && !type_is(object, "application", "pgp-signature"))
		file_add(w, object, bytes, size);
}

/* Which child of alternatives is shown: the first plain text that says something, else the first that may be one. */
static int
alternative_best(struct walk *w, GMimeMultipart *multipart)
{
	int count = g_mime_multipart_get_count(multipart), other = -1;

	for (int i = 0; i < count; i++) {
		GMimeObject *child = g_mime_multipart_get_part(multipart, i);

		if (GMIME_IS_PART(child) && type_is(child, "text", "plain") && !is_attached(child) &&
		    !text_blank(part_text(w->arena, GMIME_PART(child))))
			return i;
		if (other < 0 && (GMIME_IS_MULTIPART(child) || type_is(child, "text", "html")))
			other = i;
	}
	return other;
}

#define ALL (-2)

/* Of alternatives only the chosen child's text counts, but files of all. */
struct level {
	GMimeMultipart *multipart;
	int next, chosen; /* ALL: no alternatives */
	bool mute; /* texts here do not count */
};

static void
object_take(struct walk *w, GMimeObject *object, bool mute)
{
	size_t size;
	const char *bytes;

	if (++w->part_count > MAIL_PARTS_MAX) {
		w->wrong = "the mail has too many parts";
	} else if (GMIME_IS_MESSAGE_PART(object)) {
		bytes = object_bytes(w->arena, object, MAIL_SIZE_MAX, &size);
		piece_add(&w->report, bytes, size);
		file_add(w, object, bytes, size);
	} else if (GMIME_IS_PART(object) && !(mute && is_text(object))) {
		leaf_take(w, GMIME_PART(object));
	}
}

static struct level
multipart_enter(struct walk *w, GMimeObject *object, bool mute)
{
	const char *report = g_mime_object_get_content_type_parameter(object, "report-type");
	struct level level = {.multipart = GMIME_MULTIPART(object), .chosen = ALL, .mute = mute};

	w->parts->is_report |= report && ascii_equal_nocase(report, "delivery-status");
	if (type_is(object, "multipart", "alternative") && !mute)
		level.chosen = alternative_best(w, level.multipart);
	return level;
}

/* The next child of the innermost multipart that has one; NULL at the end. */
static GMimeObject *
next_object(struct level *levels, size_t *depth, bool *mute)
{
	for (; *depth > 0; --*depth) {
		struct level *level = &levels[*depth - 1];

		if (level->next >= g_mime_multipart_get_count(level->multipart))
			continue;
		*mute = level->mute || (level->chosen != ALL && level->next != level->chosen);
		return g_mime_multipart_get_part(level->multipart, level->next++);
	}
	return NULL;
}

static void
tree_walk(struct walk *w, GMimeObject *root)
{
	struct level levels[MAIL_DEPTH_MAX];
	size_t depth = 0;
	bool mute = false;

	for (GMimeObject *object = root; object && !w->wrong; object = next_object(levels, &depth, &mute)) {
		if (!GMIME_IS_MULTIPART(object)) {
			object_take(w, object, mute);
			continue;
		}
		if (depth == MAIL_DEPTH_MAX) {
			w->wrong = "the mail is nested too deeply";
			return;
		}
		levels[depth++] = multipart_enter(w, object, mute);
	}
}

const char *
mail_parts_read(struct arena *a, GMimeMessage *message, struct mail *mail, struct mail_parts *parts)
{
	struct walk w = {
	    .arena = a, .mail = mail, .parts = parts, .text = {.left = TEXT_MAX}, .report = {.left = REPORT_MAX}};
	GMimeObject *root = g_mime_message_get_mime_part(message);

	*parts = (struct mail_parts){.text = NULL};
	if (root)
		tree_walk(&w, root);
	parts->text = pieces_join(a, &w.text);
	parts->text = mail_decode(a, parts->text, strlen(parts->text), "utf-8"); /* a character may have been cut */
	parts->report = pieces_join(a, &w.report);
	return w.wrong;
}
