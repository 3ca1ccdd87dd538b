/* server/work/desk_work.h - what the desk leaves to be done: handlers of kinds in work_table.c.
 *
 * Waits: all. */
#pragma once
#include "server/work/work_runner.h"

/* The salon, the subject, was closed: its photos go. */
enum err work_photos_closed(struct ctx *c, struct app *app, struct work *work);
