/* bench/load.c - bench-load, the load generator: options, phases, one JSON object at the end.
 *
 *   connect (over --ramp) -> warm up -> measure -> print
 *
 * With --cpu-of it reads the servers' processor time at both ends of the measured part, so that the
 * answers counted and the time charged belong to the same stretch. With --hold it opens the
 * connections, has each answered once, prints {"held": N} and keeps them until its standard input
 * ends. */
#include <arpa/inet.h>
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/client.h"
#include "bench/process_cpu.h"

enum { PIDS_MAX = 8, HOLD_SECONDS_MAX = 120 };

struct options {
    struct client_options client;
    double warmup_s, duration_s;
    int pids[PIDS_MAX];
    uint32_t pids_len;
    const char *template_path;
};

struct measurement {
    double seconds;
    double cpu_s[PIDS_MAX];
    double own_cpu_s;
};

static const char usage_text[] =
    "bench-load --connect ADDRESS:PORT --template FILE [option]...\n"
    "  --table NAME=FILE   rows for the template's ${NAME.COLUMN}\n"
    "  --connections N     64          --depth N    requests under way per connection, 1\n"
    "  --rate N            open loop: N requests/s in all; else closed loop\n"
    "  --duration S        2           --warmup S   before it, 0.5\n"
    "  --ramp S            open the connections over S seconds (in addition to the warm-up)\n"
    "  --requests N        end after N answers, too (then with --warmup 0)\n"
    "  --first N           number of the first request\n"
    "  --sources N         connect from N addresses of 127.0.0.0/8 in turn\n"
    "  --cpu-of PID        report its processor time too (up to 8 times)\n"
    "  --seed N            of the open loop's arrivals\n"
    "  --tls               over TLS, without looking at the certificate\n"
    "  --hold              one request per connection, then keep them until stdin ends\n";

_Noreturn static void usage(void)
{
    fputs(usage_text, stderr);
    exit(2);
}

static double number(const char *text, double min, double max)
{
    char *end;
    double v = strtod(text, &end);
    if (end == text || *end != '\0' || !(v >= min && v <= max))
        errx(2, "%s is no number from %g to %g", text, min, max);
    return v;
}

static void parse_address(struct client_options *o, const char *text)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    if (!colon || (size_t)(colon - text) >= sizeof host)
        usage();
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) != 1)
        errx(2, "%s is no IPv4 address", host);
    o->address = address.s_addr;
    o->port = (uint16_t)number(colon + 1, 1, 65535);
}

