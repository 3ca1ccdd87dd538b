/* The server side under test talks to a BoringSSL client in the same process. */
#include "runtime/tls.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "tests/test.h"

/* ---- certificates --------------------------------------------------------------------------- */

static char cert_file[64], key_file[64], other_key_file[64];

static EVP_PKEY *new_key(void)
{
    EC_KEY *ec = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    EVP_PKEY *key = EVP_PKEY_new();
    if (!EC_KEY_generate_key(ec) || !EVP_PKEY_assign_EC_KEY(key, ec))
        abort();
    return key;
}

static void write_key(char *path, EVP_PKEY *key)
{
    strcpy(path, "/tmp/tls_test.XXXXXX");
    FILE *file = fdopen(mkstemp(path), "w");
    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
}

static void remove_files(void)
{
    unlink(cert_file);
    unlink(key_file);
    unlink(other_key_file);
}

static void make_files(void)
{
    if (cert_file[0])
        return;
    EVP_PKEY *key = new_key(), *other = new_key();
    X509 *cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_get_notBefore(cert), -1000);
    X509_gmtime_adj(X509_get_notAfter(cert), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const uint8_t *)"localhost", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_set_pubkey(cert, key);
    X509_sign(cert, key, EVP_sha256());
    strcpy(cert_file, "/tmp/tls_test.XXXXXX");
    FILE *file = fdopen(mkstemp(cert_file), "w");
    PEM_write_X509(file, cert);
    fclose(file);
    write_key(key_file, key);
    write_key(other_key_file, other);
    X509_free(cert);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    atexit(remove_files);
}

static struct tls_config *config_new(void)
{
    char why[256];
    make_files();
    return tls_config_new(cert_file, key_file, why, sizeof(why));
}

/* ---- the client ----------------------------------------------------------------------------- */

struct client {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in, *out;
    SSL_SESSION *session; /* the newest ticket */
};

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct client *client = SSL_get_app_data(ssl);
    SSL_SESSION_free(client->session);
    client->session = session;
    return 1;
}

