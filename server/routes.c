/* server/routes.c - every route of the API, in one table. */
#include "server/api/health_api.h"
#include "server/router.h"

const struct route routes[] = {
    /* ---- the process ---- */
    {HTTP_GET, "/healthz/", api_healthz, ROUTE_QUIET, CLASS_PROBE},
    {HTTP_GET, "/readyz/", api_readyz, ROUTE_QUIET, CLASS_PROBE},
};
const size_t routes_len = ARRAY_LEN(routes);

const struct route admin_routes[] = {
    {HTTP_GET, "/healthz/", api_healthz, ROUTE_QUIET, CLASS_PROBE},
    {HTTP_GET, "/readyz/", api_readyz, ROUTE_QUIET, CLASS_PROBE},
    {HTTP_GET, "/metrics/", api_metrics, ROUTE_QUIET, CLASS_PROBE},
};
const size_t admin_routes_len = ARRAY_LEN(admin_routes);
