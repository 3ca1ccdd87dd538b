/* runtime/io.c - addresses as text: what both implementations of io.h share. */
#include "runtime/io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool parse_unix(struct str path, struct io_addr *out)
{
    if (path.len == 0 || path.len >= sizeof(out->un.sun_path))
        return false;
    memset(out, 0, sizeof(*out));
    out->un.sun_family = AF_UNIX;
    memcpy(out->un.sun_path, path.ptr, path.len);
    out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len + 1);
    return true;
}

/* Cuts "host:port" or "[host]:port" into a NUL-terminated host and a port. */
static bool split_host_port(struct str text, char *host, size_t host_cap, uint16_t *port)
{
    const char *colon = text.len ? memrchr(text.ptr, ':', text.len) : NULL;
    if (!colon)
        return false;
    struct str h = str_of(text.ptr, (size_t)(colon - text.ptr));
    struct str p = str_skip(text, h.len + 1);
    if (h.len >= 2 && h.ptr[0] == '[' && h.ptr[h.len - 1] == ']')
        h = str_of(h.ptr + 1, h.len - 2);
    uint64_t number;
    if (h.len == 0 || h.len >= host_cap || !str_to_uint64(p, &number) || number > UINT16_MAX)
        return false;
    memcpy(host, h.ptr, h.len);
    host[h.len] = '\0';
    *port = (uint16_t)number;
    return true;
}

bool io_addr_parse(struct str text, struct io_addr *out)
{
    if (str_starts(text, STR("unix://")))
        return parse_unix(str_skip(text, 7), out);
    char host[INET6_ADDRSTRLEN];
    uint16_t port;
    if (!split_host_port(text, host, sizeof(host), &port))
        return false;
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, host, &out->in4.sin_addr) == 1) {
        out->in4.sin_family = AF_INET;
        out->in4.sin_port = htons(port);
        out->len = sizeof(out->in4);
        return true;
    }
    if (inet_pton(AF_INET6, host, &out->in6.sin6_addr) == 1) {
        out->in6.sin6_family = AF_INET6;
        out->in6.sin6_port = htons(port);
        out->len = sizeof(out->in6);
        return true;
    }
    return false;
}

size_t io_addr_format_host(const struct io_addr *addr, char out[IO_ADDR_TEXT_MAX])
{
    const char *done = NULL;
    if (addr->any.sa_family == AF_INET) {
        done = inet_ntop(AF_INET, &addr->in4.sin_addr, out, IO_ADDR_TEXT_MAX);
    } else if (addr->any.sa_family == AF_INET6) {
        if (IN6_IS_ADDR_V4MAPPED(&addr->in6.sin6_addr))
            done = inet_ntop(AF_INET, &addr->in6.sin6_addr.s6_addr[12], out, IO_ADDR_TEXT_MAX);
        else
            done = inet_ntop(AF_INET6, &addr->in6.sin6_addr, out, IO_ADDR_TEXT_MAX);
    }
    if (!done)
        snprintf(out, IO_ADDR_TEXT_MAX, "unix");
    return strlen(out);
}

/* Of a socket without SO_REUSEPORT the kernel says what it would keep quiet about otherwise. With
 * SO_REUSEADDR connections in TIME_WAIT are not in the way, listeners are (socket(7)). */
bool io_addr_is_taken(const struct io_addr *addr)
{
    if (addr->any.sa_family == AF_UNIX)
        return false; /* a path is never shared: bind refuses */
    int fd = socket(addr->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    bool taken = bind(fd, &addr->any, addr->len) != 0 && errno == EADDRINUSE;
    close(fd);
    return taken;
}
