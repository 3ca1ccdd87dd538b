/* server/api/bookings_api.h - bookings: made, listed, shown, cancelled. */
#pragma once
#include "server/api.h"

/* POST /api/bookings/ */
enum err api_booking_create(struct ctx *c, struct request *req, struct response *res);
/* GET /api/bookings/?when=upcoming|past&status=&salon=&limit=&cursor= */
enum err api_bookings(struct ctx *c, struct request *req, struct response *res);
/* GET /api/bookings/{id}/ */
enum err api_booking(struct ctx *c, struct request *req, struct response *res);
/* POST /api/bookings/{id}/cancel/ */
enum err api_booking_cancel(struct ctx *c, struct request *req, struct response *res);
