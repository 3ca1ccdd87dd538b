/* What must hold between settings, and what the text of one must look like inside. */
#include "domain/accounts/tokens.h"
#include "domain/otp/otp.h"
#include "providers/senders.h"
#include "runtime/base/arena.h"
#include "runtime/io.h"
#include "runtime/url.h"
#include "server/http/cidr.h"
#include "server/process/config_why.h"
#include "server/http/cors.h"

bool config_is_production(const struct config *config)
{
    return config->environment == ENVIRONMENT_PRODUCTION;
}

static bool check_address(const char *name, struct str value, const struct why *why)
{
    struct io_addr addr;
    if (value.len == 0 || str_eq(value, STR("off")) || io_addr_parse(value, &addr))
        return true;
    return config_refuse(why,
                         "%s is '%.*s', allowed is an address like 127.0.0.1:8080, [::1]:8080 or "
                         "unix:///path, or off",
                         name, STR_FMT(value));
}

/* Two doors with one address would share it, and every connection take one or the other. */
static bool check_apart(const struct config *config, const struct why *why)
{
    const struct {
        const char *name;
        struct str value;
    } doors[] = {{"HTTP_LISTEN", config->http_listen},
                 {"HTTPS_LISTEN", config->https_listen},
                 {"ADMIN_LISTEN", config->admin_listen}};
    for (size_t i = 0; i < ARRAY_LEN(doors); i++)
        for (size_t j = 0; j < i; j++)
            if (doors[i].value.len && !str_eq(doors[i].value, STR("off")) &&
                str_eq(doors[i].value, doors[j].value))
                return config_refuse(why, "%s is '%.*s', which is %s too; allowed is another one",
                                     doors[i].name, STR_FMT(doors[i].value), doors[j].name);
    return true;
}

static bool check_listening(const struct config *config, const struct why *why)
{
    if (!check_address("HTTP_LISTEN", config->http_listen, why) ||
        !check_address("HTTPS_LISTEN", config->https_listen, why) ||
        !check_address("ADMIN_LISTEN", config->admin_listen, why) || !check_apart(config, why))
        return false;
    bool https = config->https_listen.len && !str_eq(config->https_listen, STR("off"));
    if (https && !config->tls_cert_file.len)
        return config_refuse(why,
                             "TLS_CERT_FILE is not set, but HTTPS_LISTEN needs it: a PEM file");
    if (https && !config->tls_key_file.len)
        return config_refuse(why, "TLS_KEY_FILE is not set, but HTTPS_LISTEN needs it: a PEM file");
    return true;
}

static bool check_lists(const struct config *config, const struct why *why)
{
    struct cidr cidr;
    if (config->trusted_proxies.len > CIDRS_MAX)
        return config_refuse(why, "TRUSTED_PROXIES has %zu entries, allowed are at most %d",
                             config->trusted_proxies.len, CIDRS_MAX);
    for (size_t i = 0; i < config->trusted_proxies.len; i++)
        if (!cidr_parse(config->trusted_proxies.items[i], &cidr))
            return config_refuse(
                why,
                "TRUSTED_PROXIES has '%.*s', allowed are networks like 10.0.0.0/8 or "
                "fd00::/8, without bits behind the prefix",
                STR_FMT(config->trusted_proxies.items[i]));
    for (size_t i = 0; i < config->cors_allowed_origins.len; i++)
        if (!cors_origin_is_sane(config->cors_allowed_origins.items[i]))
            return config_refuse(why,
                                 "CORS_ALLOWED_ORIGINS has '%.*s', allowed are origins like "
                                 "https://app.example.com without a path, or *",
                                 STR_FMT(config->cors_allowed_origins.items[i]));
    return true;
}

/* The part that is no secret. */
static struct str number_of(struct str entry)
{
    struct str number = entry;
    str_split(&entry, ':', &number);
    return number;
}

static bool is_country(struct str s)
{
    return s.len == 2 && s.ptr[0] >= 'A' && s.ptr[0] <= 'Z' && s.ptr[1] >= 'A' && s.ptr[1] <= 'Z';
}

