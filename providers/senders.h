/* providers/senders.h - the providers of codes: what is known of each (senders.def), and the one that the
 * settings name, made for one loop.
 *
 * Waits: never; the sender's functions do. */
#pragma once
#include "providers/authentica.h"
#include "providers/console.h"
#include "providers/senders.def"

#define SENDER_ID(name, needs, use, codes, doc) SENDER_##name,
enum sender_id { SENDERS(SENDER_ID) SENDER_COUNT };
#undef SENDER_ID

struct sender_info {
    struct str name;
    struct str needs;    /* settings, comma-separated */
    bool in_production;  /* else it is for trying out */
    bool may_make_codes; /* one that may not carries ours */
};
const struct sender_info *sender_info(enum sender_id id);
/* False: no provider has that name. */
bool sender_find(struct str name, enum sender_id *out);

/* " name: what it does." of each, to be read as one text. */
#define SENDER_DOC(name, needs, use, codes, doc) " " #name ": " doc "."
#define SENDER_DOCS SENDERS(SENDER_DOC)

struct sender_options {
    enum sender_id otp;
    struct authentica_options authentica;
};
struct senders {
    struct console console;
    struct authentica authentica; /* partner NULL while it is not the choice */
    struct otp_sender *otp;
};
/* Neither waits nor connects. `senders` stays where it is. */
void senders_init(struct senders *senders, struct http_client *client,
                  const struct sender_options *options);
