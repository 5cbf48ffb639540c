/* email: one mail, one message, which is alone. What its sender says about himself is believed only as far as a mail server
 * that we trust vouches for it; a number that it quotes counts only from somebody who has to do with the application.
 * A mail is known by its Message-ID and the hash of what does not change on its way: the same mail in two mailboxes, or
 * fetched again, is one message, and whoever sends another mail under a used Message-ID takes nobody's place. */
#include "services/intake/channels/email.h"

#include <sodium.h>
#include <string.h>

#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/channels/channels_conf.h"
#include "services/intake/files.h"
#include "services/intake/mail.h"

#define OWN_MAX 200
#define NOTES_MAX 20
#define HASH_PREFIX 16 /* bytes of the content's hash in the external id */

static const struct mailbox_conf *
mailbox_of(const struct channels_conf *conf, const char *source)
{
	const char *slash = strchr(source, '/');

	for (size_t i = 0; slash && i < conf->mailbox_count; i++)
		if (strcmp(conf->mailboxes[i].name, slash + 1) == 0)
			return &conf->mailboxes[i];
	return NULL;
}

/* Our addresses are those of all mailboxes: two of them never talk to each other. */
static struct mail_rules
rules_of(const struct channels_conf *conf, struct arena *a, const struct channel_inbound *inbound)
{
	const struct mailbox_conf *mailbox = mailbox_of(conf, inbound->source);
	const char **own = arena_array(a, OWN_MAX, sizeof(*own));
	struct mail_rules rules = {.own = own, .received_at = inbound->received_at};

	for (size_t i = 0; i < conf->mailbox_count; i++)
		for (size_t j = 0; j < conf->mailboxes[i].own_count && rules.own_count < OWN_MAX; j++)
			own[rules.own_count++] = conf->mailboxes[i].own[j];
	rules.authserv = mailbox ? mailbox->authserv : NULL;
	rules.registered = mailbox && mailbox->registered;
	return rules;
}

static void
file_take(struct channel_item *item, const struct mail_file *from, const struct files_kept *kept, struct arena *a)
{
	struct channel_file *file = &item->files[item->file_count++];

	*file = (struct channel_file){.media_type = from->type,
	    .name = from->name,
	    .stored = true,
	    .size = kept->size,
	    .stored_type = arena_string(a, kept->media_type),
	    .state = kept->quarantine ? "quarantine" : "clean"};
	memcpy(file->original_sha256, kept->original_sha256, sizeof(file->original_sha256));
	memcpy(file->kept_sha256, kept->kept_sha256, sizeof(file->kept_sha256));
	if (kept->has_point && !item->has_point) {
		item->has_point = true;
		item->latitude_e7 = kept->latitude_e7;
		item->longitude_e7 = kept->longitude_e7;
	}
}

/* What is not taken is said below the text: the file itself still lies in the mail as it came. NULL, or why the mail has to be
 * read again later. */
static const char *
files_take(const struct channels_conf *conf, struct arena *a, const struct mail *mail, struct channel_item *item)
{
	const char *notes = "";

	for (size_t i = 0; i < mail->file_count; i++) {
		const struct mail_file *file = &mail->files[i];
		char reason[256] = "en çok 10 ek alınır / at most 10 files are taken";
		struct files_kept kept;
		enum files_end end = FILES_REFUSED;

		if (item->file_count < CHANNEL_FILES_MAX && conf->files)
			end = files_keep(conf->files, file->data, file->size, &kept, reason);
		if (end == FILES_FAILED)
			return arena_string(a, reason);
		if (end == FILES_KEPT)
			file_take(item, file, &kept, a);
		else if (i < NOTES_MAX)
			notes = arena_printf(a, "%s\n[Alınmayan ek / file not taken: %s: %s]", notes,
			    file->name ? file->name : "?", reason);
	}
	if (*notes)
		item->text = arena_printf(
		    a, "%s%s%s", item->text ? item->text : "", item->text ? "\n" : "", notes + (item->text == NULL));
	return NULL;
}

/* Some mailbox has a server whose word on senders counts: a mail to another, of whom nobody says so, proves nothing. */
static bool
trusts(const struct channels_conf *conf)
{
	for (size_t i = 0; i < conf->mailbox_count; i++)
		if (conf->mailboxes[i].authserv)
			return true;
	return false;
}

static const char *
message_read(const struct channels_conf *conf, struct arena *a, const struct mail *mail, struct channel_item *item)
{
	char hash[HASH_PREFIX * 2 + 1];

	sodium_bin2hex(hash, sizeof(hash), mail->content_hash, HASH_PREFIX);
	item->channel = KOPRU__V1__CHANNEL__CHANNEL_EMAIL;
	/* Where a server vouches for senders, whom it does not vouch for is somebody else, though he may be known by it, too:
	 * a forged sender never gets at what a proven one applied for. */
	item->keys[0] = mail->verified || !trusts(conf) ? mail->address : arena_printf(a, "unproven:%s", mail->address);
	item->name = mail->name;
	item->email = mail->address;
	item->email_verified = mail->verified;
	item->external_id = arena_printf(a, "%s %s", mail->id, hash);
	item->sent_at = mail->sent_at;
	item->type = "mail";
	item->subject = mail->subject;
	item->text = mail->text;
	for (size_t i = 0; i < mail->reference_count && i < CHANNEL_REFERENCES_MAX; i++)
		item->references[i] = mail->references[i];
	item->quoted_number = mail->number;
	item->alone = true;
	return files_take(conf, a, mail, item);
}

static void
bounce_read(const struct mail *mail, struct channel_item *item)
{
	item->channel = KOPRU__V1__CHANNEL__CHANNEL_EMAIL;
	item->has_notice_id = true;
	item->notice_id = mail->returned.letter.notice_id;
	item->number = mail->returned.letter.number;
	item->address_bounced = mail->returned.address;
	item->bounce_status = mail->returned.status;
	item->permanent = mail->returned.permanent;
}

static void
email_read(const struct channels_conf *conf, struct arena *a, const struct channel_inbound *inbound,
    struct channel_reading *reading)
{
	struct mail_rules rules = rules_of(conf, a, inbound);
	struct mail *mail = arena_alloc(a, sizeof(*mail));

	mail_read(a, &rules, inbound->raw, inbound->size, mail);
	switch (mail->class) {
	case MAIL_REGISTERED:
	case MAIL_BROKEN:
		reading->triage = mail->why;
		return;
	case MAIL_AUTOMATIC:
		reading->ignored = mail->why;
		return;
	case MAIL_BOUNCE:
		if (mail->returned.has_letter)
			bounce_read(mail, channel_item_add(a, reading, CHANNEL_BOUNCE));
		else
			reading->ignored = "a bounce that names no letter of ours";
		return;
	case MAIL_MESSAGE:
		reading->later = message_read(conf, a, mail, channel_item_add(a, reading, CHANNEL_MESSAGE));
		return;
	}
}

const struct channel email_channel = {.name = "email", .read = email_read, .slow = true};
