/* server/api/health_api.h - probes and numbers for operators.   Waits: api_readyz. */
#pragma once
#include "server/api.h"

/* GET /healthz - the process answers. Touches nothing else. */
enum err api_healthz(struct ctx *c, struct request *req, struct response *res);
/* GET /readyz - Postgres, Redis and the schema; 503 names what is missing. */
enum err api_readyz(struct ctx *c, struct request *req, struct response *res);
/* GET /metrics - the text format of Prometheus. Admin listener only. */
enum err api_metrics(struct ctx *c, struct request *req, struct response *res);
