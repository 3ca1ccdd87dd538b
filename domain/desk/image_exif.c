#include "domain/desk/image_parts.h"

/* TIFF 6.0: a header that tells the order of bytes and where the first directory is, entries of 12 bytes. */
enum { HEADER = 8, ENTRY = 12, TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3 };

static uint32_t number16(struct str s, size_t at, bool little)
{
    return little ? le16(s, at) : be16(s, at);
}

static uint32_t number32(struct str s, size_t at, bool little)
{
    return little ? le32(s, at) : be32(s, at);
}

int exif_orientation(struct str tiff)
{
    if (tiff.len < EXIF_LEN)
        return UPRIGHT;
    bool little = str_starts(tiff, STR("II*\0"));
    if (!little && !str_starts(tiff, STR("MM\0*")))
        return UPRIGHT;
    size_t at = number32(tiff, 4, little);
    if (at < HEADER || at > tiff.len - 2)
        return UPRIGHT;
    size_t entries = number16(tiff, at, little);
    for (at += 2; entries > 0 && tiff.len - at >= ENTRY; entries--, at += ENTRY) {
        if (number16(tiff, at, little) != TAG_ORIENTATION)
            continue;
        uint32_t value = number16(tiff, at + 8, little);
        bool one = number16(tiff, at + 2, little) == TYPE_SHORT &&
                   number32(tiff, at + 4, little) == 1;
        return one && value >= 1 && value <= 8 ? (int)value : UPRIGHT;
    }
    return UPRIGHT;
}

struct exif exif_of(int orientation)
{
    assert(orientation > UPRIGHT && orientation <= 8);
    return (struct exif){{'M', 'M',
                          0,   '*',
                          0,   0,
                          0,   HEADER, /* the directory follows */
                          0,   1,      /* it has one entry */
                          1,   0x12,
                          0,   TYPE_SHORT,
                          0,   0,
                          0,   1, /* an orientation */
                          0,   (char)orientation,
                          0,   0,
                          0,   0,
                          0,   0}}; /* and there is no other directory */
}
