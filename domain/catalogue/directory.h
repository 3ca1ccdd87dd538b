/* domain/catalogue/directory.h - all active salons in memory, in the order of a search.
 *
 * What a search means is written here once more than in storage/sql/catalogue/salons_search.sql: every
 * word of the folded query is part of the salon's folded names and cities, and the folded city is one
 * of its two. A test asks both the same questions.
 *
 * Memory: an allocation per salon and 24 bytes in the list.   Waits: never.
 * Cost of a search: about 50 ns per salon that has to be looked at. */
#pragma once
#include "domain/catalogue/catalogue.h"

struct directory_entry {
    struct salon salon;
    struct str search_text, city_ar_folded, city_en_folded;
};

struct directory {
    struct arena_pool pool;
    struct arena list_memory;
    struct directory_line {
        int64_t id;
        int32_t rating_hundredths;
        struct directory_record *record;
    } * lines; /* best rated first, then by id */
    size_t len, len_max, bytes, bytes_max;
};

void directory_init(struct directory *directory, size_t len_max, size_t bytes_max);
void directory_fini(struct directory *directory); /* fine on zeroes */
void directory_clear(struct directory *directory);
/* Copies it in. False: no room. A salon must not be in it twice; who does not know uses directory_put,
 * which looks through all of them first. In the order of the list adding costs no moves. */
bool directory_add(struct directory *directory, const struct directory_entry *entry);
bool directory_put(struct directory *directory, const struct directory_entry *entry);
void directory_remove(struct directory *directory, int64_t id); /* fine when not there */

/* The page that `in` asks for; `q` and `city` are folded (search_fold), empty: any. An empty fold of
 * what somebody typed is not "any": the caller knows which one it is and sets these.
 * Names and texts of the page are copies in the arena. */
struct directory_query {
    struct str q, city; /* folded */
    bool any_q, any_city;
    int32_t after_rating_hundredths;
    int64_t after_id;
    int64_t limit;
};
void directory_search(const struct directory *directory, struct arena *arena,
                      const struct directory_query *in, struct salon_page *out);
