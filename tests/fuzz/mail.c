/* Any bytes as a mail: it always comes to an end, texts are clean UTF-8, files lie within bounds, whoever is answered has an
 * address. First byte: bit 0: the mailbox is a registered one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "services/intake/mail.h"
#include "services/intake/mail_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text)
{
	if (text && (!text_valid(text, strlen(text)) || text_has_control(text)))
		abort();
}

static void
check_line(const char *text)
{
	if (text && (!text_valid(text, strlen(text)) || text_has_line_break_or_control(text)))
		abort();
}

static void
check(const struct mail *mail)
{
	check_line(mail->address);
	check_line(mail->name);
	check_line(mail->id);
	check_line(mail->subject);
	check_line(mail->returned.address);
	check_line(mail->returned.status);
	check_text(mail->text);
	if (mail->file_count > MAIL_FILES_MAX || mail->reference_count > MAIL_REFERENCES_MAX)
		abort();
	for (size_t i = 0; i < mail->file_count; i++) {
		check_line(mail->files[i].name);
		check_line(mail->files[i].type);
		if (mail->files[i].size > MAIL_SIZE_MAX || (mail->files[i].name && strchr(mail->files[i].name, '/')))
			abort();
	}
	for (size_t i = 0; i < mail->reference_count; i++)
		check_line(mail->references[i]);
	if (mail->class == MAIL_MESSAGE && (!mail->address || !mail->id))
		abort();
	if (mail->class != MAIL_MESSAGE && mail->class != MAIL_BOUNCE && !mail->why)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const own[] = {"basvuru@karatay.example"};
	struct mail_rules rules = {
	    .authserv = "posta.karatay.example", .own = own, .own_count = 1, .received_at = INT64_C(1768212000000000)};
	struct arena *a;
	struct mail mail;

	if (size < 1)
		return 0;
	mail_start();
	rules.registered = data[0] & 1;
	a = arena_new(0);
	mail_read(a, &rules, data + 1, size - 1, &mail);
	check(&mail);
	if (rules.registered && mail.class != MAIL_REGISTERED)
		abort();
	arena_free(a);
	return 0;
}
