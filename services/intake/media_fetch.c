/* media_fetch: see the header. */
#include "services/intake/media_fetch.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/jsontext.h"
#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/channels/fields.h"
#include "services/intake/channels/graph_fault.h"
#include "services/intake/channels/graph_url.h"

#define DOWNLOAD_MS 90000
#define ANSWER_DEPTH_MAX 8
#define TOO_LARGE "dosya 20 MB'den büyük / the file is larger than 20 MB"

static void
end(struct media_fetch *f, enum media_end how, const char *reason)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	if (f->incoming[0])
		files_incoming_remove(f->desk->files, f->incoming);
	f->incoming[0] = '\0';
	if (reason)
		snprintf(f->reason, sizeof(f->reason), "%s", reason);
	f->on_end(f, how);
}

bool
media_hash_matches(const char *said, const uint8_t sha256[32])
{
	uint8_t hash[32];
	size_t size = 0, length = said ? strlen(said) : 0;
	bool read = false;

	if (length == 64)
		read = sodium_hex2bin(hash, sizeof(hash), said, length, NULL, &size, NULL) == 0;
	else if (length == 44)
		read = sodium_base642bin(
			   hash, sizeof(hash), said, length, NULL, &size, NULL, sodium_base64_VARIANT_ORIGINAL) == 0;
	return !read || size != sizeof(hash) || memcmp(hash, sha256, sizeof(hash)) == 0;
}

/* On a worker's thread. */
static bool
hash_file(int fd, uint8_t sha256[32])
{
	crypto_hash_sha256_state state;
	uint8_t block[65536];
	ssize_t size;
	off_t at = 0;

	crypto_hash_sha256_init(&state);
	while ((size = pread(fd, block, sizeof(block), at)) != 0) {
		if (size < 0 && errno != EINTR)
			return false;
		if (size > 0)
			crypto_hash_sha256_update(&state, block, (size_t)size);
		at += size > 0 ? size : 0;
	}
	crypto_hash_sha256_final(&state, sha256);
	return true;
}

static void
work(void *arg)
{
	struct media_fetch *f = arg;
	uint8_t sha256[32];

	f->worked = MEDIA_LATER;
	if (!hash_file(f->fd, sha256)) {
		snprintf(f->reason, sizeof(f->reason), "the disk: %s", strerror(errno));
		return;
	}
	if (!media_hash_matches(f->sha256, sha256)) {
		snprintf(f->reason, sizeof(f->reason), "its checksum is not what the provider says");
		return;
	}
	switch (files_keep_incoming(f->desk->files, f->incoming, &f->kept, f->reason)) {
	case FILES_KEPT:
		f->worked = MEDIA_FETCHED;
		break;
	case FILES_REFUSED:
		f->worked = MEDIA_REFUSED;
		break;
	case FILES_FAILED:
	default:
		break;
	}
	f->incoming[0] = '\0'; /* consumed */
}

static void
on_worked(void *arg)
{
	struct media_fetch *f = arg;

	worker_free(f->worker);
	f->worker = NULL;
	end(f, f->worked, NULL);
}

/* Only that there is no such file is for ever, and only from who was asked by its id, or at the address that came with the message:
 * an address that was looked up expires, and what we may not have (a permission, a token) we may once that is put right. */
static void
end_by_fault(struct media_fetch *f, bool definite)
{
	const struct graph_request *r = &f->request;
	struct graph_fault fault = graph_fault_read(r->status, r->body);

	f->retry_after_ms = r->retry_after_ms;
	snprintf(f->reason, sizeof(f->reason), "the provider says %d, code %d", fault.status, fault.code);
	end(f, definite && graph_fault_none_such(&fault) ? MEDIA_GONE : MEDIA_LATER, NULL);
}

static bool
is_address(const char *media_id)
{
	return strncmp(media_id, "https://", 8) == 0 || strncmp(media_id, "http://", 7) == 0;
}

static void
on_downloaded(struct graph_request *r, enum graph_end how)
{
	struct media_fetch *f = (struct media_fetch *)r;
	struct err e;

	if (how == GRAPH_TOO_LARGE)
		end(f, MEDIA_REFUSED, TOO_LARGE);
	else if (how != GRAPH_ANSWERED)
		end(f, how == GRAPH_REFUSED && is_address(f->media_id) ? MEDIA_GONE : MEDIA_LATER, r->reason);
	else if (r->status != 200)
		end_by_fault(f, is_address(f->media_id));
	else if (!(f->worker = worker_start(f->desk->loop, work, on_worked, f, &e)))
		end(f, MEDIA_LATER, e.text);
}

