/* domain/desk/image_parts.h - what the readers of the three kinds share: editing a file in place.
 *
 *   bytes   |  kept so far  |  free  |  not read yet  |
 *           0             len       at              size
 *
 * A reader walks from part to part and says of each whether it stays. What stays moves to the front, so
 * nothing is allocated, and what is put in place of a part is never longer than it was.
 *
 * Of image.c and its readers only.
 *
 * Waits: never.   Allocates: never. */
#pragma once
#include "domain/desk/image.h"

struct image_edit {
    char *bytes;
    size_t size, at, len;
};

/* What was not read yet. */
static inline struct str edit_rest(const struct image_edit *edit)
{
    return str_of(edit->bytes + edit->at, edit->size - edit->at);
}
/* Passes the next `n` bytes, of which there are as many. */
void edit_keep(struct image_edit *edit, size_t n);
void edit_drop(struct image_edit *edit, size_t n);
/* Instead of something that was dropped: the room must be there. */
void edit_put(struct image_edit *edit, struct str bytes);
static inline size_t edit_room(const struct image_edit *edit)
{
    return edit->at - edit->len;
}

/* False: broken. `edit` has passed the whole file, and `out->width` and `height` are as stored; whoever
 * calls turns them. */
bool image_jpeg(struct image_edit *edit, struct image *out, int *orientation);
bool image_png(struct image_edit *edit, struct image *out, int *orientation);
bool image_webp(struct image_edit *edit, struct image *out, int *orientation);

/* ---- Exif: of all that cameras write there, which way is up ------------------------------------- */

enum { UPRIGHT = 1, EXIF_LEN = 26 }; /* 2 to 8: mirrored, turned, or both (TIFF 6.0, tag 274) */
/* UPRIGHT too where it says nothing that can be read, or is too short to be replaced by exif_of. */
int exif_orientation(struct str tiff);
/* An Exif block that says this and nothing else. */
struct exif {
    char bytes[EXIF_LEN];
};
struct exif exif_of(int orientation);
static inline struct str exif_str(const struct exif *exif)
{
    return str_of(exif->bytes, sizeof(exif->bytes));
}

/* ---- bytes: what lies beyond the end is never asked for ------------------------------------------ */

static inline uint32_t byte_at(struct str s, size_t at)
{
    assert(at < s.len);
    return (unsigned char)s.ptr[at];
}
static inline uint32_t be16(struct str s, size_t at)
{
    return byte_at(s, at) << 8 | byte_at(s, at + 1);
}
static inline uint32_t be32(struct str s, size_t at)
{
    return be16(s, at) << 16 | be16(s, at + 2);
}
static inline uint32_t le16(struct str s, size_t at)
{
    return byte_at(s, at) | byte_at(s, at + 1) << 8;
}
static inline uint32_t le24(struct str s, size_t at)
{
    return le16(s, at) | byte_at(s, at + 2) << 16;
}
static inline uint32_t le32(struct str s, size_t at)
{
    return le16(s, at) | le16(s, at + 2) << 16;
}
static inline void put_be32(char *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (char)(v >> (24 - 8 * i));
}
static inline void put_le32(char *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (char)(v >> (8 * i));
}
static inline bool has(struct str s, size_t at, struct str part)
{
    return str_starts(str_skip(s, at), part);
}
/* Is it one of these, each four bytes long? */
static inline bool one_of(struct str name, const char (*names)[5], size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (str_eq(name, str_of(names[i], 4)))
            return true;
    return false;
}
