#include "server/work/house_work.h"

#include "server/api/house_of.h"
#include "server/api/photos_of.h"

enum err work_holds(struct ctx *c, struct app *app, struct work *work)
{
    (void)work;
    return house_end_holds(c, house_of(app));
}

enum err work_keys(struct ctx *c, struct app *app, struct work *work)
{
    (void)work;
    return house_forget_keys(c, house_of(app));
}

enum err work_codes(struct ctx *c, struct app *app, struct work *work)
{
    (void)work;
    return house_forget_codes(c, house_of(app));
}

enum err work_sessions(struct ctx *c, struct app *app, struct work *work)
{
    (void)work;
    return house_forget_sessions(c, house_of(app));
}

enum err work_photos(struct ctx *c, struct app *app, struct work *work)
{
    assert(work->subject >= 0 && work->subject < PHOTO_SHARDS);
    return photos_sweep(c, photos_of(app), (uint32_t)work->subject);
}

bool work_files_closed(const struct app *app)
{
    return !photos_of(app)->files;
}
