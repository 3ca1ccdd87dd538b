/* server/work/house_work.h - what comes round by itself: handlers of the kinds in work_table.c.
 *
 * Waits: all, but for work_files_closed. */
#pragma once
#include "server/work/work_runner.h"

enum err work_holds(struct ctx *c, struct app *app, struct work *work);
enum err work_keys(struct ctx *c, struct app *app, struct work *work);
enum err work_codes(struct ctx *c, struct app *app, struct work *work);
enum err work_sessions(struct ctx *c, struct app *app, struct work *work);
/* Files of one shard, the subject, that no photo names. */
enum err work_photos(struct ctx *c, struct app *app, struct work *work);
/* Of the lane of files: there is no place for them in this process. */
bool work_files_closed(const struct app *app);
