/* runtime/base/tz.cc - the zones that cctz reads, in the shape in which they are asked for.
 *
 * cctz reads the files, follows the rule in their footers, and knows what a clock on the wall means. But to
 * tell an offset it works out a whole calendar date, and one answer of free times asks for seventy offsets:
 * through cctz alone it took half as many instructions again. So the offsets of each zone until
 * FLAT_UNTIL_S are laid out next to it, as one sorted list; only what is later, or a reading of the wall
 * clock near a change, goes to cctz itself.
 *
 * Files are given to cctz by their full path: then it reads that file and nothing else, whatever TZDIR
 * says, and none of the names that it makes up ("Fixed/UTC+03:00:00", "libc:localtime") is a zone of ours.
 * It keeps what it has read until the process ends.
 *
 * No exception leaves this file: what is asked for later throws none, and loading is noexcept, so that
 * without memory the process ends, as everywhere else. */
#include <cctz/time_zone.h>

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#define _Noreturn [[noreturn]]
extern "C" {
#include "runtime/base/tz.h"
}

namespace
{
namespace fs = std::filesystem;
using cctz_time = cctz::time_point<cctz::seconds>;

constexpr int64_t DAY_S = 86400;
constexpr int64_t FLAT_UNTIL_S = 4102444800; /* 2100-01-01 */
constexpr int64_t OFFSET_MAX_S = 26 * 3600;  /* RFC 9636 §3.2 */
constexpr int DIRECTORY_DEPTH_MAX = 2;       /* America/Argentina/Salta */

cctz_time time_of(int64_t unix_s)
{
    return cctz_time(cctz::seconds(unix_s));
}

int64_t floor_seconds(struct instant t)
{
    return t.us / 1000000 - (t.us % 1000000 < 0);
}
} // namespace

struct tz {
    struct stretch {
        int64_t end; /* the first second with another offset */
        int32_t offset;
    };
    std::string name;
    cctz::time_zone zone;
    std::vector<stretch> stretches; /* in order, without gaps, until FLAT_UNTIL_S */

    /* NULL: later than all of them. */
    const stretch *stretch_at(int64_t unix_s) const
    {
        const auto found =
            std::upper_bound(stretches.begin(), stretches.end(), unix_s,
                             [](int64_t t, const stretch &stretch) { return t < stretch.end; });
        return found == stretches.end() ? nullptr : &*found;
    }
    int32_t offset_at(int64_t unix_s) const
    {
        const stretch *stretch = stretch_at(unix_s);
        return stretch ? stretch->offset : zone.lookup(time_of(unix_s)).offset;
    }
};

namespace
{
std::vector<tz> zones; /* in the order of names */

void lay_out(tz &tz)
{
    const cctz_time until = time_of(FLAT_UNTIL_S);
    cctz::time_zone::civil_transition change;
    for (cctz_time at = cctz_time::min(), end; at < until; at = end) {
        end = tz.zone.next_transition(at, &change) ? tz.zone.lookup(change.to).trans : until;
        end = std::min(end, until);
        assert(end > at);
        tz.stretches.push_back({end.time_since_epoch().count(), tz.zone.lookup(at).offset});
    }
}

/* "posix" holds the same zones again, "right" those with leap seconds. */
bool is_passed_over(const fs::path &entry)
{
    const std::string name = entry.filename().string();
    return name[0] == '.' || name == "posix" || name == "right";
}

/* One file under two names is read once: many names are links. */
void load_file(const fs::path &root, const fs::path &path)
{
    std::error_code error;
    const fs::path file = fs::canonical(path, error);
    tz tz;
    if (error || !fs::is_regular_file(file, error) ||
        !cctz::load_time_zone(file.string(), &tz.zone))
        return;
    tz.name = path.lexically_relative(root).string();
    lay_out(tz);
    zones.push_back(std::move(tz));
}

void load(const fs::path &root) noexcept
{
    std::error_code error;
    fs::recursive_directory_iterator at(root, fs::directory_options::skip_permission_denied, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        const bool skipped = is_passed_over(at->path());
        if (skipped || at.depth() >= DIRECTORY_DEPTH_MAX)
            at.disable_recursion_pending();
        if (!skipped)
            load_file(root, at->path());
    }
    std::sort(zones.begin(), zones.end(), [](const tz &a, const tz &b) { return a.name < b.name; });
}
} // namespace

extern "C" bool tz_database_load(const char *directory, char *why, size_t why_len)
{
    const char *root = directory ? directory : "/usr/share/zoneinfo";
    tz_database_free();
    load(root);
    if (zones.empty())
        snprintf(why, why_len, "no time zones in %s: install the package tzdata", root);
    return !zones.empty();
}

extern "C" void tz_database_free(void)
{
    zones = {};
}

extern "C" size_t tz_database_len(void)
{
    return zones.size();
}

extern "C" const struct tz *tz_database_at(size_t index)
{
    assert(index < zones.size());
    return &zones[index];
}

extern "C" const struct tz *tz_find(struct str name)
{
    const std::string_view wanted(name.ptr, name.len);
    const auto found =
        std::lower_bound(zones.begin(), zones.end(), wanted,
                         [](const tz &tz, std::string_view text) { return tz.name < text; });
    return found != zones.end() && found->name == wanted ? &*found : nullptr;
}

extern "C" struct str tz_name(const struct tz *tz)
{
    return {tz->name.data(), tz->name.size()};
}

extern "C" int32_t tz_offset_at(const struct tz *tz, struct instant t)
{
    return tz->offset_at(floor_seconds(t));
}

extern "C" void tz_to_local(const struct tz *tz, struct instant t, struct date *date,
                            int32_t *second_of_day)
{
    const int64_t utc = floor_seconds(t), local = utc + tz->offset_at(utc);
    const int64_t days = local / DAY_S - (local % DAY_S < 0);
    date->days = static_cast<int32_t>(days);
    *second_of_day = static_cast<int32_t>(local - days * DAY_S);
}

/* With one offset all around it is arithmetic; cctz knows about the rest. */
extern "C" enum tz_local tz_from_local(const struct tz *tz, struct date date, int32_t second_of_day,
                                       struct instant *out)
{
    const int64_t local = date.days * DAY_S + second_of_day;
    const tz::stretch *stretch = tz->stretch_at(local - OFFSET_MAX_S);
    if (stretch && stretch->end > local + OFFSET_MAX_S) {
        out->us = (local - stretch->offset) * 1000000;
        return TZ_LOCAL_ONCE;
    }
    int year, month, day;
    date_to_civil(date, &year, &month, &day);
    const auto found = tz->zone.lookup(cctz::civil_second(year, month, day, 0, 0, second_of_day));
    const bool skipped = found.kind == found.SKIPPED;
    out->us = (skipped ? found.trans : found.pre).time_since_epoch().count() * 1000000;
    return skipped ? TZ_LOCAL_NEVER : found.kind == found.REPEATED ? TZ_LOCAL_TWICE : TZ_LOCAL_ONCE;
}