static void
ask(struct media_fetch *f, const char *url, void (*on_end)(struct graph_request *r, enum graph_end end))
{
	struct graph_request *r = &f->request;

	if (!graph_has_room(f->desk->graph)) {
		end(f, MEDIA_LATER, "too many are under way");
		return;
	}
	*r = (struct graph_request){.url = url, .base = f->base, .bearer = f->bearer, .on_end = on_end, .fd = f->fd};
	if (f->fd >= 0) {
		r->keep_in_file = true;
		r->size_max = FILES_SIZE_MAX;
		r->time_ms = DOWNLOAD_MS;
	}
	graph_ask(f->desk->graph, r);
}

/* Whoever is not the provider does not get to see the token. */
static void
download(struct media_fetch *f, const char *url)
{
	f->fd = files_incoming_new(f->desk->files, f->incoming);
	if (f->fd < 0) {
		f->incoming[0] = '\0';
		end(f, MEDIA_LATER, "the disk: no file can be made");
		return;
	}
	if (f->bearer && !graph_url_trusted(url, f->base))
		f->bearer = NULL;
	ask(f, url, on_downloaded);
}

/* Where Meta has it: {"url", "mime_type", "sha256", "file_size"}. */
static const char *
meta_address(struct media_fetch *f, const json_t *answer)
{
	const char *sha256 = fields_id(f->arena, answer, "sha256", 100);

	if (sha256 && strlen(sha256) == 64)
		f->sha256 = sha256; /* of what it serves now */
	return fields_id(f->arena, answer, "url", GRAPH_URL_MAX);
}

/* "photos/file_5.jpg": under the address of the bot's files. */
static const char *
telegram_address(struct media_fetch *f, const json_t *result)
{
	const struct telegram_conf *conf = f->desk->conf->telegram;
	const char *path = fields_id(f->arena, result, "file_path", 500);

	if (!path || strstr(path, "..") ||
	    strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") != strlen(path))
		return NULL;
	return arena_printf(f->arena, "%s/file/bot%s/%s", conf->api_url, conf->access_token, path);
}

static void
on_looked_up(struct graph_request *r, enum graph_end how)
{
	struct media_fetch *f = (struct media_fetch *)r;
	struct jsontext_fault fault;
	const json_t *answer, *result;
	const char *url;

	if (how != GRAPH_ANSWERED) {
		end(f, MEDIA_LATER, r->reason);
		return;
	}
	if (r->status == 400 && strstr(r->body, "file is too big")) { /* Telegram's words for it */
		end(f, MEDIA_REFUSED, TOO_LARGE);
		return;
	}
	if (r->status != 200) {
		end_by_fault(f, true);
		return;
	}
	answer = jsontext_read(f->arena, r->body, r->size, ANSWER_DEPTH_MAX, &fault);
	result = json_object_get(answer, "result") ? json_object_get(answer, "result") : answer;
	url =
	    f->channel == KOPRU__V1__CHANNEL__CHANNEL_TELEGRAM ? telegram_address(f, result) : meta_address(f, result);
	if (json_number_value(json_object_get(result, "file_size")) > (double)FILES_SIZE_MAX)
		end(f, MEDIA_REFUSED, TOO_LARGE);
	else if (!url)
		end(f, MEDIA_LATER, "the provider's answer names no address");
	else
		download(f, url);
}

static const struct meta_conf *
meta_of(const struct media_fetch *f)
{
	const struct channels_conf *conf = f->desk->conf;

	if (f->channel == KOPRU__V1__CHANNEL__CHANNEL_WHATSAPP)
		return conf->whatsapp;
	return f->channel == KOPRU__V1__CHANNEL__CHANNEL_FACEBOOK ? conf->messenger : conf->instagram;
}

static void
begin_telegram(struct media_fetch *f)
{
	const struct telegram_conf *conf = f->desk->conf->telegram;

	if (!conf || !conf->access_token) {
		end(f, MEDIA_LATER, "the channel has no access token");
		return;
	}
	f->base = conf->api_url;
	ask(f, arena_printf(f->arena, "%s/bot%s/getFile?file_id=%s", conf->api_url, conf->access_token, f->media_id),
	    on_looked_up);
}

void
media_fetch_begin(struct media_fetch *f)
{
	const struct meta_conf *conf = meta_of(f);
	bool address = is_address(f->media_id);

	f->fd = -1;
	if (!address && !graph_url_piece_valid(f->media_id)) {
		end(f, MEDIA_GONE, "its id is none");
	} else if (f->channel == KOPRU__V1__CHANNEL__CHANNEL_TELEGRAM) {
		begin_telegram(f);
	} else if (!conf || (!address && !conf->access_token)) {
		end(f, MEDIA_LATER, "the channel has no access token");
	} else {
		f->base = conf->graph_url;
		f->bearer = address ? NULL : conf->access_token;
		if (address)
			download(f, f->media_id);
		else
			ask(f, arena_printf(f->arena, "%s/%s", conf->graph_url, f->media_id), on_looked_up);
	}
}
