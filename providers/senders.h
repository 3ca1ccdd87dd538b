/* providers/senders.h - the providers that the settings name, made for one loop. */
#pragma once
#include "providers/authentica.h"
#include "providers/console.h"

struct sender_options {
    struct str otp_provider; /* "console", "authentica" */
    struct authentica_options authentica;
};
struct senders {
    struct console console;
    struct authentica authentica; /* partner NULL while it is not the choice */
    struct otp_sender *otp;
};
/* False: no such provider. Neither waits nor connects. */
NODISCARD bool senders_init(struct senders *senders, struct http_client *client,
                            const struct sender_options *options);
