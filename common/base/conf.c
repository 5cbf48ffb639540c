/* conf: see conf.h. */
#include "common/base/conf.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/arena.h"
#include "common/base/file.h"

#define CONF_FILE_MAX 65536

/* Reasons one below the other. */
struct reasons {
	struct err *e;
	unsigned count;
};

static void
reasons_add(struct reasons *r, const struct err *reason)
{
	size_t used = r->count > 0 ? strlen(r->e->text) : 0;

	snprintf(r->e->text + used, sizeof r->e->text - used, "%s%s", r->count > 0 ? "\n" : "", reason->text);
	r->count++;
}

static bool
is_text(const struct conf_key *key)
{
	return key->type == CONF_TEXT || key->type == CONF_ENDPOINT || key->type == CONF_SECRET;
}

/* The fields are `const char *`: copied as bytes, because only we know that we own them. */
static void
text_store(const struct conf_key *key, void *conf, char *text)
{
	memcpy((char *)conf + key->offset, &text, sizeof text);
}

static char *
text_load(const struct conf_key *key, void *conf)
{
	char *text;

	memcpy(&text, (char *)conf + key->offset, sizeof text);
	return text;
}

static char *
text_copy(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

/* With each %h replaced. */
static int
endpoint_set(const struct conf_key *key, void *conf, const char *value, struct err *e)
{
	char host[HOST_NAME_MAX + 1] = "", *text = NULL;
	size_t size;
	FILE *out;

	if (strstr(value, "%h") && (gethostname(host, sizeof host) < 0 || host[0] == '\0' || strpbrk(host, "/,* ")))
		return err_set(e, "%s: this host's name \"%s\" cannot be part of a path", key->name, host);
	if (!(out = open_memstream(&text, &size)))
		abort();
	for (; *value; value++) {
		if (value[0] == '%' && value[1] == 'h') {
			fputs(host, out);
			value++;
		} else {
			fputc(*value, out);
		}
	}
	if (fclose(out) != 0)
		abort();
	text_store(key, conf, text);
	return 0;
}

static int
number_set(const struct conf_key *key, const char *value, long *field, struct err *e)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || number < key->min || number > key->max)
		return err_set(
		    e, "%s is \"%.60s\"; allowed is a number from %ld to %ld", key->name, value, key->min, key->max);
	*field = number;
	return 0;
}

static int
switch_set(const struct conf_key *key, const char *value, bool *field, struct err *e)
{
	if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
		return err_set(e, "%s is \"%.60s\"; allowed are on and off", key->name, value);
	*field = strcmp(value, "on") == 0;
	return 0;
}

static int
value_set(const struct conf_key *key, void *conf, const char *value, struct err *e)
{
	void *field = (char *)conf + key->offset;

	switch (key->type) {
	case CONF_NUMBER:
		return number_set(key, value, field, e);
	case CONF_SWITCH:
		return switch_set(key, value, field, e);
	case CONF_ENDPOINT:
		return endpoint_set(key, conf, value, e);
	case CONF_TEXT:
	case CONF_SECRET:
		break;
	}
	text_store(key, conf, text_copy(value));
	return 0;
}

static int
file_set(const struct conf_key *key, void *conf, const char *path, struct err *e)
{
	struct arena *a = arena_new(0);
	size_t size;
	char *text;
	int rc = file_read(a, path, CONF_FILE_MAX, &text, &size, e);

	if (rc == 0 && strlen(text) != size)
		rc = err_set(e, "%s: holds a NUL byte", path);
	if (rc == 0) {
		if (size > 0 && text[size - 1] == '\n')
			text[--size] = '\0';
		if (size > 0 && text[size - 1] == '\r')
			text[--size] = '\0';
		text_store(key, conf, text_copy(text));
	} else {
		err_prefix(e, "%s_FILE", key->name);
	}
	arena_free(a);
	return rc;
}

static int
key_load(const struct conf_key *key, void *conf, struct err *e)
{
	const char *value = getenv(key->name), *path = NULL;
	char file_name[128];

	snprintf(file_name, sizeof file_name, "%s_FILE", key->name);
	if (is_text(key))
		path = getenv(file_name);
	if (value && path)
		return err_set(e, "%s and %s are both set; set one of them", key->name, file_name);
	if (path)
		return file_set(key, conf, path, e);
	if (!value)
		value = key->fallback;
	if (!value)
		return err_set(e, "%s is not set; it is required: %s", key->name, key->help);
	return value_set(key, conf, value, e);
}

int
conf_load(const struct conf_key *keys, void *conf, struct err *e)
{
	struct reasons reasons = {e, 0};
	struct err reason;

	for (const struct conf_key *key = keys; key->name; key++) {
		if (is_text(key))
			text_store(key, conf, NULL);
	}
	for (const struct conf_key *key = keys; key->name; key++) {
		if (key_load(key, conf, &reason) != 0)
			reasons_add(&reasons, &reason);
	}
	if (reasons.count == 0)
		return 0;
	conf_free(keys, conf);
	return -1;
}

void
conf_free(const struct conf_key *keys, void *conf)
{
	for (const struct conf_key *key = keys; key->name; key++) {
		if (!is_text(key))
			continue;
		free(text_load(key, conf));
		text_store(key, conf, NULL);
	}
}

static void
default_print(const struct conf_key *key, FILE *out)
{
	if (!key->fallback)
		fprintf(out, "  required: ");
	else if (key->type == CONF_SECRET)
		fprintf(out, "  has a default: ");
	else
		fprintf(out, "  default \"%s\": ", key->fallback);
}

void
conf_help(const struct conf_key *keys, FILE *out)
{
	for (const struct conf_key *key = keys; key->name; key++) {
		fprintf(out, "%s%s\n", key->name, is_text(key) ? " (or from a file: the same with _FILE)" : "");
		default_print(key, out);
		fprintf(out, "%s", key->help);
		if (key->type == CONF_ENDPOINT)
			fprintf(out, " (%%h is this host's name)");
		if (key->type == CONF_NUMBER)
			fprintf(out, " (%ld to %ld)", key->min, key->max);
		if (key->type == CONF_SWITCH)
			fprintf(out, " (on or off)");
		fprintf(out, "\n");
	}
}
