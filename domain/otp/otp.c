/* The states of a request, and what moves it (the rows' columns: schema/20_otp.sql):
 *
 *   otp_request ──> open ──(right code, used by otp_prove or a login)──> used
 *                    │ ├──(attempts_max attempts, expires_at, a newer request)──> closed
 *                    │ └──(could not be sent: send_failed)──> void: as if it had never been
 *
 * 1. What a limit counted and nothing came of is given back to the phone (refund), never to address
 *    or device: those count who asks, the phone's count what reaches it.
 * 2. The provider is called with nothing held: no connection, no lock, no transaction. */
#include "domain/otp/otp.h"

#include "domain/accounts/account.h"
#include "domain/i18n/texts.h"
#include "domain/otp/signals.h"
#include "runtime/base/log.h"
#include "runtime/base/stats.h"

#define PROVIDER_TEST STR("test")
/* Kept back from the provider, so that a deadline that it used up does not stop the cleaning up. */
#define CLEANUP_RESERVE milliseconds(1500)

enum { PROVIDER_RETRY_S = 15 }; /* when the provider does not say */

bool otp_test_number_parse(struct str text, struct otp_test_number *out)
{
    ptrdiff_t colon = str_find_char(text, ':');
    if (colon < 0 || !phone_parse(str_take(text, (size_t)colon), &out->phone))
        return false;
    struct str code = str_skip(text, (size_t)colon + 1);
    if (code.len != OTP_CODE_LEN)
        return false;
    for (size_t i = 0; i < code.len; i++) {
        if (code.ptr[i] < '0' || code.ptr[i] > '9')
            return false;
        out->code.digits[i] = code.ptr[i];
    }
    return true;
}

/* ---- the fast counters, lost and found ----------------------------------------------------- */

static bool counters_lost(enum err err)
{
    return err == ERR_UNAVAILABLE || err == ERR_TIMEOUT;
}

static void note_counters(struct otp *otp, bool lost)
{
    if (lost)
        stat_count(STAT_OTP_LIMITS_IN_PG);
    if (lost == otp->limits_lost)
        return;
    otp->limits_lost = lost;
    if (lost)
        log_event(LOG_WARN, "otp_limits_fallback", "counters lost: limits are counted from rows");
    else
        log_event(LOG_WARN, "otp_limits_restored", "counters are back");
}

/* ---- asking for a code --------------------------------------------------------------------- */

static const struct otp_test_number *find_test_number(const struct otp_options *options,
                                                      struct str phone)
{
    for (size_t i = 0; i < options->test_numbers_len; i++)
        if (str_eq(phone_str(&options->test_numbers[i].phone), phone))
            return &options->test_numbers[i];
    return NULL;
}

static bool country_allowed(const struct otp_options *options, const struct phone *phone)
{
    for (size_t i = 0; i < options->countries_len; i++)
        if (str_eq(options->countries[i], phone_country(phone)))
            return true;
    return options->countries_len == 0;
}

/* A text to a landline is lost or read out by a machine, one to a service number is what it lives by. WhatsApp is
 * nobody's line: an account there may have any number, and who has none costs nobody anything. */
static bool reachable(const struct phone *phone, enum otp_channel channel)
{
    return channel != OTP_SMS || phone->receives_sms;
}

/* The row as far as the input decides it. */
static enum err read_request(struct ctx *c, const struct otp *otp, const struct otp_request *in,
                             struct phone *phone, struct otp_row *row)
{
    if (!phone_parse(in->phone, phone))
        return fail_field(c, STR("phone_number"), R_PHONE_INVALID);
    if (in->email.len > 0 && !email_parse(c->arena, in->email, &row->email))
        return fail_field(c, STR("email"), R_EMAIL_INVALID);
    if (!name_parse(c->arena, in->first_name, &row->first_name))
        return fail_field(c, STR("first_name"), R_NAME_INVALID);
    if (!name_parse(c->arena, in->last_name, &row->last_name))
        return fail_field(c, STR("last_name"), R_NAME_INVALID);

