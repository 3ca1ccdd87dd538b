/* domain/desk/image_webp.c - WebP (RFC 9649): RIFF with one picture, or an extended header before its parts.
 *
 * What stays is pictures, their transparency, frames of an animation (which are small RIFFs of their own) and the
 * colour profile. */
#include <string.h>

#include "domain/desk/image_parts.h"

enum {
    CHUNK = 8,
    FILE_HEADER = 12,
    FRAME_HEADER = 16,
    FLAGS_AT = FILE_HEADER + CHUNK, /* VP8X comes first in what is kept */
    HAS_ICC = 0x20,
    HAS_ALPHA = 0x10,
    HAS_EXIF = 0x08,
    HAS_ANIMATION = 0x02,
};

struct webp {
    struct image_edit *edit;
    bool extended, picture, exif;
    uint32_t flags;
    int orientation;
    struct image image;
};

/* A key frame of VP8 (RFC 6386 §9.1). */
static bool read_lossy(struct str data, struct image *out)
{
    if (data.len < 10 || (byte_at(data, 0) & 1) != 0 || !has(data, 3, STR("\x9d\x01\x2a")))
        return false;
    *out = (struct image){IMAGE_WEBP, (int32_t)(le16(data, 6) & 0x3fff),
                          (int32_t)(le16(data, 8) & 0x3fff)};
    return true;
}

static bool read_lossless(struct str data, struct image *out)
{
    if (data.len < 5 || byte_at(data, 0) != 0x2f || byte_at(data, 4) >> 5 != 0)
        return false;
    uint32_t bits = le32(data, 1);
    *out = (struct image){IMAGE_WEBP, (int32_t)(bits & 0x3fff) + 1,
                          (int32_t)(bits >> 14 & 0x3fff) + 1};
    return true;
}

static bool same_size(const struct image *a, const struct image *b)
{
    return a->width == b->width && a->height == b->height;
}

/* The next chunk stays; where it is odd, a byte of padding follows that may be missing at the very end. */
static void keep_chunk(struct image_edit *edit, size_t len)
{
    edit_keep(edit, CHUNK + len);
    if (len & 1) {
        edit_drop(edit, MIN((size_t)1, edit_rest(edit).len));
        if (edit_room(edit) > 0)
            edit_put(edit, str_of("\0", 1));
    }
}

static void drop_chunk(struct image_edit *edit, size_t len)
{
    edit_drop(edit, MIN(CHUNK + len + (len & 1), edit_rest(edit).len));
}

/* Calls `read` with each chunk, which passes it. Less than a chunk's head at the end is dropped. */
static bool each_chunk(struct webp *webp, struct image_edit *edit,
                       bool (*read)(struct webp *webp, struct image_edit *edit, struct str type,
                                    struct str data))
{
    for (struct str rest; (rest = edit_rest(edit)).len >= CHUNK;) {
        size_t len = le32(rest, 4);
        if (len > rest.len - CHUNK)
            return false;
        if (!read(webp, edit, str_take(rest, 4), str_of(rest.ptr + CHUNK, len)))
            return false;
    }
    edit_drop(edit, edit_rest(edit).len);
    return true;
}

/* The first picture or the extended header tells the size: a picture that is larger than it said would be a
 * trap. */
static bool read_picture(struct webp *webp, struct image_edit *edit, struct str type,
                         struct str data)
{
    struct image seen;
    if (!(str_eq(type, STR("VP8 ")) ? read_lossy(data, &seen) : read_lossless(data, &seen)))
        return false;
    if (!webp->picture && !webp->extended)
        webp->image = seen;
    webp->picture = true;
    keep_chunk(edit, data.len);
    return same_size(&seen, &webp->image);
}

static bool is_picture(struct str type)
{
    return str_eq(type, STR("VP8 ")) || str_eq(type, STR("VP8L"));
}

static bool read_part_of_frame(struct webp *frame, struct image_edit *edit, struct str type,
                               struct str data)
{
    if (is_picture(type))
        return read_picture(frame, edit, type, data);
    if (str_eq(type, STR("ALPH")))
        keep_chunk(edit, data.len);
    else
        drop_chunk(edit, data.len);
    return true;
}

