/* domain/desk/image_jpeg.c - JPEG (ITU T.81 annex B): markers with segments, coded data between them.
 *
 * What stays is what a decoder asks for: tables, the frame, scans, and of the application's segments those
 * that decide about colours (JFIF, the ICC profile, Adobe's transform), each without what may hang on it (JFIF's
 * thumbnail shows what was cut off the picture). Nothing stays behind the end of the image: there phones put
 * previews, other views and films, all with their own Exif. */
#include <string.h>

#include "domain/desk/image_parts.h"

enum {
    SOI = 0xd8,
    EOI = 0xd9,
    SOS = 0xda,
    APP0 = 0xe0,
    APP1 = 0xe1,
    APP2 = 0xe2,
    APP14 = 0xee,
    JFIF_LEN = 14,
    ADOBE_LEN = 12,
    EXIF_SEGMENT = 2 + 6 + EXIF_LEN, /* the length itself, "Exif\0\0", the block */
};

struct jpeg {
    struct image_edit *edit;
    bool framed, scanned, exif;
    int orientation;
    struct image image;
};

/* The next marker, of which fill bytes may stand before it; 0: there is none. */
static uint32_t next_marker(struct image_edit *edit)
{
    struct str rest = edit_rest(edit);
    size_t fill = 0;
    while (fill < rest.len && byte_at(rest, fill) == 0xff)
        fill++;
    if (fill == 0 || fill == rest.len)
        return 0;
    edit_drop(edit, fill + 1);
    return byte_at(rest, fill);
}

/* Coded data ends at a marker that is neither a stuffed zero nor a restart. */
static size_t scan_len(struct str rest)
{
    size_t at = 0;
    while (at + 1 < rest.len) {
        const char *mark = memchr(rest.ptr + at, 0xff, rest.len - at - 1);
        if (!mark)
            break;
        at = (size_t)(mark - rest.ptr);
        uint32_t next = byte_at(rest, at + 1);
        if (next != 0 && next != 0xff && (next < 0xd0 || next > 0xd7))
            return at;
        at += next == 0xff ? 1 : 2;
    }
    return rest.len;
}

static bool is_frame(uint32_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* Tables of quantization, of Huffman's and arithmetic codes, numbers of lines, intervals of restarts. */
static bool is_needed(uint32_t marker)
{
    return marker == 0xc4 || marker == 0xcc || (marker >= 0xdb && marker <= 0xdd);
}

static void put_marker(struct jpeg *jpeg, uint32_t marker)
{
    const char bytes[2] = {(char)0xff, (char)marker};
    edit_put(jpeg->edit, str_of(bytes, sizeof(bytes)));
}

/* The segment whose length comes next, and which ends where it did or earlier. */
static void keep_first(struct jpeg *jpeg, uint32_t marker, size_t segment_len, size_t len)
{
    const char length[2] = {(char)((len + 2) >> 8), (char)(len + 2)};
    put_marker(jpeg, marker);
    edit_drop(jpeg->edit, 2);
    edit_put(jpeg->edit, str_of(length, sizeof(length)));
    edit_keep(jpeg->edit, len);
    edit_drop(jpeg->edit, segment_len - len);
}

static void keep_jfif(struct jpeg *jpeg, size_t segment_len)
{
    keep_first(jpeg, APP0, segment_len, JFIF_LEN);
    memset(jpeg->edit->bytes + jpeg->edit->len - 2, 0, 2); /* the thumbnail's width and height */
}

/* Only the first one counts, and only if there is something to say. */
static void reduce_exif(struct jpeg *jpeg, struct str segment)
{
    int orientation = exif_orientation(str_skip(segment, 6));
    edit_drop(jpeg->edit, 2 + segment.len);
    if (jpeg->exif)
        return;
    jpeg->exif = true;
    jpeg->orientation = orientation;
    if (orientation == UPRIGHT)
        return;
    struct exif exif = exif_of(orientation);
    put_marker(jpeg, APP1);
    edit_put(jpeg->edit, str_of("\0", 1));
    edit_put(jpeg->edit, str_of((const char[]){EXIF_SEGMENT}, 1));
    edit_put(jpeg->edit, STR("Exif\0\0"));
    edit_put(jpeg->edit, exif_str(&exif));
}

/* Lines may be told later (DNL) by a zero height: nobody sends that, and we want to know. */
static bool read_frame(struct jpeg *jpeg, struct str segment)
{
    if (jpeg->framed || segment.len < 6)
        return false;
    size_t components = byte_at(segment, 5);
    jpeg->image = (struct image){IMAGE_JPEG, .height = (int32_t)be16(segment, 1),
                                 .width = (int32_t)be16(segment, 3)};
    jpeg->framed = true;
    return components >= 1 && components <= 4 && segment.len == 6 + 3 * components;
}

static void keep_scan(struct jpeg *jpeg, size_t segment_len)
{
    keep_first(jpeg, SOS, segment_len, segment_len);
    edit_keep(jpeg->edit, scan_len(edit_rest(jpeg->edit)));
    jpeg->scanned = true;
}

static void sort_out(struct jpeg *jpeg, uint32_t marker, struct str segment)
{
    if (is_frame(marker) || is_needed(marker))
        keep_first(jpeg, marker, segment.len, segment.len);
    else if (marker == SOS)
        keep_scan(jpeg, segment.len);
    else if (marker == APP0 && str_starts(segment, STR("JFIF\0")) && segment.len >= JFIF_LEN)
        keep_jfif(jpeg, segment.len);
    else if (marker == APP1 && str_starts(segment, STR("Exif\0")) && segment.len > 6)
        reduce_exif(jpeg, segment);
    else if (marker == APP2 && str_starts(segment, STR("ICC_PROFILE\0")))
        keep_first(jpeg, marker, segment.len, segment.len);
    else if (marker == APP14 && str_starts(segment, STR("Adobe")) && segment.len >= ADOBE_LEN)
        keep_first(jpeg, marker, segment.len, ADOBE_LEN);
    else
        edit_drop(jpeg->edit, 2 + segment.len);
}

static bool read_segment(struct jpeg *jpeg, uint32_t marker)
{
    struct str rest = edit_rest(jpeg->edit);
    if (rest.len < 2)
        return false;
    size_t len = be16(rest, 0);
    if (len < 2 || rest.len < len)
        return false;
    struct str segment = str_of(rest.ptr + 2, len - 2);
    if (is_frame(marker) && !read_frame(jpeg, segment))
        return false;
    if (marker == SOS && !jpeg->framed)
        return false;
    sort_out(jpeg, marker, segment);
    return true;
}

bool image_jpeg(struct image_edit *edit, struct image *out, int *orientation)
{
    struct jpeg jpeg = {.edit = edit, .orientation = UPRIGHT};
    edit_keep(edit, 2);
    for (uint32_t marker; (marker = next_marker(edit)) != EOI;)
        if (marker < 0xc0 || (marker >= 0xd0 && marker <= SOI) || !read_segment(&jpeg, marker))
            return false;
    put_marker(&jpeg, EOI);
    edit_drop(edit, edit_rest(edit).len);
    *out = jpeg.image;
    *orientation = jpeg.orientation;
    return jpeg.scanned;
}