    row->id = uuid_random(c->clock);
    row->phone = phone_str(phone);
    row->purpose = in->purpose;
    row->channel = in->channel;
    row->attempts_max = otp->options->attempts_max;
    row->created_at = ctx_now(c);
    row->expires_at = instant_add(row->created_at, otp->options->ttl);
    assert(row->attempts_max > 0 && instant_before(row->created_at, row->expires_at));
    row->address = in->address;
    row->address_key = in->address_key;
    row->device_named = str_trim(in->device_id).len > 0;
    row->device = device_signal(c->arena, in->device_id, in->user_agent, in->accept_language);
    row->language = c->lang;
    return OK;
}

static void set_code(const struct otp *otp, struct otp_row *row, struct str code)
{
    assert(code.len == OTP_CODE_LEN);
    row->has_mac = true;
    row->mac = otp_code_mac(&otp->options->key, row->id, code);
}

static struct otp_asker asker_of(struct ctx *c, const struct otp_row *row)
{
    return (struct otp_asker){
        .request_id = row->id,
        .phone = row->phone,
        .address_key = row->address_key,
        .device_key = device_limit_key(c->arena, row->device, row->device_named, row->address_key)};
}

static enum err refuse_admission(struct ctx *c, const struct otp_admission *admission)
{
    static const struct {
        enum reason reason;
        enum stat stat;
    } refusals[OTP_LIMIT_COUNT] = {
        [OTP_LIMIT_ADDRESS] = {R_OTP_ADDRESS_LIMIT, STAT_OTP_REFUSED_ADDRESS},
        [OTP_LIMIT_DEVICE] = {R_OTP_DEVICE_LIMIT, STAT_OTP_REFUSED_DEVICE},
        [OTP_LIMIT_PHONE] = {R_OTP_PHONE_LIMIT, STAT_OTP_REFUSED_PHONE},
        [OTP_LIMIT_COOLDOWN] = {R_OTP_COOLDOWN, STAT_OTP_REFUSED_COOLDOWN},
    };
    assert(admission->refused_by > OTP_LIMIT_NONE && admission->refused_by < OTP_LIMIT_COUNT);
    stat_count(refusals[admission->refused_by].stat);
    return fail_retry(c, refusals[admission->refused_by].reason, admission->retry_after_s);
}

/* Best effort: a refund that is lost with the counters costs the phone one place for a while. */
static void refund(struct ctx *c, struct otp *otp, const struct otp_row *row)
{
    struct otp_asker asker = asker_of(c, row);
    if (!otp->limits_lost && otp_limits_refund(c, otp->limits, &asker))
        log_event(LOG_WARN, "otp_refund_lost", "a code was not sent, and still counts");
}

static enum err create(struct ctx *c, struct otp *otp, const struct otp_row *row,
                       struct otp_created *out)
{
    enum err err = otp_store_create(c, otp->store, row, out);
    return err == ERR_CONFLICT ? fail(c, R_EMAIL_TAKEN) : err;
}

/* Limits and row in one transaction: slower, and as strict. */
static enum err create_counted(struct ctx *c, struct otp *otp, const struct otp_row *row,
                               struct otp_created *out)
{
    struct otp_admission admission = {OTP_LIMIT_NONE, 0};
    enum err err =
        otp_store_create_counted(c, otp->store, &otp->options->rules, row, &admission, out);
    if (err == ERR_CONFLICT)
        return fail(c, R_EMAIL_TAKEN);
    if (err == OK && admission.refused_by != OTP_LIMIT_NONE)
        return refuse_admission(c, &admission);
    return err;
}

static enum err admit_and_create(struct ctx *c, struct otp *otp, const struct otp_row *row,
                                 struct otp_created *out)
{
    struct otp_asker asker = asker_of(c, row);
    struct otp_admission admission = {OTP_LIMIT_NONE, 0};
    enum err err = otp_limits_admit(c, otp->limits, &otp->options->rules, &asker, &admission);
    if (counters_lost(err)) {
        note_counters(otp, true);
        return create_counted(c, otp, row, out);
    }
    TRY(err);
    note_counters(otp, false);
    if (admission.refused_by != OTP_LIMIT_NONE)
        return refuse_admission(c, &admission);

