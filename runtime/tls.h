/* runtime/tls.h - TLS 1.3 and 1.2 for our clients: BoringSSL between two memory buffers.
 *
 * Never touches a socket: cipher bytes are fed in as they arrive and drained as they are made.
 * ALPN offers http/1.1 only; session tickets on. Certificates can be replaced while serving:
 * connections keep the configuration they began with.
 *
 * Threads: a tls_config is immutable and shared; a tls belongs to its loop.   Waits: never. */
#pragma once
#include "runtime/base/arena.h"
#include "runtime/base/str.h"

struct tls_config;
struct tls;

/* PEM files: chain (leaf first) and key. NULL with one clear line in `why` on failure. Tickets are
 * made under keys of this config (BoringSSL replaces them every two days), so that a client may
 * resume with any worker that shares it. */
struct tls_config *tls_config_new(const char *cert_file, const char *key_file, char *why,
                                  size_t why_len);
struct tls_config *tls_config_ref(struct tls_config *config);
void tls_config_unref(struct tls_config *config); /* NULL is fine */

struct tls *tls_new(struct tls_config *config);
void tls_free(struct tls *tls);

enum tls_state { TLS_HANDSHAKING, TLS_OPEN, TLS_CLOSED /* close_notify came */, TLS_FAILED };

/* Gives the TLS side `cipher` bytes from the peer. The view must stay valid until tls_read has
 * returned 0: it is read in place. */
void tls_feed(struct tls *tls, struct str cipher);
/* Plain bytes of what was fed, up to `cap`; 0: all consumed (state tells why). Drives the
 * handshake too. Bytes of an incomplete record are kept inside. */
size_t tls_read(struct tls *tls, char *out, size_t cap);
/* Encrypts all of `plain`. Only when TLS_OPEN. */
void tls_write(struct tls *tls, struct str plain);
/* Queues close_notify. */
void tls_shutdown(struct tls *tls);
enum tls_state tls_state(const struct tls *tls);
/* Cipher bytes to be sent. The view stays valid until tls_drained has counted all of it, also while
 * more is written: that is handed out after it. */
struct str tls_pending(struct tls *tls);
/* The first `n` of them were sent; the buffer is freed once it is empty. */
void tls_drained(struct tls *tls, size_t n);
bool tls_resumed(const struct tls *tls);
