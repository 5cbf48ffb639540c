/* api: see the header. */
#include "services/kopru/api.h"

#include <stddef.h>
#include <string.h>

#include "common/base/conf.h"
#include "common/base/file.h"

#define KEY_SIZE_MAX 1024

struct api_conf {
	const char *url, *key;
};

static const struct conf_key api_keys[] = {
    {"KOPRU_URL", CONF_TEXT, offsetof(struct api_conf, url), "http://127.0.0.1:8080",
	"where the API is: http://host:port, or unix:/path of a service's own socket", 0, 0},
    {"KOPRU_KEY", CONF_SECRET, offsetof(struct api_conf, key), "", "API key", 0, 0},
    {0},
};

static int
key_find(struct arena *a, const struct command_line *line, const char *right, struct api *api, struct err *e)
{
	size_t size;
	char *text;

	if (line->key_file) {
		if (file_read(a, line->key_file, KEY_SIZE_MAX, &text, &size, e) < 0)
			return err_prefix(e, "--key-file");
		text[strcspn(text, "\r\n")] = '\0';
		api->key = text;
	}
	if (strspn(api->key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != strlen(api->key))
		return err_set(e, "the API key holds a character that no key has");
	return *api->key ? 0
			 : err_set(e,
			       "an API key with the right \"%s\" is needed: KOPRU_KEY, KOPRU_KEY_FILE or "
			       "--key-file (kopru key create NAME --rights %s)",
			       right, right);
}

int
api_find(struct arena *a, const struct command_line *line, const char *right, struct api *api, struct err *e)
{
	struct api_conf conf = {0};

	if (conf_load(api_keys, &conf, e) < 0)
		return -1;
	api->name = arena_string(a, line->url ? line->url : conf.url);
	api->key = arena_string(a, conf.key);
	conf_free(api_keys, &conf);
	api->socket = strncmp(api->name, "unix:", 5) == 0 ? api->name + 5 : NULL;
	api->url = api->socket ? "http://localhost" : api->name;
	return key_find(a, line, right, api, e);
}
