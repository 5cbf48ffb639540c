/* channels_conf_reader: see the header. */
#include "services/intake/channels/channels_conf_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/text.h"

#define SECRET_MAX 4096
#define TEXTS_MAX 50
#define WHERE_SIZE 160

void
conf_fault(struct conf_reader *r, const char *where, const char *format, ...)
{
	char text[ERR_TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (r->fault_count < CONF_FAULTS_MAX)
		r->faults[r->fault_count++] = arena_printf(r->arena, "%s: %s", where, text);
}

static void
put_text(void *field, const char *text)
{
	memcpy(field, &text, sizeof(text));
}

/* Only its owner may read a secret; whoever else could would be everybody on the machine. */
static bool
is_private(struct conf_reader *r, const char *where, const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0) {
		conf_fault(r, where, "%s: %s", path, strerror(errno));
		return false;
	}
	if (S_ISREG(status.st_mode) && (status.st_mode & 077) == 0)
		return true;
	conf_fault(r, where, "%s may be read by others; chmod 600 it", path);
	return false;
}

static const char *
read_secret(struct conf_reader *r, const char *where, const json_t *value)
{
	const char *name = json_string_value(value), *path;
	struct err e;
	size_t size;
	char *text;

	if (!name || !*name) {
		conf_fault(r, where, "must be the name of a file that holds the secret");
		return NULL;
	}
	path = *name == '/' ? name : arena_printf(r->arena, "%s%s", r->folder, name);
	if (!is_private(r, where, path))
		return NULL;
	if (file_read(r->arena, path, SECRET_MAX, &text, &size, &e) < 0) {
		conf_fault(r, where, "%s", e.text);
		return NULL;
	}
	while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		text[--size] = '\0';
	if (size > 0 && text_valid(text, size) && !text_has_line_break_or_control(text))
		return text;
	conf_fault(r, where, "%s must hold one line of text", path);
	return NULL;
}

static void
read_secrets(struct conf_reader *r, const char *where, const json_t *value, const struct member *m, void *filled)
{
	size_t count = json_array_size(value);

	if (!json_is_array(value) || count < 1 || count > CHANNELS_SECRETS_MAX) {
		conf_fault(r, where, "must be a list of 1 to %d names of files", CHANNELS_SECRETS_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++)
		put_text(
		    (char *)filled + m->offset + i * sizeof(char *), read_secret(r, where, json_array_get(value, i)));
	memcpy((char *)filled + m->count_offset, &count, sizeof(count));
}

/* NULL when it is no text that the member takes. */
static const char *
read_text(struct conf_reader *r, const char *where, const json_t *value, const struct member *m)
{
	const char *text = json_string_value(value);

	if (text && *text && !text_has_line_break_or_control(text) && (!m->valid || m->valid(text)))
		return arena_string(r->arena, text);
	if (text)
		conf_fault(r, where, "is \"%.60s\"; allowed is %s", text, m->allowed ? m->allowed : "one line of text");
	else
		conf_fault(r, where, "must be a text; allowed is %s", m->allowed ? m->allowed : "one line");
	return NULL;
}

static void
read_texts(struct conf_reader *r, const char *where, const json_t *value, const struct member *m, void *filled)
{
	size_t count = json_array_size(value);
	const char **texts;

	if (!json_is_array(value) || count < 1 || count > TEXTS_MAX) {
		conf_fault(r, where, "must be a list of 1 to %d; each %s", TEXTS_MAX, m->allowed);
		return;
	}
	texts = arena_array(r->arena, count, sizeof(*texts));
	for (size_t i = 0; i < count; i++)
		texts[i] = read_text(r, where, json_array_get(value, i), m);
	memcpy((char *)filled + m->offset, &texts, sizeof(texts));
	memcpy((char *)filled + m->count_offset, &count, sizeof(count));
}

static void
read_seconds(struct conf_reader *r, const char *where, const json_t *value, const struct member *m, void *filled)
{
	int64_t milliseconds = (int64_t)json_integer_value(value) * 1000;

	if (json_is_integer(value) && json_integer_value(value) >= m->min && json_integer_value(value) <= m->max)
		memcpy((char *)filled + m->offset, &milliseconds, sizeof(milliseconds));
	else
		conf_fault(r, where, "must be a number of seconds from %ld to %ld", m->min, m->max);
}

static void
read_switch(struct conf_reader *r, const char *where, const json_t *value, const struct member *m, void *filled)
{
	const char *word = json_string_value(value);
	bool starttls = m->type == MEMBER_STARTTLS, set = starttls || json_is_true(value);

	if (starttls ? word && strcmp(word, "starttls") == 0 : json_is_boolean(value))
		memcpy((char *)filled + m->offset, &set, sizeof(set));
	else
		conf_fault(
		    r, where, "%s", starttls ? "must be \"starttls\", or not be given" : "must be true or false");
}

static void
read_member(struct conf_reader *r, const char *where, const json_t *value, const struct member *m, void *filled)
{
	switch (m->type) {
	case MEMBER_TEXT:
		put_text((char *)filled + m->offset, read_text(r, where, value, m));
		return;
	case MEMBER_SECRET:
		put_text((char *)filled + m->offset, read_secret(r, where, value));
		return;
	case MEMBER_TEXTS:
		read_texts(r, where, value, m, filled);
		return;
	case MEMBER_SECRETS:
		read_secrets(r, where, value, m, filled);
		return;
	case MEMBER_SECONDS:
		read_seconds(r, where, value, m, filled);
		return;
	case MEMBER_FLAG:
	case MEMBER_STARTTLS:
	default:
		read_switch(r, where, value, m, filled);
	}
}

static const struct member *
member_of(const struct member *members, const char *name)
{
	for (; members->name; members++)
		if (strcmp(members->name, name) == 0)
			return members;
	return NULL;
}

static const char *
names_of(struct arena *a, const struct member *members)
{
	const char *names = members->name;

	while ((++members)->name)
		names = arena_printf(a, "%s, %s", names, members->name);
	return names;
}

void
conf_read_object(
    struct conf_reader *r, const char *where, const json_t *object, const struct member *members, void *filled)
{
	char place[WHERE_SIZE];
	const char *name;
	json_t *value;

	if (!json_is_object(object)) {
		conf_fault(r, where, "must be an object");
		return;
	}
	/* jansson's loop takes a const object for a changeable one, and changes nothing. */
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		const struct member *m = member_of(members, name);

		snprintf(place, sizeof(place), "%s.%.60s", where, name);
		if (m)
			read_member(r, place, value, m, filled);
		else
			conf_fault(r, place, "is not known; known are %s", names_of(r->arena, members));
	}
	for (const struct member *m = members; m->name; m++) {
		snprintf(place, sizeof(place), "%s.%s", where, m->name);
		if (m->required && !json_object_get(object, m->name))
			conf_fault(r, place, "is required");
	}
}
