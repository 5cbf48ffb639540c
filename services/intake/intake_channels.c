/* intake_channels: puts together what comes in other than by the JSON API, and takes it apart in reverse. */
#include "services/intake/intake_internal.h"
#include "services/intake/mail.h"

static void
on_arrived(void *arg)
{
	struct intake *i = arg;

	digest_wake(i->digest);
	digest_wake(i->mail_digest);
}

static void
on_digested(void *arg)
{
	struct intake *i = arg;

	drafts_wake(i->drafts);
	media_wake(i->media);
}

static void
on_decided(void *arg)
{
	struct intake *i = arg;

	drafts_wake(i->drafts);
}

static void
on_draft_done(void *arg)
{
	struct intake *i = arg;

	told_wake(i->told);
}

static void
tell(void *arg, struct tell *t)
{
	struct intake *i = arg;

	tell_send(i->graph, &i->channels, t);
}

static struct told *
open_told(struct intake *i)
{
	return told_new(&(struct told_conf){.loop = i->loop,
			    .db = i->work,
			    .send = tell,
			    .arg = i,
			    .access_code_key = i->access_code_key,
			    .access_code_key_size = i->access_code_key_size,
			    .public_url = i->conf->public_url},
	    i->metrics);
}

static int
open311_open(struct intake *i, struct err *e)
{
	i->open311_media = open311_media_new(&(struct open311_media_desk){.loop = i->loop,
						 .db = i->work,
						 .files = i->files,
						 .client = i->command_client,
						 .conf = i->channels.open311},
	    i->metrics);
	i->open311 = open311_new(&(struct open311_desk){.loop = i->loop,
				     .db = i->work,
				     .api_keys = i->api_keys,
				     .inbound = i->inbound,
				     .entry = &i->entry,
				     .conf = i->channels.open311,
				     .public_url = i->conf->public_url,
				     .media_wanted = open311_media_wake,
				     .media_arg = i->open311_media},
	    i->metrics, e);
	return i->open311 ? 0 : -1;
}

int
intake_channels_open(struct intake *i, struct err *e)
{
	struct digest_conf digest = {
	    .loop = i->loop, .db = i->work, .channels = &i->channels, .on_digested = on_digested, .arg = i};

	mail_start();
	digest.files = i->channels.files = i->files;
	i->inbound = inbound_new(i->loop, i->arrivals, on_arrived, i, i->metrics);
	i->drafts = drafts_new(&(struct drafts_conf){.loop = i->loop,
				   .db = i->work,
				   .entry = &i->entry,
				   .client = i->command_client,
				   .on_done = on_draft_done,
				   .arg = i},
	    i->metrics);
	i->told = open_told(i);
	i->backlog = backlog_new(i->loop, i->work, &i->channels, i->metrics);
	i->triage = triage_new(
	    &(struct triage_desk){
		.db = i->work, .api_keys = i->api_keys, .files = i->files, .on_decided = on_decided, .arg = i},
	    i->metrics);
	i->digest = digest_new(&digest, i->metrics);
	digest.mails = true;
	i->mail_digest = digest_new(&digest, i->metrics);
	i->webhooks = webhooks_new(&i->channels, i->inbound, i->metrics);
	i->graph = graph_new(i->loop, i->metrics);
	i->media =
	    media_new(&(struct media_desk){.loop = i->loop, .graph = i->graph, .files = i->files, .conf = &i->channels},
		i->work, i->inbound, i->metrics);
	i->media_late = media_late_new(i->loop, i->work, i->command_client, i->metrics);
	i->mailboxes = mailboxes_new(i->loop, i->work, i->inbound, &i->channels, i->metrics);
	return open311_open(i, e);
}

void
intake_channels_stop(struct intake *i)
{
	open311_media_stop(i->open311_media);
	media_late_stop(i->media_late);
	media_stop(i->media);
	graph_free(i->graph);
	mailboxes_stop(i->mailboxes);
	inbound_stop(i->inbound);
	drafts_stop(i->drafts);
	told_stop(i->told);
}

void
intake_channels_free(struct intake *i)
{
	open311_free(i->open311);
	open311_media_free(i->open311_media);
	digest_free(i->mail_digest);
	digest_free(i->digest);
	drafts_free(i->drafts);
	told_free(i->told);
	backlog_free(i->backlog);
	triage_free(i->triage);
	media_late_free(i->media_late);
	media_free(i->media);
	webhooks_free(i->webhooks);
	mailboxes_free(i->mailboxes);
	inbound_free(i->inbound);
}
