/* streams: `kopru streams`: heads, cursors and what waits. A department keeps its cursor itself, where its program runs. */
#include "services/kopru/command.h"
#include "services/kopru/session.h"

int
streams_show(const struct command_line *line, struct err *e)
{
	static const struct table_column columns[] = {{"stream", false}, {"writer", false}, {"head", true},
	    {"last_seconds", true}, {"consumer", false}, {"cursor", true}, {"lag", true}, {"oldest_seconds", true},
	    {"parked", true}, {0}};
	const struct session_listing listing = {
	    .statement = STREAMS, .columns = columns, .empty = "there are no streams", .json = line->json};

	return session_list(&listing, e);
}
