/* What keeps the house on one worker: the rule and its store. */
#include "server/api/house_of.h"
#include "server/area.h"
#include "storage/sweep_store.h"

struct house_services {
    struct sweep_store store;
    struct house house;
};

struct house *house_of(const struct app *app)
{
    return &app->house->house;
}

static void begin(struct app *app)
{
    app->house = arena_new(&app->arena, struct house_services);
    app->house->store.pool = app->pg;
    app->house->house = (struct house){
        .store = &app->house->store,
        .logins_kept = seconds(app->config->login_records_days * 86400),
    };
}

const struct area house_area = {.begin = begin};
