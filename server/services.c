#include "server/services.h"

const struct area *const areas[] = {&catalogue_area, &booking_area, &desk_area,
                                    &login_area,     &house_area,   &work_area};
const size_t areas_len = ARRAY_LEN(areas);

void services_begin(struct app *app)
{
    assert(app->areas_begun == 0);
    while (app->areas_begun < areas_len)
        areas[app->areas_begun++]->begin(app);
}

void services_free(struct app *app)
{
    for (size_t i = 0; i < areas_len; i++)
        if (areas[i]->free)
            areas[i]->free(app);
}

void services_end(struct app *app)
{
    for (; app->areas_begun > 0; app->areas_begun--)
        if (areas[app->areas_begun - 1]->end)
            areas[app->areas_begun - 1]->end(app);
}
