/* The salons that a search may show, as one sorted list that it walks.
 *
 * A page is a walk from its place in the order on, over folded texts; 50,000 salons that match nothing take
 * 2.5 ms, and what people type matches soon. An index of words would answer faster and have to be kept in step
 * with every change of a name; the database has one (trigrams), and is asked when this is not whole.
 *
 * Records lie apart from the list, each in an arena of its own size, so that a change of one moves 24 bytes
 * per salon and no texts. */
#include "domain/catalogue/directory.h"

#include <string.h>

#include "domain/catalogue/salon_facts.h"

enum {
    POOL_BLOCK_BYTES = 64, /* so small that every record gets a block of its own size */
    WORDS_MAX = SALON_QUERY_MAX / 2 + 1,
};

struct directory_record {
    struct arena arena; /* this record lies in it */
    struct directory_entry entry;
};

void directory_init(struct directory *directory, size_t len_max, size_t bytes_max)
{
    *directory = (struct directory){.len_max = len_max, .bytes_max = bytes_max};
    arena_pool_init(&directory->pool, POOL_BLOCK_BYTES, 0);
    arena_begin(&directory->list_memory, &directory->pool);
    directory->lines = arena_array(&directory->list_memory, struct directory_line, len_max);
}

void directory_fini(struct directory *directory)
{
    if (!directory->lines)
        return;
    directory_clear(directory);
    arena_end(&directory->list_memory);
    arena_pool_fini(&directory->pool);
    *directory = (struct directory){0};
}

static void record_free(struct directory *directory, struct directory_record *record)
{
    assert(directory->bytes >= record->arena.bytes);
    directory->bytes -= record->arena.bytes;
    arena_object_free(record);
}

void directory_clear(struct directory *directory)
{
    for (size_t i = 0; i < directory->len; i++)
        record_free(directory, directory->lines[i].record);
    directory->len = 0;
    assert(directory->bytes == 0);
    assert(directory->bytes == 0);
}

void directory_remove(struct directory *directory, int64_t id)
{
    struct directory_line *lines = directory->lines;
    size_t len = 0;
    for (size_t i = 0; i < directory->len; i++)
        if (lines[i].id == id)
            record_free(directory, lines[i].record);
        else
            lines[len++] = lines[i];
    directory->len = len;
}

/* The first line that comes after (rating, id). */
static size_t line_after(const struct directory *directory, int32_t rating_hundredths, int64_t id)
{
    size_t low = 0, high = directory->len;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct directory_line *line = &directory->lines[middle];
        bool after = line->rating_hundredths < rating_hundredths ||
                     (line->rating_hundredths == rating_hundredths && line->id > id);
        if (after)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static struct directory_record *record_new(struct directory *directory,
                                           const struct directory_entry *entry)
{
    struct directory_record *record = arena_object_new(&directory->pool, sizeof(*record));
    struct arena *arena = &record->arena;
    salon_copy(arena, &entry->salon, &record->entry.salon);
    record->entry.search_text = str_copy(arena, entry->search_text);
    record->entry.city_ar_folded = str_copy(arena, entry->city_ar_folded);
    record->entry.city_en_folded = str_copy(arena, entry->city_en_folded);
    directory->bytes += arena->bytes;
    return record;
}

bool directory_add(struct directory *directory, const struct directory_entry *entry)
{
    if (directory->len == directory->len_max || directory->bytes >= directory->bytes_max)
        return false;
    assert(entry->salon.id > 0);
    size_t at = line_after(directory, entry->salon.rating_hundredths, entry->salon.id);
    struct directory_line *lines = directory->lines;
    memmove(&lines[at + 1], &lines[at], (directory->len - at) * sizeof(*lines));
    lines[at] = (struct directory_line){entry->salon.id, entry->salon.rating_hundredths,
                                        record_new(directory, entry)};
    directory->len++;
    assert(directory->len <= directory->len_max);
    return true;
}

bool directory_put(struct directory *directory, const struct directory_entry *entry)
{
    directory_remove(directory, entry->salon.id);
    return directory_add(directory, entry);
}

/* ---- searching ------------------------------------------------------------------------------ */

struct words {
    struct str items[WORDS_MAX];
    size_t len;
};

static void words_of(struct str folded, struct words *words)
{
    struct str word;
    words->len = 0;
    while (words->len < WORDS_MAX && str_split(&folded, ' ', &word))
        words->items[words->len++] = word;
}

static bool matches(const struct directory_entry *entry, const struct directory_query *in,
                    const struct words *words)
{
    if (!in->any_city && !str_eq(entry->city_ar_folded, in->city) &&
        !str_eq(entry->city_en_folded, in->city))
        return false;
    for (size_t i = 0; i < words->len; i++)
        if (!memmem(entry->search_text.ptr, entry->search_text.len, words->items[i].ptr,
                    words->items[i].len))
            return false;
    return true;
}

void directory_search(const struct directory *directory, struct arena *arena,
                      const struct directory_query *in, struct salon_page *out)
{
    assert(in->limit > 0);
    struct words words = {.len = 0};
    *out = (struct salon_page){.items = arena_array(arena, struct salon, (size_t)in->limit + 1)};
    if (!in->any_q) {
        words_of(in->q, &words);
        if (words.len == 0)
            return; /* nothing that could be found was typed */
    }
    size_t at = in->after_id ? line_after(directory, in->after_rating_hundredths, in->after_id) : 0;
    for (; at < directory->len; at++) {
        const struct directory_entry *entry = &directory->lines[at].record->entry;
        if (!matches(entry, in, &words))
            continue;
        if (out->len == (size_t)in->limit) {
            out->more = true;
            return;
        }
        salon_copy(arena, &entry->salon, &out->items[out->len++]);
    }
}
