/* What people type: phone numbers (with the real numbering plans behind), codes, addresses, names. */
#include "domain/accounts/account.h"
#include "domain/otp/otp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena_pool pool;
    if (pool.block_bytes == 0)
        arena_pool_init(&pool, 65536, 4);
    struct arena arena;
    arena_begin(&arena, &pool);
    struct str typed = str_of((const char *)data, size);

    struct phone phone, again;
    if (phone_parse(typed, &phone)) {
        struct str e164 = phone_str(&phone);
        assert(e164.len >= PHONE_LEN_MIN && e164.len <= PHONE_LEN_MAX && e164.ptr[0] == '+');
        assert(e164.ptr[1] >= '1' && e164.ptr[1] <= '9');
        for (size_t i = 2; i < e164.len; i++)
            assert(e164.ptr[i] >= '0' && e164.ptr[i] <= '9');
        /* What is stored is read back as itself. */
        assert(phone_parse(e164, &again) && str_eq(phone_str(&again), e164));
    }

    char buffer[OTP_CODE_TYPED_MAX];
    struct str code, text, twice;
    if (otp_code_parse(typed, buffer, &code))
        assert(code.len >= 4 && code.len <= OTP_CODE_TYPED_MAX);
    if (email_parse(&arena, typed, &text))
        assert(email_parse(&arena, text, &twice) && str_eq(text, twice));
    if (str_is_utf8(typed) && name_parse(&arena, typed, &text))
        assert(name_parse(&arena, text, &twice) && str_eq(text, twice));
    struct otp_test_number number;
    (void)otp_test_number_parse(typed, &number);
    arena_end(&arena);
    return 0;
}
