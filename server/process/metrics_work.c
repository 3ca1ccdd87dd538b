/* Work on the page: what this process did, per kind and lane, summed over its loops, and what there is
 * in the database, which is the same on every process' page. */
#include "runtime/base/counter.h"
#include "server/api/work_of.h"
#include "server/app.h"
#include "server/process/metrics.h"
#include "server/work/work_table.h"

static uint64_t sum_of(struct process *process, size_t kind, size_t lane, enum work_outcome outcome)
{
    uint64_t sum = 0;
    for (uint32_t w = 0; w < process->workers; w++) {
        const struct app *app = __atomic_load_n(&process->apps[w], __ATOMIC_ACQUIRE);
        if (app)
            sum += counter_read(&work_runner_of(app)->counts[kind][lane][outcome]);
    }
    return sum;
}

/* Also what has not happened yet, in the lane where a kind begins: an alert on a series that is not
 * there never fires. */
static void page_outcomes(struct process *process, struct strbuf *out, size_t kind)
{
    static const char *const names[WORK_OUTCOMES] = {
        [WORK_COUNT_DONE] = "done",
        [WORK_COUNT_AGAIN] = "again",
        [WORK_COUNT_DEAD] = "dead",
        [WORK_COUNT_OVERTAKEN] = "overtaken",
        [WORK_COUNT_GIVEN_BACK] = "given_back",
        [WORK_COUNT_UNSAID] = "unsaid",
    };
    const struct work_kind *info = &work_table.kinds[kind];
    for (size_t lane = 0; lane < work_table.lanes_len; lane++)
        for (int outcome = 0; outcome < WORK_OUTCOMES; outcome++) {
            uint64_t sum = sum_of(process, kind, lane, (enum work_outcome)outcome);
            const char *name = work_table.lanes[lane].name;
            if (sum || str_eq(str_c(name), str_c(info->lane)))
                strbuf_addf(out,
                            "mawid_work_attempts_total{kind=\"%s\",lane=\"%s\",outcome=\"%s\"} "
                            "%llu\n",
                            info->name, name, names[outcome], (unsigned long long)sum);
        }
}

static void page_state(struct strbuf *out, const struct work_count *count, const char *state,
                       int64_t n)
{
    strbuf_addf(out, "mawid_work_pieces{kind=\"%.*s\",lane=\"%.*s\",state=\"%s\"} %lld\n",
                STR_FMT(count->kind), STR_FMT(count->lane), state, (long long)n);
}

static bool is_there(const struct work_counts *counts, const struct work_kind *kind)
{
    for (size_t i = 0; i < counts->len; i++)
        if (str_eq(counts->items[i].kind, str_c(kind->name)) &&
            str_eq(counts->items[i].lane, str_c(kind->lane)))
            return true;
    return false;
}

/* What a newer program calls its kinds is not ours to know; what would break the page is not on it. */
static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] <= ' ' || name.ptr[i] > '~' || name.ptr[i] == '"' || name.ptr[i] == '\\')
            return false;
    return name.len > 0;
}

static void page_pieces(struct strbuf *out, const struct work_count *count)
{
    page_state(out, count, "due", count->due);
    page_state(out, count, "leased", count->leased);
    page_state(out, count, "waiting", count->waiting);
    page_state(out, count, "dead", count->dead);
}

static void page_oldest(struct strbuf *out, const struct work_count *count)
{
    strbuf_addf(out, "mawid_work_oldest_due_seconds{kind=\"%.*s\",lane=\"%.*s\"} %lld\n",
                STR_FMT(count->kind), STR_FMT(count->lane), (long long)count->oldest_s);
}

static void each_count(const struct work_counts *counts, struct strbuf *out,
                       void (*page)(struct strbuf *out, const struct work_count *count))
{
    for (size_t i = 0; i < counts->len; i++)
        if (is_name(counts->items[i].kind) && is_name(counts->items[i].lane))
            page(out, &counts->items[i]);
    for (size_t i = 0; i < work_table.kinds_len; i++) {
        const struct work_kind *kind = &work_table.kinds[i];
        struct work_count none = {.kind = str_c(kind->name), .lane = str_c(kind->lane)};
        if (!is_there(counts, kind))
            page(out, &none);
    }
}

void metrics_work(struct process *process, const struct work_counts *counts, struct strbuf *out)
{
    strbuf_addf(out,
                "# HELP mawid_work_attempts_total Attempts at pieces of work, by how they ended.\n"
                "# TYPE mawid_work_attempts_total counter\n");
    for (size_t kind = 0; kind < work_table.kinds_len; kind++)
        page_outcomes(process, out, kind);
    if (!counts)
        return;
    strbuf_addf(out,
                "# HELP mawid_work_pieces Pieces of work in the database, all processes' alike.\n"
                "# TYPE mawid_work_pieces gauge\n");
    each_count(counts, out, page_pieces);
    strbuf_addf(out,
                "# HELP mawid_work_oldest_due_seconds How long the piece has been due that is so "
                "longest.\n# TYPE mawid_work_oldest_due_seconds gauge\n");
    each_count(counts, out, page_oldest);
}
