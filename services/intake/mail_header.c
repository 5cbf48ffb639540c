/* mail_header: see mail_header.h. */
#include "services/intake/mail_header.h"

#include <gmime/gmime.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/domain/identity.h"
#include "services/intake/mail_charset.h"
#include "services/intake/mail_scan.h"
#include "services/intake/mail_words.h"

#define VALUE_MAX ((size_t)64 * 1024) /* bytes of one value; more are cut */
#define FROM_SIZE_MAX 8192
#define NAME_SIZE_MAX 200
#define SUBJECT_SIZE_MAX 998
#define SUBJECT_BYTES_MAX 8192 /* encoded */
#define OLDEST INT64_C(315532800000000) /* 1980: no mail is older than mail */

static char *
value_unfold(struct arena *a, const char *value, size_t size)
{
	char *text = arena_alloc(a, size + 1);
	size_t used = 0;

	for (size_t i = 0; i < size && used < VALUE_MAX; i++)
		if (value[i] && value[i] != '\r' && value[i] != '\n')
			text[used++] = value[i] == '\t' ? ' ' : value[i];
	text[used] = '\0';
	return text + strspn(text, " ");
}

struct mail_headers
mail_headers_split(struct arena *a, const char *raw, size_t size)
{
	size_t body = mail_body_at(raw, size);
	struct mail_headers h = {.items = arena_array(a, MAIL_HEADER_LINES_MAX, sizeof(struct mail_header))};
	const char *at = raw, *end = raw + body;

	while (at < end && h.count < MAIL_HEADER_LINES_MAX) {
		const char *stop = at, *colon;

		do {
			const char *newline = memchr(stop, '\n', (size_t)(end - stop));

			stop = newline ? newline + 1 : end;
		} while (stop < end && (*stop == ' ' || *stop == '\t'));
		colon = memchr(at, ':', (size_t)(stop - at));
		if (colon && colon > at)
			h.items[h.count++] =
			    (struct mail_header){text_trim(a, mail_decode(a, at, (size_t)(colon - at), NULL)),
				value_unfold(a, colon + 1, (size_t)(stop - colon - 1))};
		at = stop;
	}
	return h;
}

const char *
mail_header(const struct mail_headers *h, const char *name)
{
	for (size_t i = 0; i < h->count; i++)
		if (ascii_equal_nocase(h->items[i].name, name))
			return h->items[i].value;
	return NULL;
}

size_t
mail_header_count(const struct mail_headers *h, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < h->count; i++)
		count += ascii_equal_nocase(h->items[i].name, name);
	return count;
}

static char *
lower_address(struct arena *a, const char *address)
{
	char *text = address ? mail_line(a, address, 254) : NULL;

	for (char *c = text; c && *c; c++)
		*c = ascii_lower(*c);
	return text;
}

/* The first mailbox in the list, also in a group. */
static InternetAddressMailbox *
first_mailbox(InternetAddressList *list)
{
	for (int i = 0; list && i < internet_address_list_length(list); i++) {
		InternetAddress *address = internet_address_list_get_address(list, i);
		InternetAddressList *members;

		if (INTERNET_ADDRESS_IS_MAILBOX(address))
			return INTERNET_ADDRESS_MAILBOX(address);
		members = internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address));
		if (members && internet_address_list_length(members) > 0 &&
		    INTERNET_ADDRESS_IS_MAILBOX(internet_address_list_get_address(members, 0)))
			return INTERNET_ADDRESS_MAILBOX(internet_address_list_get_address(members, 0));
	}
	return NULL;
}

static void
from_read(struct arena *a, const char *value, struct mail *mail)
{
	InternetAddressList *list = value && strlen(value) < FROM_SIZE_MAX
					? internet_address_list_parse(NULL, mail_words_quoted(a, value))
					: NULL;
	InternetAddressMailbox *mailbox = first_mailbox(list);
	const char *name = NULL;

	if (mailbox) {
		name = internet_address_get_name(INTERNET_ADDRESS(mailbox));
		mail->address = lower_address(a, internet_address_mailbox_get_idn_addr(mailbox));
		if (mail->address && !email_valid(mail->address))
			mail->address = NULL;
		mail->name = mail_line(a, name, NAME_SIZE_MAX);
	}
	if (mail->name && (!*mail->name || text_blank(mail->name)))
		mail->name = NULL;
	if (list)
		g_object_unref(list);
}

