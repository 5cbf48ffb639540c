/* imap_connect: how libcurl is to connect to a mailbox: verified, logged in, and then lent to us. */
#ifndef KOPRU_SERVICES_INTAKE_IMAP_CONNECT_H
#define KOPRU_SERVICES_INTAKE_IMAP_CONNECT_H

#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "services/intake/channels/channels_conf.h"

#define IMAP_FOLDER_SIZE 512

/* reason (CURL_ERROR_SIZE bytes) lives as long as what it gives, which the caller cleans up. */
CURL *imap_connect_new(const struct mailbox_conf *conf, int64_t answer_ms, char *reason);
/* The folder in the URL, fit to stand in quotes (RFC 3501); INBOX when there is none. */
void imap_connect_folder(const struct mailbox_conf *conf, char *folder, size_t size);

#endif