static const struct option long_options[] = {
    {"connect", required_argument, NULL, 'a'},
    {"template", required_argument, NULL, 't'},
    {"table", required_argument, NULL, 'T'},
    {"connections", required_argument, NULL, 'c'},
    {"depth", required_argument, NULL, 'd'},
    {"rate", required_argument, NULL, 'r'},
    {"duration", required_argument, NULL, 's'},
    {"warmup", required_argument, NULL, 'w'},
    {"ramp", required_argument, NULL, 'R'},
    {"requests", required_argument, NULL, 'n'},
    {"first", required_argument, NULL, 'f'},
    {"sources", required_argument, NULL, 'S'},
    {"cpu-of", required_argument, NULL, 'p'},
    {"seed", required_argument, NULL, 'e'},
    {"tls", no_argument, NULL, 'k'},
    {"hold", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void parse_option(struct options *o, int option)
{
    struct client_options *cl = &o->client;
    switch (option) {
    case 'a': parse_address(cl, optarg); break;
    case 't': o->template_path = optarg; break;
    case 'T': template_add_table(optarg); break;
    case 'c': cl->connections = (uint32_t)number(optarg, 1, 100000); break;
    case 'd': cl->depth = (uint32_t)number(optarg, 1, 256); break;
    case 'r': cl->rate = number(optarg, 0.1, 1e7); break;
    case 's': o->duration_s = number(optarg, 0.01, 600); break;
    case 'w': o->warmup_s = number(optarg, 0, 600); break;
    case 'R': cl->ramp_ns = (uint64_t)(number(optarg, 0, 600) * 1e9); break;
    case 'n': cl->requests_max = (uint64_t)number(optarg, 1, 1e12); break;
    case 'f': cl->first = (uint64_t)number(optarg, 0, 1e15); break;
    case 'S': cl->sources = (uint32_t)number(optarg, 1, 250); break;
    case 'e': cl->seed = (uint64_t)number(optarg, 0, 1e15); break;
    case 'k': cl->tls = true; break;
    case 'h': cl->hold = true; break;
    case 'p':
        if (o->pids_len == PIDS_MAX)
            usage();
        o->pids[o->pids_len++] = (int)number(optarg, 1, 1 << 30);
        break;
    default: usage();
    }
}

static struct options parse_options(int argc, char **argv)
{
    struct options o = {
        .client = {.connections = 64, .depth = 1, .seed = 1}, .warmup_s = 0.5, .duration_s = 2};
    for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;)
        parse_option(&o, option);
    if (optind != argc || o.client.port == 0 || !o.template_path)
        usage();
    o.client.request = template_read(o.template_path); /* after the tables it uses */
    return o;
}

static double own_cpu_s(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1e-6;
}

static struct measurement measure(const struct options *o, struct client *client)
{
    struct measurement m = {0};
    client_reset(client);
    for (uint32_t i = 0; i < o->pids_len; i++)
        m.cpu_s[i] = -(double)process_cpu_ns(o->pids[i]) * 1e-9;
    m.own_cpu_s = -own_cpu_s();
    uint64_t began = client_now_ns();
    client_run(client, began + (uint64_t)(o->duration_s * 1e9));
    m.seconds = (double)(client_now_ns() - began) * 1e-9;
    m.own_cpu_s += own_cpu_s();
    for (uint32_t i = 0; i < o->pids_len; i++)
        m.cpu_s[i] += (double)process_cpu_ns(o->pids[i]) * 1e-9;
    return m;
}

static void print_status(const struct tally *tally)
{
    const char *comma = "";
    printf("\"status\": {");
    for (int i = 0; i < 600; i++) {
        if (tally->status[i] > 0) {
            printf("%s\"%d\": %" PRIu64, comma, i, tally->status[i]);
            comma = ", ";
        }
    }
    printf("}, ");
}

static void print_latency(const struct histogram *h)
{
    static const struct {
        const char *name;
        double quantile;
    } columns[] = {{"p50", .5}, {"p90", .9}, {"p99", .99}, {"p999", .999}};
    printf("\"latency_us\": {");
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        printf("\"%s\": %.1f, ", columns[i].name,
               (double)histogram_quantile(h, columns[i].quantile) * 1e-3);
    printf("\"max\": %.1f, \"mean\": %.1f}, ", (double)h->max * 1e-3,
           h->total ? (double)h->sum / (double)h->total * 1e-3 : 0);
}

static void print_result(const struct options *o, struct client *client,
                         const struct measurement *m)
{
    const struct tally *tally = client_tally(client);
    printf("{\"responses\": %" PRIu64 ", \"seconds\": %.6f, \"rate\": %.1f, ", tally->responses,
           m->seconds, (double)tally->responses / m->seconds);
    print_status(tally);
    print_latency(&tally->latency);
    printf("\"lost\": %" PRIu64 ", \"malformed\": %" PRIu64 ", \"reconnects\": %" PRIu64
           ", \"dropped\": %" PRIu64 ", ",
           tally->lost, tally->malformed, tally->reconnects, tally->dropped);
    printf("\"cpu_seconds\": [");
    for (uint32_t i = 0; i < o->pids_len; i++)
        printf("%s%.6f", i ? ", " : "", m->cpu_s[i]);
    printf("], \"own_cpu_seconds\": %.6f, \"responses_ever\": %" PRIu64 "}\n", m->own_cpu_s,
           client_responses(client));
}

static bool stdin_ended(void)
{
    char byte;
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&in, 1, 0) == 1 && read(STDIN_FILENO, &byte, 1) <= 0;
}

/* In short slices: what happens to the held connections meanwhile is counted. */
static void hold(const struct options *o, struct client *client)
{
    const uint64_t slice_ns = 50000000;
    uint64_t until = client_now_ns() + HOLD_SECONDS_MAX * UINT64_C(1000000000);
    while (client_answered(client) < o->client.connections && client_now_ns() < until)
        client_run(client, client_now_ns() + slice_ns);
    printf("{\"held\": %" PRIu32 "}\n", client_answered(client));
    fflush(stdout);
    while (!stdin_ended() && client_now_ns() < until)
        client_run(client, client_now_ns() + slice_ns);
    const struct tally *tally = client_tally(client);
    printf("{\"held\": %" PRIu32 ", \"lost\": %" PRIu64 ", \"reconnects\": %" PRIu64 "}\n",
           client_answered(client), tally->lost, tally->reconnects);
}

int main(int argc, char **argv)
{
    struct options o = parse_options(argc, argv);
    struct client *client = client_new(&o.client);
    if (o.client.hold) {
        hold(&o, client);
        return 0;
    }
    client_run(client, client_now_ns() + o.client.ramp_ns + (uint64_t)(o.warmup_s * 1e9));
    struct measurement m = measure(&o, client);
    print_result(&o, client, &m);
    return 0;
}
