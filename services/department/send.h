/* send: one command of a department, from the command line to its reply on standard output. */
#ifndef KOPRU_SERVICES_DEPARTMENT_SEND_H
#define KOPRU_SERVICES_DEPARTMENT_SEND_H

#include "services/department/settings.h"

/* Sends `ACTION OPTION...` (argv[0] is the action). The exit code of the process; -1 with the reason when it failed. */
int send_run(const struct settings *conf, int argc, char **argv, struct err *e);

#endif