    err = create(c, otp, row, out);
    if (err)
        refund(c, otp, row);
    return err;
}

/* The class of the sender's failure is for the log; to the client there is one answer. */
static enum err provider_failed(struct ctx *c, const struct otp *otp, const char *what,
                                enum err err, int32_t retry_after_s)
{
    log_event(LOG_WARN, "otp_provider_failed", "%s: %s: %s", otp->sender->name, what,
              err == ERR_TIMEOUT ? "no answer, perhaps done" : "not done");
    return fail_retry(c, R_OTP_PROVIDER, retry_after_s > 0 ? retry_after_s : PROVIDER_RETRY_S);
}

static enum err send_failed(struct ctx *c, struct otp *otp, const struct otp_row *row, enum err err,
                            int32_t retry_after_s)
{
    stat_count(STAT_OTP_SEND_FAILED);
    refund(c, otp, row);
    /* Left open, the row would replace an older code that did arrive. */
    if (otp_store_void(c, otp->store, row->id))
        log_event(LOG_WARN, "otp_void_lost", "a request whose code was not sent stays open");
    return provider_failed(c, otp, "send", err, retry_after_s);
}

static enum err send_code(struct ctx *c, struct otp *otp, const struct otp_row *row,
                          struct str code, enum lang language)
{
    assert(otp->sender->makes_code ? code.len == 0 : row->has_mac && code.len == OTP_CODE_LEN);
    struct str text SCOPED(secret_wipe) = {0};
    if (!otp->sender->makes_code) {
        int64_t good_for_min = otp->options->ttl.us / minutes(1).us;
        const struct str fills[] = {code, str_printf(c->arena, "%d", (int)good_for_min)};
        text = text_fill(c->arena, TEXT_OTP_MESSAGE, language, fills, ARRAY_LEN(fills));
    }
    struct otp_message message = {
        .phone = row->phone, .channel = row->channel, .code = code, .text = text};
    struct duration left = {MIN(ctx_left(c).us, minutes(1).us)};
    struct duration most = {MAX(left.us - CLEANUP_RESERVE.us, left.us / 2)};
    int32_t retry_after_s = 0;
    struct ctx_scope scope = ctx_within(c, most);
    enum err err = otp->sender->send(c, otp->sender, &message, &retry_after_s);
    ctx_restore(&scope);
    if (err)
        return send_failed(c, otp, row, err, retry_after_s);
    stat_count(STAT_OTP_SENT);
    return OK;
}

enum err otp_request(struct ctx *c, struct otp *otp, const struct otp_request *in,
                     struct otp_receipt *out)
{
    struct phone phone;
    struct otp_row row = {0};
    TRY(read_request(c, otp, in, &phone, &row));
    *out = (struct otp_receipt){.id = row.id, .expires_at = row.expires_at};

    struct otp_created created;
    const struct otp_test_number *test = find_test_number(otp->options, row.phone);
    if (test) {
        row.provider = PROVIDER_TEST;
        set_code(otp, &row, otp_code_str(&test->code));
        TRY(create(c, otp, &row, &created));
        stat_count(STAT_OTP_SENT);
        return OK;
    }
    if (!country_allowed(otp->options, &phone))
        return fail_field(c, STR("phone_number"), R_OTP_COUNTRY);
    if (!reachable(&phone, row.channel))
        return fail_field(c, STR("phone_number"), R_OTP_NUMBER_WITHOUT_SMS);

    row.provider = str_c(otp->sender->name);
    struct otp_code code SCOPED(otp_code_wipe) = otp_code_random(c->clock);
    if (!otp->sender->makes_code)
        set_code(otp, &row, otp_code_str(&code));
    TRY(admit_and_create(c, otp, &row, &created));
    struct str shown = otp->sender->makes_code ? STR("") : otp_code_str(&code);
    return send_code(c, otp, &row, shown, created.language);
}

