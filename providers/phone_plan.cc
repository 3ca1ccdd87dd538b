/* providers/phone_plan.cc - the port domain/accounts/phone_plan.h on libphonenumber.
 *
 * The library's frames are deeper than a fiber's stack, so the call changes to the loop's. What it
 * might throw (only out of memory) must not pass through C: noexcept ends the process instead.
 *
 * The plans are not the library's own, which are as old as Debian's release of it: it asks two functions
 * for them, when its one object is made and never again, and a function that the program defines comes
 * before one of the same name in a shared library. Were it linked in a way that changes that, the first
 * number would end the process (docs/decisions/0016-numbering-plans.md). */
#include <phonenumbers/phonenumberutil.h>

#include <string>

#define _Noreturn [[noreturn]]
extern "C" {
#include "domain/accounts/phone_plan.h"
}

/* runtime/loop.h is C only. */
extern "C" void on_loop_stack(void (*fn)(void *arg), void *arg);

/* ---- the plans: phone_plans.json as a serialized PhoneMetadataCollection ------------------------- */

namespace
{
constexpr unsigned char plans[] = {
#include "phone_plans.inc"
};
bool plans_taken = false;
} // namespace

namespace i18n::phonenumbers
{
int metadata_size();
const void *metadata_get();

int metadata_size()
{
    return sizeof(plans);
}

const void *metadata_get()
{
    plans_taken = true;
    return plans;
}
} // namespace i18n::phonenumbers

/* ---- judging a number --------------------------------------------------------------------------- */

namespace
{
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

struct question {
    struct str number;
    struct phone *out;
    bool valid;
};

/* Of a plan that does not tell the two apart (North America's) a number is taken for a mobile. */
bool receives_sms(const PhoneNumberUtil *util, const PhoneNumber &number)
{
    PhoneNumberUtil::PhoneNumberType type = util->GetNumberType(number);
    return type == PhoneNumberUtil::MOBILE || type == PhoneNumberUtil::FIXED_LINE_OR_MOBILE;
}

void judge(void *arg) noexcept
{
    auto *q = static_cast<struct question *>(arg);
    PhoneNumberUtil *util = PhoneNumberUtil::GetInstance();
    assert(plans_taken);
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
    q->out->receives_sms = receives_sms(util, number);
    q->valid = true;
}
} // namespace

extern "C" bool phone_plan_parse(struct str number, struct phone *out)
{
    struct question q = {number, out, false};
    on_loop_stack(judge, &q);
    return q.valid;
}
