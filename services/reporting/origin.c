/* origin: see the header. */
#include "services/reporting/origin.h"

#define DAY_MAX 47482 /* 2100-01-01 */

/* The files that an event brings, and whose they are. */
struct bringing {
	Kopru__V1__Attachment *const *list;
	size_t count;
	const Kopru__V1__Applicant *applicant; /* NULL: not known */
};

static const char *
text_or_null(const char *text)
{
	return text && *text ? text : NULL;
}

static int32_t
day_or_none(int32_t day)
{
	return day > 0 && day <= DAY_MAX ? day : 0;
}

bool
origin_read_event(const Kopru__V1__Event *event, struct origin *origin)
{
	const Kopru__V1__Application *application = NULL;
	const Kopru__V1__Origin *from = NULL;

	if (event->body_case == KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED)
		application = event->application_received->application;
	from = application ? application->origin : NULL;
	if (!from)
		return false;
	*origin = (struct origin){
	    .entered_by = text_or_null(from->entered_by),
	    .registry_number = text_or_null(from->registry_number),
	    .sender_institution = text_or_null(from->sender_institution),
	    .registry_on = day_or_none(from->registry_on),
	    .reply_by = day_or_none(from->reply_by),
	};
	(void)uuid_from_bytes(application->id.data, application->id.len, &origin->application_id);
	return origin->entered_by || origin->registry_number || origin->sender_institution || origin->registry_on ||
	       origin->reply_by;
}

static struct bringing
bringing_of(const Kopru__V1__Event *event)
{
	const Kopru__V1__Applicant *applicant = event->standing ? event->standing->applicant : NULL;

	if (event->body_case == KOPRU__V1__EVENT__BODY_CITIZEN_REPLIED)
		return (struct bringing){
		    event->citizen_replied->attachments, event->citizen_replied->n_attachments, applicant};
	if (event->body_case == KOPRU__V1__EVENT__BODY_CITIZEN_ADDED)
		return (struct bringing){
		    event->citizen_added->attachments, event->citizen_added->n_attachments, applicant};
	if (event->body_case == KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED &&
	    event->application_received->application) {
		const Kopru__V1__Application *application = event->application_received->application;

		return (struct bringing){application->attachments, application->n_attachments, application->applicant};
	}
	return (struct bringing){NULL, 0, NULL};
}

size_t
origin_read_files(const Kopru__V1__Event *event, struct file files[ATTACHMENTS_MAX])
{
	const struct bringing bringing = bringing_of(event);
	const Kopru__V1__Applicant *applicant = bringing.applicant;
	bool hidden = !applicant || applicant->anonymous || applicant->hide_identity;
	size_t count = 0;

	for (size_t i = 0; i < bringing.count && count < ATTACHMENTS_MAX; i++) {
		const Kopru__V1__Attachment *from = bringing.list[i];
		struct file *to = &files[count];

		*to = (struct file){
		    .version = (int32_t)event->version,
		    .place = (int32_t)i + 1,
		    .name = hidden ? NULL : text_or_null(from->name),
		    .media_type = from->media_type,
		    .size = from->size <= INT64_MAX ? (int64_t)from->size : INT64_MAX,
		};
		(void)uuid_from_bytes(event->application_id.data, event->application_id.len, &to->application_id);
		count += uuid_from_bytes(from->id.data, from->id.len, &to->id) ? 1 : 0;
	}
	return count;
}
