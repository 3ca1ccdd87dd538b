/* server/api/process_of.h - how the process is doing. Filled in server/process/health.c.
 *
 * Waits: what takes a ctx. */
#pragma once
#include "runtime/base/ctx.h"
#include "runtime/base/str.h"

struct app;

struct process_health {
    struct str postgres, redis; /* "ok", or what is wrong */
    bool draining;
    bool ready; /* to be sent requests */
};
void process_health_look(struct ctx *c, const struct app *app, struct process_health *out);
/* Everything that is counted, as Prometheus reads it. */
void process_metrics(struct ctx *c, const struct app *app, struct strbuf *out);
