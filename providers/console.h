/* providers/console.h - codes written to the log: for trying out, refused in production.
 *
 * Waits: never. */
#pragma once
#include "domain/otp/otp_sender.h"

struct console {
    struct otp_sender sender;
};
void console_init(struct console *console);
