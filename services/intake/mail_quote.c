/* mail_quote: see mail_quote.h. A line is folded (Turkish lower case without marks) and compared with what mail programs put
 * before a quotation. After "... wrote:" the quoted lines go and an answer below them stays; what follows a separator or a
 * block of headers goes to its end. */
#include "services/intake/mail_quote.h"

#include <stddef.h>
#include <string.h>

#include "common/base/text.h"

#define LINES_MAX 20000
#define LINE_LOOKED_AT 400 /* bytes; longer lines introduce nothing */
#define WROTE_LINES 4 /* "On ... wrote:" may be folded over so many */

enum line_kind {
	LINE_TEXT,
	LINE_BLANK,
	LINE_QUOTED, /* > */
	LINE_WROTE, /* ... yazdı: */
	LINE_SEPARATOR, /* -----Özgün İleti----- */
	LINE_HEADER, /* Kimden: */
	LINE_SIGNATURE, /* -- */
};

struct lines {
	const char **at; /* begin of each */
	size_t *size;
	const char **folded; /* "" for a long one */
	size_t count;
};

static struct lines
lines_split(struct arena *a, const char *text)
{
	struct lines l = {.count = 1};

	for (const char *c = text; *c && l.count < LINES_MAX; c++)
		l.count += *c == '\n';
	l.at = arena_array(a, l.count, sizeof(*l.at));
	l.size = arena_array(a, l.count, sizeof(*l.size));
	l.folded = arena_array(a, l.count, sizeof(*l.folded));
	for (size_t i = 0; i < l.count; i++) {
		const char *end = i + 1 < l.count ? strchr(text, '\n') : NULL;

		l.at[i] = text;
		l.size[i] = end ? (size_t)(end - text) : strlen(text);
		l.folded[i] = l.size[i] <= LINE_LOOKED_AT
				  ? text_trim(a, text_fold_tr(a, arena_string_n(a, text, l.size[i])))
				  : "";
		text += l.size[i] + (end != NULL);
	}
	return l;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), length = strlen(end);

	return size >= length && strcmp(text + size - length, end) == 0;
}

static bool
has_digit(const char *text)
{
	return strpbrk(text, "0123456789") != NULL;
}

/* "12 Oca 2026 Pzt, 10:00 tarihinde Ali Veli <a@b> şunu yazdı:", "On Mon, Jan 12, 2026 ... wrote:" in one text. */
static bool
introduces(const char *folded)
{
	if (ends_with(folded, "yazdi:") || ends_with(folded, "yazmis:"))
		return strstr(folded, "tarihinde") || strstr(folded, "tarihli") || has_digit(folded);
	if (ends_with(folded, "wrote:"))
		return strncmp(folded, "on ", 3) == 0 || has_digit(folded) || strchr(folded, '@');
	return (ends_with(folded, "schrieb:") || ends_with(folded, "a ecrit :")) && has_digit(folded);
}

/* The introduction may be folded: gives the number of its lines, 0 when there is none at i. */
static size_t
wrote_at(struct arena *a, const struct lines *l, size_t i)
{
	const char *joined = "";

	if (!*l->folded[i] || *l->folded[i] == '>')
		return 0;
	for (size_t n = 0; n < WROTE_LINES && i + n < l->count && *l->folded[i + n]; n++) {
		/* A begin that can be one: else three lines of text before it would go, too. */
		if (n == 1 && strncmp(joined, "on ", 3) != 0 && !strstr(joined, "tarihinde") &&
		    !strstr(joined, "tarihli") && !(has_digit(joined) && strchr(joined, ':')))
			return 0;
		joined = n == 0 ? l->folded[i] : arena_printf(a, "%s %s", joined, l->folded[i + n]);
		if (introduces(joined))
			return n + 1;
	}
	return 0;
}

