/* orders_end: the answer to one command, and how the ends are counted. */
#include <stdio.h>
#include <stdlib.h>

#include "common/domain/words.h"
#include "services/router/orders_internal.h"
#include "services/router/sentences.h"

static const struct word code_words[] = {
    {KOPRU__V1__REPLY__CODE__CODE_OK, "ok", NULL, NULL},
    {KOPRU__V1__REPLY__CODE__CODE_CONFLICT, "conflict", NULL, NULL},
    {KOPRU__V1__REPLY__CODE__CODE_FORBIDDEN, "forbidden", NULL, NULL},
    {KOPRU__V1__REPLY__CODE__CODE_NOT_FOUND, "not_found", NULL, NULL},
    {KOPRU__V1__REPLY__CODE__CODE_INVALID, "invalid", NULL, NULL},
    {KOPRU__V1__REPLY__CODE__CODE_BUSY, "busy", NULL, NULL},
    {KOPRU__V1__REPLY__CODE__CODE_UNKNOWN, "unknown", NULL, NULL},
    {KOPRU__V1__REPLY__CODE__CODE_UNSUPPORTED, "unsupported", NULL, NULL},
    {0, NULL, NULL, NULL},
};

/* Made when first used: most pairs never are. */
static void
count_outcome(struct orders *c, int action, int code)
{
	struct metric **metric = NULL;
	char labels[96];

	if (action < 0 || action >= ORDERS_ACTION_MAX || code < 0 || code >= ORDERS_CODE_MAX)
		return;
	metric = &c->outcomes[action][code];
	if (!*metric) {
		(void)snprintf(labels, sizeof(labels), "action=\"%s\",outcome=\"%s\"", word_token(action_words, action),
		    word_token(code_words, code));
		*metric = metrics_counter(c->metrics, "kopru_router_commands_total", labels, "Commands by their end");
	}
	metric_add(*metric, 1);
}

void
orders_end(struct orders *c, struct orders_item *item, Kopru__V1__Reply *reply)
{
	count_outcome(c, item->order.action, (int)reply->code);
	if (item->request)
		command_reply(item->request, reply);
	if (item->told.on_end)
		item->told.on_end(item->told.arg, (int)reply->code);
	arena_free(item->own);
	arena_free(item->arena);
	free(item);
	if (--c->count == 0)
		loop_release(c->loop);
}

void
orders_end_as(struct orders *c, struct orders_item *item, int code)
{
	enum sentence_id id = code == KOPRU__V1__REPLY__CODE__CODE_BUSY ? SENTENCE_BUSY : SENTENCE_UNKNOWN;
	Kopru__V1__Reply reply;

	if (code == KOPRU__V1__REPLY__CODE__CODE_INVALID)
		id = SENTENCE_REFUSED;
	kopru__v1__reply__init(&reply);
	reply.code = (Kopru__V1__Reply__Code)code;
	reply.text = arena_string(item->arena, sentence_make(item->arena, id, item->order.english, NULL));
	orders_end(c, item, &reply);
}
