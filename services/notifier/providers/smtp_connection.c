/* smtp_connection: libcurl makes the connection (EHLO, STARTTLS, certificate, AUTH) and lends it to us, who move the letters:
 * its own way of sending mail blocks the process at the final dot, and does not say whether the dot went out. */
#include "services/notifier/providers/smtp_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "common/loop/transfer.h"
#include "common/loop/watch.h"

#define IDLE_MS 10000 /* then it says QUIT */
#define QUIT_MS 2000
#define STOP_MS 5000 /* for answers to final dots */
#define LETTERS_MAX 100 /* by one connection */
#define READ_BYTES 4096

enum connection_state {
	CONNECTING,
	IDLE,
	SENDING, /* a letter, or the RSET after it */
	QUITTING,
};

struct smtp_connection {
	struct smtp_route *route;
	struct smtp_connection **place;
	enum connection_state state;
	CURL *easy;
	char reason[CURL_ERROR_SIZE];
	struct transfer *transfer;
	struct watch *watch; /* when libcurl has made the connection */
	struct loop_timer *timer;
	struct smtp_reader reader;
	struct smtp_dialog dialog;
	struct provider_letter *letter; /* NULL: none, or its end is told */
	struct arena *arena; /* of the text under way */
	const char *out; /* what is to be written */
	size_t out_size;
	unsigned letters; /* begun */
	bool answered; /* something was read since the letter began */
	bool working, gone; /* freed while somebody works on it: only its memory is still there */
};

static void connection_close(struct smtp_connection *c);

static void
letter_end(struct smtp_connection *c, enum provider_end end, const char *reason)
{
	struct provider_letter *letter = c->letter;

	c->letter = NULL;
	if (letter)
		smtp_route_end(c->route, letter, end, reason);
}

/* The connection breaks. A used one that the server closed before the letter began costs the letter nothing. */
static void
connection_lost(struct smtp_connection *c, const char *why)
{
	bool begun = c->answered || c->letters <= 1 || c->dialog.stage != SMTP_STAGE_MAIL;

	if (c->state == SENDING && c->letter && !begun) {
		smtp_route_put_back(c->route, c->letter);
		c->letter = NULL;
	} else if (c->state == SENDING) {
		smtp_dialog_lost(&c->dialog, why);
		letter_end(c, c->dialog.end, c->dialog.reason);
	}
	connection_close(c);
}

/* The dot goes out in a turn of its own, after what the server may have said meanwhile. */
static void
want(struct smtp_connection *c)
{
	watch_want(c->watch, true, c->out_size > 0 || c->dialog.stage == SMTP_STAGE_TEXT);
}

/* Writes what it can. The connection may be gone afterwards. */
static void
out_write(struct smtp_connection *c)
{
	while (c->out_size > 0) {
		size_t written = 0;
		CURLcode code = curl_easy_send(c->easy, c->out, c->out_size, &written);

		if (code == CURLE_AGAIN)
			break;
		if (code != CURLE_OK) {
			connection_lost(c, "the connection was lost");
			return;
		}
		c->out += written;
		c->out_size -= written;
	}
	want(c);
}

static void
text_send(struct smtp_connection *c)
{
	size_t size;
	char *text;

	text = smtp_text_make(c->arena, c->letter->data, c->letter->size, &size);
	if (!text) { /* letter_compose makes no such letter */
		letter_end(c, PROVIDER_FAILED, "the letter has a line that mail cannot have");
		connection_close(c);
		return;
	}
	c->out = text;
	c->out_size = size;
	timer_start(c->timer, c->route->smtp->conf.answer_seconds * INT64_C(1000));
	out_write(c);
}

static void
command_send(struct smtp_connection *c)
{
	const struct smtp_conf *conf = &c->route->smtp->conf;
	bool dot = c->dialog.stage == SMTP_STAGE_DOT;

	c->out = c->dialog.command;
	c->out_size = strlen(c->dialog.command);
	timer_start(c->timer, (dot ? conf->dot_seconds : conf->answer_seconds) * INT64_C(1000));
	out_write(c);
}

