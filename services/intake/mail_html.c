/* mail_html: see mail_html.h. gumbo has no limits and cannot be told "no": all that it asks for comes from an arena of ours,
 * and when that is full we jump out of it; the arena is the only thing that it leaves behind. Its tree is walked with an
 * own stack, and never freed by gumbo, which would recurse. */
#include "services/intake/mail_html.h"

#include <gumbo.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/text.h"

#define PARSER_MEMORY ((size_t)48 * 1024 * 1024)
#define DEPTH_MAX 2000 /* deeper elements are not looked into */
#define WORK_MAX ((size_t)600 * 1000 * 1000) /* elements times tags */
#define QUOTES_MAX 8
#define URL_MAX 500

struct parsing {
	struct arena *arena;
	jmp_buf full;
};

struct writer {
	char *text;
	size_t used, size;
	int quotes; /* blockquotes around */
	int preformatted;
	bool space; /* white space waits: it is written before the next word */
	int line_ends; /* wait, too */
};

static void *
on_allocate(void *arg, size_t size)
{
	struct parsing *p = arg;
	void *memory = arena_alloc(p->arena, size > 0 ? size : 1);

	if (!memory)
		longjmp(p->full, 1); /* NOLINT(cert-err52-cpp): gumbo does not look at what it gets */
	return memory;
}

static void
on_free(void *arg, void *memory)
{
	(void)arg;
	(void)memory;
}

static void
put(struct writer *w, const char *text, size_t size)
{
	if (size > w->size - w->used)
		return;
	memcpy(w->text + w->used, text, size);
	w->used += size;
}

/* Line ends that wait, and the marks of quotes at the begin of a line. */
static void
line_begin(struct writer *w)
{
	bool first = w->used == 0;

	if (!first)
		put(w, "\n\n", (size_t)w->line_ends);
	if (first || w->line_ends > 0) {
		for (int i = 0; i < w->quotes && i < QUOTES_MAX; i++)
			put(w, "> ", 2);
		w->space = false;
	}
	w->line_ends = 0;
}

static void
break_line(struct writer *w, int line_ends)
{
	if (w->line_ends < line_ends)
		w->line_ends = line_ends;
	w->space = false;
}

static bool
is_space(const char *text, size_t size)
{
	if (strchr(" \t\n\r\f", *text) && *text)
		return true;
	return size >= 2 && (unsigned char)text[0] == 0xc2 && (unsigned char)text[1] == 0xa0; /* no-break space */
}

static void
word_put(struct writer *w, const char *text, size_t size)
{
	if (w->line_ends > 0 || w->used == 0)
		line_begin(w);
	if (w->space)
		put(w, " ", 1);
	w->space = false;
	put(w, text, size);
}

static void
text_put(struct writer *w, const char *text)
{
	size_t size = strlen(text);

	for (size_t i = 0; i < size;) {
		size_t end = i;

		if (w->preformatted && text[i] == '\n') {
			w->line_ends = w->line_ends < 2 ? w->line_ends + 1 : 2;
			i++;
			continue;
		}
		if (is_space(text + i, size - i)) {
			w->space = w->used > 0 && w->line_ends == 0;
			i += (unsigned char)text[i] == 0xc2 ? 2 : 1;
			continue;
		}
		while (end < size && !is_space(text + end, size - end))
			end++;
		word_put(w, text + i, end - i);
		i = end;
	}
}

static const char *
attribute(const GumboNode *node, const char *name)
{
	const GumboAttribute *found = gumbo_get_attribute(&node->v.element.attributes, name);

	return found ? found->value : NULL;
}

/* Styles as mail programs write them; white space within does not count. */
static bool
style_hides(const char *style)
{
	static const char *const hidden[] = {
	    "display:none", "visibility:hidden", "font-size:0px", "font-size:0;", NULL};
	char plain[256];
	size_t used = 0;

	for (; *style && used + 1 < sizeof(plain); style++)
		if (!strchr(" \t\r\n", *style))
			plain[used++] = ascii_lower(*style);
	plain[used] = '\0';
	for (size_t i = 0; hidden[i]; i++)
		if (strstr(plain, hidden[i]))
			return true;
	return false;
}

