/* identity: T.C. kimlik number, phone and e-mail as people write them. Checks of form only; none proves
 * who someone is. Pure. */
#ifndef KOPRU_COMMON_DOMAIN_IDENTITY_H
#define KOPRU_COMMON_DOMAIN_IDENTITY_H

#include <stdbool.h>

#define PHONE_TEXT_SIZE 17 /* "+" and at most 15 digits (ITU-T E.164), NUL */

/* Eleven digits, the first not 0, both check digits right. Foreigners' (99...) have the same sums. Synthetic
 * repeats such as 11111111110 pass: they are what tests use. */
bool national_id_valid(const char *text);

/* To E.164. Takes 05.., 5.., 905.., 0090.., +90 (5..) .. with spaces, dots, hyphens, brackets and
 * Arabic-Indic digits; other countries as +.. or 00... false when it cannot be a number. */
bool phone_normalize(const char *text, char e164[PHONE_TEXT_SIZE]);

/* local@domain as RFC 5321 allows without quoting or comments, at most 254 octets, ASCII only, a dot in
 * the domain; no CR, LF or control character, so it is safe in a header. */
bool email_valid(const char *text);

#endif
