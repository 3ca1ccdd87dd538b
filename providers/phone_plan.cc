/* providers/phone_plan.cc - the port domain/accounts/phone_plan.h on libphonenumber.
 *
 * The library's frames are deeper than a fiber's stack, so the call changes to the loop's. What it
 * might throw (only out of memory) must not pass through C: noexcept ends the process instead. */
#include <phonenumbers/phonenumberutil.h>

#include <string>

#define _Noreturn [[noreturn]]
extern "C" {
#include "domain/accounts/phone_plan.h"
}

/* runtime/loop.h is C only. */
extern "C" void on_loop_stack(void (*fn)(void *arg), void *arg);

namespace
{
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

struct question {
    struct str number;
    struct phone *out;
    bool valid;
};

void judge(void *arg) noexcept
{
    auto *q = static_cast<struct question *>(arg);
    PhoneNumberUtil *util = PhoneNumberUtil::GetInstance();
    PhoneNumber number;
    std::string typed(q->number.ptr, q->number.len), text, country;
    if (util->Parse(typed, "ZZ", &number) != PhoneNumberUtil::NO_PARSING_ERROR ||
        !util->IsValidNumber(number))
        return;
    util->Format(number, PhoneNumberUtil::E164, &text);
    util->GetRegionCodeForNumber(number, &country);
    if (text.size() > PHONE_LEN_MAX)
        return;
    if (country.size() != 2) /* "001": numbers of no country */
        country = "ZZ";
    q->out->len = static_cast<uint8_t>(text.size());
    text.copy(q->out->text, text.size());
    country.copy(q->out->country, 2);
    q->valid = true;
}
} // namespace

extern "C" bool phone_plan_parse(struct str number, struct phone *out)
{
    struct question q = {number, out, false};
    on_loop_stack(judge, &q);
    return q.valid;
}
