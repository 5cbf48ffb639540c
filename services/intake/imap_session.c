/* imap_session: see imap_session.h. One command at a time: EXAMINE, then for each round SEARCH, sizes, and FETCH in pieces. */
#include "services/intake/imap_session.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/loop/transfer.h"
#include "common/loop/watch.h"
#include "services/intake/imap_connect.h"
#include "services/intake/imap_list.h"
#include "services/intake/imap_reader.h"

#define PIECE_BYTES_MAX ((size_t)1024 * 1024) /* of one FETCH, a single mail apart */
#define READ_BYTES 65536
#define TAG_SIZE 16
#define LOGOUT "Z LOGOUT\r\n"

enum session_state { CONNECTING, OPENING, SEARCHING, SIZING, FETCHING, RESTING };

struct imap_session {
	struct loop *loop;
	const struct mailbox_conf *conf;
	struct imap_limits limits;
	struct imap_events events;
	enum session_state state;
	CURL *easy;
	char reason[CURL_ERROR_SIZE];
	struct transfer *transfer;
	struct watch *watch;
	struct loop_timer *timer;
	struct imap_reader reader;
	char tag[TAG_SIZE];
	unsigned commands;
	char out[IMAP_COMMAND_SIZE + TAG_SIZE];
	size_t out_at, out_size;
	uint32_t uid_validity, after; /* after: UID of the last mail that is done with */
	struct imap_list list;
	size_t begin, end; /* of the list: the piece that is being fetched */
	bool singly; /* a piece was refused: which mail is it? */
	char input[READ_BYTES];
	const char *input_at; /* what was read and not looked at yet */
	size_t input_size;
	bool paused, resumed, working, gone;
};

static void
end(struct imap_session *s, const char *error)
{
	if (!s->gone)
		s->events.on_end(s->events.arg, error);
}

static void
want(struct imap_session *s)
{
	watch_want(s->watch, !s->paused, s->out_at < s->out_size);
}

static void
out_write(struct imap_session *s)
{
	while (s->out_at < s->out_size) {
		size_t written = 0;
		CURLcode code = curl_easy_send(s->easy, s->out + s->out_at, s->out_size - s->out_at, &written);

		if (code == CURLE_AGAIN)
			break;
		if (code != CURLE_OK) {
			end(s, "the connection was lost");
			return;
		}
		s->out_at += written;
	}
	want(s);
}

static void
command_send(struct imap_session *s, enum session_state state, const char *text)
{
	s->state = state;
	snprintf(s->tag, sizeof(s->tag), "K%u", ++s->commands);
	s->out_size = (size_t)snprintf(s->out, sizeof(s->out), "%s %s\r\n", s->tag, text);
	s->out_at = 0;
	timer_start(s->timer, s->limits.answer_ms);
	out_write(s);
}

static void
search(struct imap_session *s)
{
	char text[64];

	s->list.count = s->begin = s->end = 0;
	s->singly = false;
	snprintf(text, sizeof(text), "UID SEARCH UID %u:*", s->after + 1);
	command_send(s, SEARCHING, text);
}

static void
fetch_send(struct imap_session *s, enum session_state state, size_t to, const char *what)
{
	char text[IMAP_COMMAND_SIZE];

	imap_list_command(&s->list, s->begin, to, what, text);
	command_send(s, state, text);
}

static void
begin_fetch(struct imap_session *s)
{
	char what[64];

	snprintf(what, sizeof(what), "(UID BODY.PEEK[]<0.%zu>)", s->limits.begin_max);
	fetch_send(s, FETCHING, s->end, what);
}

/* The next piece of the list: as many mails as are small enough together. */
static void
fetch_go_on(struct imap_session *s)
{
	uint64_t bytes = 0;

	while (s->begin < s->list.count && s->list.items[s->begin].came)
		s->begin++;
	if (s->begin == s->list.count) {
		s->state = RESTING;
		timer_stop(s->timer);
		s->after = s->list.items[s->list.count - 1].uid;
		s->events.on_round(s->events.arg, s->after);
		return;
	}
	for (s->end = s->begin; s->end < s->list.count; s->end++) {
		bytes += s->list.items[s->end].size;
		if (s->end > s->begin && (bytes > PIECE_BYTES_MAX || s->singly))
			break;
	}
	if (s->list.items[s->begin].size > s->limits.size_max)
		begin_fetch(s);
	else
		fetch_send(s, FETCHING, s->end, "(UID BODY.PEEK[])");
}

