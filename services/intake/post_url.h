/* post_url: addresses of public posts, as people paste them. Nothing is fetched. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_POST_URL_H
#define KOPRU_SERVICES_INTAKE_POST_URL_H

#include <stdbool.h>

#define POST_ID_SIZE 20 /* 19 digits (a snowflake has 63 bits) and NUL */

/* https://host/..., ASCII, no user, no port, nothing that would have to be escaped in a link. */
bool post_url_valid(const char *url);

/* The id of a post on X, whatever stands around it: x.com or twitter.com, www. or mobile., any name, what follows the id. url
 * is valid. false when it is no address of a single post. */
bool post_url_x(const char *url, char id[POST_ID_SIZE]);

#endif
