/* server/api/photos_api.h - photos of salons: sent as they are, the raw image as the body.
 *
 * Waits: the endpoints. */
#pragma once
#include "server/api.h"

/* GET /api/salons/{id}/photos/ */
enum err api_photos(struct ctx *c, struct request *req, struct response *res);
/* POST /api/salons/{id}/photos/   (ROUTE_STREAM) */
enum err api_photo_add(struct ctx *c, struct request *req, struct response *res);
/* DELETE /api/salons/{id}/photos/{id}/ */
enum err api_photo_remove(struct ctx *c, struct request *req, struct response *res);
/* GET /media/{name}/   (ROUTE_STREAM) */
enum err api_media(struct ctx *c, struct request *req, struct response *res);