static bool
separates(const char *folded)
{
	static const char *const words[] = {"ozgun ileti", "orijinal ileti", "orijinal mesaj", "ozgun mesaj",
	    "iletilen ileti", "yonlendirilen ileti", "yonlendirilmis ileti", "yonlendirilen mesaj", "original message",
	    "original appointment", "forwarded message", "ursprungliche nachricht", NULL};
	const char *text = folded + strspn(folded, "-_ ");

	if (strspn(folded, "_") >= 20 && *text == '\0')
		return true; /* Outlook's line */
	if (text - folded < 2)
		return false;
	for (size_t i = 0; words[i]; i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* The field at the begin of the line, without bold marks: its place in the table, 0 for none. */
static unsigned
header_bit(const char *folded)
{
	static const struct {
		const char *name;
		unsigned bit;
	} names[] = {{"kimden:", 1}, {"gonderen:", 1}, {"from:", 1}, {"kime:", 2}, {"alici:", 2}, {"to:", 2},
	    {"tarih:", 4}, {"gonderildi:", 4}, {"gonderme tarihi:", 4}, {"gonderilme tarihi:", 4}, {"sent:", 4},
	    {"date:", 4}, {"konu:", 8}, {"subject:", 8}, {"bilgi:", 16}, {"cc:", 16}, {NULL, 0}};
	char plain[40];
	size_t used = 0;

	for (; *folded && used + 1 < sizeof(plain); folded++)
		if (*folded != '*' && !(*folded == ' ' && folded[1] == ':'))
			plain[used++] = *folded;
	plain[used] = '\0';
	for (size_t i = 0; names[i].name; i++)
		if (strncmp(plain, names[i].name, strlen(names[i].name)) == 0)
			return names[i].bit;
	return 0;
}

/* "Kimden:" with two other fields in the lines around it. */
static bool
headers_at(const struct lines *l, size_t i)
{
	unsigned seen = header_bit(l->folded[i]), count = 0;

	if (seen != 1)
		return false;
	for (size_t next = i + 1; next < l->count && next < i + 8; next++)
		seen |= header_bit(l->folded[next]);
	for (; seen; seen >>= 1)
		count += seen & 1;
	return count >= 3;
}

static enum line_kind
line_kind(struct arena *a, const struct lines *l, size_t i, size_t *span)
{
	const char *folded = l->folded[i];

	*span = 1;
	if (*l->at[i] == '>')
		return LINE_QUOTED;
	if (l->size[i] <= LINE_LOOKED_AT && !*folded)
		return LINE_BLANK;
	if ((l->size[i] == 2 || l->size[i] == 3) && strncmp(l->at[i], "-- ", l->size[i]) == 0)
		return LINE_SIGNATURE;
	if (separates(folded))
		return LINE_SEPARATOR;
	if (headers_at(l, i))
		return LINE_HEADER;
	*span = wrote_at(a, l, i);
	if (*span > 0)
		return LINE_WROTE;
	*span = 1;
	return LINE_TEXT;
}

/* Does a quotation with marks follow? Then what has none stays. */
static bool
marks_follow(const struct lines *l, size_t i)
{
	while (i < l->count && l->size[i] <= LINE_LOOKED_AT && !*l->folded[i])
		i++;
	return i < l->count && *l->at[i] == '>';
}

static bool
sent_from(const char *folded)
{
	static const char *const ends[] = {"gonderildi", "gonderildi.", NULL};

	if (strncmp(folded, "sent from my ", 13) == 0 || strncmp(folded, "get outlook for ", 16) == 0)
		return true;
	if (strncmp(folded, "android icin outlook", 20) == 0 || strncmp(folded, "ios icin outlook", 16) == 0)
		return true;
	for (size_t i = 0; ends[i]; i++)
		if (ends_with(folded, ends[i]) &&
		    (strstr(folded, "iphone") || strstr(folded, "ipad") || strstr(folded, "samsung") ||
			strstr(folded, "telefon") || strstr(folded, "yahoo") || strstr(folded, "huawei") ||
			strstr(folded, "windows")))
			return true;
	return false;
}

static char *
kept_lines(struct arena *a, const struct lines *l, const char *text)
{
	size_t used = 0, span;
	char *out = arena_alloc(a, strlen(text) + 2);

	for (size_t i = 0; i < l->count; i += span) {
		enum line_kind kind = line_kind(a, l, i, &span);

		if (kind == LINE_SEPARATOR || kind == LINE_HEADER || kind == LINE_SIGNATURE ||
		    (kind == LINE_WROTE && !marks_follow(l, i + span)))
			break;
		if (kind == LINE_QUOTED || kind == LINE_WROTE || (kind == LINE_TEXT && sent_from(l->folded[i])))
			continue;
		memcpy(out + used, l->at[i], l->size[i]);
		used += l->size[i];
		out[used++] = '\n';
	}
	out[used] = '\0';
	return out;
}

char *
mail_quote_cut(struct arena *a, const char *text, bool forwarded)
{
	struct lines l = lines_split(a, text);
	char *cut = forwarded ? NULL : kept_lines(a, &l, text);

	return text_trim(a, cut && !text_blank(cut) ? cut : text);
}

char *
mail_unflow(struct arena *a, const char *text, bool delete_space)
{
	size_t size = strlen(text), used = 0;
	char *out = arena_alloc(a, size + 1);

	while (*text) {
		size_t line = strcspn(text, "\n");
		bool signature = strncmp(text, "-- ", line) == 0 && line == 3;
		bool flowed = line > 0 && text[line - 1] == ' ' && !signature && *text != '>';
		size_t stuffed = line > 0 && *text == ' ';

		memcpy(out + used, text + stuffed, line - stuffed);
		used += line - stuffed;
		if (flowed && delete_space)
			used--;
		text += line;
		if (*text != '\n')
			break;
		text++;
		if (!flowed || *text == '>' || *text == '\0' || strncmp(text, "-- \n", 4) == 0)
			out[used++] = '\n';
	}
	out[used] = '\0';
	return out;
}
