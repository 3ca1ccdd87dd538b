/* server/api/desk_staff_api.h - who works at a salon and when, changed by those who run it.
 *
 * PATCH changes what is there in the body and leaves the rest; arrays are replaced as a whole.
 *
 * Waits: the endpoints. */
#pragma once
#include "server/api.h"

/* POST /api/salons/{id}/staff/   GET, PATCH, DELETE …/staff/{id}/ */
enum err api_staff_add(struct ctx *c, struct request *req, struct response *res);
enum err api_staff_get(struct ctx *c, struct request *req, struct response *res);
enum err api_staff_change(struct ctx *c, struct request *req, struct response *res);
enum err api_staff_remove(struct ctx *c, struct request *req, struct response *res);
/* GET, POST /api/salons/{id}/staff/{id}/exceptions/   DELETE …/exceptions/{id}/ */
enum err api_exceptions(struct ctx *c, struct request *req, struct response *res);
enum err api_exception_add(struct ctx *c, struct request *req, struct response *res);
enum err api_exception_remove(struct ctx *c, struct request *req, struct response *res);
