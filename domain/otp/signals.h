/* domain/otp/signals.h - what a request says about the device it came from. Waits: never. */
#pragma once
#include "runtime/base/str.h"

enum { DEVICE_ID_MAX = 128 }; /* code points */

/* "sha256:" and 24 hex digits of SHA-256 over the device id, else over "User-Agent|Accept-Language";
 * empty when there is neither. */
struct str device_signal(struct arena *arena, struct str device_id, struct str user_agent,
                         struct str accept_language);
/* What the device limit counts by. A device id names one device. Headers name a model and an app
 * version, which thousands share: they count together with the address, or the twenty-first person
 * with the same phone in a quarter of an hour would be locked out. */
struct str device_limit_key(struct arena *arena, struct str signal, bool named,
                            struct str address_key);
