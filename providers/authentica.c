/* POST /api/v2/send-otp {"method","phone"} and /api/v2/verify-otp {"phone","otp"}, with the key as it
 * is in X-Authorization. The vendor's pages do not agree on how success looks ("status", "success",
 * "verified"), so all three are read, and one that says no outweighs the others.
 *
 *   answer            send                                check
 *   2xx, object       sent, unless a flag says no         right if a flag says yes and none no
 *   2xx, nonsense     failed, against the breaker         not judged, against the breaker
 *   400 404 409 422   failed                              wrong (that is how some accounts see it)
 *   401 402 403       failed, logged as an error: the key or the balance is our business
 *   429               failed, with their Retry-After      not judged, likewise
 *   5xx, others       failed, against the breaker         not judged, against the breaker
 *   no answer         failed; perhaps sent, and never tried again by itself: it may send twice
 *
 * A code is right only when they say so: everything unclear is "no". */
#include "providers/authentica.h"

#include "runtime/base/json_scan.h"
#include "runtime/base/log.h"
#include "runtime/http_client.h"

enum { CONNS_MAX = 512, QUEUE_MAX = 2048, ANSWER_BYTES_MAX = 16384, BREAKER_FAILURES = 10 };

/* ---- answers ------------------------------------------------------------------------------- */

static bool is_flag(struct str name)
{
    return str_eq(name, STR("status")) || str_eq(name, STR("verified")) ||
           str_eq(name, STR("success"));
}

/* What an answer says, whatever its status. */
enum flag {
    NONSENSE, /* not one JSON object */
    SILENT,   /* an object without any of the flags */
    YES,
    NO
};

static enum flag read_flag(struct str body)
{
    struct json_scan scan = json_scan_begin(body);
    struct json_member member;
    bool yes = false, no = false;
    while (json_scan_next(&scan, &member)) {
        yes |= is_flag(member.name) && member.kind == JSON_KIND_TRUE;
        no |= is_flag(member.name) && member.kind == JSON_KIND_FALSE;
    }
    if (!scan.complete)
        return NONSENSE;
    return no ? NO : yes ? YES : SILENT;
}

enum verdict { ACCEPTED, DECLINED, NOT_JUDGED };

static void log_refused(const char *call, const struct http_answer *answer)
{
    bool ours = answer->status >= 401 && answer->status <= 403;
    struct log_line line;
    log_begin(&line, ours ? LOG_ERROR : LOG_WARN, "authentica_refused");
    log_str(&line, "call", str_c(call));
    log_int(&line, "status", answer->status);
    log_end(&line); /* never the body: nobody promised that no number is in it */
}

static enum verdict judge(struct partner *partner, const char *call,
                          const struct http_answer *answer)
{
    bool fine = answer->status >= 200 && answer->status < 300;
    bool refused = answer->status >= 400 && answer->status < 500;
    enum flag flag = fine ? read_flag(answer->body) : NO;
    partner_judge(partner, refused || (fine && flag != NONSENSE));

    if (!fine)
        log_refused(call, answer);
    switch (answer->status) {
    case 400:
    case 404:
    case 409:
    case 422: return DECLINED;
    default: break;
    }
    if (!fine || flag == NONSENSE)
        return NOT_JUDGED;
    return flag == NO ? DECLINED : ACCEPTED;
}

/* ---- calls --------------------------------------------------------------------------------- */

static enum err post(struct ctx *c, struct authentica *authentica, struct str path, struct str body,
                     struct http_answer *answer)
{
    const struct http_header headers[] = {
        {STR("X-Authorization"), authentica->api_key},
        {STR("Accept"), STR("application/json")},
        {STR("Content-Type"), STR("application/json")},
    };
    const struct http_call call = {.method = STR("POST"),
                                   .path = path,
                                   .headers = headers,
                                   .headers_len = ARRAY_LEN(headers),
                                   .body = body};
    return http_fetch(c, authentica->partner, &call, answer);
}

/* A phone is E.164 and a code is digits: nothing in these bodies needs escaping. */
static struct str send_body(struct ctx *c, const struct otp_message *message)
{
    struct str method = message->channel == OTP_SMS ? STR("sms") : STR("whatsapp");
    if (message->code.len == 0)
        return str_printf(c->arena, "{\"method\":\"%.*s\",\"phone\":\"%.*s\"}", STR_FMT(method),
                          STR_FMT(message->phone));
    return str_printf(c->arena, "{\"method\":\"%.*s\",\"phone\":\"%.*s\",\"otp\":\"%.*s\"}",
                      STR_FMT(method), STR_FMT(message->phone), STR_FMT(message->code));
}

static enum err authentica_send(struct ctx *c, struct otp_sender *sender,
                                const struct otp_message *message, int32_t *retry_after_s)
{
    struct authentica *authentica = container_of(sender, struct authentica, sender);
    struct http_answer answer = {0};
    TRY(post(c, authentica, STR("/api/v2/send-otp"), send_body(c, message), &answer));
    *retry_after_s = answer.retry_after_s;
    return judge(authentica->partner, "send-otp", &answer) == ACCEPTED ? OK : ERR_UNAVAILABLE;
}

static enum err authentica_check(struct ctx *c, struct otp_sender *sender, struct str phone,
                                 struct str code, bool *right, int32_t *retry_after_s)
{
    struct authentica *authentica = container_of(sender, struct authentica, sender);
    struct str body = str_printf(c->arena, "{\"phone\":\"%.*s\",\"otp\":\"%.*s\"}", STR_FMT(phone),
                                 STR_FMT(code));
    struct http_answer answer = {0};
    *right = false;
    TRY(post(c, authentica, STR("/api/v2/verify-otp"), body, &answer));
    *retry_after_s = answer.retry_after_s;
    switch (judge(authentica->partner, "verify-otp", &answer)) {
    case ACCEPTED: *right = read_flag(answer.body) == YES; return OK;
    case DECLINED: return OK;
    default: return ERR_UNAVAILABLE;
    }
}

void authentica_init(struct authentica *authentica, struct http_client *client,
                     const struct authentica_options *options)
{
    const struct partner_options partner = {
        .name = "authentica",
        .base_url = options->base_url,
        .timeout = options->timeout,
        .connect_timeout = (struct duration){MIN(options->timeout.us, seconds(3).us)},
        .conns_max = CONNS_MAX,
        .queue_max = QUEUE_MAX,
        .answer_bytes_max = ANSWER_BYTES_MAX,
        .breaker_failures = BREAKER_FAILURES,
        .breaker_open = seconds(10),
    };
    *authentica = (struct authentica){
        .sender = {.name = "authentica",
                   .makes_code = !options->own_codes,
                   .send = authentica_send,
                   .check = authentica_check},
        .partner = partner_new(client, &partner),
        .api_key = options->api_key,
    };
}
