/* server/api/bookings_api.h - bookings: made, listed, shown, moved on.   Waits: the endpoints. */
#pragma once
#include "server/api.h"

/* POST /api/bookings/: one service, or a visit of several; Idempotency-Key */
enum err api_booking_create(struct ctx *c, struct request *req, struct response *res);
/* GET /api/bookings/?when=upcoming|past&status=&salon=&limit=&cursor= */
enum err api_bookings(struct ctx *c, struct request *req, struct response *res);
/* GET /api/bookings/{id}/ */
enum err api_booking(struct ctx *c, struct request *req, struct response *res);
/* POST /api/bookings/{id}/cancel/ */
enum err api_booking_cancel(struct ctx *c, struct request *req, struct response *res);
/* POST /api/bookings/{id}/confirm/, complete/, no-show/ */
enum err api_booking_confirm(struct ctx *c, struct request *req, struct response *res);
enum err api_booking_complete(struct ctx *c, struct request *req, struct response *res);
enum err api_booking_no_show(struct ctx *c, struct request *req, struct response *res);
/* POST /api/bookings/{id}/reschedule/ */
enum err api_booking_reschedule(struct ctx *c, struct request *req, struct response *res);
