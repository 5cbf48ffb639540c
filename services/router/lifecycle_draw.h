/* lifecycle_draw: the table of lifecycle.c as a diagram and a table for the README, so that they cannot drift. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_LIFECYCLE_DRAW_H
#define KOPRU_SERVICES_ROUTER_LIFECYCLE_DRAW_H

#include <stdio.h>

/* Mermaid, then Markdown. */
void lifecycle_draw(FILE *to);

#endif
