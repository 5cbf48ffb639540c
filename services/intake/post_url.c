/* post_url: see the header. */
#include "services/intake/post_url.h"

#include <stddef.h>
#include <string.h>

#include "common/base/text.h"

#define SCHEME "https://"
#define SEGMENTS_MAX 4 /* i/web/status/ID */

struct piece {
	const char *text;
	size_t size;
};

static bool
is(struct piece piece, const char *word)
{
	return piece.size == strlen(word) && ascii_starts_nocase(piece.text, word);
}

static struct piece
host_of(const char *url)
{
	const char *host = url + strlen(SCHEME);

	return (struct piece){host, strcspn(host, "/?#")};
}

static bool
is_host_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ascii_digit(c) || c == '-' || c == '.';
}

bool
post_url_valid(const char *url)
{
	struct piece host;

	if (!ascii_starts_nocase(url, SCHEME))
		return false;
	for (const char *c = url; *c; c++)
		if (*c < 0x21 || *c > 0x7e || strchr("\"<>\\^`{|}", *c))
			return false;
	host = host_of(url);
	for (size_t i = 0; i < host.size; i++)
		if (!is_host_letter(host.text[i]))
			return false;
	return host.size > 2 && host.text[0] != '.' && host.text[host.size - 1] != '.' &&
	       memchr(host.text, '.', host.size);
}

static bool
is_x(struct piece host)
{
	static const char *const names[] = {"x.com", "www.x.com", "mobile.x.com", "m.x.com", "twitter.com",
	    "www.twitter.com", "mobile.twitter.com", "m.twitter.com"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is(host, names[i]))
			return true;
	return false;
}

bool
post_url_x(const char *url, char id[POST_ID_SIZE])
{
	struct piece host = host_of(url), segments[SEGMENTS_MAX] = {0};
	const char *path = host.text + host.size;
	size_t count = 0, at;

	if (!is_x(host))
		return false;
	while (*path == '/' && count < SEGMENTS_MAX) {
		path++;
		segments[count] = (struct piece){path, strcspn(path, "/?#")};
		path += segments[count++].size;
	}
	/* NAME/status/ID, and i/web/status/ID. */
	at = count == SEGMENTS_MAX && is(segments[0], "i") && is(segments[1], "web") ? 2 : 1;
	if (count < at + 2 || segments[0].size == 0 || !(is(segments[at], "status") || is(segments[at], "statuses")))
		return false;
	memset(id, 0, POST_ID_SIZE);
	if (segments[at + 1].size < 1 || segments[at + 1].size >= POST_ID_SIZE || *segments[at + 1].text == '0')
		return false;
	for (size_t i = 0; i < segments[at + 1].size; i++)
		if (!ascii_digit(id[i] = segments[at + 1].text[i]))
			return false;
	return true;
}
