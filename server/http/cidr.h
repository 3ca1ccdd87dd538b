/* server/http/cidr.h - networks in CIDR notation, IPv4 and IPv6 (RFC 4632, RFC 4291). Waits: never. */
#pragma once
#include "runtime/base/str.h"

/* IPv4 is kept as IPv4-mapped IPv6, so that ::ffff:10.0.0.1 and 10.0.0.1 are one address. */
struct ip {
    uint8_t bytes[16];
};
struct cidr {
    struct ip network;
    uint8_t bits; /* 0 … 128 */
};
enum { CIDRS_MAX = 64 };
struct cidr_list {
    struct cidr items[CIDRS_MAX];
    size_t len;
};

bool ip_parse(struct str text, struct ip *out); /* "10.0.0.1", "::1", "[::1]"; no zone */
/* "10.0.0.0/8", "::1"; bits beyond the prefix must be zero. */
bool cidr_parse(struct str text, struct cidr *out);
bool cidr_has(const struct cidr *cidr, struct ip ip);
bool cidr_list_has(const struct cidr_list *list, struct ip ip);
enum { IP_TEXT_MAX = 46 };
size_t ip_format(struct ip ip, char out[IP_TEXT_MAX]); /* IPv4-mapped prints as IPv4 */
bool ip_is_v4(struct ip ip);
