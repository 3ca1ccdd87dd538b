/* BoringSSL reads and writes through a BIO of ours:
 *
 *   tls_feed -> `in` (the caller's bytes, in place) -> SSL -> tls_read
 *   tls_write -> SSL -> `out[FILLING]` -> tls_pending: becomes `out[SENDING]` -> tls_drained
 *
 * Two output buffers, because the kernel may be reading the one while the other grows (and moves).
 * Writing to memory always succeeds, so a write is never half done. BoringSSL frees its own record
 * buffers when they are empty, and with the handshake's configuration shed an idle connection keeps
 * its keys and little else. */
#include "runtime/tls.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "runtime/outbuf.h"

struct tls_config {
    SSL_CTX *ctx;
    atomic_uint refs;
};

enum { FILLING, SENDING, OUT_BUFFERS };

struct tls {
    SSL *ssl;
    struct str in;
    struct outbuf out[OUT_BUFFERS];
    size_t sent; /* of out[SENDING] */
    enum tls_state state;
};

/* ---- buffers -------------------------------------------------------------------------------- */

struct str tls_pending(struct tls *tls)
{
    struct outbuf *sending = &tls->out[SENDING];
    if (sending->len == 0) {
        *sending = tls->out[FILLING];
        tls->out[FILLING] = (struct outbuf){0};
    }
    return str_skip(str_of(sending->ptr, sending->len), tls->sent);
}

void tls_drained(struct tls *tls, size_t n)
{
    struct outbuf *sending = &tls->out[SENDING];
    assert(n <= sending->len - tls->sent);
    tls->sent += n;
    if (tls->sent == sending->len) {
        outbuf_free(sending);
        tls->sent = 0;
    }
}

/* ---- the BIO -------------------------------------------------------------------------------- */

static int bio_read(BIO *bio, char *out, int cap)
{
    struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (tls->in.len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t n = MIN(tls->in.len, (size_t)cap);
    memcpy(out, tls->in.ptr, n);
    tls->in = str_skip(tls->in, n);
    return (int)n;
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
    struct tls *tls = BIO_get_data(bio);
    outbuf_add(&tls->out[FILLING], str_of(bytes, (size_t)len));
    return len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *ptr)
{
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method;

static void bio_method_make(void)
{
    bio_method = BIO_meth_new(BIO_TYPE_MEM, "mawid");
    if (!bio_method || !BIO_meth_set_read(bio_method, bio_read) ||
        !BIO_meth_set_write(bio_method, bio_write) || !BIO_meth_set_ctrl(bio_method, bio_ctrl))
        base_die(__FILE__, __LINE__, "out of memory");
}

static BIO *bio_new(struct tls *tls)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, bio_method_make);
    BIO *bio = BIO_new(bio_method);
    if (!bio)
        base_die(__FILE__, __LINE__, "out of memory");
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    return bio;
}

/* ---- configuration -------------------------------------------------------------------------- */

/* For TLS 1.2; 1.3 has its own short list. Forward secrecy and AEADs only (RFC 9325 §4.2); which of
 * two in brackets is the client's choice: phones without AES instructions prefer ChaCha20. */
static const char TLS12_SUITES[] = "[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]:"
                                   "[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]:"
                                   "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";

static const uint8_t HTTP_1_1[] = "\x08http/1.1";

/* Called only when the client offered ALPN. A client that speaks no HTTP/1.1 is told so at once
 * (RFC 7301 §3.2); the alternative is a connection that both sides misread. */
static int select_alpn(SSL *ssl, const uint8_t **out, uint8_t *out_len, const uint8_t *offered,
                       unsigned offered_len, void *arg)
{
    const size_t ours_len = sizeof(HTTP_1_1) - 1;
    for (size_t at = 0; at < offered_len; at += 1 + (size_t)offered[at]) {
        if (offered_len - at >= ours_len && memcmp(offered + at, HTTP_1_1, ours_len) == 0) {
            *out = offered + at + 1;
            *out_len = offered[at];
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* BoringSSL's own word for what went wrong; the queue of errors is empty afterwards. */
static const char *ssl_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error()); /* the deepest */
    ERR_clear_error();
    return reason ? reason : "unknown error";
}

static bool readable(const char *what, const char *path, char *why, size_t why_len)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        snprintf(why, why_len, "%s file %s: %s", what, path, strerror(errno));
        return false;
    }
    fclose(file);
    return true;
}

static bool load_pair(SSL_CTX *ctx, const char *cert_file, const char *key_file, char *why,
                      size_t why_len)
{
    if (!readable("certificate", cert_file, why, why_len) ||
        !readable("key", key_file, why, why_len))
        return false;
    if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1) {
        snprintf(why, why_len, "certificate file %s is no PEM chain of certificates: %s", cert_file,
                 ssl_reason());
        return false;
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) == 1 &&
        SSL_CTX_check_private_key(ctx) == 1)
        return true;
    if (ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_PEM)
        snprintf(why, why_len, "key file %s is no unencrypted PEM private key: %s", key_file,
                 ssl_reason());
    else
        snprintf(why, why_len, "key file %s does not belong to certificate file %s: %s", key_file,
                 cert_file, ssl_reason());
    return false;
}

