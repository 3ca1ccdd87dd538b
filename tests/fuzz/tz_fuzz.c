/* A TZif file from who knows where. What is taken must be readable at any time, and a local time
 * that came from an instant exists. */
#include "runtime/base/tz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t times_s[] = {
        -62135596800, -2147483648, -1,         0,          951782400,
        1774746000,   1792890000,  2147483647, 4102444800, 253402300799,
    };
    struct tz *tz = tz_new(STR("Fuzz/Zone"), str_of((const char *)data, size));
    if (!tz)
        return 0;
    for (size_t i = 0; i < sizeof(times_s) / sizeof(times_s[0]); i++) {
        struct instant t = {times_s[i] * 1000000}, back;
        struct date date;
        int32_t second;
        int32_t offset = tz_offset_at(tz, t);
        assert(offset > -26 * 3600 && offset < 26 * 3600);
        tz_to_local(tz, t, &date, &second);
        assert(second >= 0 && second < 86400);
        enum tz_local kind = tz_from_local(tz, date, second, &back);
        assert(kind != TZ_LOCAL_NEVER && back.us <= t.us);
        if (kind == TZ_LOCAL_ONCE)
            assert(back.us == t.us);
        tz_from_local(tz, (struct date){(int32_t)(times_s[i] / 86400)}, 86400, &back);
    }
    tz_free(tz);
    return 0;
}
