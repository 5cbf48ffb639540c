/* Any text as a number, an access code, a phone, an e-mail address, a date: what is taken is written back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/domain/access_code.h"
#include "common/domain/calendar.h"
#include "common/domain/identity.h"
#include "common/domain/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_number(const char *text)
{
	char written[NUMBER_TEXT_SIZE];
	int year, year_again;
	int32_t serial, serial_again;

	if (!number_parse(text, &year, &serial))
		return;
	if (!number_format(year, serial, written) || !number_parse(written, &year_again, &serial_again))
		abort();
	if (year != year_again || serial != serial_again)
		abort();
}

static void
check_phone(const char *text)
{
	char e164[PHONE_TEXT_SIZE], again[PHONE_TEXT_SIZE];

	if (phone_normalize(text, e164) && (!phone_normalize(e164, again) || strcmp(e164, again) != 0))
		abort();
}

static void
check_time(const char *text)
{
	char written[TIME_TEXT_SIZE];
	int64_t time, again;
	int32_t date;

	if (time_parse(text, &time)) {
		time_text_istanbul(time, written);
		/* the last hours of the last year that is read lie in a year that is not */
		if (time_parse(written, &again) && (again > time || time - again >= 1000000))
			abort();
	}
	if (date_parse(text, &date)) {
		date_text(date, written);
		if (strcmp(text, written) != 0)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t hash[ACCESS_CODE_HASH_SIZE];
	char *text = malloc(size + 1);
	struct uuid uuid;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	check_number(text);
	check_phone(text);
	check_time(text);
	access_code_hash(text, hash);
	if (email_valid(text) && (strlen(text) > 254 || text_has_line_break_or_control(text)))
		abort();
	if (national_id_valid(text) && strlen(text) != 11)
		abort();
	if (uuid_parse(text, &uuid) && strlen(text) != UUID_TEXT_SIZE - 1)
		abort();
	free(text);
	return 0;
}