static void
quit(struct smtp_connection *c)
{
	c->state = QUITTING;
	c->out = "QUIT\r\n";
	c->out_size = strlen(c->out);
	timer_start(c->timer, QUIT_MS);
	out_write(c);
}

static void
letter_ended(struct smtp_connection *c, enum smtp_step step)
{
	struct smtp_route *route = c->route;

	if (c->dialog.server_refused)
		smtp_route_failed(route, c->dialog.reason);
	letter_end(c, c->dialog.end, c->dialog.reason);
	if (step == SMTP_STEP_CLOSE) {
		connection_close(c);
		return;
	}
	arena_reset(c->arena);
	if (c->letters >= LETTERS_MAX || route->smtp->stopping) {
		quit(c);
		return;
	}
	c->state = IDLE;
	timer_start(c->timer, IDLE_MS);
	smtp_route_go_on(route);
}

static void
connection_go_on(struct smtp_connection *c, enum smtp_step step)
{
	switch (step) {
	case SMTP_STEP_COMMAND:
		/* After a refusal only RSET is left, which the letter need not wait for. */
		if (c->dialog.stage == SMTP_STAGE_RSET)
			letter_end(c, c->dialog.end, c->dialog.reason);
		command_send(c);
		return;
	case SMTP_STEP_TEXT:
		text_send(c);
		return;
	case SMTP_STEP_ENDED:
	case SMTP_STEP_CLOSE:
		letter_ended(c, step);
		return;
	}
}

/* Takes what was said, if it is a whole answer. */
static void
reply_take(struct smtp_connection *c)
{
	struct smtp_reply reply;
	enum smtp_read read = smtp_reader_next(&c->reader, &reply);

	if (read == SMTP_MORE)
		return;
	if (c->state != SENDING) /* QUIT was answered, or the server ends an idle connection */
		connection_close(c);
	else if (read == SMTP_GARBAGE)
		connection_lost(c, "an answer that is none");
	else
		connection_go_on(c, smtp_dialog_reply(&c->dialog, &reply, !smtp_reader_empty(&c->reader)));
}

static void
on_readable(struct smtp_connection *c)
{
	char data[READ_BYTES];

	while (!c->gone) {
		size_t size = 0;
		CURLcode code = curl_easy_recv(c->easy, data, sizeof(data), &size);

		if (code == CURLE_AGAIN)
			return;
		if (code != CURLE_OK || size == 0) {
			connection_lost(c, "the connection was lost");
			return;
		}
		c->answered = true;
		if (!smtp_reader_add(&c->reader, data, size)) {
			connection_lost(c, "an answer that does not end");
			return;
		}
		reply_take(c);
	}
}

static void
on_ready(void *arg, bool readable, bool writable)
{
	struct smtp_connection *c = arg;
	bool texting = c->dialog.stage == SMTP_STAGE_TEXT;

	c->working = true;
	if (readable)
		on_readable(c);
	if (!c->gone && writable && c->out_size > 0)
		out_write(c);
	else if (!c->gone && writable && texting && c->dialog.stage == SMTP_STAGE_TEXT)
		connection_go_on(c, smtp_dialog_texted(&c->dialog));
	c->working = false;
	if (c->gone)
		free(c);
}

static void
on_timer(void *arg)
{
	struct smtp_connection *c = arg;

	if (c->state == CONNECTING) {
		smtp_route_failed(c->route, "connecting took too long");
		connection_close(c);
	} else if (c->state == IDLE) {
		quit(c);
	} else {
		connection_lost(c, "no answer in time");
	}
}

/* libcurl is done: connected and logged in, or not. */
static void
on_connected(void *arg, CURLcode code)
{
	struct smtp_connection *c = arg;
	struct smtp_route *route = c->route;
	curl_socket_t socket = CURL_SOCKET_BAD;
	char reason[SMTP_REASON_SIZE];
	long said = 0;

	if (code == CURLE_OK)
		curl_easy_getinfo(c->easy, CURLINFO_ACTIVESOCKET, &socket);
	if (socket == CURL_SOCKET_BAD) {
		curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &said);
		snprintf(reason, sizeof(reason), "connecting: %s (last answer %ld)",
		    c->reason[0] ? c->reason : curl_easy_strerror(code), said);
		smtp_route_failed(route, reason);
		connection_close(c);
		return;
	}
	c->watch = watch_new(route->smtp->loop, socket, on_ready, c);
	c->state = IDLE;
	route->failures = 0;
	route->pause_until = 0;
	metric_add(route->smtp->connected, 1);
	want(c);
	timer_start(c->timer, IDLE_MS);
	smtp_route_go_on(route);
}

