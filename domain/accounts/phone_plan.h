/* domain/accounts/phone_plan.h - port: the numbering plans of the world.
 *
 * Implemented in providers/phone_plan.cc by libphonenumber, whose frames are far deeper than a
 * fiber's stack: the implementation changes to the loop's stack by itself.
 *
 * Waits: never. */
#pragma once
#include "domain/accounts/phone.h"

/* `number` is "+" and digits only. False: no plan holds such a number. A trunk prefix typed after
 * the country code is dropped. */
NODISCARD bool phone_plan_parse(struct str number, struct phone *out);
