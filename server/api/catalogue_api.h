/* server/api/catalogue_api.h - salons and what they offer, for everybody to read.
 *
 * Waits: the endpoints. */
#pragma once
#include "server/api.h"

/* GET /api/salons/?q=&city=&limit=&cursor= */
enum err api_salons(struct ctx *c, struct request *req, struct response *res);
/* GET /api/salons/{id}/ */
enum err api_salon(struct ctx *c, struct request *req, struct response *res);
/* GET /api/salons/{id}/services/?limit=&cursor= */
enum err api_services(struct ctx *c, struct request *req, struct response *res);
/* GET /api/salons/{id}/staff/?limit=&cursor= */
enum err api_staff(struct ctx *c, struct request *req, struct response *res);
/* GET /api/salons/{id}/slots/?service=&staff=&from=YYYY-MM-DD&days= */
enum err api_slots(struct ctx *c, struct request *req, struct response *res);
