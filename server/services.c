#include "server/services.h"

const struct area *const areas[] = {&catalogue_area, &booking_area, &desk_area, &login_area};
const size_t areas_len = ARRAY_LEN(areas);

bool services_begin(struct app *app, char *why, size_t why_len)
{
    assert(app->areas_begun == 0);
    while (app->areas_begun < areas_len)
        if (!areas[app->areas_begun++]->begin(app, why, why_len))
            return false;
    return true;
}

void services_end(struct app *app)
{
    for (; app->areas_begun > 0; app->areas_begun--)
        if (areas[app->areas_begun - 1]->end)
            areas[app->areas_begun - 1]->end(app);
}
