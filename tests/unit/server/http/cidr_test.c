#include "server/http/cidr.h"

#include "tests/test.h"

static bool inside(const char *network, const char *address)
{
    struct cidr cidr;
    struct ip ip;
    return cidr_parse(str_c(network), &cidr) && ip_parse(str_c(address), &ip) &&
           cidr_has(&cidr, ip);
}

TEST(addresses_are_inside_their_network)
{
    CHECK(inside("10.0.0.0/8", "10.255.0.1"));
    CHECK(!inside("10.0.0.0/8", "11.0.0.1"));
    CHECK(inside("192.168.1.128/25", "192.168.1.200"));
    CHECK(!inside("192.168.1.128/25", "192.168.1.100"));
    CHECK(inside("0.0.0.0/0", "1.2.3.4"));
    CHECK(!inside("0.0.0.0/0", "2001:db8::1"));
    CHECK(inside("1.2.3.4", "1.2.3.4"));
    CHECK(!inside("1.2.3.4", "1.2.3.5"));
    CHECK(inside("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK(!inside("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(mapped_addresses_are_their_ipv4_ones)
{
    CHECK(inside("10.0.0.0/8", "::ffff:10.1.2.3"));
    CHECK(inside("::ffff:10.0.0.0/104", "10.1.2.3"));
}

TEST(what_is_no_network_is_refused)
{
    static const char *const wrong[] = {"",
                                        "10.0.0.0/33",
                                        "10.0.0.0/",
                                        "10.0.0.0/-1",
                                        "10.0.0.1/8",
                                        "10.0.0/8",
                                        "proxy.example",
                                        "::/129",
                                        "10.0.0.0/8/8",
                                        "::1/64",
                                        "010.0.0.0/8 "};
    struct cidr cidr;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        CHECK(!cidr_parse(str_c(wrong[i]), &cidr));
}

TEST(addresses_print_as_they_are_read)
{
    static const char *const texts[] = {"1.2.3.4", "2001:db8::1", "::1"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct ip ip;
        char out[IP_TEXT_MAX];
        CHECK(ip_parse(str_c(texts[i]), &ip));
        CHECK_STR(str_of(out, ip_format(ip, out)), str_c(texts[i]));
    }
}
