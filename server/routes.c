/* server/routes.c - every route of the API, in one table.
 *
 * What a salon's people write, everybody reads: such rows end with catalogue_wrote, so that the writer's next
 * read is never older than what she wrote. A rating is shown too, and staff by their names. */
#include "server/api/auth_api.h"
#include "server/api/bookings_api.h"
#include "server/api/calendar_api.h"
#include "server/api/catalogue_api.h"
#include "server/api/catalogue_of.h"
#include "server/api/desk_api.h"
#include "server/api/desk_staff_api.h"
#include "server/api/health_api.h"
#include "server/api/me_api.h"
#include "server/api/photos_api.h"
#include "server/api/reviews_api.h"
#include "server/routes.h"

enum { DESK_WRITES = ROUTE_USER | ROUTE_FINISH };

const struct route routes[] = {
    /* ---- the process ---- */
    {HTTP_GET, "/healthz/", api_healthz, ROUTE_QUIET, CLASS_PROBE},
    {HTTP_GET, "/readyz/", api_readyz, ROUTE_QUIET, CLASS_PROBE},

    /* ---- accounts and login ---- */
    {HTTP_POST, "/api/auth/phone/request/", api_phone_request, ROUTE_FINISH, CLASS_LOGIN},
    {HTTP_POST, "/api/auth/phone/verify/", api_phone_verify, ROUTE_FINISH, CLASS_LOGIN},
    {HTTP_POST, "/api/auth/otp/request/", api_otp_request, ROUTE_FINISH, CLASS_LOGIN},
    {HTTP_POST, "/api/auth/otp/verify/", api_otp_verify, ROUTE_FINISH, CLASS_LOGIN},
    {HTTP_POST, "/api/auth/token/refresh/", api_token_refresh, ROUTE_FINISH, CLASS_LOGIN},
    {HTTP_POST, "/api/auth/token/", api_token_gone, ROUTE_PUBLIC, CLASS_LOGIN},
    {HTTP_GET, "/api/auth/me/", api_me_get, ROUTE_USER, CLASS_LOGIN},
    {HTTP_PATCH, "/api/auth/me/", api_me_patch, ROUTE_USER | ROUTE_FINISH, CLASS_LOGIN,
     catalogue_wrote},

    /* ---- the catalogue: for everybody; a token only chooses the language ---- */
    {HTTP_GET, "/api/salons/", api_salons, ROUTE_OPTIONAL_USER, CLASS_SEARCH},
    {HTTP_GET, "/api/salons/{id}/", api_salon, ROUTE_OPTIONAL_USER, CLASS_SEARCH},
    {HTTP_GET, "/api/salons/{id}/services/", api_services, ROUTE_OPTIONAL_USER, CLASS_SEARCH},
    {HTTP_GET, "/api/salons/{id}/staff/", api_staff, ROUTE_OPTIONAL_USER, CLASS_SEARCH},
    {HTTP_GET, "/api/salons/{id}/slots/", api_slots, ROUTE_OPTIONAL_USER, CLASS_SLOTS},

    {HTTP_GET, "/api/salons/{id}/reviews/", api_reviews, ROUTE_OPTIONAL_USER, CLASS_SEARCH},
    {HTTP_GET, "/api/salons/{id}/photos/", api_photos, ROUTE_OPTIONAL_USER, CLASS_SEARCH},
    {HTTP_GET, "/media/{name}/", api_media, ROUTE_PUBLIC | ROUTE_STREAM, CLASS_SEARCH},

    /* ---- the desk: for those who run a salon, or work there ---- */
    {HTTP_GET, "/api/salons/mine/", api_salons_mine, ROUTE_USER, CLASS_BOOKING},
    {HTTP_POST, "/api/salons/", api_salon_create, DESK_WRITES, CLASS_BOOKING, catalogue_wrote},
    {HTTP_PATCH, "/api/salons/{id}/", api_salon_change, DESK_WRITES, CLASS_BOOKING,
     catalogue_wrote},
    {HTTP_DELETE, "/api/salons/{id}/", api_salon_remove, DESK_WRITES, CLASS_BOOKING,
     catalogue_wrote},
    {HTTP_POST, "/api/salons/{id}/services/", api_service_create, DESK_WRITES, CLASS_BOOKING,
     catalogue_wrote},
    {HTTP_PATCH, "/api/salons/{id}/services/{id}/", api_service_change, DESK_WRITES, CLASS_BOOKING,
     catalogue_wrote},
    {HTTP_DELETE, "/api/salons/{id}/services/{id}/", api_service_remove, DESK_WRITES, CLASS_BOOKING,
     catalogue_wrote},
    {HTTP_GET, "/api/salons/{id}/rooms/", api_rooms, ROUTE_USER, CLASS_BOOKING},
    {HTTP_POST, "/api/salons/{id}/rooms/", api_room_create, DESK_WRITES, CLASS_BOOKING,
     catalogue_wrote},
    {HTTP_PATCH, "/api/salons/{id}/rooms/{id}/", api_room_change, DESK_WRITES, CLASS_BOOKING,
     catalogue_wrote},
    {HTTP_DELETE, "/api/salons/{id}/rooms/{id}/", api_room_remove, DESK_WRITES, CLASS_BOOKING,
     catalogue_wrote},
    {HTTP_POST, "/api/salons/{id}/staff/", api_staff_add, DESK_WRITES, CLASS_BOOKING,
     catalogue_wrote},
    {HTTP_GET, "/api/salons/{id}/staff/{id}/", api_staff_get, ROUTE_USER, CLASS_BOOKING},
    {HTTP_PATCH, "/api/salons/{id}/staff/{id}/", api_staff_change, DESK_WRITES, CLASS_BOOKING,
     catalogue_wrote},
    {HTTP_DELETE, "/api/salons/{id}/staff/{id}/", api_staff_remove, DESK_WRITES, CLASS_BOOKING,
     catalogue_wrote},
    {HTTP_GET, "/api/salons/{id}/staff/{id}/exceptions/", api_exceptions, ROUTE_USER,
     CLASS_BOOKING},
    {HTTP_POST, "/api/salons/{id}/staff/{id}/exceptions/", api_exception_add, DESK_WRITES,
     CLASS_BOOKING, catalogue_wrote},
    {HTTP_DELETE, "/api/salons/{id}/staff/{id}/exceptions/{id}/", api_exception_remove, DESK_WRITES,
     CLASS_BOOKING, catalogue_wrote},
    {HTTP_POST, "/api/salons/{id}/photos/", api_photo_add, DESK_WRITES | ROUTE_STREAM,
     CLASS_BOOKING, catalogue_wrote},
    {HTTP_DELETE, "/api/salons/{id}/photos/{id}/", api_photo_remove, DESK_WRITES, CLASS_BOOKING,
     catalogue_wrote},
    {HTTP_POST, "/api/salons/{id}/reviews/", api_review_add, DESK_WRITES, CLASS_BOOKING,
     catalogue_wrote},
    {HTTP_GET, "/api/salons/{id}/calendar/", api_calendar, ROUTE_USER, CLASS_BOOKING},
    {HTTP_GET, "/api/salons/{id}/reports/summary/", api_report_summary, ROUTE_USER, CLASS_BOOKING},

    /* ---- bookings ---- */
    {HTTP_GET, "/api/bookings/", api_bookings, ROUTE_USER, CLASS_BOOKING},
    {HTTP_POST, "/api/bookings/", api_booking_create, ROUTE_USER | ROUTE_FINISH, CLASS_BOOKING},
    {HTTP_GET, "/api/bookings/{id}/", api_booking, ROUTE_USER, CLASS_BOOKING},
    {HTTP_POST, "/api/bookings/{id}/confirm/", api_booking_confirm, ROUTE_USER | ROUTE_FINISH,
     CLASS_BOOKING},
    {HTTP_POST, "/api/bookings/{id}/cancel/", api_booking_cancel, ROUTE_USER | ROUTE_FINISH,
     CLASS_BOOKING},
    {HTTP_POST, "/api/bookings/{id}/complete/", api_booking_complete, ROUTE_USER | ROUTE_FINISH,
     CLASS_BOOKING},
    {HTTP_POST, "/api/bookings/{id}/no-show/", api_booking_no_show, ROUTE_USER | ROUTE_FINISH,
     CLASS_BOOKING},
    {HTTP_POST, "/api/bookings/{id}/reschedule/", api_booking_reschedule, ROUTE_USER | ROUTE_FINISH,
     CLASS_BOOKING},
};
const size_t routes_len = ARRAY_LEN(routes);

const struct route admin_routes[] = {
    {HTTP_GET, "/healthz/", api_healthz, ROUTE_QUIET, CLASS_PROBE},
    {HTTP_GET, "/readyz/", api_readyz, ROUTE_QUIET, CLASS_PROBE},
    {HTTP_GET, "/metrics/", api_metrics, ROUTE_QUIET, CLASS_PROBE},
};
const size_t admin_routes_len = ARRAY_LEN(admin_routes);
