/* graph_url: which addresses may be asked, and which may see a token. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_GRAPH_URL_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_GRAPH_URL_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/socket.h>

#define GRAPH_URL_MAX 2048

/* http on this machine: "http://127.0.0.1:PORT/..." or "http://[::1]...", for tests. */
bool graph_url_is_loopback(const char *url);

/* May url be asked on behalf of the configured base? https without user and password at port 443; as base is on loopback, also
 * http on loopback. NULL, or a constant that says why not. */
const char *graph_url_refusal(const char *url, const char *base);

/* Is url's host base's own, or one of Meta's (facebook.com, fbsbx.com, whatsapp.net, fbcdn.net, instagram.com)? */
bool graph_url_trusted(const char *url, const char *base);

/* Letters, digits, "_", "-", "." and "=", not only dots: one piece of a path. */
bool graph_url_piece_valid(const char *piece);

/* An address that everybody in the world means the same by: no private, loopback, link-local, shared or reserved one. */
bool graph_address_public(const struct sockaddr *address, size_t size);

#endif