/* A frame of an animation: inside its canvas, with a picture of the size that it says. */
static bool read_frame(struct webp *webp, struct str data)
{
    const struct image *canvas = &webp->image;
    if (data.len < FRAME_HEADER)
        return false;
    struct webp frame = {
        .extended = true,
        .image = {IMAGE_WEBP, (int32_t)le24(data, 6) + 1, (int32_t)le24(data, 9) + 1}};
    if ((int32_t)(2 * le24(data, 0)) + frame.image.width > canvas->width ||
        (int32_t)(2 * le24(data, 3)) + frame.image.height > canvas->height)
        return false;
    struct image_edit *edit = webp->edit;
    size_t head = edit->len;
    edit_keep(edit, CHUNK + FRAME_HEADER);
    struct image_edit inner = *edit;
    inner.size = edit->at + data.len - FRAME_HEADER;
    if (!each_chunk(&frame, &inner, read_part_of_frame) || !frame.picture)
        return false;
    edit->len = inner.len;
    edit->at = inner.at;
    size_t len = edit->len - head - CHUNK;
    put_le32(edit->bytes + head + 4, (uint32_t)len);
    edit_drop(edit, MIN(data.len & 1, edit_rest(edit).len));
    if ((len & 1) && edit_room(edit) > 0)
        edit_put(edit, str_of("\0", 1));
    webp->picture = true;
    return true;
}

static bool read_extended(struct webp *webp, struct str data)
{
    if (webp->extended || webp->picture || data.len != 10)
        return false;
    webp->extended = true;
    webp->flags = byte_at(data, 0) & (HAS_ICC | HAS_ALPHA | HAS_EXIF | HAS_ANIMATION);
    webp->image =
        (struct image){IMAGE_WEBP, (int32_t)le24(data, 4) + 1, (int32_t)le24(data, 7) + 1};
    keep_chunk(webp->edit, data.len);
    return true;
}

/* Only the first one counts, only if the header speaks of it, and only if it has something to say. Some
 * programs write JPEG's signature before it. */
static void reduce_exif(struct webp *webp, struct str data)
{
    struct str tiff = str_starts(data, STR("Exif\0\0")) ? str_skip(data, 6) : data;
    int orientation = exif_orientation(tiff);
    drop_chunk(webp->edit, data.len);
    if (webp->exif || !(webp->flags & HAS_EXIF))
        return;
    webp->exif = true;
    webp->orientation = orientation;
    if (orientation == UPRIGHT)
        return;
    struct exif exif = exif_of(orientation);
    char head[CHUNK] = {'E', 'X', 'I', 'F', EXIF_LEN};
    edit_put(webp->edit, str_of(head, sizeof(head)));
    edit_put(webp->edit, exif_str(&exif));
}

static bool read_part(struct webp *webp, struct image_edit *edit, struct str type, struct str data)
{
    static const char parts[][5] = {"ICCP", "ANIM", "ALPH"};
    if (str_eq(type, STR("VP8X")))
        return read_extended(webp, data);
    if (is_picture(type))
        return read_picture(webp, edit, type, data);
    if (webp->extended && str_eq(type, STR("ANMF")))
        return read_frame(webp, data);
    if (str_eq(type, STR("EXIF")))
        reduce_exif(webp, data);
    else if (webp->extended && one_of(type, parts, ARRAY_LEN(parts)))
        keep_chunk(edit, data.len);
    else
        drop_chunk(edit, data.len);
    return true;
}

/* The sizes of the file and the flags, when all is known. */
static void write_header(struct webp *webp)
{
    struct image_edit *edit = webp->edit;
    put_le32(edit->bytes + 4, (uint32_t)(edit->len - 8));
    if (webp->orientation == UPRIGHT)
        webp->flags &= ~(uint32_t)HAS_EXIF;
    if (webp->extended)
        put_le32(edit->bytes + FLAGS_AT, webp->flags);
}

/* Nothing may be behind it all. */
bool image_webp(struct image_edit *edit, struct image *out, int *orientation)
{
    struct webp webp = {.edit = edit, .orientation = UPRIGHT};
    size_t riff = le32(edit_rest(edit), 4), file = edit->size - 8;
    if (riff < FILE_HEADER || riff > file || riff + (riff & 1) < file)
        return false;
    edit_keep(edit, FILE_HEADER);
    struct image_edit chunks = *edit;
    chunks.size = 8 + riff;
    webp.edit = &chunks;
    if (!each_chunk(&webp, &chunks, read_part) || !webp.picture)
        return false;
    write_header(&webp);
    *edit = chunks;
    *out = webp.image;
    *orientation = webp.orientation;
    return true;
}
