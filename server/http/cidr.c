#include "server/http/cidr.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

bool ip_is_v4(struct ip ip)
{
    return memcmp(ip.bytes, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool ip_parse(struct str text, struct ip *out)
{
    if (text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
        text = str_of(text.ptr + 1, text.len - 2);
    char buffer[IP_TEXT_MAX];
    if (text.len == 0 || text.len >= sizeof(buffer))
        return false;
    memcpy(buffer, text.ptr, text.len);
    buffer[text.len] = '\0';
    if (strlen(buffer) != text.len)
        return false;
    if (inet_pton(AF_INET6, buffer, out->bytes) == 1)
        return true;
    memcpy(out->bytes, v4_prefix, sizeof(v4_prefix));
    return inet_pton(AF_INET, buffer, out->bytes + sizeof(v4_prefix)) == 1;
}

size_t ip_format(struct ip ip, char out[IP_TEXT_MAX])
{
    const char *text = ip_is_v4(ip) ? inet_ntop(AF_INET, ip.bytes + 12, out, IP_TEXT_MAX)
                                    : inet_ntop(AF_INET6, ip.bytes, out, IP_TEXT_MAX);
    assert(text); /* there is room for every address */
    return strlen(text);
}

static bool bits_equal(struct ip a, struct ip b, uint8_t bits)
{
    assert(bits <= 128);
    size_t whole = bits / 8;
    if (memcmp(a.bytes, b.bytes, whole) != 0)
        return false;
    uint8_t rest = bits % 8;
    if (!rest)
        return true;
    uint8_t mask = (uint8_t)(0xff << (8 - rest));
    return (a.bytes[whole] & mask) == (b.bytes[whole] & mask);
}

static bool rest_is_zero(struct ip ip, uint8_t bits)
{
    for (size_t bit = bits; bit < 128; bit++)
        if (ip.bytes[bit / 8] >> (7 - bit % 8) & 1)
            return false;
    return true;
}

bool cidr_parse(struct str text, struct cidr *out)
{
    struct str rest = text, address;
    uint64_t bits = 128;
    if (!str_split(&rest, '/', &address) || !ip_parse(address, &out->network))
        return false;
    bool v4 = ip_is_v4(out->network) && str_find_char(address, ':') < 0;
    if (address.len < text.len) {
        if (!str_to_uint64(rest, &bits) || bits > (v4 ? 32 : 128))
            return false;
        bits += v4 ? 96 : 0;
    }
    out->bits = (uint8_t)bits;
    return rest_is_zero(out->network, out->bits);
}

bool cidr_has(const struct cidr *cidr, struct ip ip)
{
    return bits_equal(cidr->network, ip, cidr->bits);
}

bool cidr_list_has(const struct cidr_list *list, struct ip ip)
{
    assert(list->len <= CIDRS_MAX);
    for (size_t i = 0; i < list->len; i++)
        if (cidr_has(&list->items[i], ip))
            return true;
    return false;
}
