/* intake_internal: all parts of intake, for who puts them together (intake*.c) and who leads requests to them (routes.c). */
#ifndef KOPRU_SERVICES_INTAKE_INTAKE_INTERNAL_H
#define KOPRU_SERVICES_INTAKE_INTAKE_INTERNAL_H

#include "common/bus/command.h"
#include "services/intake/applications.h"
#include "services/intake/attachments.h"
#include "services/intake/backlog.h"
#include "services/intake/calls.h"
#include "services/intake/channels/channels_conf.h"
#include "services/intake/channels/tell.h"
#include "services/intake/commands.h"
#include "services/intake/digest.h"
#include "services/intake/drafts.h"
#include "services/intake/files.h"
#include "services/intake/holidays.h"
#include "services/intake/imports.h"
#include "services/intake/inbound.h"
#include "services/intake/intake.h"
#include "services/intake/mailboxes.h"
#include "services/intake/media.h"
#include "services/intake/media_late.h"
#include "services/intake/open311.h"
#include "services/intake/open311_media.h"
#include "services/intake/told.h"
#include "services/intake/triage.h"
#include "services/intake/webhooks.h"

struct intake {
	struct loop *loop;
	const struct intake_conf *conf;
	struct arena *arena; /* keys and tables for the whole life */
	struct metrics *metrics;
	struct calendar *calendar; /* of the file */
	struct holidays *holidays; /* puts the newest one into entry */
	struct person_keys person_keys;
	uint8_t *access_code_key;
	size_t access_code_key_size;
	struct bus_key bus_key;
	struct channels_conf channels;
	struct db *writer, *reader;
	struct db *arrivals; /* what arrives over channels, and nothing else */
	struct db *work; /* what becomes of it */
	struct bus *bus;
	struct source *source;
	struct store *store;
	struct numbers *numbers;
	struct loop_timer *numbers_first; /* the first block, once the clock is known */
	struct entry_desk entry;
	struct api_keys *api_keys;
	struct applications *applications;
	struct imports *imports;
	struct command_client *command_client;
	struct commands *commands;
	struct calls *calls;
	struct inbound *inbound;
	struct digest *digest, *mail_digest;
	struct drafts *drafts;
	struct mailboxes *mailboxes;
	struct files *files;
	struct webhooks *webhooks;
	struct graph *graph;
	struct media *media;
	struct media_late *media_late;
	struct open311 *open311;
	struct told *told;
	struct triage *triage;
	struct open311_media *open311_media;
	struct attachments *attachments;
	struct backlog *backlog;
	struct http *http;
};

/* Handlers get the struct intake. */
extern const struct http_route intake_routes[];

/* What comes in other than by the JSON API. Opened after the desk, closed in two steps: before and after the connections. */
int intake_channels_open(struct intake *i, struct err *e);
void intake_channels_stop(struct intake *i);
void intake_channels_free(struct intake *i);

#endif
