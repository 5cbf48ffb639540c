/* policy: see policy.h. */
#include "services/notifier/policy.h"

#include <stddef.h>

#include "common/base/text.h"
#include "common/domain/calendar.h"

#define MINUTES_OF_DAY 1440
#define BACKOFF_FIRST 10
#define BACKOFF_MAX 3600

/* "8", "08" or "08:30" before end: minutes of the day; -1 when it is something else. */
static int
clock_parse(const char *text, const char *end)
{
	int numbers[2] = {0, 0}, part = 0, digits = 0;

	for (; text < end; text++) {
		if (*text == ':' && part == 0 && digits > 0) {
			part = 1;
			digits = 0;
		} else if (ascii_digit(*text) && digits < 2) {
			numbers[part] = numbers[part] * 10 + *text - '0';
			digits++;
		} else {
			return -1;
		}
	}
	if (digits == 0 || (part == 1 && digits != 2) || numbers[0] > 23 || numbers[1] > 59)
		return -1;
	return numbers[0] * 60 + numbers[1];
}

int
quiet_hours_parse(const char *text, struct quiet_hours *quiet, struct err *e)
{
	const char *dash = text, *end = text;

	*quiet = (struct quiet_hours){0, 0};
	if (!*text)
		return 0;
	while (*dash && *dash != '-')
		dash++;
	while (*end)
		end++;
	quiet->from = clock_parse(text, dash);
	quiet->until = *dash ? clock_parse(dash + 1, end) : -1;
	if (quiet->from < 0 || quiet->until < 0 || quiet->from == quiet->until)
		return err_set(e,
		    "quiet hours are \"%.60s\"; allowed are two different times such as 22-08 or 22:30-07:15, or "
		    "nothing",
		    text);
	return 0;
}

int
quiet_hours_left(const struct quiet_hours *quiet, int64_t time)
{
	int64_t second = (time - date_start_in_istanbul(date_in_istanbul(time))) / 1000000;
	int minute = (int)(second / 60);
	bool over_midnight = quiet->from > quiet->until;
	bool is_quiet = over_midnight ? minute >= quiet->from || minute < quiet->until
				      : minute >= quiet->from && minute < quiet->until;
	int left = quiet->until * 60 - (int)second;

	if (!is_quiet)
		return 0;
	return left > 0 ? left : left + MINUTES_OF_DAY * 60;
}

static int
seconds_of_day_left(int64_t time)
{
	return (int)((date_start_in_istanbul(date_in_istanbul(time) + 1) - time) / 1000000) + 1;
}

struct policy_verdict
policy_decide(const struct policy_conf *conf, const struct policy_facts *facts)
{
	int quiet = quiet_hours_left(&conf->quiet, facts->now), tomorrow = seconds_of_day_left(facts->now);

	if (facts->opted_out)
		return (struct policy_verdict){POLICY_NONE, "opted out", 0};
	if (facts->confirm && facts->verified)
		return (struct policy_verdict){POLICY_NONE, "address already verified", 0};
	if (!facts->confirm && !facts->verified)
		return (struct policy_verdict){POLICY_HOLD, "address not verified", 0};
	if (conf->letters_a_day > 0 && facts->letters_today >= conf->letters_a_day)
		return (struct policy_verdict){POLICY_WAIT, "the address has had all letters of the day", tomorrow};
	if (facts->confirm && conf->confirms_a_day > 0 && facts->confirms_today >= conf->confirms_a_day)
		return (struct policy_verdict){
		    POLICY_WAIT, "the address has had all neutral messages of the day", tomorrow};
	if (quiet > 0 && !facts->urgent)
		return (struct policy_verdict){POLICY_WAIT, "quiet hours", quiet};
	return (struct policy_verdict){POLICY_SEND, NULL, 0};
}

int
policy_backoff(int attempts)
{
	int seconds = BACKOFF_FIRST;

	while (--attempts > 0 && seconds < BACKOFF_MAX)
		seconds *= 2;
	return seconds < BACKOFF_MAX ? seconds : BACKOFF_MAX;
}
