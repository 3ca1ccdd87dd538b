/* providers/authentica.h - one-time codes by Authentica (SMS and WhatsApp in Saudi Arabia).
 *
 * AUTHENTICA_OTP_MODE=provider: it makes the code and checks it, we never see one.
 * AUTHENTICA_OTP_MODE=own:      it sends the code that we made.
 *
 * Threads: one per loop.   Waits: the sender's functions. */
#pragma once
#include "domain/otp/otp_sender.h"

struct http_client;
struct partner;

struct authentica_options {
    struct str base_url;
    struct str api_key; /* lives as long as the process */
    bool own_codes;
    struct duration timeout;
};
struct authentica {
    struct otp_sender sender;
    struct partner *partner;
    struct str api_key;
};
void authentica_init(struct authentica *authentica, struct http_client *client,
                     const struct authentica_options *options);
