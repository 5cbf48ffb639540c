/* examine: what a file is, and an image encoded anew: by a program of its own, with limits of memory and time, no environment
 * and no descriptor but those it needs. Decoders of foreign bytes stay out of the front door. */
#ifndef KOPRU_SERVICES_INTAKE_EXAMINE_H
#define KOPRU_SERVICES_INTAKE_EXAMINE_H

#include <stdatomic.h>

#include "services/intake/files.h"

#define EXAMINE_OPTION "--examine"

/* What the program tells, as it is. */
struct examined {
	int32_t end; /* enum files_end */
	uint8_t encoded; /* what is to be kept was written to the output */
	uint8_t has_point;
	int32_t latitude_e7, longitude_e7;
	char media_type[FILES_TYPE_SIZE];
	char reason[FILES_REASON_SIZE];
};

/* Starts program (NULL: this one) with what is given: the file, the output, and one whose lock keeps large images one at a time. Slow.
 * -1 when it cannot be started, tells nonsense or *stop was set; one that is ended by what it reads has refused it. */
int examine_run(
    const char *program, const atomic_bool *stop, const int given[3], struct examined *result, struct err *e);
/* The program: reads descriptor 0, writes an image to 3, waits for the lock of 4, tells 1. The exit code. */
int examine_main(void);
/* What it does, without processes; large -1: waits for nobody. For tests and the fuzzer. */
struct examine_output {
	void *image; /* NULL, or for image_free */
	size_t size;
};
void examine_bytes(const void *data, size_t size, int large, struct examined *result, struct examine_output *output);

#endif
