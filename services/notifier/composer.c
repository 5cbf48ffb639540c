/* composer: every template in every language is read at start, so that no notice finds one missing. */
#include "services/notifier/composer.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/domain/access_code.h"

#define LANGUAGES 2
#define TEMPLATES_MAX 32

static const char *const languages[LANGUAGES] = {"tr", "en"};

struct composer {
	struct arena *arena;
	struct letter_sender sender;
	const char *public_url;
	uint8_t *key;
	size_t key_size;
	struct template *templates[LANGUAGES][TEMPLATES_MAX]; /* as in template_rules */
};

static size_t
rules_count(void)
{
	size_t count = 0;

	while (template_rules[count].name)
		count++;
	if (count > TEMPLATES_MAX)
		abort();
	return count;
}

/* In a; NULL with the reason. */
static struct template *
template_read(
    struct arena *a, const char *folder, const char *language, const struct template_rule *rule, struct err *e)
{
	char *path = arena_printf(a, "%s/%s/%s.txt", folder, rule->staff ? "staff" : language, rule->name);
	struct arena *of_file = arena_new(0);
	struct template *t = NULL;
	char *data;
	size_t size;

	if (file_read(of_file, path, TEMPLATE_SIZE_MAX, &data, &size, e) == 0)
		t = template_parse(a, path, data, size, rule->allowed, e);
	arena_free(of_file);
	return t;
}

size_t
composer_check(const char *templates, void (*on_wrong)(const struct err *e), size_t *count)
{
	struct arena *a = arena_new(0);
	size_t wrong = 0;
	struct err e;

	*count = rules_count() * LANGUAGES;
	for (size_t i = 0; i < *count; i++) {
		if (template_read(a, templates, languages[i % LANGUAGES], &template_rules[i / LANGUAGES], &e))
			continue;
		on_wrong(&e);
		wrong++;
	}
	arena_free(a);
	return wrong;
}

static int
public_url_read(struct composer *c, const char *url, struct err *e)
{
	size_t size = strlen(url);

	if ((strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) || strpbrk(url, " #?\"<>\\") ||
	    !text_valid(url, size) || text_has_line_break_or_control(url))
		return err_set(
		    e, "NOTIFIER_PUBLIC_URL is \"%s\"; allowed is an http(s) address without query and fragment", url);
	while (size > 0 && url[size - 1] == '/')
		size--;
	c->public_url = arena_string_n(c->arena, url, size);
	return 0;
}

static int
key_read(struct composer *c, const char *path, struct err *e)
{
	if (file_read_secret(c->arena, path, &c->key, &c->key_size, e) < 0)
		return err_prefix(e, "NOTIFIER_ACCESS_CODE_KEY_FILE");
	if (c->key_size < ACCESS_CODE_KEY_MIN)
		return err_set(e, "NOTIFIER_ACCESS_CODE_KEY_FILE: \"%s\" holds %zu bytes; a key has at least %d", path,
		    c->key_size, ACCESS_CODE_KEY_MIN);
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
	for (size_t i = 0; i < LANGUAGES * rules_count(); i++) {
		size_t language = i % LANGUAGES, rule = i / LANGUAGES;

		c->templates[language][rule] =
		    template_read(c->arena, conf->templates, languages[language], &template_rules[rule], e);
		if (!c->templates[language][rule]) {
			err_prefix(e, "NOTIFIER_TEMPLATES");
			goto fail;
		}
	}
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

struct token_key
composer_token_key(const struct composer *c)
{
	return (struct token_key){c->key, c->key_size};
}

const struct letter_sender *
composer_sender(const struct composer *c)
{
	return &c->sender;
}

static const struct template *
template_find(const struct composer *c, const char *language, const char *name)
{
	size_t l = strcmp(language, "en") == 0;

	for (size_t i = 0; template_rules[i].name; i++)
		if (strcmp(template_rules[i].name, name) == 0)
			return c->templates[l][i];
	return NULL;
}

static const char *const *
texts_make(const struct composer *c, struct arena *a, const struct notice *notice)
{
	char code[ACCESS_CODE_TEXT_SIZE], confirm[TOKEN_TEXT_SIZE], opt_out[TOKEN_TEXT_SIZE];
	const struct token_key key = composer_token_key(c);
	const struct notice_links links = {
	    .public_url = c->public_url, .access_code = code, .confirm_token = confirm, .opt_out_token = opt_out};

	access_code_make(c->key, c->key_size, &notice->application_id, notice->fields.access_code_generation, code);
	token_make(&key, TOKEN_CONFIRM, &notice->application_id, notice->address, confirm);
	token_make(&key, TOKEN_OPT_OUT, &notice->application_id, notice->address, opt_out);
	return notice_texts(a, notice, &links);
}

char *
composer_compose(const struct composer *c, struct arena *a, const struct composing *what, size_t *size, struct err *e)
{
	const struct notice *notice = what->notice;
	const struct template *t = template_find(c, notice->language, notice->template);
	char id[UUID_TEXT_SIZE], thread[UUID_TEXT_SIZE];
	const char *const *texts;
	struct letter letter;

	if (!t) {
		err_set(e, "no template \"%s\"", notice->template);
		return NULL;
	}
	texts = texts_make(c, a, notice);
	uuid_text(&notice->id, id);
	uuid_text(&notice->application_id, thread);
	letter = (struct letter){
	    .sender = &c->sender,
	    .to = notice->address,
	    .id = id,
	    .number = notice->number,
	    .thread = thread,
	    .repeated = what->repeated,
	    .language = notice->language,
	    .at = what->at,
	    .subject = template_subject(a, t, texts),
	    .body = template_body(a, t, texts),
	};
	return letter_compose(a, &letter, size, e);
}
