/* attachment: see the header. */
#include "common/domain/attachment.h"

#include "common/base/text.h"

static const char *
name_of(const struct attachment *from)
{
	const char *name = from->name ? from->name : "";

	return text_length(name) <= ATTACHMENT_NAME_MAX && !text_has_line_break_or_control(name) ? name : "";
}

static Kopru__V1__Attachment *
attachment_make(struct arena *a, const struct attachment *from)
{
	Kopru__V1__Attachment *message = arena_alloc(a, sizeof(*message));

	kopru__v1__attachment__init(message);
	message->id = (ProtobufCBinaryData){UUID_SIZE, arena_copy(a, from->id.bytes, UUID_SIZE)};
	message->name = arena_string(a, name_of(from));
	message->media_type = arena_string(a, from->media_type ? from->media_type : "");
	message->size = from->size;
	message->sha256 =
	    (ProtobufCBinaryData){ATTACHMENT_HASH_SIZE, arena_copy(a, from->sha256, ATTACHMENT_HASH_SIZE)};
	return message;
}

Kopru__V1__Attachment **
attachments_make(struct arena *a, const struct attachment *list, size_t count)
{
	Kopru__V1__Attachment **messages = count > 0 ? arena_array(a, count, sizeof(*messages)) : NULL;

	for (size_t i = 0; i < count; i++)
		messages[i] = attachment_make(a, &list[i]);
	return messages;
}