static const char *
subject_read(struct arena *a, const char *value)
{
	const char *subject = NULL;

	if (value)
		subject = mail_line(a, mail_words_text(a, arena_string_n(a, value, strnlen(value, SUBJECT_BYTES_MAX))),
		    SUBJECT_SIZE_MAX);
	return subject && *subject ? subject : NULL;
}

/* Nobody sends from the future; what is older than mail was never set. */
static int64_t
date_read(const char *value, int64_t received_at)
{
	GDateTime *date = value && strlen(value) < 200 ? g_mime_utils_header_decode_date(value) : NULL;
	int64_t at;

	if (!date)
		return 0;
	at = g_date_time_to_unix(date) * INT64_C(1000000);
	g_date_time_unref(date);
	if (at < OLDEST)
		return 0;
	return at > received_at ? received_at : at;
}

/* The ids in a value, from its end; each once. */
static void
references_add(struct arena *a, const char *value, struct mail *mail)
{
	const char *end = value ? value + strlen(value) : NULL;

	while (value && end > value && mail->reference_count < MAIL_REFERENCES_MAX) {
		const char *close = memrchr(value, '>', (size_t)(end - value));
		const char *open = close ? memrchr(value, '<', (size_t)(close - value)) : NULL;
		const char *id =
		    open ? mail_line(a, arena_string_n(a, open + 1, (size_t)(close - open - 1)), MAIL_ID_MAX) : NULL;

		if (!open)
			return;
		for (size_t i = 0; i < mail->reference_count; i++)
			if (strcmp(mail->references[i], id) == 0)
				id = "";
		if (*id)
			mail->references[mail->reference_count++] = id;
		end = open;
	}
}

/* A number in the subject counts in any of the ways in which people write it: [HM-2026-0000123-4]. */
static const char *
subject_number(struct arena *a, const char *subject)
{
	char number[NUMBER_TEXT_SIZE];

	return subject && number_find(subject, number) ? arena_string(a, number) : NULL;
}

static void
id_read(struct arena *a, const char *value, struct mail *mail)
{
	const char *open = value ? strchr(value, '<') : NULL, *close = open ? strchr(open, '>') : NULL;
	char hex[MAIL_HASH_SIZE * 2 + 1];
	char *id = close ? mail_line(a, arena_string_n(a, open + 1, (size_t)(close - open - 1)), MAIL_ID_MAX) : NULL;

	if (!id && value && !open)
		id = mail_line(a, value, MAIL_ID_MAX); /* without brackets */
	for (char *c = id; c && *c; c++)
		if (*c == ' ')
			*c = '_';
	sodium_bin2hex(hex, sizeof(hex), mail->content_hash, MAIL_HASH_SIZE);
	mail->id = id && *id ? id : arena_printf(a, "hash:%s", hex);
}

void
mail_content_hash(const struct mail_headers *h, const void *body, size_t size, uint8_t hash[MAIL_HASH_SIZE])
{
	static const char *const names[] = {"Message-ID", "From", "Date", "Subject"};
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = mail_header(h, names[i]);

		crypto_hash_sha256_update(
		    &state, (const unsigned char *)(value ? value : ""), value ? strlen(value) + 1 : 1);
	}
	crypto_hash_sha256_update(&state, body, size);
	crypto_hash_sha256_final(&state, hash);
}

void
mail_headers_read(struct arena *a, const struct mail_headers *h, const struct mail_rules *rules, struct mail *mail)
{
	struct mail_letter letter;

	from_read(a, mail_header(h, "From"), mail);
	mail->subject = subject_read(a, mail_header(h, "Subject"));
	mail->sent_at = date_read(mail_header(h, "Date"), rules->received_at);
	id_read(a, mail_header(h, "Message-ID"), mail);
	references_add(a, mail_header(h, "In-Reply-To"), mail);
	references_add(a, mail_header(h, "References"), mail);
	for (size_t i = 0; i < mail->reference_count && !mail->number; i++)
		if (mail_letter_find(mail->references[i], strlen(mail->references[i]), &letter))
			mail->number = arena_string(a, letter.number);
	if (!mail->number)
		mail->number = subject_number(a, mail->subject);
}
