#include "domain/work/work_store.h"
#include "runtime/redis.h"
#include "server/api/process_of.h"
#include "server/api/work_of.h"
#include "server/app.h"
#include "server/process/metrics.h"
#include "storage/health.h"

static struct str postgres_state(struct ctx *c, const struct app *app)
{
    bool current;
    if (storage_schema_current(c, app->pg, &current) != OK)
        return STR("unreachable");
    return current ? STR("ok") : STR("older schema: run mawid migrate");
}

/* Redis lost is not the end: limits are then counted in Postgres. But nobody should be sent here
 * while another process has all it needs. */
void process_health_look(struct ctx *c, const struct app *app, struct process_health *out)
{
    out->postgres = postgres_state(c, app);
    out->redis = redis_ping(c, app->redis) == OK ? STR("ok") : STR("unreachable");
    out->draining = __atomic_load_n(&app->process->draining, __ATOMIC_RELAXED);
    out->ready = str_eq(out->postgres, STR("ok")) && str_eq(out->redis, STR("ok")) &&
                 !out->draining;
}

void process_metrics(struct ctx *c, const struct app *app, struct strbuf *out)
{
    struct work_counts work;
    bool known = work_store_counts(c, work_store_of(app), &work.items, &work.len) == OK;
    metrics_page(app->process, known ? &work : NULL, out);
}
