/* attachment: a file that came with an application or was added to its case, as commands and events carry it. Pure. */
#ifndef KOPRU_COMMON_DOMAIN_ATTACHMENT_H
#define KOPRU_COMMON_DOMAIN_ATTACHMENT_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/ids.h"
#include "common/base/wire.h"
#include "kopru/v1/application.pb-c.h"

#define ATTACHMENTS_MAX WIRE_ATTACHMENTS_MAX /* in one application, reply or addition */
#define ATTACHMENT_NAME_MAX 255 /* characters */
#define ATTACHMENT_TYPE_MAX 127
#define ATTACHMENT_HASH_SIZE 32

struct attachment {
	struct uuid id;
	const char *name, *media_type; /* name: NULL when not given */
	uint64_t size;
	uint8_t sha256[ATTACHMENT_HASH_SIZE];
};

/* As messages. All of it lives in the arena; NULL when there are none. A name that is longer than ATTACHMENT_NAME_MAX or no
 * single line is left out: strangers choose names, and none may keep what came with it from its case. */
Kopru__V1__Attachment **attachments_make(struct arena *a, const struct attachment *list, size_t count);

#endif
