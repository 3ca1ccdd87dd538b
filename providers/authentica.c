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

#include "runtime/base/json.h"
#include "runtime/base/json_writer.h"
#include "runtime/base/log.h"
#include "runtime/http_client.h"

enum { CONNS_MAX = 512, QUEUE_MAX = 2048, ANSWER_BYTES_MAX = 16384, BREAKER_FAILURES = 10 };

/* ---- answers ------------------------------------------------------------------------------- */

/* What an answer says, whatever its status. */
enum flag {
    NONSENSE, /* not one JSON object */
    SILENT,   /* an object without any of the flags */
    YES,
    NO
};

struct flags {
    struct json_bool status, verified, success;
};
static const struct json_field flag_fields[] = {
    {"status", JSON_BOOL, 0, offsetof(struct flags, status)},
    {"verified", JSON_BOOL, 0, offsetof(struct flags, verified)},
    {"success", JSON_BOOL, 0, offsetof(struct flags, success)},
};

/* One that is no boolean ("status":"ok") says nothing. */
static enum flag read_flag(struct arena *arena, struct str body)
{
    struct flags flags;
    struct json_wrong wrong;
    if (!JSON_DECODE(arena, body, flag_fields, &flags, &wrong) && wrong.broken) {
        log_event(LOG_WARN, "authentica_nonsense", "no JSON object from byte %zu of %zu on",
                  wrong.at, body.len);
        return NONSENSE;
    }
    const struct json_bool all[] = {flags.status, flags.verified, flags.success};
    enum flag said = SILENT;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i].set && said != NO)
            said = all[i].v ? YES : NO;
    return said;
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

static enum verdict judge_answer(struct arena *arena, struct partner *partner, const char *call,
                                 const struct http_answer *answer)
{
    bool fine = answer->status >= 200 && answer->status < 300;
    bool refused = answer->status >= 400 && answer->status < 500;
    enum flag flag = fine ? read_flag(arena, answer->body) : NO;
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

/* Members whose value is empty are left out. */
static struct str body_of(struct arena *arena, struct str method, struct str phone, struct str code)
{
    struct strbuf text = strbuf_new(arena, 128);
    struct json_writer w = json_writer_on(&text);
    json_object_begin(&w, NULL);
    if (method.len)
        json_put_str(&w, "method", method);
    json_put_str(&w, "phone", phone);
    if (code.len)
        json_put_str(&w, "otp", code);
    json_object_end(&w);
    return strbuf_str(&text);
}

static enum err authentica_send(struct ctx *c, struct otp_sender *sender,
                                const struct otp_message *message, int32_t *retry_after_s)
{
    struct authentica *authentica = container_of(sender, struct authentica, sender);
    struct str method = message->channel == OTP_SMS ? STR("sms") : STR("whatsapp");
    struct str body SCOPED(secret_wipe) = body_of(c->arena, method, message->phone, message->code);
    struct http_answer answer = {0};
    TRY(post(c, authentica, STR("/api/v2/send-otp"), body, &answer));
    *retry_after_s = answer.retry_after_s;
    return judge_answer(c->arena, authentica->partner, "send-otp", &answer) == ACCEPTED
               ? OK
               : ERR_UNAVAILABLE;
}

static enum err authentica_check(struct ctx *c, struct otp_sender *sender, struct str phone,
                                 struct str code, bool *right, int32_t *retry_after_s)
{
    struct authentica *authentica = container_of(sender, struct authentica, sender);
    struct str body SCOPED(secret_wipe) = body_of(c->arena, STR(""), phone, code);
    struct http_answer answer = {0};
    *right = false;
    TRY(post(c, authentica, STR("/api/v2/verify-otp"), body, &answer));
    *retry_after_s = answer.retry_after_s;
    switch (judge_answer(c->arena, authentica->partner, "verify-otp", &answer)) {
    case ACCEPTED: *right = read_flag(c->arena, answer.body) == YES; return OK;
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