static bool
is_hidden(const GumboNode *node)
{
	static const GumboTag without_text[] = {GUMBO_TAG_SCRIPT, GUMBO_TAG_STYLE, GUMBO_TAG_HEAD, GUMBO_TAG_TITLE,
	    GUMBO_TAG_TEMPLATE, GUMBO_TAG_NOSCRIPT, GUMBO_TAG_OBJECT, GUMBO_TAG_IFRAME, GUMBO_TAG_SVG, GUMBO_TAG_MATH,
	    GUMBO_TAG_LAST};
	const char *style = attribute(node, "style");

	for (size_t i = 0; without_text[i] != GUMBO_TAG_LAST; i++)
		if (node->v.element.tag == without_text[i])
			return true;
	return attribute(node, "hidden") || (style && style_hides(style));
}

/* How many line ends stand before and after an element: 0 for one within a line. */
static int
block_lines(GumboTag tag)
{
	static const struct {
		GumboTag tag;
		int line_ends;
	} blocks[] = {{GUMBO_TAG_P, 2}, {GUMBO_TAG_DIV, 1}, {GUMBO_TAG_LI, 1}, {GUMBO_TAG_TR, 1}, {GUMBO_TAG_UL, 1},
	    {GUMBO_TAG_OL, 1}, {GUMBO_TAG_TABLE, 1}, {GUMBO_TAG_BLOCKQUOTE, 1}, {GUMBO_TAG_PRE, 1}, {GUMBO_TAG_H1, 2},
	    {GUMBO_TAG_H2, 2}, {GUMBO_TAG_H3, 2}, {GUMBO_TAG_H4, 2}, {GUMBO_TAG_H5, 2}, {GUMBO_TAG_H6, 2},
	    {GUMBO_TAG_HR, 1}, {GUMBO_TAG_DT, 1}, {GUMBO_TAG_DD, 1}, {GUMBO_TAG_ADDRESS, 1}, {GUMBO_TAG_SECTION, 1},
	    {GUMBO_TAG_ARTICLE, 1}, {GUMBO_TAG_HEADER, 1}, {GUMBO_TAG_FOOTER, 1}, {GUMBO_TAG_CENTER, 1},
	    {GUMBO_TAG_FORM, 1}, {GUMBO_TAG_LAST, 0}};

	for (size_t i = 0; blocks[i].tag != GUMBO_TAG_LAST; i++)
		if (blocks[i].tag == tag)
			return blocks[i].line_ends;
	return 0;
}

static void
element_enter(struct writer *w, const GumboNode *node)
{
	GumboTag tag = node->v.element.tag;

	if (tag == GUMBO_TAG_BR) {
		w->line_ends = w->line_ends < 2 ? w->line_ends + 1 : 2;
		w->space = false;
		return;
	}
	if (block_lines(tag) > 0)
		break_line(w, block_lines(tag));
	w->quotes += tag == GUMBO_TAG_BLOCKQUOTE;
	w->preformatted += tag == GUMBO_TAG_PRE;
	if (tag == GUMBO_TAG_LI)
		word_put(w, "- ", 2);
}

/* The text of a link says where it goes when that is not what it says already. */
static void
link_put(struct writer *w, const GumboNode *node)
{
	const char *href = attribute(node, "href");
	size_t size = href ? strlen(href) : 0;

	if (!href || size > URL_MAX || (!ascii_starts_nocase(href, "http") && !ascii_starts_nocase(href, "mailto:")))
		return;
	if (size <= w->used && memcmp(w->text + w->used - size, href, size) == 0)
		return;
	w->space = w->line_ends == 0 && w->used > 0;
	word_put(w, "<", 1);
	put(w, href, size);
	put(w, ">", 1);
}

static void
element_leave(struct writer *w, const GumboNode *node)
{
	GumboTag tag = node->v.element.tag;

	if (tag == GUMBO_TAG_A)
		link_put(w, node);
	if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH)
		w->space = w->used > 0 && w->line_ends == 0;
	if (block_lines(tag) > 0)
		break_line(w, block_lines(tag));
	w->quotes -= tag == GUMBO_TAG_BLOCKQUOTE;
	w->preformatted -= tag == GUMBO_TAG_PRE;
}

struct level {
	const GumboNode *node;
	unsigned next; /* child */
};

