/* settings: see settings.h. */
#include "services/kopru/settings.h"

const struct conf_key kopru_keys[] = {
    {"KOPRU_DATABASE", CONF_SECRET, offsetof(struct settings, database), NULL,
	"connection string of the database, as its owner", 0, 0},
    {0},
};
