/* intake_channels: puts together what comes in other than by the JSON API, and takes it apart in reverse. */
#include "services/intake/intake_internal.h"

int
intake_channels_open(struct intake *i, struct err *e)
{
	if (!(i->files = files_new(i->conf->files, NULL, *i->conf->clamd != '\0', e)))
		return err_prefix(e, "INTAKE_FILES");
	i->inbound = inbound_new(i->loop, i->arrivals, NULL, NULL, i->metrics);
	return 0;
}

void
intake_channels_stop(struct intake *i)
{
	inbound_stop(i->inbound);
}

void
intake_channels_free(struct intake *i)
{
	inbound_free(i->inbound);
	files_free(i->files);
}
