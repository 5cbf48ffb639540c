/* fields: what stands in a channel's JSON, taken with care: of the wrong type, too long or blank is as if it were not there.
 * Pure. What is returned lives in the arena (or in the JSON, which lives there, too). */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_FIELDS_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_FIELDS_H

#include <jansson.h>

#include "services/intake/channels/channel.h"

#define FIELDS_ID_MAX 300 /* bytes, of contacts */
#define FIELDS_MESSAGE_ID_MAX 900 /* bytes, of messages */
#define FIELDS_NAME_MAX 200 /* code points */

/* The body as an object, or NULL: then it is no JSON, or not such as we take. */
json_t *fields_read(struct arena *a, const struct channel_inbound *inbound);

/* Human text, without control characters; NULL when it is blank. */
const char *fields_text(struct arena *a, const json_t *object, const char *name);
/* The same in one line, cut after FIELDS_NAME_MAX. */
const char *fields_line(struct arena *a, const json_t *object, const char *name);
const char *fields_one_line(struct arena *a, const char *text); /* the same of a text; NULL of NULL */
/* An id, a string of 1 to max printable ASCII characters without spaces, or an integer; NULL otherwise. */
const char *fields_id(struct arena *a, const json_t *object, const char *name, size_t max);
/* Microseconds since 1970 from an integer, or text of digits, that counts units of so many microseconds; 0 when it is none
 * or lies beyond the year 2200. */
int64_t fields_time(const json_t *object, const char *name, int64_t unit);
/* Degrees into the item; left alone when they are no point on earth. */
void fields_point(const json_t *object, const char *latitude, const char *longitude, struct channel_item *item);

/* Both with the separator between; either may be NULL, then the other; NULL when both are. */
const char *fields_join(struct arena *a, const char *first, const char *separator, const char *second);
/* "905..." as "+905...", into e164 of the arena; NULL when it is no international number. */
const char *fields_phone(struct arena *a, const char *digits);
/* One more key of the sender; NULL, one that is there already, and the fourth are left out. */
void fields_key_add(struct channel_item *item, const char *key);

/* The first of our numbers that the item's text names. */
void fields_number(struct arena *a, struct channel_item *item);

/* A file that is to be fetched. Without an id, and the eleventh, nothing happens. */
void fields_file_add(struct channel_item *item, const struct channel_file *file);

#endif