/* Where a partner is: paths are appended to it. */
static bool is_base_url(struct str text)
{
    struct arena_pool pool;
    struct arena arena;
    struct url url;
    const char *problem;
    arena_pool_init(&pool, 4096, 1);
    arena_begin(&arena, &pool);
    bool fine = url_parse(text, &arena, &url, &problem) && !url.query.len && !url.user.len &&
                !str_ends(text, STR("/")) &&
                (str_eq(url.scheme, STR("https")) || str_eq(url.scheme, STR("http")));
    arena_end(&arena);
    arena_pool_fini(&pool);
    return fine;
}

static struct str sender_names(struct strbuf *names)
{
    for (enum sender_id id = 0; id < SENDER_COUNT; id++) {
        if (names->len)
            strbuf_add(names, STR(", "));
        strbuf_add(names, sender_info(id)->name);
    }
    return strbuf_str(names);
}

static bool check_sender(const struct config *config, const struct why *why)
{
    const struct str_list *list = &config->otp_provider;
    char text[256];
    struct strbuf names = {.ptr = text, .cap = sizeof(text)};
    enum sender_id id;
    if (list->len != 1)
        return config_refuse(why, "OTP_PROVIDER has %zu names, allowed is one of %.*s", list->len,
                             STR_FMT(sender_names(&names)));
    if (!sender_find(list->items[0], &id))
        return config_refuse(why, "OTP_PROVIDER is '%.*s', allowed is one of %.*s",
                             STR_FMT(list->items[0]), STR_FMT(sender_names(&names)));
    const struct sender_info *sender = sender_info(id);
    struct str needs = sender->needs, need;
    while (str_split(&needs, ',', &need))
        if (!config_has(config, need))
            return config_refuse(why, "%.*s is not set, but OTP_PROVIDER=%.*s needs it",
                                 STR_FMT(need), STR_FMT(sender->name));
    if (config_is_production(config) && !sender->in_production)
        return config_refuse(why,
                             "OTP_PROVIDER is %.*s, which ENVIRONMENT=production refuses: it is "
                             "only for trying out",
                             STR_FMT(sender->name));
    return true;
}

static bool check_codes(const struct config *config, const struct why *why)
{
    struct otp_test_number number;
    if (!is_base_url(config->authentica_base_url))
        return config_refuse(why,
                             "AUTHENTICA_BASE_URL is '%.*s', allowed is a URL like "
                             "https://api.example.com/v1 without user, query and slash at the end",
                             STR_FMT(config->authentica_base_url));
    for (size_t i = 0; i < config->otp_test_numbers.len; i++)
        if (!otp_test_number_parse(config->otp_test_numbers.items[i], &number))
            return config_refuse(why,
                                 "OTP_TEST_NUMBERS has '%.*s…', allowed are entries like "
                                 "+966500000000:123456: a valid number, a colon, %d digits",
                                 STR_FMT(number_of(config->otp_test_numbers.items[i])),
                                 OTP_CODE_LEN);
    for (size_t i = 0; i < config->otp_allowed_countries.len; i++)
        if (!is_country(config->otp_allowed_countries.items[i]))
            return config_refuse(why,
                                 "OTP_ALLOWED_COUNTRIES has '%.*s', allowed are ISO 3166 codes of "
                                 "two capital letters, like SA,AE",
                                 STR_FMT(config->otp_allowed_countries.items[i]));
    return true;
}

static bool check_production(const struct config *config, const struct why *why)
{
    if (!config_is_production(config))
        return true;
    if (config->otp_test_numbers.len)
        return config_refuse(
            why, "OTP_TEST_NUMBERS is set, which ENVIRONMENT=production refuses: anyone "
                 "who knows it could log in");
    return true;
}

bool config_check_serve(const struct config *config, char *why_text, size_t why_len)
{
    struct why why = {why_text, why_len};
    if (config->secret_key.len < TOKEN_KEY_MIN)
        return config_refuse(
            &why,
            "SECRET_KEY has %zu bytes, allowed are at least %d; make one with: openssl "
            "rand -hex 32",
            config->secret_key.len, TOKEN_KEY_MIN);
    if (!config->database_url.len)
        return config_refuse(&why, "DATABASE_URL is not set; it is like "
                                   "postgresql://user:password@host:5432/name");
    if (config->receive_buffers & (config->receive_buffers - 1))
        return config_refuse(&why, "RECEIVE_BUFFERS is '%lld', allowed is a power of two",
                             (long long)config->receive_buffers);
    return check_listening(config, &why) && check_lists(config, &why) &&
           check_sender(config, &why) && check_codes(config, &why) &&
           check_production(config, &why);
}
