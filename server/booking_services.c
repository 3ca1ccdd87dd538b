/* Bookings on one worker: the rules on their store. */
#include "server/api/bookings_of.h"
#include "server/api/catalogue_of.h"
#include "server/area.h"
#include "storage/booking_store.h"

struct booking_services {
    struct booking_store store;
    struct bookings bookings;
};

struct bookings *bookings_of(const struct app *app)
{
    assert(app->booking); /* areas begin in order: services.c */
    return &app->booking->bookings;
}

static void begin_store(const struct app *app, struct booking_services *services)
{
    struct booking_store_options options = {
        .batches_max = (uint32_t)app->config->booking_batches,
        .waiting_max = (uint32_t)app->config->booking_queue_max,
    };
    booking_store_begin(&services->store, app->loop, app->pg, &options);
}

static void begin(struct app *app)
{
    struct booking_services *services = arena_new(&app->arena, struct booking_services);
    app->booking = services;
    begin_store(app, services);
    services->bookings = (struct bookings){
        .store = &services->store,
        .catalogue = catalogue_of(app),
        .limits = {.open_max = (int32_t)app->config->booking_open_max,
                   .holds_max = (int32_t)app->config->booking_holds_max,
                   .hold_seconds = (int32_t)(app->config->booking_hold.us / 1000000)},
    };
}

static void end(struct app *app)
{
    booking_store_end(&app->booking->store);
}

static uint64_t read_waiting(const struct app *app, const struct metric *metric)
{
    (void)metric;
    return batcher_waiting(&app->booking->store.creations);
}

static uint64_t read_under_way(const struct app *app, const struct metric *metric)
{
    (void)metric;
    return batcher_under_way(&app->booking->store.creations);
}

static const struct metric metrics[] = {
    {"mawid_bookings_waiting", "gauge", "Creations waiting for a batch.", read_waiting},
    {"mawid_booking_batches_under_way", "gauge", "Batches of creations under way.", read_under_way},
};

const struct area booking_area = {
    .begin = begin, .end = end, .metrics = metrics, .metrics_len = ARRAY_LEN(metrics)};
