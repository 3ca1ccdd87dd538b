/* server/area.h - one area on one worker: what begins it, what ends it, what it counts.
 *
 * An area's file, server/<area>_services.c, is where the ports of its domain meet the storage and the
 * providers that fill them, and the only one that knows what the area is made of. Everybody else reaches it
 * through its accessors, server/api/<area>_of.h. A new area is such a file, its accessors, a pointer in
 * struct app and a line in services.c.
 *
 * Threads: an area belongs to its app's loop; its counters are read by any.   Waits: never. */
#pragma once
#include "server/app.h"
#include "server/process/metric.h"

struct area {
    /* Makes the area in the app's arena, from settings that were checked (server/process/config_rules.c). */
    void (*begin)(struct app *app);
    /* Who waits in it is sent away; its fibers end in the turns that
     * follow. NULL: there is nothing to end. */
    void (*end)(struct app *app);
    /* No fiber is left: gives back what is not in the arena. Also of an app that never began. NULL:
     * there is nothing else. */
    void (*free)(struct app *app);
    const struct metric *metrics;
    size_t metrics_len;
};

extern const struct area login_area, catalogue_area, booking_area, desk_area, house_area, work_area;
