/* server/api/calendar_api.h - a salon's days, and what they came to.   Waits: the endpoints. */
#pragma once
#include "server/api.h"

/* GET /api/salons/{id}/calendar/?from=YYYY-MM-DD&days=1..31 */
enum err api_calendar(struct ctx *c, struct request *req, struct response *res);
/* GET /api/salons/{id}/reports/summary/?from=YYYY-MM-DD&to=YYYY-MM-DD */
enum err api_report_summary(struct ctx *c, struct request *req, struct response *res);
