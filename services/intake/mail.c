/* mail: see mail.h. Counted before it is parsed, parsed once, and then judged: registered mail first, since nothing of it may
 * get lost, then bounces, then whatever must not be answered. */
#include "services/intake/mail.h"

#include <gmime/gmime.h>
#include <string.h>

#include "common/base/text.h"
#include "services/intake/mail_bounce.h"
#include "services/intake/mail_charset.h"
#include "services/intake/mail_header.h"
#include "services/intake/mail_part.h"
#include "services/intake/mail_quote.h"
#include "services/intake/mail_scan.h"

#define REGISTERED "registered e-mail (KEP) or an e-Yazışma package: for the registry"

void
mail_start(void)
{
	g_mime_init();
}

/* uuid.number@ with the number at text + 4, of which ".HM-" is what we look for. */
static bool
letter_at(const char *text, size_t before, size_t after, struct mail_letter *letter)
{
	char id[UUID_TEXT_SIZE], number[NUMBER_TEXT_SIZE];
	int year;
	int32_t serial;

	if (before < UUID_TEXT_SIZE - 1 || after < NUMBER_TEXT_SIZE || text[NUMBER_TEXT_SIZE] != '@')
		return false;
	memcpy(id, text - (UUID_TEXT_SIZE - 1), UUID_TEXT_SIZE - 1);
	id[UUID_TEXT_SIZE - 1] = '\0';
	memcpy(number, text + 1, NUMBER_TEXT_SIZE - 1);
	number[NUMBER_TEXT_SIZE - 1] = '\0';
	return uuid_parse(id, &letter->notice_id) && number_parse(number, &year, &serial) &&
	       number_format(year, serial, letter->number);
}

bool
mail_letter_find(const char *text, size_t size, struct mail_letter *letter)
{
	const char *end = text + size;

	for (const char *at = text; (at = memmem(at, (size_t)(end - at), ".HM-", 4)); at++)
		if (letter_at(at, (size_t)(at - text), (size_t)(end - at - 1), letter))
			return true;
	return false;
}

static GMimeMessage *
parse(const GByteArray *raw)
{
	GMimeStream *stream = g_mime_stream_mem_new();
	GMimeParser *parser;
	GMimeMessage *message;

	g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(stream), (GByteArray *)(uintptr_t)raw);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	parser = g_mime_parser_new_with_stream(stream);
	g_mime_parser_set_persist_stream(parser, TRUE);
	message = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

/* Passed on, not answered: "Fwd: ...", "İLT: ..."; folded. */
static bool
is_forwarded(struct arena *a, const struct mail *mail)
{
	static const char *const prefixes[] = {"fwd:", "fw:", "ilt:", "ilet:", "iletilen:", "yonlendirilen:", NULL};
	const char *subject = mail->subject ? text_fold_tr(a, mail->subject) : "";

	for (size_t i = 0; prefixes[i]; i++)
		if (strncmp(subject, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/* KEP providers' mailboxes and the marks of registered mail (ETSI TS 102 640). */
static bool
is_registered(const struct mail_headers *h, const struct mail *mail, const struct mail_parts *parts)
{
	const char *domain = mail->address ? strrchr(mail->address, '@') : NULL;
	size_t size = domain ? strlen(domain) : 0;

	if (parts->registered || (size > 7 && strcmp(domain + size - 7, ".kep.tr") == 0))
		return true;
	for (size_t i = 0; i < h->count; i++)
		if (ascii_starts_nocase(h->items[i].name, "X-REM-") || ascii_starts_nocase(h->items[i].name, "X-KEP-"))
			return true;
	return false;
}

static void
judge(struct arena *a, const struct mail_rules *rules, const struct mail_headers *h, struct mail *mail,
    const struct mail_parts *parts)
{
	enum mail_report report;

	mail->class = MAIL_REGISTERED;
	mail->why = REGISTERED;
	if (rules->registered || is_registered(h, mail, parts))
		return;
	report = mail_bounce_read(a, h, parts, mail);
	mail->class = report == REPORT_RETURNED ? MAIL_BOUNCE : MAIL_AUTOMATIC;
	mail->why = report == REPORT_RETURNED ? NULL : "a report about a letter that did not come back";
	if (report != REPORT_NONE)
		return;
	mail->class = mail_class_by_headers(a, h, rules, mail, &mail->why);
	if (mail->class != MAIL_MESSAGE)
		return;
	mail->verified = mail_is_verified(a, h, rules, mail);
	mail->text = mail_quote_cut(a, parts->text, is_forwarded(a, mail));
	if (!*mail->text)
		mail->text = NULL;
}

void
mail_read(struct arena *a, const struct mail_rules *rules, const void *raw, size_t size, struct mail *mail)
{
	const GByteArray array = {.data = (guint8 *)(uintptr_t)raw, .len = (guint)size};
	size_t body;
	struct mail_headers headers;
	struct mail_parts parts;
	GMimeMessage *message;

	*mail = (struct mail){.class = MAIL_BROKEN, .why = mail_scan(raw, size)};
	if (mail->why && rules->registered)
		mail->class = MAIL_REGISTERED;
	if (mail->why)
		return;
	body = mail_body_at(raw, size);
	headers = mail_headers_split(a, raw, size);
	mail_content_hash(&headers, (const char *)raw + body, size - body, mail->content_hash);
	mail_headers_read(a, &headers, rules, mail);
	message = parse(&array);
	mail->why = message ? mail_parts_read(a, message, mail, &parts) : "the mail cannot be parsed";
	if (message)
		g_object_unref(message);
	if (mail->why) {
		if (rules->registered)
			mail->class = MAIL_REGISTERED;
		return;
	}
	judge(a, rules, &headers, mail, &parts);
	if (mail->class == MAIL_MESSAGE && !mail->address) {
		mail->class = MAIL_BROKEN;
		mail->why = "the mail has no sender";
	}
}
