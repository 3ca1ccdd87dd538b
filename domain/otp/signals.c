#include "domain/otp/signals.h"

#include "runtime/base/arena.h"
#include "runtime/base/crypto.h"

enum { SIGNAL_HEX_LEN = 24 };

struct str device_signal(struct arena *arena, struct str device_id, struct str user_agent,
                         struct str accept_language)
{
    struct str id = str_trim(device_id), agent = str_trim(user_agent);
    struct str languages = str_trim(accept_language);
    if (id.len == 0 && agent.len == 0 && languages.len == 0)
        return STR("");
    if (id.len == 0)
        id = str_printf(arena, "%.*s|%.*s", STR_FMT(agent), STR_FMT(languages));
    struct sha256 digest = sha256_of(id);
    char hex[SHA256_HEX_LEN];
    sha256_hex(&digest, hex);
    return str_printf(arena, "sha256:%.*s", SIGNAL_HEX_LEN, hex);
}

struct str device_limit_key(struct arena *arena, struct str signal, bool named,
                            struct str address_key)
{
    if (named || signal.len == 0)
        return signal;
    return str_printf(arena, "%.*s@%.*s", STR_FMT(signal), STR_FMT(address_key));
}
