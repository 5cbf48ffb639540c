/* mail_bounce: see mail_bounce.h. A report, the headers of the letter and the words beside them are one text; fields are
 * looked for at the begins of its lines. */
#include "services/intake/mail_bounce.h"

#include <string.h>

#include "common/base/text.h"
#include "common/domain/identity.h"
#include "services/intake/mail_charset.h"

#define VALUE_SIZE_MAX 300

/* The value of the first line "name: ..." in the report; NULL when there is none. */
static const char *
field(struct arena *a, const char *report, const char *name)
{
	size_t size = strlen(name);

	for (const char *line = report; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (ascii_starts_nocase(line, name) && line[size] == ':')
			return mail_line(
			    a, arena_string_n(a, line + size + 1, strcspn(line + size + 1, "\n")), VALUE_SIZE_MAX);
	}
	return NULL;
}

/* "rfc822; ali@example.org", "<ali@example.org>": the address alone; NULL when there is none. */
static const char *
address_of(struct arena *a, const char *value)
{
	const char *semicolon = value ? strchr(value, ';') : NULL;
	char *address;

	if (!value)
		return NULL;
	address = text_trim(a, semicolon ? semicolon + 1 : value);
	if (*address == '<')
		address = arena_string_n(a, address + 1, strcspn(address + 1, ">"));
	address = arena_string_n(a, address, strcspn(address, " ,;"));
	for (char *c = address; *c; c++)
		*c = ascii_lower(*c);
	return email_valid(address) ? address : NULL;
}

/* d.d{1,3}.d{1,3} with a class of 2, 4 or 5 at text: its length, else 0. */
static size_t
status_at(const char *text)
{
	size_t at = 1;

	if (!strchr("245", *text) || !*text)
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t digits = text[at] == '.' ? strspn(text + at + 1, "0123456789") : 0;

		if (digits < 1 || digits > 3)
			return 0;
		at += 1 + digits;
	}
	return text[at] == '.' ? 0 : at; /* an address of the network has four */
}

static const char *
status_find(struct arena *a, const char *text)
{
	for (const char *at = text; at && *at; at++) {
		size_t size = at == text || !strchr("0123456789.", at[-1]) ? status_at(at) : 0;

		if (size > 0)
			return arena_string_n(a, at, size);
	}
	return NULL;
}

/* A mail system before RFC 3464: it names an address, and says that it gave up. */
static const char *
failed_address(struct arena *a, const struct mail_headers *h, const char *report)
{
	const char *address = address_of(a, mail_header(h, "X-Failed-Recipients"));

	for (const char *line = report; line && !address; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line == '<' || strncmp(line, "  <", 3) == 0)
			address = address_of(a, text_trim(a, arena_string_n(a, line, strcspn(line, ":\n"))));
	}
	return address;
}

static bool
says_failed(struct arena *a, const struct mail_headers *h, const struct mail *mail, const char *report)
{
	static const char *const words[] = {"undeliver", "undelivered", "failure", "failed", "could not be delivered",
	    "returned mail", "returning message", "iletilemedi", "teslim edilemedi", "gonderilemedi", "geri dondu",
	    NULL};
	const char *subject = mail->subject ? text_fold_tr(a, mail->subject) : "";

	if (mail_header(h, "X-Failed-Recipients") || strstr(report, "This is the qmail-send program"))
		return true;
	for (size_t i = 0; words[i]; i++)
		if (strstr(subject, words[i]))
			return true;
	return false;
}

enum mail_report
mail_bounce_read(struct arena *a, const struct mail_headers *h, const struct mail_parts *parts, struct mail *mail)
{
	struct mail_returned *r = &mail->returned;
	const char *action = field(a, parts->report, "Action"), *status = field(a, parts->report, "Status");

	if (!parts->is_report && (!mail_from_system(a, h, mail) || !says_failed(a, h, mail, parts->report)))
		return REPORT_NONE;
	if (action && !ascii_starts_nocase(action, "failed"))
		return REPORT_OTHER;
	r->has_letter = mail_letter_find(parts->report, strlen(parts->report), &r->letter);
	r->address = address_of(a, field(a, parts->report, "Original-Recipient"));
	if (!r->address)
		r->address = address_of(a, field(a, parts->report, "Final-Recipient"));
	if (!r->address)
		r->address = failed_address(a, h, parts->report);
	r->status = status_find(a, status);
	if (!r->status)
		r->status = status_find(a, parts->report);
	r->permanent = !r->status || *r->status == '5'; /* who gives up without a code has given up */
	return REPORT_RETURNED;
}
