/* domain/desk/image_png.c - PNG (W3C, third edition): chunks of length, type, data, checksum.
 *
 * What stays is what decides about pixels, colours, animation and proportions. Texts, times, Exif and whatever
 * a program puts there for itself go. A chunk that must be understood (a capital at its front), and is none
 * of the four that everybody does, makes the file something that we cannot judge. */
#include <string.h>

#include "domain/desk/image_parts.h"

enum { CHUNK = 12, INDEXED = 3 };

static const char needed[][5] = {"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM",
                                 "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "mDCV",
                                 "cLLI", "bKGD", "pHYs", "acTL", "fcTL", "fdAT"};

struct png {
    struct image_edit *edit;
    bool header, indexed, palette, pixels, exif;
    int orientation;
    struct image image;
};

static bool read_header(struct png *png, struct str data)
{
    static const uint8_t depths[7] = {
        [0] = 1 | 2 | 4 | 8 | 16, [2] = 8 | 16, [3] = 1 | 2 | 4 | 8, [4] = 8 | 16, [6] = 8 | 16};
    if (png->header || data.len != 13 || be32(data, 0) > INT32_MAX || be32(data, 4) > INT32_MAX)
        return false;
    uint32_t depth = byte_at(data, 8), color = byte_at(data, 9);
    png->header = true;
    png->indexed = color == INDEXED;
    png->image = (struct image){IMAGE_PNG, (int32_t)be32(data, 0), (int32_t)be32(data, 4)};
    bool single = depth && (depth & (depth - 1)) == 0;
    return color < ARRAY_LEN(depths) && single && depths[color] & depth && byte_at(data, 10) == 0 &&
           byte_at(data, 11) == 0 && byte_at(data, 12) <= 1;
}

/* CRC-32 of a few bytes. */
static uint32_t checksum(struct str bytes)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= byte_at(bytes, i);
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return ~crc;
}

/* Only the first one counts, and only if there is something to say. */
static void reduce_exif(struct png *png, struct str data)
{
    int orientation = exif_orientation(data);
    edit_drop(png->edit, CHUNK + data.len);
    if (png->exif)
        return;
    png->exif = true;
    png->orientation = orientation;
    if (orientation == UPRIGHT)
        return;
    struct exif exif = exif_of(orientation);
    char chunk[CHUNK + EXIF_LEN];
    put_be32(chunk, EXIF_LEN);
    memcpy(chunk + 4, "eXIf", 4);
    memcpy(chunk + 8, exif.bytes, EXIF_LEN);
    put_be32(chunk + 8 + EXIF_LEN, checksum(str_of(chunk + 4, 4 + EXIF_LEN)));
    edit_put(png->edit, str_of(chunk, sizeof(chunk)));
}

/* Pixels without the palette that they point into are none. */
static bool read_pixels(struct png *png, struct str data)
{
    png->pixels |= data.len > 0;
    return png->palette || !png->indexed;
}

static bool read_chunk(struct png *png, struct str type, struct str data)
{
    bool header = str_eq(type, STR("IHDR"));
    if (header ? !read_header(png, data) : !png->header)
        return false;
    png->palette |= str_eq(type, STR("PLTE"));
    if (str_eq(type, STR("IDAT")) && !read_pixels(png, data))
        return false;
    if (str_eq(type, STR("eXIf")))
        reduce_exif(png, data);
    else if (one_of(type, needed, ARRAY_LEN(needed)))
        edit_keep(png->edit, CHUNK + data.len);
    else if ((byte_at(type, 0) & 0x20) == 0)
        return false;
    else
        edit_drop(png->edit, CHUNK + data.len);
    return true;
}

/* Nothing may follow the end, where another kind of file could hide. */
bool image_png(struct image_edit *edit, struct image *out, int *orientation)
{
    struct png png = {.edit = edit, .orientation = UPRIGHT};
    edit_keep(edit, 8);
    for (struct str rest; (rest = edit_rest(edit)).len >= CHUNK;) {
        size_t len = be32(rest, 0);
        if (len > rest.len - CHUNK)
            return false;
        bool end = has(rest, 4, STR("IEND"));
        if (!read_chunk(&png, str_of(rest.ptr + 4, 4), str_of(rest.ptr + 8, len)))
            return false;
        if (!end)
            continue;
        *out = png.image;
        *orientation = png.orientation;
        return png.pixels && len == 0 && edit_rest(edit).len == 0;
    }
    return false;
}
