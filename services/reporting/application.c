/* application: reads and checks the fields of an event. */
#include "services/reporting/application.h"

#include <stdlib.h>

#include "common/domain/access_code.h"
#include "common/domain/calendar.h"
#include "common/domain/number.h"

#define TIME_MAX 4102444800000000 /* 2100-01-01 */

static const char *
text_or_null(const char *text)
{
	return text && *text ? text : NULL;
}

static int
common_read(const Kopru__V1__Event *event, const Kopru__V1__Application *from, struct application *to, struct err *e)
{
	if (!from || !uuid_from_bytes(from->id.data, from->id.len, &to->id))
		return err_set(e, "the event holds no application with an id");
	if (!number_parse(from->number, NULL, NULL))
		return err_set(e, "the number is not valid");
	if (from->received_at <= 0 || from->received_at >= TIME_MAX || event->at <= 0 || event->at >= TIME_MAX)
		return err_set(e, "a time is not valid");
	if (event->version == 0 || event->version > INT32_MAX)
		return err_set(e, "the version is not valid");
	to->number = from->number;
	to->kind = (int32_t)from->kind;
	to->channel = (int32_t)from->channel;
	to->received_at = from->received_at;
	to->received_on = date_in_istanbul(from->received_at);
	to->due_on = from->due_on;
	to->subject = text_or_null(from->subject);
	to->text = text_or_null(from->text);
	to->neighbourhood = from->location ? text_or_null(from->location->neighbourhood) : NULL;
	to->version = (int32_t)event->version;
	to->at = event->at;
	return 0;
}

static int
received_read(const Kopru__V1__Event *event, struct application *to, struct err *e)
{
	const Kopru__V1__ApplicationReceived *received = event->application_received;

	if (common_read(event, received->application, to, e) < 0)
		return -1;
	if (received->access_code_hash.len != ACCESS_CODE_HASH_SIZE)
		return err_set(e, "the hash of the access code has %zu bytes", received->access_code_hash.len);
	to->access_code_hash = received->access_code_hash.data;
	to->state = KOPRU__V1__STATE__STATE_RECEIVED;
	return 0;
}

static int
routed_read(const Kopru__V1__Event *event, struct application *to, struct err *e)
{
	const Kopru__V1__ApplicationRouted *routed = event->application_routed;

	if (common_read(event, routed->application, to, e) < 0)
		return -1;
	to->state = (int32_t)routed->state;
	to->department = text_or_null(routed->department);
	to->department_name = text_or_null(routed->department_name);
	to->topic = text_or_null(routed->topic);
	to->topic_name = text_or_null(routed->topic_name);
	to->triage = routed->triage;
	return 0;
}

int
application_read_event(const Kopru__V1__Event *event, struct application *application, struct err *e)
{
	struct application a = {0};
	int rc;

	if (event->body_case == KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED)
		rc = received_read(event, &a, e);
	else if (event->body_case == KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED)
		rc = routed_read(event, &a, e);
	else
		rc = err_set(e, "the event says nothing about an application");
	if (rc == 0)
		*application = a;
	return rc;
}

static int
application_compare(const void *left, const void *right)
{
	const struct application *a = left, *b = right;
	int order = uuid_compare(&a->id, &b->id);

	return order ? order : (a->version > b->version) - (a->version < b->version);
}

size_t
applications_sort(struct application *list, size_t count)
{
	size_t kept = 0;

	if (count == 0)
		return 0;
	qsort(list, count, sizeof(*list), application_compare);
	for (size_t i = 1; i < count; i++) {
		if (uuid_compare(&list[kept].id, &list[i].id) != 0)
			kept++;
		list[kept] = list[i];
	}
	return kept + 1;
}
