/* fuzz notice_event: any event as notifier reads it: refused with a reason, of no meaning to the applicant, or a notice
 * whose fields survive the table and whose letter is one letter to one address: ASCII, lines that are short enough, and no
 * header that we did not write. The first byte chooses the subject's words. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"
#include "common/base/wire.h"
#include "common/domain/calendar.h"
#include "common/domain/identity.h"
#include "services/notifier/letter.h"
#include "services/notifier/notice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_LIMIT ((size_t)4 << 20)

static void
require(int holds)
{
	if (!holds)
		abort();
}

/* A date that no calendar has (only broken data does) is kept as none. */
static bool
same_date(int32_t again, int32_t date)
{
	char text[DATE_TEXT_SIZE];

	date_text(date, text);
	return date_parse(text, &date) ? again == date : again == 0;
}

static void
check_fields(struct arena *a, const struct notice_fields *f)
{
	struct notice_fields again;

	notice_fields_unpack(a, notice_fields_pack(a, f), &again);
	require(same_date(again.received_on, f->received_on) && same_date(again.due_on, f->due_on));
	require(again.access_code_generation == f->access_code_generation && again.joint == f->joint);
	require(again.triage == f->triage && same_date(again.answer_by, f->answer_by));
	require(strcmp(again.department_name, f->department_name) == 0 && strcmp(again.text, f->text) == 0);
	require(strcmp(again.reason, f->reason) == 0 && strcmp(again.institution, f->institution) == 0);
	require(strcmp(again.letter_number, f->letter_number) == 0);
}

static void
check_letter(const char *letter, size_t size)
{
	static const char *const ours[] = {"From: ", "To: ", "Subject: ", "Date: ", "Message-ID: ", "In-Reply-To: ",
	    "References: ", "MIME-Version: ", "Content-", "Auto-Submitted: ", "X-", "Precedence: ", "Reply-To: ", " "};
	const char *line = letter, *end;
	bool head = true;

	require(size == strlen(letter) && size > 2 && strcmp(letter + size - 2, "\r\n") == 0);
	for (; (end = strstr(line, "\r\n")); line = end + 2) {
		bool known = false;

		for (const char *c = line; c < end; c++)
			require((*c >= ' ' && *c <= '~') || *c == '\t');
		head = head && end > line;
		require(head || end - line <= 76);
		for (size_t i = 0; head && i < sizeof(ours) / sizeof(ours[0]); i++)
			known = known || strncmp(line, ours[i], strlen(ours[i])) == 0;
		require(!head || known);
	}
	require(*line == '\0' && !head);
}

static void
check_notice(struct arena *a, const struct notice *n, uint8_t how)
{
	static const struct letter_sender sender = {"Köprü", "kopru@example.org", "example.org"};
	const struct notice_links links = {"https://example.org", "0123-4567", "aa", "bb"};
	const char *const *texts = notice_texts(a, n, &links);
	struct letter letter = {.sender = &sender,
	    .to = n->address,
	    .id = "1",
	    .number = "HM-2026-0000123-5",
	    .thread = "2",
	    .at = 1779181200000000};
	struct err e = {""};
	size_t size;
	char *composed;

	check_fields(a, &n->fields);
	require(template_rule_find(n->template) != NULL);
	require(strcmp(n->language, "tr") == 0 || strcmp(n->language, "en") == 0);
	if (strcmp(n->channel, "email") != 0) {
		require(n->reason && *n->reason);
		return;
	}
	require(email_valid(n->address));
	letter.language = n->language;
	letter.repeated = how & 1;
	letter.subject = texts[TEMPLATE_DEPARTMENT];
	letter.body = texts[TEMPLATE_TEXT];
	composed = letter_compose(a, &letter, &size, &e);
	require(composed || *e.text);
	if (composed)
		check_letter(composed, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(ARENA_LIMIT), *room = arena_new(0);
	const Kopru__V1__Event *event;
	struct err e = {""};
	struct notice n;
	int found;

	ids_start();
	event = size > 1 ? wire_unpack(&kopru__v1__event__descriptor, a, data + 1, size - 1, &e) : NULL;
	if (event) {
		found = notice_decide(room, event, &n, &e);
		require(found >= 0 || *e.text);
		if (found > 0)
			check_notice(room, &n, data[0]);
	}
	arena_free(room);
	arena_free(a);
	return 0;
}