static void
easy_prepare(struct smtp_connection *c)
{
	const struct smtp *s = c->route->smtp;
	const struct smtp_conf *conf = &s->conf;
	char *url = arena_printf(c->arena, "%s/%s", c->route->server->url, conf->hello);

	curl_easy_setopt(c->easy, CURLOPT_URL, url);
	curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(c->easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(c->easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(c->easy, CURLOPT_USE_SSL, s->tls);
	curl_easy_setopt(c->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYPEER, s->tls == CURLUSESSL_ALL ? 1L : 0L);
	curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYHOST, s->tls == CURLUSESSL_ALL ? 2L : 0L);
	if (*conf->authorities) {
		curl_easy_setopt(c->easy, CURLOPT_CAINFO, conf->authorities);
		curl_easy_setopt(c->easy, CURLOPT_CAPATH, NULL);
	}
	if (*conf->user && c->route->is_default) {
		curl_easy_setopt(c->easy, CURLOPT_USERNAME, conf->user);
		curl_easy_setopt(c->easy, CURLOPT_PASSWORD, conf->password);
	}
	curl_easy_setopt(c->easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)conf->answer_seconds);
	curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->reason);
}

struct smtp_connection *
smtp_connection_new(struct smtp_route *route, struct smtp_connection **place)
{
	struct smtp_connection *c = calloc(1, sizeof(*c));

	if (!c || !(c->easy = curl_easy_init()))
		abort();
	c->route = route;
	c->place = place;
	c->arena = arena_new(0);
	c->timer = timer_new(route->smtp->loop, on_timer, c);
	easy_prepare(c);
	timer_start(c->timer, route->smtp->conf.answer_seconds * INT64_C(2000));
	c->transfer = transfer_new(route->smtp->loop, c->easy, on_connected, c);
	transfer_start(c->transfer);
	metric_add(route->smtp->open, 1);
	return c;
}

void
smtp_connection_free(struct smtp_connection *c)
{
	curl_socket_t socket = CURL_SOCKET_BAD;

	c->gone = true;
	metric_add(c->route->smtp->open, -1);
	/* Otherwise libcurl would say QUIT, and wait in its call for the answer. */
	if (curl_easy_getinfo(c->easy, CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK && socket != CURL_SOCKET_BAD)
		shutdown(socket, SHUT_RDWR);
	watch_free(c->watch);
	transfer_free(c->transfer);
	curl_easy_cleanup(c->easy);
	timer_free(c->timer);
	arena_free(c->arena);
	if (!c->working)
		free(c);
}

static void
connection_close(struct smtp_connection *c)
{
	struct smtp_route *route = c->route;

	*c->place = NULL;
	smtp_connection_free(c);
	smtp_route_go_on(route);
}

bool
smtp_connection_idle(const struct smtp_connection *c)
{
	return c->state == IDLE;
}

bool
smtp_connection_open(const struct smtp_connection *c)
{
	return c->state == IDLE || c->state == SENDING;
}

void
smtp_connection_send(struct smtp_connection *c, struct provider_letter *letter)
{
	c->state = SENDING;
	c->letter = letter;
	c->letters++;
	c->answered = false;
	connection_go_on(c, smtp_dialog_begin(&c->dialog, c->route->smtp->conf.sender, letter->to));
}

void
smtp_connection_stop(struct smtp_connection *c)
{
	if (c->state == SENDING && c->dialog.stage == SMTP_STAGE_DOT) {
		timer_start(c->timer, STOP_MS);
		return;
	}
	letter_end(c, PROVIDER_UNTOUCHED, "the service was stopped");
	if (c->state == IDLE)
		quit(c);
	else if (c->state != QUITTING)
		connection_close(c);
}