/* The mails of the piece that did not come are gone (OK), or one of them is the reason (NO). */
static void
piece_ended(struct imap_session *s, bool refused)
{
	bool alone = s->end - s->begin == 1;

	s->singly = refused && !alone ? true : s->singly;
	for (size_t i = s->begin; i < s->end && (!refused || alone) && !s->gone; i++) {
		struct imap_mail none = {.uid = s->list.items[i].uid};

		if (refused && !s->list.items[i].came)
			s->events.on_mail(s->events.arg, &none);
		s->list.items[i].came = true;
	}
	if (!s->gone)
		fetch_go_on(s);
}

static void
command_ended(struct imap_session *s, bool refused, const char *text)
{
	char error[IMAP_TEXT_SIZE + 64];

	if (refused && s->state != FETCHING) {
		snprintf(error, sizeof(error), "the server refused: %s", text);
		end(s, error);
	} else if (s->state == OPENING && s->uid_validity == 0) {
		end(s, "the server says no UIDVALIDITY");
	} else if (s->state == OPENING) {
		s->after = s->events.on_opened(s->events.arg, s->uid_validity);
		search(s);
	} else if (s->state == SEARCHING && s->list.count == 0) {
		end(s, NULL);
	} else if (s->state == SEARCHING) {
		fetch_send(s, SIZING, s->list.count, "(UID RFC822.SIZE)");
	} else if (s->state == SIZING) {
		fetch_go_on(s);
	} else if (s->state == FETCHING) {
		piece_ended(s, refused);
	}
}

static void
mail_came(struct imap_session *s, const struct imap_event *event)
{
	struct imap_listed *listed = s->state == FETCHING ? imap_list_find(&s->list, s->begin, event->uid) : NULL;
	struct imap_mail mail = {.uid = event->uid, .data = event->data, .size = event->size};

	if (!listed || listed->came) {
		free(event->data);
		return;
	}
	listed->came = true;
	mail.whole = listed->size <= s->limits.size_max && event->size == event->number;
	s->events.on_mail(s->events.arg, &mail);
}

/* False: no more for now. */
static bool
event_take(struct imap_session *s, enum imap_kind kind, const struct imap_event *event)
{
	struct imap_listed *listed;

	switch (kind) {
	case IMAP_DONE:
	case IMAP_REFUSED:
		command_ended(s, kind == IMAP_REFUSED, event->text);
		break;
	case IMAP_VALIDITY:
		s->uid_validity = event->number <= UINT32_MAX ? (uint32_t)event->number : 0;
		break;
	case IMAP_FOUND:
		if (s->state == SEARCHING)
			imap_list_add(&s->list, s->after, event->number);
		break;
	case IMAP_SIZE:
		listed = imap_list_find(&s->list, s->begin, event->uid);
		if (listed)
			listed->size = event->number;
		break;
	case IMAP_LITERAL:
		s->paused = !s->events.may_come(s->events.arg, (size_t)event->number);
		break;
	case IMAP_MAIL:
		mail_came(s, event);
		break;
	case IMAP_BYE:
	case IMAP_GARBAGE:
		end(s, kind == IMAP_BYE ? "the server ended the connection" : "what the server says is no IMAP");
		break;
	case IMAP_MORE:
		return false;
	}
	return !s->gone && !s->paused;
}

static void
input_look(struct imap_session *s)
{
	struct imap_event event;
	enum imap_kind kind;

	do
		kind = imap_reader_next(&s->reader, s->tag, &s->input_at, &s->input_size, &event);
	while (event_take(s, kind, &event));
}

