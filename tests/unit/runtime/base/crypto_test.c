#include "runtime/base/crypto.h"

#include "runtime/base/arena.h"
#include "tests/test.h"

static struct str hex(const struct sha256 *digest, char out[SHA256_HEX_LEN])
{
    sha256_hex(digest, out);
    return str_of(out, SHA256_HEX_LEN);
}

TEST(sha256_known_answers)
{
    char out[SHA256_HEX_LEN];
    struct sha256 d = sha256_of(STR(""));
    CHECK_STR(hex(&d, out),
              STR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    d = sha256_of(STR("abc"));
    CHECK_STR(hex(&d, out),
              STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    const struct str parts[] = {STR("a"), {NULL, 0}, STR("bc")};
    d = sha256_of_parts(parts, ARRAY_LEN(parts));
    CHECK_STR(hex(&d, out),
              STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    d = sha256_of(STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"));
    CHECK_STR(hex(&d, out),
              STR("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
}

/* RFC 4231, test cases 1 to 4, 6 and 7. */
TEST(hmac_sha256_follows_rfc_4231)
{
    static char aa[131], b0b[20], dd[50], cd[50];
    static const char counting[] = "\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13"
                                   "\x14\x15\x16\x17\x18\x19";
    memset(aa, 0xaa, sizeof(aa));
    memset(b0b, 0x0b, sizeof(b0b));
    memset(dd, 0xdd, sizeof(dd));
    memset(cd, 0xcd, sizeof(cd));
    const struct {
        struct str key, data, expected;
    } rows[] = {
        {str_of(b0b, 20), STR("Hi There"),
         STR("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")},
        {STR("Jefe"), STR("what do ya want for nothing?"),
         STR("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")},
        {str_of(aa, 20), str_of(dd, 50),
         STR("773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe")},
        {str_of(counting, 25), str_of(cd, 50),
         STR("82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b")},
        {str_of(aa, 131), STR("Test Using Larger Than Block-Size Key - Hash Key First"),
         STR("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")},
        {str_of(aa, 131),
         STR("This is a test using a larger than block-size key and a larger than block-size "
             "data. The key needs to be hashed before being used by the HMAC algorithm."),
         STR("9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2")},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct hmac_key key;
        char out[SHA256_HEX_LEN];
        hmac_key_init(&key, rows[i].key);
        struct sha256 whole = hmac_sha256(&key, &rows[i].data, 1);
        CHECK_STR(hex(&whole, out), rows[i].expected);

        struct str parts[] = {str_take(rows[i].data, 5), STR(""), str_skip(rows[i].data, 5)};
        struct sha256 pieces = hmac_sha256(&key, parts, ARRAY_LEN(parts));
        CHECK(str_eq_constant_time(sha256_str(&pieces), sha256_str(&whole)));
        hmac_key_fini(&key);
        CHECK(!key.state);
    }
}

TEST(hmac_of_a_full_block_key_and_of_none)
{
    static char aa[64];
    char out[SHA256_HEX_LEN];
    struct hmac_key key;
    memset(aa, 0xaa, sizeof(aa));
    struct str data = STR("x");
    hmac_key_init(&key, str_of(aa, sizeof(aa)));
    struct sha256 d = hmac_sha256(&key, &data, 1);
    CHECK_STR(hex(&d, out),
              STR("ce3c639dcb9d8baae5d44c3b8b5e233faab4d1860e07489af5c84f213998bd79"));
    hmac_key_fini(&key);
    hmac_key_init(&key, STR(""));
    d = hmac_sha256(&key, NULL, 0);
    CHECK_STR(hex(&d, out),
              STR("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));
    hmac_key_fini(&key);
}