static void client_init(struct client *client, uint16_t version, const char *alpn)
{
    *client = (struct client){.ctx = SSL_CTX_new(TLS_client_method())};
    SSL_CTX_set_min_proto_version(client->ctx, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(client->ctx, version);
    SSL_CTX_set_session_cache_mode(client->ctx, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(client->ctx, keep_session);
    client->ssl = SSL_new(client->ctx);
    SSL_set_app_data(client->ssl, client);
    client->in = BIO_new(BIO_s_mem());
    client->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(client->in, -1);
    SSL_set_bio(client->ssl, client->in, client->out);
    SSL_set_connect_state(client->ssl);
    if (alpn)
        SSL_set_alpn_protos(client->ssl, (const uint8_t *)alpn, (unsigned)strlen(alpn));
}

static void client_fini(struct client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->ctx);
    SSL_SESSION_free(client->session);
    ERR_clear_error();
}

/* ---- the pair ------------------------------------------------------------------------------- */

struct pair {
    struct tls_config *config;
    struct tls *server;
    struct client client;
    char got[2 * 1024 * 1024]; /* plain bytes that the server read */
    size_t got_len;
    size_t step; /* bytes fed at a time; 0: all */
};
static struct pair pair_memory;

static struct pair *pair_begin(uint16_t version, const char *alpn)
{
    struct pair *p = &pair_memory;
    p->config = config_new();
    p->server = tls_new(p->config);
    p->got_len = p->step = 0;
    client_init(&p->client, version, alpn);
    return p;
}
static void pair_end(struct pair **p)
{
    tls_free((*p)->server);
    tls_config_unref((*p)->config);
    client_fini(&(*p)->client);
}
#define PAIR(p, version, alpn) struct pair *p SCOPED(pair_end) = pair_begin(version, alpn)

static void server_reads(struct pair *p, const char *cipher, size_t len)
{
    size_t step = p->step ? p->step : len;
    for (size_t at = 0; at < len; at += step) {
        size_t n, piece = MIN(step, len - at);
        char *exact = malloc(piece); /* reading past it, or after it, is seen */
        memcpy(exact, cipher + at, piece);
        tls_feed(p->server, str_of(exact, piece));
        while ((n = tls_read(p->server, p->got + p->got_len, sizeof(p->got) - p->got_len)) > 0)
            p->got_len += n;
        free(exact);
    }
}

/* Carries bytes both ways until there are none. */
static void carry(struct pair *p)
{
    for (bool moved = true; moved;) {
        const uint8_t *bytes;
        size_t len;
        moved = false;
        if (!SSL_in_init(p->client.ssl) || SSL_do_handshake(p->client.ssl) != 1)
            ERR_clear_error();
        if (BIO_mem_contents(p->client.out, &bytes, &len) && len) {
            server_reads(p, (const char *)bytes, len);
            BIO_reset(p->client.out);
            moved = true;
        }
        struct str pending = tls_pending(p->server);
        if (pending.len) {
            BIO_write(p->client.in, pending.ptr, (int)pending.len);
            tls_drained(p->server, pending.len);
            moved = true;
        }
    }
}

static size_t client_reads(struct pair *p, char *out, size_t cap)
{
    size_t len = 0;
    for (;;) {
        int n = SSL_read(p->client.ssl, out + len, (int)(cap - len));
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    ERR_clear_error();
    return len;
}

static void check_echo(struct test *t, struct pair *p)
{
    char back[64];
    p->got_len = 0;
    CHECK_INT(SSL_write(p->client.ssl, "ping", 4), 4);
    carry(p);
    CHECK_STR(str_of(p->got, p->got_len), STR("ping"));
    tls_write(p->server, STR("pong!"));
    carry(p);
    CHECK_STR(str_of(back, client_reads(p, back, sizeof(back))), STR("pong!"));
}

static void check_version(struct test *t, uint16_t version, size_t step)
{
    PAIR(p, version, "\x08http/1.1");
    p->step = step;
    carry(p);
    CHECK_INT(tls_state(p->server), TLS_OPEN);
    CHECK_INT(SSL_version(p->client.ssl), version);
    check_echo(t, p);
    const uint8_t *alpn;
    unsigned alpn_len;
    SSL_get0_alpn_selected(p->client.ssl, &alpn, &alpn_len);
    CHECK_STR(str_of((const char *)alpn, alpn_len), STR("http/1.1"));
}

TEST(tls_1_3_is_spoken)
{
    check_version(t, TLS1_3_VERSION, 0);
}

TEST(tls_1_2_is_spoken)
{
    check_version(t, TLS1_2_VERSION, 0);
}

TEST(bytes_may_arrive_one_by_one)
{
    check_version(t, TLS1_3_VERSION, 1);
    check_version(t, TLS1_2_VERSION, 1);
    check_version(t, TLS1_3_VERSION, 7);
}

static uint32_t client_error(struct pair *p)
{
    uint32_t error = 0;
    const uint8_t *bytes;
    size_t len;
    for (int i = 0; i < 4 && error == 0; i++) {
        if (SSL_do_handshake(p->client.ssl) != 1)
            error = ERR_peek_last_error();
        if (BIO_mem_contents(p->client.out, &bytes, &len) && len)
            server_reads(p, (const char *)bytes, len);
        BIO_reset(p->client.out);
        struct str pending = tls_pending(p->server);
        BIO_write(p->client.in, pending.ptr, (int)pending.len);
        tls_drained(p->server, pending.len);
    }
    ERR_clear_error();
    return ERR_GET_REASON(error);
}

TEST(tls_1_1_is_refused)
{
    PAIR(p, TLS1_1_VERSION, NULL);
    CHECK_INT(client_error(p), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
    CHECK_INT(tls_state(p->server), TLS_FAILED);
}

TEST(weak_suites_are_refused)
{
    PAIR(p, TLS1_2_VERSION, NULL);
    SSL_set_cipher_list(p->client.ssl, "ECDHE-ECDSA-AES128-SHA:AES128-SHA");
    CHECK_INT(client_error(p), SSL_R_HANDSHAKE_FAILURE_ON_CLIENT_HELLO);
    CHECK_INT(tls_state(p->server), TLS_FAILED);
}

TEST(no_alpn_is_fine)
{
    PAIR(p, TLS1_3_VERSION, NULL);
    carry(p);
    CHECK_INT(tls_state(p->server), TLS_OPEN);
    check_echo(t, p);
}

TEST(alpn_picks_http_1_1_wherever_it_stands)
{
    PAIR(p, TLS1_3_VERSION, "\x02h2\x08http/1.1");
    carry(p);
    const uint8_t *alpn;
    unsigned alpn_len;
    SSL_get0_alpn_selected(p->client.ssl, &alpn, &alpn_len);
    CHECK_STR(str_of((const char *)alpn, alpn_len), STR("http/1.1"));
}

TEST(alpn_without_http_1_1_is_refused)
{
    static const char *const offers[] = {"\x02h2", "\x08http/1.0", "\x09http/1.11"};
    for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
        PAIR(p, TLS1_3_VERSION, offers[i]);
        CHECK_INT(client_error(p), SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
        CHECK_INT(tls_state(p->server), TLS_FAILED);
    }
}

/* A second client, with the first one's ticket, on another tls of the same config. */
static bool resumes(struct test *t, uint16_t version, bool same_config)
{
    PAIR(p, version, NULL);
    carry(p);
    tls_write(p->server, STR("x")); /* 1.3: tickets come with the first bytes */
    carry(p);
    char back[8];
    client_reads(p, back, sizeof(back));
    if (!p->client.session)
        return false;

    struct tls_config *config = same_config ? tls_config_ref(p->config) : config_new();
    struct pair *second = calloc(1, sizeof(*second));
    second->config = config;
    second->server = tls_new(config);
    client_init(&second->client, version, NULL);
    SSL_set_session(second->client.ssl, p->client.session);
    carry(second);
    bool resumed = tls_resumed(second->server) && SSL_session_reused(second->client.ssl);
    check_echo(t, second);
    pair_end(&second);
    free(second);
    return resumed;
}

TEST(sessions_are_resumed_by_ticket)
{
    CHECK(resumes(t, TLS1_3_VERSION, true));
    CHECK(resumes(t, TLS1_2_VERSION, true));
}

TEST(a_ticket_of_another_config_falls_back_to_a_full_handshake)
{
    CHECK(!resumes(t, TLS1_3_VERSION, false));
    CHECK(!resumes(t, TLS1_2_VERSION, false));
}

TEST(connections_outlive_their_config)
{
    PAIR(p, TLS1_3_VERSION, NULL);
    carry(p);
    tls_config_unref(p->config);
    p->config = NULL;
    check_echo(t, p);
}

TEST(a_mebibyte_goes_both_ways)
{
    enum { LEN = 1024 * 1024 };
    static char sent[LEN], back[LEN + 1];
    for (size_t i = 0; i < LEN; i++)
        sent[i] = (char)(i * 2654435761u >> 13);
    PAIR(p, TLS1_3_VERSION, NULL);
    carry(p);
    p->step = 4096;
    CHECK_INT(SSL_write(p->client.ssl, sent, LEN), LEN);
    carry(p);
    CHECK_INT(p->got_len, LEN);
    CHECK(memcmp(p->got, sent, LEN) == 0);
    tls_write(p->server, str_of(sent, LEN));
    CHECK(tls_pending(p->server).len > LEN);
    carry(p);
    CHECK_INT(client_reads(p, back, sizeof(back)), LEN);
    CHECK(memcmp(back, sent, LEN) == 0);
}

/* The kernel still reads the first view while more is written. */
TEST(a_pending_view_does_not_move)
{
    static char big[100000], back[200000];
    memset(big, 'b', sizeof(big));
    PAIR(p, TLS1_3_VERSION, NULL);
    carry(p);
    tls_write(p->server, STR("first"));
    struct str view = tls_pending(p->server);
    static char copy[4096];
    CHECK(view.len < sizeof(copy));
    memcpy(copy, view.ptr, view.len);
    tls_write(p->server, str_of(big, sizeof(big)));
    tls_write(p->server, STR("last"));
    CHECK(tls_pending(p->server).ptr == view.ptr);
    CHECK(memcmp(copy, view.ptr, view.len) == 0);
    BIO_write(p->client.in, view.ptr, 10); /* a short send */
    tls_drained(p->server, 10);
    CHECK_INT(tls_pending(p->server).len, view.len - 10);
    carry(p);
    size_t len = client_reads(p, back, sizeof(back));
    CHECK_INT(len, 5 + sizeof(big) + 4);
    CHECK_STR(str_take(str_of(back, len), 8), STR("firstbbb"));
    CHECK_STR(str_skip(str_of(back, len), len - 6), STR("bblast"));
    CHECK_INT(tls_pending(p->server).len, 0);
}

TEST(close_notify_is_seen_and_answered)
{
    PAIR(p, TLS1_3_VERSION, NULL);
    carry(p);
    SSL_write(p->client.ssl, "bye", 3);
    SSL_shutdown(p->client.ssl);
    carry(p);
    CHECK_STR(str_of(p->got, p->got_len), STR("bye"));
    CHECK_INT(tls_state(p->server), TLS_CLOSED);
    tls_shutdown(p->server);
    CHECK(tls_pending(p->server).len > 0);
    carry(p);
    char c;
    CHECK_INT(SSL_read(p->client.ssl, &c, 1), 0);
    CHECK_INT(SSL_get_error(p->client.ssl, 0), SSL_ERROR_ZERO_RETURN);
}

TEST(our_close_notify_arrives)
{
    PAIR(p, TLS1_2_VERSION, NULL);
    carry(p);
    tls_write(p->server, STR("last words"));
    tls_shutdown(p->server);
    carry(p);
    char back[32];
    CHECK_STR(str_of(back, client_reads(p, back, sizeof(back))), STR("last words"));
    CHECK(SSL_get_shutdown(p->client.ssl) & SSL_RECEIVED_SHUTDOWN);
}

TEST(garbage_fails_and_nothing_more)
{
    static const struct str rows[] = {
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27},
        {"\0\0\0\0\0\0\0\0", 8},
        {"\x16\x03\x01\xff\xff", 5},
        {"\x17\x03\x03\x00\x05hello", 10},
        {"\x16\x03\x01\x00\x04\xff\xff\xff\xff", 9},
        {"\x80\x2e\x01\x00\x02", 5},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        PAIR(p, TLS1_3_VERSION, NULL);
        server_reads(p, rows[i].ptr, rows[i].len);
        if (tls_state(p->server) != TLS_FAILED)
            test_fail(t, __FILE__, __LINE__, "row %zu: state %d", i, tls_state(p->server));
        server_reads(p, "more", 4); /* harmless */
        CHECK_INT(tls_state(p->server), TLS_FAILED);
        tls_shutdown(p->server);
    }
    CHECK_INT(ERR_peek_error(), 0); /* nothing left for the next connection to trip over */
}

TEST(an_altered_record_fails)
{
    PAIR(p, TLS1_3_VERSION, NULL);
    carry(p);
    SSL_write(p->client.ssl, "pay 100", 7);
    const uint8_t *bytes;
    size_t len;
    CHECK(BIO_mem_contents(p->client.out, &bytes, &len) && len > 10);
    char altered[256];
    memcpy(altered, bytes, len);
    altered[8] ^= 1;
    server_reads(p, altered, len);
    CHECK_INT(tls_state(p->server), TLS_FAILED);
    CHECK_INT(p->got_len, 0);
    CHECK(tls_pending(p->server).len > 0); /* the alert */
}

TEST(a_handshake_cut_short_stays_open_for_more)
{
    PAIR(p, TLS1_3_VERSION, NULL);
    SSL_do_handshake(p->client.ssl);
    const uint8_t *bytes;
    size_t len;
    CHECK(BIO_mem_contents(p->client.out, &bytes, &len) && len > 100);
    server_reads(p, (const char *)bytes, len / 2);
    CHECK_INT(tls_state(p->server), TLS_HANDSHAKING);
    CHECK_INT(tls_pending(p->server).len, 0);
    tls_shutdown(p->server); /* nothing to say yet */
    CHECK_INT(tls_pending(p->server).len, 0);
}

TEST(client_hellos_of_every_length_are_survived)
{
    for (size_t flip = 0; flip < 300; flip += 3) {
        PAIR(p, TLS1_3_VERSION, "\x08http/1.1");
        SSL_do_handshake(p->client.ssl);
        const uint8_t *bytes;
        size_t len;
        char altered[1024];
        CHECK(BIO_mem_contents(p->client.out, &bytes, &len) && len < sizeof(altered));
        memcpy(altered, bytes, len);
        altered[flip % len] ^= (char)(1 << flip % 8);
        server_reads(p, altered, len);
        server_reads(p, altered, len);
    }
}

TEST(unusable_files_are_named)
{
    char why[512];
    make_files();
    CHECK(!tls_config_new("/nonexistent/cert.pem", key_file, why, sizeof(why)));
    CHECK_STR(str_c(why), STR("certificate file /nonexistent/cert.pem: No such file or directory"));
    CHECK(!tls_config_new(cert_file, "/nonexistent/key.pem", why, sizeof(why)));
    CHECK_STR(str_c(why), STR("key file /nonexistent/key.pem: No such file or directory"));
    CHECK(!tls_config_new(key_file, key_file, why, sizeof(why)));
    CHECK(str_find(str_c(why), STR("is no PEM chain of certificates")) > 0);
    CHECK(!tls_config_new(cert_file, cert_file, why, sizeof(why)));
    CHECK(str_find(str_c(why), STR("is no unencrypted PEM private key")) > 0);
    CHECK(!tls_config_new(cert_file, other_key_file, why, sizeof(why)));
    CHECK(str_find(str_c(why), STR("does not belong to certificate file")) > 0);
    CHECK_INT(ERR_peek_error(), 0);
}

/* After the handshake no buffer and no handshake state is held. */
TEST(an_idle_connection_is_small)
{
    enum { COUNT = 50 };
    static struct pair pairs[1];
    static struct tls *servers[COUNT];
    struct tls_config *config = config_new();
    size_t sum = 0;
    for (int i = 0; i < COUNT; i++) {
        struct pair *p = &pairs[0];
        p->config = config;
        p->got_len = p->step = 0;
        size_t before = mallinfo2().uordblks;
        p->server = tls_new(config);
        size_t fresh = mallinfo2().uordblks - before;
        client_init(&p->client, TLS1_3_VERSION, "\x08http/1.1");
        carry(p);
        check_echo(t, p);
        client_fini(&p->client);
        CHECK_INT(p->got_len, 4);
        if (i > 0)
            sum += mallinfo2().uordblks - before;
        else
            printf("# a fresh tls holds %zu bytes\n", fresh);
        servers[i] = p->server;
    }
    size_t each = sum / (COUNT - 1);
    printf("# an idle TLS 1.3 connection holds %zu bytes\n", each);
    for (int i = 0; i < COUNT; i++)
        tls_free(servers[i]);
    tls_config_unref(config);
    CHECK(each < 8192);
}