static void
input_read(struct imap_session *s)
{
	while (!s->gone && !s->paused) {
		size_t size = 0;
		CURLcode code = curl_easy_recv(s->easy, s->input, sizeof(s->input), &size);

		if (code == CURLE_AGAIN)
			return;
		if (code != CURLE_OK || size == 0) {
			end(s, "the connection was lost");
			return;
		}
		if (s->state != RESTING)
			timer_start(s->timer, s->limits.answer_ms);
		s->input_at = s->input;
		s->input_size = size;
		input_look(s);
	}
}

static void
session_release(struct imap_session *s)
{
	s->working = false;
	if (s->gone)
		free(s);
}

static void
on_ready(void *arg, bool readable, bool writable)
{
	struct imap_session *s = arg;

	s->working = true;
	if (readable)
		input_read(s);
	if (!s->gone && writable)
		out_write(s);
	if (!s->gone)
		want(s);
	session_release(s);
}

static void
on_timer(void *arg)
{
	struct imap_session *s = arg;

	s->working = true;
	if (s->paused || s->resumed || s->input_size > 0) {
		s->resumed = false;
		/* Either we are what it waits for, or there is something left to look at. */
		timer_start(s->timer, s->limits.answer_ms);
		if (!s->paused)
			input_look(s);
		if (!s->gone && !s->paused)
			input_read(s);
	} else {
		end(s, s->state == CONNECTING ? "connecting took too long" : "no answer in time");
	}
	if (!s->gone && s->watch)
		want(s);
	session_release(s);
}

void
imap_session_resume(struct imap_session *s)
{
	if (!s->paused)
		return;
	s->paused = false;
	s->resumed = true;
	timer_start(s->timer, 0); /* in a turn of its own */
}

void
imap_session_next(struct imap_session *s)
{
	search(s);
}

static void
on_connected(void *arg, CURLcode code)
{
	struct imap_session *s = arg;
	curl_socket_t socket = CURL_SOCKET_BAD;
	char folder[IMAP_FOLDER_SIZE], examine[IMAP_FOLDER_SIZE + 16];

	s->working = true;
	if (code == CURLE_OK)
		curl_easy_getinfo(s->easy, CURLINFO_ACTIVESOCKET, &socket);
	if (socket == CURL_SOCKET_BAD) {
		end(s, s->reason[0] ? s->reason : curl_easy_strerror(code));
	} else {
		s->watch = watch_new(s->loop, socket, on_ready, s);
		imap_connect_folder(s->conf, folder, sizeof(folder));
		snprintf(examine, sizeof(examine), "EXAMINE \"%s\"", folder);
		command_send(s, OPENING, examine);
	}
	session_release(s);
}

struct imap_session *
imap_session_new(
    struct loop *l, const struct mailbox_conf *conf, const struct imap_limits *limits, const struct imap_events *events)
{
	struct imap_session *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->loop = l;
	s->conf = conf;
	s->limits = *limits;
	s->events = *events;
	s->reader.literal_max = limits->size_max;
	s->timer = timer_new(l, on_timer, s);
	s->easy = imap_connect_new(conf, limits->answer_ms, s->reason);
	timer_start(s->timer, limits->answer_ms);
	s->transfer = transfer_new(l, s->easy, on_connected, s);
	transfer_start(s->transfer);
	return s;
}

void
imap_session_free(struct imap_session *s)
{
	curl_socket_t socket = CURL_SOCKET_BAD;
	size_t written;

	if (!s || s->gone)
		return;
	s->gone = true;
	if (s->watch && s->out_at == s->out_size)
		curl_easy_send(s->easy, LOGOUT, strlen(LOGOUT), &written); /* a courtesy */
	/* Otherwise libcurl would say LOGOUT, and wait in its call for the answer. */
	if (curl_easy_getinfo(s->easy, CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK && socket != CURL_SOCKET_BAD)
		shutdown(socket, SHUT_RDWR);
	watch_free(s->watch);
	transfer_free(s->transfer);
	curl_easy_cleanup(s->easy);
	timer_free(s->timer);
	imap_reader_clear(&s->reader);
	if (!s->working)
		free(s);
}
