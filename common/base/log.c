/* log: see log.h. */
#include "common/base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOG_LINES_A_SECOND 50
#define LOG_LINE_SIZE 2048
#define LOG_TIME_SIZE 25 /* "2026-11-23T09:00:00.123Z" and NUL */
#define LOG_SLOTS 64

struct slot {
	const char *event;
	time_t second;
	unsigned lines;
	unsigned left_out;
};

/* A process has one stderr, so it has one log. */
static struct {
	pthread_mutex_t lock;
	_Atomic int level;
	_Atomic unsigned lost; /* lines that nobody took */
	const char *service;
	struct slot slots[LOG_SLOTS];
} log_state = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_INFO_LEVEL, .service = "kopru"};

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void
log_open(const char *service, enum log_level level)
{
	pthread_mutex_lock(&log_state.lock);
	log_state.service = service;
	pthread_mutex_unlock(&log_state.lock);
	log_set_level(level);
}

void
log_set_level(enum log_level level)
{
	atomic_store(&log_state.level, (int)level);
}

int
log_level_parse(const char *text, enum log_level *level)
{
	for (unsigned i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

/* The slot of an event; when all are taken, events share one by their hash. */
static struct slot *
slot_of(const char *event)
{
	uint32_t hash = 2166136261u;

	for (const char *p = event; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	for (uint32_t i = 0; i < LOG_SLOTS; i++) {
		struct slot *s = &log_state.slots[(hash + i) % LOG_SLOTS];

		if (!s->event)
			s->event = event;
		if (s->event == event || strcmp(s->event, event) == 0)
			return s;
	}
	return &log_state.slots[hash % LOG_SLOTS];
}

/* May one more line go out now? left_out: how many before it did not. */
static bool
line_allowed(const char *event, time_t second, unsigned *left_out)
{
	struct slot *s;
	bool allowed;

	pthread_mutex_lock(&log_state.lock);
	s = slot_of(event);
	if (s->second != second) {
		s->second = second;
		s->lines = 0;
	}
	allowed = s->lines < LOG_LINES_A_SECOND;
	*left_out = 0;
	if (allowed) {
		s->lines++;
		*left_out = s->left_out;
		s->left_out = 0;
	} else {
		s->left_out++;
	}
	pthread_mutex_unlock(&log_state.lock);
	return allowed;
}

/* C0, DEL, and C1, U+2028, U+2029 in UTF-8. */
static void
replace_controls(char *text, size_t size)
{
	unsigned char *p = (unsigned char *)text;

	for (size_t i = 0; i < size; i++) {
		bool c1 = p[i] == 0xc2 && i + 1 < size && p[i + 1] >= 0x80 && p[i + 1] <= 0x9f;
		bool separator = p[i] == 0xe2 && i + 2 < size && p[i + 1] == 0x80 && (p[i + 2] | 1) == 0xa9;

		if (c1)
			p[i + 1] = '?';
		if (separator)
			p[i + 1] = p[i + 2] = '?';
		if (p[i] < 0x20 || p[i] == 0x7f || c1 || separator)
			p[i] = '?';
	}
}

static void
time_text(const struct timespec *now, char text[LOG_TIME_SIZE])
{
	struct tm t;
	char seconds[20];

	if (!gmtime_r(&now->tv_sec, &t) || strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &t) == 0)
		seconds[0] = '\0';
	snprintf(text, LOG_TIME_SIZE, "%s.%03uZ", seconds, (unsigned)(now->tv_nsec / 1000000) % 1000);
}

static size_t
written(int length, size_t room)
{
	if (length < 0 || room == 0)
		return 0;
	return (size_t)length < room ? (size_t)length : room - 1;
}

/* Whoever reads our lines may be stuck: we do not wait for him. A pipe is writable when a whole line fits into it. */
static bool
line_fits(unsigned *lost)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (poll(&out, 1, 0) == 0) {
		atomic_fetch_add(&log_state.lost, 1);
		return false;
	}
	*lost = atomic_exchange(&log_state.lost, 0);
	return true;
}

/* The whole line in one write, so that lines of two threads or processes do not mix. */
static void
write_line(const char *line, size_t size)
{
	while (size > 0) {
		ssize_t n = write(STDERR_FILENO, line, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		line += n;
		size -= (size_t)n;
	}
}

void
log_write(enum log_level level, const char *event, const char *format, ...)
{
	int saved = errno;
	char line[LOG_LINE_SIZE], when[LOG_TIME_SIZE];
	size_t room = sizeof line - 1, size, head;
	struct timespec now;
	unsigned left_out, lost;
	va_list args;

	if ((int)level > atomic_load(&log_state.level))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	if (!line_allowed(event, now.tv_sec, &left_out) || !line_fits(&lost))
		return;
	time_text(&now, when);
	size = written(
	    snprintf(line, room, "%s level=%s service=%s event=%s", when, level_names[level], log_state.service, event),
	    room);
	if (left_out > 0)
		size += written(snprintf(line + size, room - size, " left_out=%u", left_out), room - size);
	if (lost > 0)
		size += written(snprintf(line + size, room - size, " lost=%u", lost), room - size);
	head = size;
	line[size++] = ' ';
	errno = saved;
	va_start(args, format);
	size += written(vsnprintf(line + size, room - size, format, args), room - size);
	va_end(args);
	if (size == head + 1)
		size = head;
	replace_controls(line, size);
	line[size++] = '\n';
	write_line(line, size);
	errno = saved;
}
