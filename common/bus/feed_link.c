/* feed_link: one connection of a consumer to one instance of the owner, and what is said on it. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/bus/feed_consumer_internal.h"

struct feed_link *
feed_link_new(struct feed_consumer *c, const char *endpoint, struct err *e)
{
	struct feed_link *link = calloc(1, sizeof(*link));

	if (!link)
		abort();
	link->consumer = c;
	link->found = true;
	link->down_at = clock_monotonic();
	(void)snprintf(link->endpoint, sizeof(link->endpoint), "%s", endpoint);
	link->socket = bus_connect(c->bus, endpoint, c->has_key ? c->server_public : NULL, c->has_key ? &c->key : NULL,
	    feed_receive_on_message, link, e);
	if (!link->socket) {
		free(link);
		return NULL;
	}
	bus_on_link(link->socket, feed_choice_on_link);
	TAILQ_INSERT_TAIL(&c->links, link, entry);
	c->links_count++;
	return link;
}

void
feed_link_free(struct feed_link *link)
{
	struct feed_consumer *c = link->consumer;

	log_debug("endpoint.gone", "endpoint=\"%s\"", link->endpoint);
	TAILQ_REMOVE(&c->links, link, entry);
	c->links_count--;
	bus_close(link->socket);
	if (c->fed == link)
		c->fed = NULL;
	free(link);
}

static int
link_send(struct feed_link *link, const Kopru__V1__FeedEnvelope *envelope)
{
	const struct feed_address to = {link->socket, NULL, 0};
	int rc = feed_frame_send(&to, envelope, &link->consumer->frame);

	if (rc == 0)
		link->said_at = clock_monotonic();
	return rc;
}

int
feed_link_subscribe(struct feed_link *link, enum feed_role role)
{
	struct feed_consumer *c = link->consumer;
	struct uuid *id = &c->ids[c->acked % (c->window + 1)];
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Subscribe subscribe;

	kopru__v1__subscribe__init(&subscribe);
	randombytes_buf(&link->session, sizeof(link->session));
	subscribe.consumer = c->name;
	subscribe.stream = c->stream;
	subscribe.session = link->session;
	if (role == FEED_ROLE_FED) {
		subscribe.window = c->window;
		subscribe.after_seq = c->acked;
		subscribe.after_event_id.data = c->acked > 0 ? id->bytes : NULL;
		subscribe.after_event_id.len = c->acked > 0 ? UUID_SIZE : 0;
	}
	kopru__v1__feed_envelope__init(&envelope);
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_SUBSCRIBE;
	envelope.subscribe = &subscribe;
	link->role = FEED_ROLE_NONE;
	link->heard_at = clock_monotonic();
	if (link_send(link, &envelope) < 0)
		return -1;
	link->role = role;
	return 0;
}

int
feed_link_ask(struct feed_link *link, uint64_t head)
{
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Ask ask;

	kopru__v1__ask__init(&ask);
	ask.stream = link->consumer->stream;
	ask.session = link->session;
	ask.head = head;
	kopru__v1__feed_envelope__init(&envelope);
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_ASK;
	envelope.ask = &ask;
	return link_send(link, &envelope);
}

int
feed_link_ack(struct feed_link *link, uint64_t seq)
{
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Ack ack;

	kopru__v1__ack__init(&ack);
	ack.stream = link->consumer->stream;
	ack.session = link->session;
	ack.seq = seq;
	kopru__v1__feed_envelope__init(&envelope);
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_ACK;
	envelope.ack = &ack;
	return link_send(link, &envelope);
}

void
feed_link_unsubscribe(struct feed_link *link)
{
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Unsubscribe unsubscribe;

	if (link->role == FEED_ROLE_NONE)
		return;
	kopru__v1__unsubscribe__init(&unsubscribe);
	unsubscribe.stream = link->consumer->stream;
	unsubscribe.session = link->session;
	kopru__v1__feed_envelope__init(&envelope);
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_UNSUBSCRIBE;
	envelope.unsubscribe = &unsubscribe;
	(void)link_send(link, &envelope); /* lost: the owner drops who is silent */
	link->role = FEED_ROLE_NONE;
}
