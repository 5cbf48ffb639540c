/* composer: every template in every language is read at start, so that no notice finds one missing. */
#include "services/notifier/composer.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/domain/access_code.h"

#define LANGUAGES 2

static const char *const languages[LANGUAGES] = {"tr", "en"};
static const char *const names[] = {"received"};
#define TEMPLATES (sizeof(names) / sizeof(names[0]))

struct composer {
	struct arena *arena;
	struct letter_sender sender;
	const char *public_url;
	uint8_t *key;
	size_t key_size;
	struct template *templates[LANGUAGES][TEMPLATES];
};

static int
template_read(struct composer *c, const char *folder, size_t language, size_t name, struct err *e)
{
	char *path = arena_printf(c->arena, "%s/%s/%s.txt", folder, languages[language], names[name]);
	struct arena *a = arena_new(0);
	char *data;
	size_t size;
	int rc = -1;

	if (file_read(a, path, TEMPLATE_SIZE_MAX, &data, &size, e) < 0)
		goto out;
	c->templates[language][name] = template_parse(c->arena, path, data, size, e);
	rc = c->templates[language][name] ? 0 : -1;
out:
	arena_free(a);
	return rc;
}

static int
public_url_read(struct composer *c, const char *url, struct err *e)
{
	size_t size = strlen(url);

	if ((strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) || strpbrk(url, " #?\"<>\\") ||
	    !text_valid(url, size) || text_has_line_break_or_control(url))
		return err_set(e, "public address \"%s\" is not an http(s) address without query and fragment", url);
	while (size > 0 && url[size - 1] == '/')
		size--;
	c->public_url = arena_string_n(c->arena, url, size);
	return 0;
}

static int
key_read(struct composer *c, const char *path, struct err *e)
{
	if (file_read_secret(c->arena, path, &c->key, &c->key_size, e) < 0)
		return -1;
	if (c->key_size < ACCESS_CODE_KEY_MIN)
		return err_set(
		    e, "\"%s\" holds %zu bytes; a key has at least %d", path, c->key_size, ACCESS_CODE_KEY_MIN);
	return 0;
}

struct composer *
composer_new(const struct composer_conf *conf, struct err *e)
{
	struct composer *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->arena = arena_new(0);
	if (letter_sender_parse(c->arena, conf->from, &c->sender, e) < 0 ||
	    public_url_read(c, conf->public_url, e) < 0 || key_read(c, conf->access_code_key_file, e) < 0)
		goto fail;
	for (size_t i = 0; i < LANGUAGES * TEMPLATES; i++)
		if (template_read(c, conf->templates, i / TEMPLATES, i % TEMPLATES, e) < 0)
			goto fail;
	return c;

fail:
	composer_free(c);
	return NULL;
}

void
composer_free(struct composer *c)
{
	if (!c)
		return;
	if (c->key)
		explicit_bzero(c->key, c->key_size);
	arena_free(c->arena);
	free(c);
}

static const struct template *
template_find(const struct composer *c, const char *language, const char *name)
{
	size_t l = strcmp(language, "en") == 0;

	for (size_t i = 0; i < TEMPLATES; i++)
		if (strcmp(names[i], name) == 0)
			return c->templates[l][i];
	return NULL;
}

char *
composer_compose(
    const struct composer *c, struct arena *a, const struct notice *notice, int64_t at, size_t *size, struct err *e)
{
	const struct template *t = template_find(c, notice->language, notice->template);
	char code[ACCESS_CODE_TEXT_SIZE], id[UUID_TEXT_SIZE];
	const char *const *texts;
	struct letter letter;

	if (!t) {
		err_set(e, "no template \"%s\"", notice->template);
		return NULL;
	}
	access_code_make(c->key, c->key_size, &notice->application_id, notice->fields.access_code_generation, code);
	texts = notice_texts(a, notice, c->public_url, code);
	uuid_text(&notice->id, id);
	letter = (struct letter){
	    .sender = &c->sender,
	    .to = notice->address,
	    .id = id,
	    .language = notice->language,
	    .at = at,
	    .subject = template_subject(a, t, texts),
	    .body = template_body(a, t, texts),
	};
	return letter_compose(a, &letter, size, e);
}
