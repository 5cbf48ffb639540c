/* frames: sockets without a network and timers without a clock, so that a fuzz harness can hand any frame to either end of a
 * protocol a hundred thousand times a second. A harness that uses it is linked with these in place of common/bus/bus_socket.c,
 * bus_send.c, bus.c and common/loop/loop.c; all else is the real thing. */
#ifndef KOPRU_TESTS_FUZZ_FRAMES_FRAMES_H
#define KOPRU_TESTS_FUZZ_FRAMES_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bus/bus_internal.h"

#define FRAMES_SOCKETS 4 /* open at once */

/* Told of each frame that is sent; 0 or an errno that the sender gets. */
typedef int frames_on_sent(void *arg, struct bus_socket *s, const struct bus_sender *to, const void *data, size_t size);

/* Everything is forgotten and must have been closed and freed before. Gives the bus. */
struct bus *frames_begin(frames_on_sent *on_sent, void *arg);
/* Aborts when a socket or a timer is left. */
void frames_end(void);

/* The open sockets in the order of their opening; NULL: there is none of that number. */
struct bus_socket *frames_socket(size_t i);
void frames_arrive(struct bus_socket *s, const struct bus_sender *from, const void *data, size_t size);
void frames_link(struct bus_socket *s, bool up);
/* Are the messages of this key's holder let in? */
void frames_key_known(bool known);

/* So much time passes: timers fire in order. */
void frames_pass(int64_t milliseconds);

/* What a harness reads its input from: numbers are 0 when it has ended. */
struct frames_input {
	const uint8_t *data;
	size_t size;
};

uint8_t frames_byte(struct frames_input *in);
/* A length of two bytes and as many bytes as there are. */
const uint8_t *frames_bytes(struct frames_input *in, size_t *size);

void frames_require(bool holds);

#endif
