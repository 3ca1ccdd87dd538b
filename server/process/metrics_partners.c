/* Partners on the page: every loop has its own connections, queue and breaker for each of them, so the
 * counts of one name are added up over the workers. */
#include "runtime/base/counter.h"
#include "runtime/http_client.h"
#include "server/app.h"
#include "server/process/metrics.h"

enum { PARTNERS_MAX = 16 };

struct partner_sum {
    const char *name;
    struct partner_stats stats;
};

static void add(struct partner_sum *sum, const struct partner_stats *stats)
{
    sum->stats.calls += counter_read(&stats->calls);
    sum->stats.failures += counter_read(&stats->failures);
    sum->stats.refused_open += counter_read(&stats->refused_open);
    sum->stats.refused_full += counter_read(&stats->refused_full);
    sum->stats.inflight += counter_read(&stats->inflight);
    sum->stats.queued += counter_read(&stats->queued);
    sum->stats.breaker_open += counter_read(&stats->breaker_open);
    sum->stats.ended += counter_read(&stats->ended);
    sum->stats.latency_us_sum += counter_read(&stats->latency_us_sum);
}

static struct partner_sum *sum_of(struct partner_sum *sums, size_t *len, const char *name)
{
    for (size_t i = 0; i < *len; i++)
        if (str_eq(str_c(sums[i].name), str_c(name)))
            return &sums[i];
    assert(*len < PARTNERS_MAX);
    sums[*len] = (struct partner_sum){.name = name};
    return &sums[(*len)++];
}

static size_t sum_up(struct process *process, struct partner_sum *sums)
{
    size_t len = 0;
    for (uint32_t w = 0; w < process->workers; w++) {
        const struct app *app = __atomic_load_n(&process->apps[w], __ATOMIC_ACQUIRE);
        const struct partner *partner = NULL;
        while (app && (partner = partner_next(app->http, partner)))
            add(sum_of(sums, &len, partner_name(partner)), partner_stats(partner));
    }
    return len;
}

void metrics_partners(struct process *process, struct strbuf *out)
{
    static const struct {
        const char *name, *type, *more, *help;
        size_t offset;
    } lines[] = {
#define FIELD(field) offsetof(struct partner_stats, field)
        {"mawid_partner_calls_total", "counter", "", "Partners: calls begun.", FIELD(calls)},
        {"mawid_partner_failures_total", "counter", "", "Partners: calls without a whole answer.",
         FIELD(failures)},
        {"mawid_partner_refused_total", "counter", ",why=\"breaker\"",
         "Partners: calls refused at once, by why.", FIELD(refused_open)},
        {"mawid_partner_refused_total", "counter", ",why=\"queue\"", NULL, FIELD(refused_full)},
        {"mawid_partner_inflight", "gauge", "", "Partners: calls under way.", FIELD(inflight)},
        {"mawid_partner_queued", "gauge", "", "Partners: calls waiting for a connection.",
         FIELD(queued)},
        {"mawid_partner_breakers_open", "gauge", "",
         "Partners: workers whose breaker is open (refuses at once).", FIELD(breaker_open)},
        {"mawid_partner_seconds", "summary", "",
         "Partners: how long calls took, with the time in the queue.", FIELD(ended)},
#undef FIELD
    };
    struct partner_sum sums[PARTNERS_MAX];
    size_t len = sum_up(process, sums);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        bool summary = str_eq(str_c(lines[i].type), STR("summary"));
        if (lines[i].help)
            strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", lines[i].name, lines[i].help,
                        lines[i].name, lines[i].type);
        for (size_t p = 0; p < len; p++) {
            const char *stats = (const char *)&sums[p].stats;
            if (summary)
                strbuf_addf(out, "%s_sum{partner=\"%s\"} %.6f\n", lines[i].name, sums[p].name,
                            (double)sums[p].stats.latency_us_sum / 1e6);
            strbuf_addf(out, "%s%s{partner=\"%s\"%s} %llu\n", lines[i].name,
                        summary ? "_count" : "", sums[p].name, lines[i].more,
                        (unsigned long long)*(const uint64_t *)(stats + lines[i].offset));
        }
    }
}