/* ---- entering a code ----------------------------------------------------------------------- */

enum err otp_refuse_code(struct ctx *c)
{
    stat_count(STAT_OTP_VERIFY_FAILED);
    return fail(c, R_OTP_INVALID);
}

/* `ticket` is NULL when there is no such request: guessing ids is counted too. */
static enum err admit_attempt(struct ctx *c, struct otp *otp, const struct otp_attempt *in,
                              const struct otp_ticket *ticket)
{
    /* A new id for each attempt: the counters tell attempts apart by it. */
    struct otp_asker asker = {.request_id = uuid_random(c->clock),
                              .phone = ticket ? ticket->phone : STR(""),
                              .address_key = in->address_key};
    struct otp_admission admission = {OTP_LIMIT_NONE, 0};
    const struct otp_rules *rules = &otp->options->rules;
    enum err err = otp_limits_admit_attempt(c, otp->limits, rules, &asker, &admission);
    bool lost = counters_lost(err);
    if (lost)
        err = otp_store_admit_attempt(c, otp->store, rules, &asker, &admission);
    TRY(err);
    note_counters(otp, lost);
    if (admission.refused_by == OTP_LIMIT_NONE)
        return OK;
    stat_count(STAT_OTP_VERIFY_FAILED);
    bool by_phone = admission.refused_by == OTP_LIMIT_PHONE;
    return fail_retry(c, by_phone ? R_OTP_VERIFY_PHONE_LIMIT : R_OTP_VERIFY_ADDRESS_LIMIT,
                      admission.retry_after_s);
}

static enum err judge_by_provider(struct ctx *c, struct otp *otp, const struct otp_ticket *ticket,
                                  struct str code, bool *right)
{
    /* Another provider's code, from before the settings changed, cannot be checked any more. */
    *right = false;
    if (!otp->sender->makes_code || !str_eq(ticket->provider, str_c(otp->sender->name)))
        return OK;
    int32_t retry_after_s = 0;
    enum err err = otp->sender->check(c, otp->sender, ticket->phone, code, right, &retry_after_s);
    return err ? provider_failed(c, otp, "check", err, retry_after_s) : OK;
}

static enum err judge_code(struct ctx *c, struct otp *otp, const struct otp_ticket *ticket,
                           struct str typed, bool *right)
{
    char buffer[OTP_CODE_TYPED_MAX];
    struct str code SCOPED(secret_wipe) = {0};
    *right = false;
    if (!otp_code_parse(typed, buffer, &code))
        return OK;
    if (!ticket->has_mac)
        return judge_by_provider(c, otp, ticket, code, right);
    *right = otp_mac_matches(&otp->options->key, ticket->id, code, &ticket->mac);
    return OK;
}

enum err otp_check(struct ctx *c, struct otp *otp, const struct otp_attempt *in,
                   struct otp_ticket *out)
{
    /* Counted before it is judged: otherwise parallel guesses would all read the same count. */
    enum err err = otp_store_count_attempt(c, otp->store, in->request_id, in->purpose, out);
    bool found = err == OK;
    if (err && err != ERR_NOT_FOUND)
        return err;
    if (!found || !str_eq(out->provider, PROVIDER_TEST))
        TRY(admit_attempt(c, otp, in, found ? out : NULL));
    if (!found)
        return otp_refuse_code(c);

    bool right = false;
    TRY(judge_code(c, otp, out, in->code, &right));
    return right ? OK : otp_refuse_code(c);
}

enum err otp_prove(struct ctx *c, struct otp *otp, const struct otp_attempt *in)
{
    struct otp_ticket ticket;
    TRY(otp_check(c, otp, in, &ticket));
    enum err err = otp_store_prove(c, otp->store, ticket.id);
    if (err == ERR_NOT_FOUND)
        return otp_refuse_code(c);
    if (err == OK)
        stat_count(STAT_OTP_VERIFIED);
    return err;
}
