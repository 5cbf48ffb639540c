/* number: what a citizen reads out on the phone, HM-2026-0000123-4. The last digit is the
 * ISO/IEC 7064 MOD 11,10 check over the eleven digits before it. Pure. */
#ifndef KOPRU_COMMON_DOMAIN_NUMBER_H
#define KOPRU_COMMON_DOMAIN_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define NUMBER_TEXT_SIZE 18 /* "HM-2026-0000123-4" and NUL */
#define NUMBER_SERIAL_MAX 9999999

/* year 2000..2099, serial 1..NUMBER_SERIAL_MAX; false otherwise. */
bool number_format(int year, int32_t serial, char text[NUMBER_TEXT_SIZE]);

/* Takes lower case, missing hyphens and spaces ("hm 2026 0000123 4") as people type them; false when
 * the shape or the check digit is wrong. year and serial may be NULL. */
bool number_parse(const char *text, int *year, int32_t *serial);

/* The first number that stands in text (UTF-8), in any way in which people write it: "[hm 2026 0000123 4]:"; false when there is
 * none. Not within a longer word or number. Looks at each byte a bounded number of times. */
bool number_find(const char *text, char number[NUMBER_TEXT_SIZE]);

/* ISO/IEC 7064 MOD 11,10 over count digits ('0'..'9'): the check digit as '0'..'9'. */
char number_check_digit(const char *digits, unsigned count);

#endif
