/* server/api/desk_api.h - salons and what they offer, changed by those who run them.
 *
 * PATCH changes what is there in the body and leaves the rest; arrays are replaced as a whole.
 *
 * Waits: the endpoints. */
#pragma once
#include "server/api.h"

/* GET /api/salons/mine/ */
enum err api_salons_mine(struct ctx *c, struct request *req, struct response *res);
/* POST /api/salons/   PATCH, DELETE /api/salons/{id}/ */
enum err api_salon_create(struct ctx *c, struct request *req, struct response *res);
enum err api_salon_change(struct ctx *c, struct request *req, struct response *res);
enum err api_salon_remove(struct ctx *c, struct request *req, struct response *res);
/* POST /api/salons/{id}/services/   PATCH, DELETE …/services/{id}/ */
enum err api_service_create(struct ctx *c, struct request *req, struct response *res);
enum err api_service_change(struct ctx *c, struct request *req, struct response *res);
enum err api_service_remove(struct ctx *c, struct request *req, struct response *res);
/* GET, POST /api/salons/{id}/rooms/   PATCH, DELETE …/rooms/{id}/ */
enum err api_rooms(struct ctx *c, struct request *req, struct response *res);
enum err api_room_create(struct ctx *c, struct request *req, struct response *res);
enum err api_room_change(struct ctx *c, struct request *req, struct response *res);
enum err api_room_remove(struct ctx *c, struct request *req, struct response *res);
