/* A kind that is added by SQL (work_add) has its line here and its handler in <area>_work.c. A line
 * that goes leaves its rows behind, as pieces that nobody knows: a change of the schema deletes
 * them.
 *
 * The longest time-out is also how long a crashed process keeps its pieces from others (the lease),
 * so it is no longer than it has to be. */
#include "server/work/work_table.h"

#include "domain/desk/photos.h"
#include "server/work/desk_work.h"
#include "server/work/house_work.h"

/* clang-format off */
#define MS(n) {(n) * INT64_C(1000)}
#define S(n) {(n) * INT64_C(1000000)}
#define MINUTES(n) S((n) * 60)

static const struct work_kind kinds[] = {
    /* name, lane                  handler        tries, pauses            time-out every, many */
    {"booking.holds",   "house", work_holds,    {0, MS(500), S(10)},     S(5),  S(3), 1},
    {"keys.forget",     "house", work_keys,     {0, S(1), MINUTES(1)},   S(30), MINUTES(1), 1},
    {"codes.forget",    "house", work_codes,    {0, S(10), MINUTES(10)}, S(60), MINUTES(60), 1},
    {"sessions.forget", "house", work_sessions, {0, S(10), MINUTES(10)}, S(60), MINUTES(60), 1},
    {"photos.sweep",    "files", work_photos,   {0, S(10), MINUTES(10)}, S(60), MINUTES(128), PHOTO_SHARDS},
    {"photos.closed",   "files", work_photos_closed, {0, S(1), MINUTES(10)}, S(60), {0}, 0},
};
/* clang-format on */

/* A lane is named after who can be slow: "house" is Postgres, "files" the disk of MEDIA_ROOT. */
static const struct work_lane lanes[] = {
    {"house", 4},
    {"files", 2, work_files_closed},
};

const struct work_table work_table = {kinds, ARRAY_LEN(kinds), lanes, ARRAY_LEN(lanes)};
