#include "server/work/desk_work.h"

#include "server/api/photos_of.h"

enum err work_photos_closed(struct ctx *c, struct app *app, struct work *work)
{
    return photos_close(c, photos_of(app), work->subject);
}
