/* mail_words: see mail_words.h. Words that follow each other in one charset are decoded as one. */
#include "services/intake/mail_words.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/text.h"
#include "services/intake/mail_charset.h"

#define CHARSET_SIZE 40

struct word {
	char charset[CHARSET_SIZE];
	const char *text;
	size_t size;
	bool base64;
	const char *end; /* after it */
};

struct out {
	char *text;
	size_t used, size;
};

static void
put(struct out *o, const char *text, size_t size)
{
	if (size > o->size - o->used)
		return;
	memcpy(o->text + o->used, text, size);
	o->used += size;
}

/* =?charset*language?B?text?= at text. */
static bool
word_read(const char *text, struct word *w)
{
	size_t size;

	if (text[0] != '=' || text[1] != '?')
		return false;
	text += 2;
	size = strcspn(text, "?* ");
	if (size == 0 || size >= CHARSET_SIZE)
		return false;
	memcpy(w->charset, text, size);
	w->charset[size] = '\0';
	text += size + (text[size] == '*' ? strcspn(text + size, "? ") : 0);
	if (text[0] != '?' || !text[1] || !strchr("bBqQ", text[1]) || text[2] != '?')
		return false;
	w->base64 = ascii_lower(text[1]) == 'b';
	w->text = text + 3;
	w->end = strstr(w->text, "?=");
	if (!w->end)
		return false;
	w->size = (size_t)(w->end - w->text);
	w->end += 2;
	return true;
}

static int
hex(char c)
{
	c = ascii_lower(c);
	return ascii_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void
q_decode(const char *text, size_t size, struct out *o)
{
	for (size_t i = 0; i < size; i++) {
		char c = text[i] == '_' ? ' ' : text[i];

		if (c == '=' && i + 2 < size && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
			c = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
			i += 2;
		}
		put(o, &c, 1);
	}
}

static void
b_decode(struct arena *a, const char *text, size_t size, struct out *o)
{
	gsize length;
	guchar *bytes = g_base64_decode(arena_string_n(a, text, size), &length);

	put(o, (const char *)bytes, length);
	g_free(bytes);
}

/* The words that follow each other from w on, as UTF-8. */
static const char *
run_decode(struct arena *a, struct word *w, const char **end)
{
	struct out o = {.size = strlen(w->text) + 16};
	struct word next = *w;
	bool more = true;

	o.text = arena_alloc(a, o.size + 1);
	for (; more; *w = next) {
		const char *at;

		if (w->base64)
			b_decode(a, w->text, w->size, &o);
		else
			q_decode(w->text, w->size, &o);
		*end = w->end;
		at = w->end + strspn(w->end, " \t\r\n");
		more = at > w->end && word_read(at, &next) && ascii_equal_nocase(next.charset, w->charset);
	}
	return mail_decode(a, o.text, o.used, w->charset);
}

static void
put_escaped(struct out *o, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			put(o, "\\", 1);
		put(o, *text == '\n' ? " " : text, 1);
	}
}

/* A decoded run, and where the value goes on: white space between two words says nothing. */
static const char *
run_put(struct arena *a, struct out *o, struct word *w, int quoting)
{
	const char *end, *next, *text = run_decode(a, w, &end);

	if (quoting == 1)
		put(o, "\"", 1);
	if (quoting > 0)
		put_escaped(o, text);
	else
		put(o, text, strlen(text));
	if (quoting == 1)
		put(o, "\"", 1);
	next = end + strspn(end, " \t\r\n");
	return word_read(next, w) ? next : end;
}

static char *
decode(struct arena *a, const char *value, bool structured)
{
	struct out o = {.size = strlen(value) * 6 + 64};
	struct word w;
	bool quoted = false;

	o.text = arena_alloc(a, o.size + 1);
	while (*value) {
		size_t size = 1;
		const char *piece;

		if (word_read(value, &w)) {
			value = run_put(a, &o, &w, !structured ? 0 : quoted ? 2 : 1);
			continue;
		}
		quoted ^= *value == '"' && structured;
		size += *value == '\\' && value[1] ? 1 : strcspn(value + 1, "=\"\\");
		piece = mail_decode(a, value, size, NULL);
		put(&o, piece, strlen(piece));
		value += size;
	}
	o.text[o.used] = '\0';
	return o.text;
}

char *
mail_words_text(struct arena *a, const char *value)
{
	return decode(a, value, false);
}

char *
mail_words_quoted(struct arena *a, const char *value)
{
	return decode(a, value, true);
}