static bool configure(SSL_CTX *ctx)
{
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets: no state of ours */
    SSL_CTX_set_alpn_select_cb(ctx, select_alpn, NULL);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) &&
           SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) &&
           SSL_CTX_set_strict_cipher_list(ctx, TLS12_SUITES) &&
           SSL_CTX_set1_curves_list(ctx, "X25519:P-256:P-384");
}

struct tls_config *tls_config_new(const char *cert_file, const char *key_file, char *why,
                                  size_t why_len)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    struct tls_config *config = malloc(sizeof(*config));
    if (!ctx || !config || !configure(ctx))
        base_die(__FILE__, __LINE__, "BoringSSL does not take our settings");
    if (!load_pair(ctx, cert_file, key_file, why, why_len)) {
        SSL_CTX_free(ctx);
        free(config);
        return NULL;
    }
    config->ctx = ctx;
    atomic_init(&config->refs, 1);
    return config;
}

struct tls_config *tls_config_ref(struct tls_config *config)
{
    atomic_fetch_add_explicit(&config->refs, 1, memory_order_relaxed);
    return config;
}

void tls_config_unref(struct tls_config *config)
{
    if (!config || atomic_fetch_sub_explicit(&config->refs, 1, memory_order_acq_rel) != 1)
        return;
    SSL_CTX_free(config->ctx);
    free(config);
}

/* ---- a connection --------------------------------------------------------------------------- */

struct tls *tls_new(struct tls_config *config)
{
    struct tls *tls = calloc(1, sizeof(*tls));
    if (!tls)
        base_die(__FILE__, __LINE__, "out of memory");
    tls->ssl = SSL_new(config->ctx); /* holds the SSL_CTX: the config may go before it */
    if (!tls->ssl)
        base_die(__FILE__, __LINE__, "out of memory");
    BIO *bio = bio_new(tls);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_accept_state(tls->ssl);
    SSL_set_shed_handshake_config(tls->ssl, 1);
    return tls;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_free(tls->ssl);
    for (size_t i = 0; i < OUT_BUFFERS; i++)
        outbuf_free(&tls->out[i]);
    free(tls);
}

enum tls_state tls_state(const struct tls *tls)
{
    return tls->state;
}

bool tls_resumed(const struct tls *tls)
{
    return SSL_session_reused(tls->ssl);
}

void tls_feed(struct tls *tls, struct str cipher)
{
    assert(tls->in.len == 0); /* what was fed before was read to its end */
    tls->in = cipher;
}

/* The thread's queue of errors is emptied at once: an old entry would be taken for the cause of
 * the next connection's failure. */
static void note_result(struct tls *tls, int result)
{
    int error = SSL_get_error(tls->ssl, result);
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ)
        return;
    tls->state = error == SSL_ERROR_ZERO_RETURN ? TLS_CLOSED : TLS_FAILED;
    tls->in = (struct str){0}; /* after the end nothing counts */
}

size_t tls_read(struct tls *tls, char *out, size_t cap)
{
    assert(cap > 0);
    if (tls->state == TLS_CLOSED || tls->state == TLS_FAILED) {
        tls->in = (struct str){0};
        return 0;
    }
    if (tls->state == TLS_HANDSHAKING) {
        int done = SSL_do_handshake(tls->ssl);
        if (done != 1) {
            note_result(tls, done);
            return 0;
        }
        tls->state = TLS_OPEN;
    }
    /* Mostly a client sent one record, and that was read. Asking BoringSSL again would make it set up
     * a buffer before it finds nothing: a tenth of what TLS costs per small request. */
    if (tls->in.len == 0 && !SSL_has_pending(tls->ssl))
        return 0;
    int n = SSL_read(tls->ssl, out, (int)MIN(cap, (size_t)INT32_MAX));
    if (n > 0)
        return (size_t)n;
    note_result(tls, n);
    assert(tls->in.len == 0);
    return 0;
}

enum { RECORD_BYTES = 16384, RECORD_OVERHEAD = 64 };

void tls_write(struct tls *tls, struct str plain)
{
    assert(tls->state == TLS_OPEN);
    outbuf_reserve(&tls->out[FILLING],
                   plain.len + (plain.len / RECORD_BYTES + 1) * RECORD_OVERHEAD);
    while (plain.len) {
        int n = SSL_write(tls->ssl, plain.ptr, (int)MIN(plain.len, (size_t)1 << 30));
        if (n <= 0) { /* the keys have done all the records they may; the peer will notice */
            note_result(tls, n);
            tls->state = TLS_FAILED;
            return;
        }
        plain = str_skip(plain, (size_t)n);
    }
}

void tls_shutdown(struct tls *tls)
{
    if (tls->state == TLS_OPEN || tls->state == TLS_CLOSED)
        SSL_shutdown(tls->ssl);
    ERR_clear_error();
}
