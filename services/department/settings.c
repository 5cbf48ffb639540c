/* settings: see settings.h. */
#include "services/department/settings.h"

#define AT(field) offsetof(struct settings, field)
#define KEYS                                                                                                           \
	{"DEPARTMENT_SERVER_PUBLIC_FILE", CONF_TEXT, AT(server_public_file), "", "file with the server's public key",  \
	    0, 0},                                                                                                     \
	{                                                                                                              \
		"DEPARTMENT_KEY_FILE", CONF_TEXT, AT(key_file), "",                                                    \
		    "file with the department's secret key (mode 0600)", 0, 0                                          \
	}

const struct conf_key department_keys[] = {
    {"DEPARTMENT_CODE", CONF_TEXT, AT(code), NULL, "code of the department: TEM reads stream department/TEM", 0, 0},
    {"DEPARTMENT_FEED", CONF_ENDPOINT, AT(feed), NULL, "where the feed is: tcp://HOST:PORT", 0, 0},
    KEYS,
    {"DEPARTMENT_CURSOR", CONF_TEXT, AT(cursor), NULL, "file that keeps how far the stream is handled", 0, 0},
    {"DEPARTMENT_HANDLER", CONF_TEXT, AT(handler), "print",
	"print, run:PROGRAM (line on standard input, exit code 0 is done) or post:URL (local address, 2xx is done)", 0,
	0},
    {"DEPARTMENT_PARKED", CONF_TEXT, AT(parked), NULL, "folder for events that could not be handled", 0, 0},
    {"DEPARTMENT_WINDOW", CONF_NUMBER, AT(window), "64", "most events that are fetched ahead", 1, 1000},
    {"DEPARTMENT_TRIES", CONF_NUMBER, AT(tries), "10", "after so many failures an event is parked", 1, 1000},
    {"DEPARTMENT_WAIT_SECONDS", CONF_NUMBER, AT(wait_seconds), "30", "longest that a program or an answer may take", 1,
	3600},
    {"DEPARTMENT_LOG_LEVEL", CONF_TEXT, AT(log_level), "info", "error, warn, info or debug", 0, 0},
    {0},
};

const struct conf_key department_command_keys[] = {
    {"DEPARTMENT_COMMANDS", CONF_ENDPOINT, AT(commands), NULL,
	"where commands are taken: tcp://HOST:PORT, several with commas", 0, 0},
    KEYS,
    {"DEPARTMENT_WAIT_SECONDS", CONF_NUMBER, AT(wait_seconds), "30", "longest that a reply is waited for", 1, 3600},
    {0},
};
