#include "providers/senders.h"

bool senders_init(struct senders *senders, struct http_client *client,
                  const struct sender_options *options)
{
    *senders = (struct senders){0};
    console_init(&senders->console);
    if (str_eq(options->otp_provider, STR("console"))) {
        senders->otp = &senders->console.sender;
        return true;
    }
    if (str_eq(options->otp_provider, STR("authentica"))) {
        authentica_init(&senders->authentica, client, &options->authentica);
        senders->otp = &senders->authentica.sender;
        return true;
    }
    return false;
}
