/* webhook_proof: how a provider shows that it is he. Pure; compares take the same time wherever they differ. */
#ifndef KOPRU_SERVICES_INTAKE_WEBHOOK_PROOF_H
#define KOPRU_SERVICES_INTAKE_WEBHOOK_PROOF_H

#include <stdbool.h>
#include <stddef.h>

#define WEBHOOK_CHALLENGE_MAX 256

/* "sha256=" and 64 hex digits: HMAC-SHA256 of the body as it came under one of the secrets. header may be NULL. */
bool webhook_signature_valid(
    const char *header, const void *body, size_t size, const char *const *secrets, size_t secret_count);

/* Is what was given (may be NULL) one of the secrets? */
bool webhook_secret_valid(const char *given, const char *const *secrets, size_t secret_count);

/* What is given back must be harmless wherever it is shown: 1 to WEBHOOK_CHALLENGE_MAX letters, digits, "_", "-", ".". */
bool webhook_challenge_valid(const char *challenge);

#endif
