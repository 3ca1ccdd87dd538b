#include "providers/senders.h"

enum use { FOR_TRYING_OUT, IN_PRODUCTION };
enum codes { OURS, EITHER };

static const struct sender_info infos[SENDER_COUNT] = {
#define INFO(name, needs, use, codes, doc) \
    {{#name, sizeof(#name) - 1},           \
     {needs, sizeof(needs) - 1},           \
     (use) == IN_PRODUCTION,               \
     (codes) == EITHER},
    SENDERS(INFO)
#undef INFO
};

const struct sender_info *sender_info(enum sender_id id)
{
    assert(id < SENDER_COUNT);
    return &infos[id];
}

bool sender_find(struct str name, enum sender_id *out)
{
    for (enum sender_id id = 0; id < SENDER_COUNT; id++) {
        if (str_eq(infos[id].name, name)) {
            *out = id;
            return true;
        }
    }
    return false;
}

/* ---- making ---------------------------------------------------------------------------------- */

typedef struct otp_sender *make_fn(struct senders *senders, struct http_client *client,
                                   const struct sender_options *options);

static struct otp_sender *make_console(struct senders *senders, struct http_client *client,
                                       const struct sender_options *options)
{
    (void)client, (void)options;
    console_init(&senders->console);
    return &senders->console.sender;
}

static struct otp_sender *make_authentica(struct senders *senders, struct http_client *client,
                                          const struct sender_options *options)
{
    authentica_init(&senders->authentica, client, &options->authentica);
    return &senders->authentica.sender;
}

void senders_init(struct senders *senders, struct http_client *client,
                  const struct sender_options *options)
{
    static make_fn *const makers[SENDER_COUNT] = {
#define MAKER(name, needs, use, codes, doc) make_##name,
        SENDERS(MAKER)
#undef MAKER
    };
    const struct sender_info *info = sender_info(options->otp);
    *senders = (struct senders){0};
    senders->otp = makers[options->otp](senders, client, options);
    assert(str_eq(str_c(senders->otp->name), info->name));
    assert(info->may_make_codes || !senders->otp->makes_code);
}