/* Each node is entered, its children are walked, and it is left. */
static void
walk(struct writer *w, const GumboNode *root, struct level *levels)
{
	size_t depth = 1;

	levels[0] = (struct level){root, 0};
	while (depth > 0) {
		struct level *level = &levels[depth - 1];
		const GumboVector *children = &level->node->v.element.children;
		const GumboNode *child;

		if (level->next >= children->length) {
			element_leave(w, level->node);
			depth--;
			continue;
		}
		child = children->data[level->next++];
		if (child->type == GUMBO_NODE_TEXT || child->type == GUMBO_NODE_WHITESPACE ||
		    child->type == GUMBO_NODE_CDATA)
			text_put(w, child->v.text.text);
		if (child->type != GUMBO_NODE_ELEMENT || depth == DEPTH_MAX || is_hidden(child))
			continue;
		element_enter(w, child);
		levels[depth++] = (struct level){child, 0};
	}
}

/* What is left when it cannot be parsed: all that stands outside of tags, comments, scripts and styles. */
static void
strip(struct writer *w, const char *html)
{
	static const struct {
		const char *begin, *end;
	} skipped[] = {{"<!--", "-->"}, {"<script", "</script"}, {"<style", "</style"}, {"<title", "</title"}};

	while (*html) {
		const char *end = strcspn(html, "<") > 0 ? html + strcspn(html, "<") : NULL;

		if (end) {
			put(w, html, (size_t)(end - html));
			html = end;
			continue;
		}
		for (size_t i = 0; i < sizeof(skipped) / sizeof(*skipped) && html; i++)
			if (ascii_starts_nocase(html, skipped[i].begin))
				html = strcasestr(html, skipped[i].end);
		if (!html)
			return; /* what begins and does not end goes on to the end */
		if (ascii_starts_nocase(html, "<br") || ascii_starts_nocase(html, "</p") ||
		    ascii_starts_nocase(html, "</div"))
			put(w, "\n", 1);
		html += strcspn(html, ">");
		html += *html == '>';
	}
}

/* gumbo looks through its open elements for many a tag: its work is at most their number times that of the tags. Which
 * elements are open only gumbo knows, so all count that may stay open. */
static bool
is_too_much(const char *html, size_t size)
{
	static const char *const brief[] = {
	    "br", "img", "p>", "p ", "tr", "td", "th", "li", "hr", "tb", "meta", "link", "/", "!", "?", NULL};
	const char *end = html + size;
	size_t tags = 0, elements = 0;

	for (const char *at = html; (at = memchr(at, '<', (size_t)(end - at))); at++) {
		bool stays = true;

		for (size_t i = 0; brief[i]; i++)
			stays &= !ascii_starts_nocase(at + 1, brief[i]);
		tags++;
		elements += stays;
	}
	return elements > 0 && tags > WORK_MAX / elements;
}

static bool
parse(struct parsing *p, struct writer *w, const char *html, size_t size)
{
	GumboOptions options = kGumboDefaultOptions;
	struct level *levels = arena_array(p->arena, DEPTH_MAX, sizeof(*levels));
	const GumboOutput *output;

	options.allocator = on_allocate;
	options.deallocator = on_free;
	options.userdata = p;
	options.max_errors = 0;
	if (setjmp(p->full)) /* NOLINT(cert-err52-cpp) */
		return false;
	output = gumbo_parse_with_options(&options, html, size);
	walk(w, output->root, levels);
	return true;
}

char *
mail_html_text(struct arena *a, const char *html, size_t size)
{
	struct parsing p = {.arena = arena_new(PARSER_MEMORY + DEPTH_MAX * sizeof(struct level))};
	struct writer w = {.size = (size < MAIL_HTML_MAX ? size : MAIL_HTML_MAX) * 4 + 64};

	if (size > MAIL_HTML_MAX)
		for (size = MAIL_HTML_MAX; size > 0 && ((unsigned char)html[size] & 0xc0) == 0x80;)
			size--;
	html = arena_string_n(a, html, size);
	w.text = arena_alloc(a, w.size + 1);
	if (is_too_much(html, size) || !parse(&p, &w, html, size)) {
		w.used = 0;
		strip(&w, html);
	}
	arena_free(p.arena);
	w.text[w.used] = '\0';
	return text_trim(a, w.text);
}
