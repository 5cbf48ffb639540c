/* http_internal: what the files of common/http share among themselves. */
#ifndef KOPRU_COMMON_HTTP_HTTP_INTERNAL_H
#define KOPRU_COMMON_HTTP_HTTP_INTERNAL_H

#include <sys/queue.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>

#include "common/http/http.h"

#define HTTP_TRACEPARENT_SIZE 56 /* 00-32-16-02 and NUL */
#define HTTP_JSON_DEPTH_MAX 8
#define HTTP_SPARE_MAX 256 /* requests kept for the next ones */
#define HTTP_DATE_SIZE 40
#define HTTP_UPLOAD_TIMES 4 /* as long may a body take that goes into a file */
#define HTTP_RANDOM_SIZE ((size_t)24 * 64)

/* What http_upload.c knows of the request that is coming over a connection. */
struct http_upload {
	enum {
		HTTP_UPLOAD_NONE,
		HTTP_UPLOAD_PERHAPS, /* its first line is not there yet */
		HTTP_UPLOAD_HEAD,
		HTTP_UPLOAD_BODY,
		HTTP_UPLOAD_WHOLE, /* evhttp has it */
	} state;
	const struct http_route *route;
	struct evbuffer *head;
	int fd;
	bool ours; /* what the input is given comes from here */
	char name[HTTP_FILE_NAME_SIZE]; /* of the file; empty: none */
	uint64_t size, left;
	const char *problem; /* to answer with; NULL: none */
};

struct http_request {
	struct http *http;
	struct evhttp_request *request; /* NULL once answered */
	struct arena *arena;
	json_t *json; /* in the arena: never freed by itself */
	const struct http_route *route;
	const char *segment;
	struct http_upload upload;
	struct evkeyvalq query;
	bool query_parsed;
	unsigned references;
	enum http_language language;
	char traceparent[HTTP_TRACEPARENT_SIZE];
	struct http_request *previous, *next; /* of those alive, or of the spare ones */
};

enum http_state {
	HTTP_FRESH,
	HTTP_READING,
	HTTP_HANDLED,
	HTTP_WAITING, /* answered at least once */
};

struct http_connection {
	TAILQ_ENTRY(http_connection) entry; /* oldest state first */
	struct http *http;
	struct bufferevent *stream;
	struct evhttp_connection *connection; /* NULL: not greeted yet */
	int fd;
	enum http_state state;
	int64_t since; /* of the state */
	size_t bytes; /* of what is read, or handled */
	struct http_upload upload;
};

struct http_sending;
TAILQ_HEAD(http_connections, http_connection);

struct http {
	struct loop *loop;
	struct evhttp *server;
	struct evconnlistener *listener; /* owned by server through bound */
	struct evhttp_bound_socket *bound;
	struct loop_timer *listen_again, *sweep, *room;
	struct event *greet; /* runs right after an accept: see http_connections.c */
	struct http_connections waiting; /* all of them */
	struct http_connection **by_fd;
	size_t by_fd_size;
	unsigned connections, fresh, uploads;
	size_t bytes; /* of requests without an answer, finished or not */
	int64_t complained_at;
	int64_t listen_again_due, room_due; /* of these timers */
	bool excused; /* the last look for room came late and ended nobody */
	bool stopping;

	struct http_conf conf;
	const struct http_route *routes;
	const char *(*healthy)(void *arg);
	void *arg;

	struct http_request *alive, *spare;
	struct http_sending *sendings; /* files that are going out */
	unsigned unanswered, spares;
	int64_t date_second;
	char date[HTTP_DATE_SIZE];
	unsigned char random[HTTP_RANDOM_SIZE]; /* for trace ids, so that not each costs a system call */
	size_t random_left;

	struct metrics *metrics;
	struct metric *answers[6]; /* by the first digit of the status; 0: what never got one */
	struct metric *connections_now, *unanswered_now, *busy, *ended;
};

/* A listening socket for "unix:/path", "127.0.0.1:8081" or "[::1]:8081"; -1 with the reason. */
int http_listen_open(const char *listen, struct err *e);
/* What listen stands for, as http_listen_open takes it. */
int http_listen_address(const char *listen, struct sockaddr_storage *address, socklen_t *size, struct err *e);

/* Counts connections and their bytes, stops listening at the limit, ends what takes too long. */
int http_connections_start(struct http *h, struct err *e);
void http_connections_close(struct http *h); /* no new ones any more */
void http_connections_free(struct http *h);
/* A request has come whole; its answer is complete. */
void http_connections_handled(struct http *h, struct http_request *r);
void http_connections_answered(struct http *h, struct evhttp_request *request);

/* A request begins. */
void http_upload_begin(struct http_upload *u);
/* More has come: takes out of input what evhttp is not to see, or not yet. How many bytes went into a file. */
size_t http_upload_take(struct http *h, struct http_upload *u, struct evbuffer *input);
/* Its connection or its request ends; a file that nobody took is removed. */
void http_upload_end(struct http *h, struct http_upload *u);

/* A connection ends: so does what is sent over it. */
void http_sending_closed(struct http *h, const struct evhttp_connection *connection);
void http_sendings_free(struct http *h); /* what is left when there are no connections any more */
/* The headers of every answer that is not empty; file_name may be NULL. */
void http_head_set(struct http_request *r, const char *content_type, const char *file_name);

/* A request from the spare ones, and back. */
struct http_request *http_request_new(struct http *h, struct evhttp_request *request);
void http_request_free(struct http_request *r);
/* The end of its answering: it may live on when someone keeps it. */
void http_request_end(struct http_request *r);
/* Framing that evhttp takes and nobody should: two lengths, unknown transfer codings, folded names. */
bool http_request_sound(const struct http_request *r);

#endif
