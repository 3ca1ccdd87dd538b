#include "domain/desk/image.h"

#include <string.h>

static const struct str codes[IMAGE_KIND_COUNT] = {
    [IMAGE_JPEG] = {"jpeg", 4}, [IMAGE_PNG] = {"png", 3}, [IMAGE_WEBP] = {"webp", 4}};

struct str image_kind_code(enum image_kind kind)
{
    assert(kind < IMAGE_KIND_COUNT);
    return codes[kind];
}

bool image_kind_parse(struct str code, enum image_kind *out)
{
    for (enum image_kind kind = 0; kind < IMAGE_KIND_COUNT; kind++) {
        if (!str_eq(code, codes[kind]))
            continue;
        *out = kind;
        return true;
    }
    return false;
}

struct str image_media_type(enum image_kind kind)
{
    static const struct str types[IMAGE_KIND_COUNT] = {[IMAGE_JPEG] = {"image/jpeg", 10},
                                                       [IMAGE_PNG] = {"image/png", 9},
                                                       [IMAGE_WEBP] = {"image/webp", 10}};
    assert(kind < IMAGE_KIND_COUNT);
    return types[kind];
}

/* ---- bytes: what lies beyond the end is never asked for ---------------------------------------- */

static uint32_t byte_at(struct str s, size_t at)
{
    assert(at < s.len);
    return (unsigned char)s.ptr[at];
}
static uint32_t be16(struct str s, size_t at)
{
    return byte_at(s, at) << 8 | byte_at(s, at + 1);
}
static uint32_t be32(struct str s, size_t at)
{
    return be16(s, at) << 16 | be16(s, at + 2);
}
static uint32_t le16(struct str s, size_t at)
{
    return byte_at(s, at) | byte_at(s, at + 1) << 8;
}
static uint32_t le24(struct str s, size_t at)
{
    return le16(s, at) | byte_at(s, at + 2) << 16;
}
static uint32_t le32(struct str s, size_t at)
{
    return le16(s, at) | le16(s, at + 2) << 16;
}
static bool has(struct str s, size_t at, struct str part)
{
    return str_starts(str_skip(s, at), part);
}

/* ---- JPEG (ITU T.81 annex B): markers with segments, entropy-coded data between them ------------ */

struct jpeg {
    struct str bytes;
    size_t at;
    bool framed, scanned, ended;
    struct image image;
};

/* The next marker, of which fill bytes may stand before it; 0: there is none. */
static uint32_t jpeg_marker(struct jpeg *jpeg)
{
    if (jpeg->at >= jpeg->bytes.len || byte_at(jpeg->bytes, jpeg->at) != 0xff)
        return 0;
    while (jpeg->at < jpeg->bytes.len && byte_at(jpeg->bytes, jpeg->at) == 0xff)
        jpeg->at++;
    return jpeg->at < jpeg->bytes.len ? byte_at(jpeg->bytes, jpeg->at++) : 0;
}

/* Coded data ends at a marker that is neither a stuffed zero nor a restart. */
static void jpeg_skip_scan(struct jpeg *jpeg)
{
    struct str s = jpeg->bytes;
    while (jpeg->at + 1 < s.len) {
        const char *mark = memchr(s.ptr + jpeg->at, 0xff, s.len - jpeg->at - 1);
        jpeg->at = mark ? (size_t)(mark - s.ptr) : s.len;
        if (!mark)
            return;
        uint32_t next = byte_at(s, jpeg->at + 1);
        if (next != 0 && next != 0xff && (next < 0xd0 || next > 0xd7))
            return;
        jpeg->at += next == 0xff ? 1 : 2;
    }
    jpeg->at = s.len;
}

static bool is_frame(uint32_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* Lines may be told later (DNL) by a zero height: nobody sends that, and we want to know. */
static bool jpeg_frame(struct jpeg *jpeg, struct str segment)
{
    if (jpeg->framed || segment.len < 6)
        return false;
    size_t components = byte_at(segment, 5);
    jpeg->image.height = (int32_t)be16(segment, 1);
    jpeg->image.width = (int32_t)be16(segment, 3);
    jpeg->framed = true;
    return components >= 1 && components <= 4 && segment.len == 6 + 3 * components;
}

static bool jpeg_segment(struct jpeg *jpeg, uint32_t marker)
{
    if (jpeg->bytes.len - jpeg->at < 2)
        return false;
    size_t len = be16(jpeg->bytes, jpeg->at);
    if (len < 2 || jpeg->bytes.len - jpeg->at < len)
        return false;
    struct str segment = str_of(jpeg->bytes.ptr + jpeg->at + 2, len - 2);
    jpeg->at += len;
    if (is_frame(marker))
        return jpeg_frame(jpeg, segment);
    if (marker == 0xda) {
        jpeg->scanned = jpeg->framed;
        jpeg_skip_scan(jpeg);
        return jpeg->framed;
    }
    return true;
}

/* What follows the end of the image is not looked at: phones put previews there. */
static bool jpeg_read(struct str bytes, struct image *out)
{
    struct jpeg jpeg = {.bytes = bytes, .at = 2, .image.kind = IMAGE_JPEG};
    while (!jpeg.ended) {
        uint32_t marker = jpeg_marker(&jpeg);
        if (marker == 0xd9)
            jpeg.ended = true;
        else if (marker < 0xc0 || marker == 0xd8 || !jpeg_segment(&jpeg, marker))
            return false;
    }
    *out = jpeg.image;
    return jpeg.scanned;
}

/* ---- PNG (ISO/IEC 15948): chunks of length, type, data, checksum --------------------------------- */

enum { PNG_COLOR_AT = 25, PNG_INDEXED = 3 };

static bool png_header(struct str data, struct image *out)
{
    static const uint8_t depths[7] = {
        [0] = 1 | 2 | 4 | 8 | 16, [2] = 8 | 16, [3] = 1 | 2 | 4 | 8, [4] = 8 | 16, [6] = 8 | 16};
    if (data.len != 13 || be32(data, 0) > INT32_MAX || be32(data, 4) > INT32_MAX)
        return false;
    uint32_t depth = byte_at(data, 8), color = byte_at(data, 9);
    *out = (struct image){IMAGE_PNG, (int32_t)be32(data, 0), (int32_t)be32(data, 4)};
    bool single = depth && (depth & (depth - 1)) == 0;
    return color < ARRAY_LEN(depths) && single && depths[color] & depth && byte_at(data, 10) == 0 &&
           byte_at(data, 11) == 0 && byte_at(data, 12) <= 1;
}

/* Nothing may follow the end, where another kind of file could hide. */
static bool png_read(struct str bytes, struct image *out)
{
    bool first = true, pixels = false, palette = false;
    for (size_t at = 8; bytes.len - at >= 12;) {
        size_t len = be32(bytes, at);
        if (len > bytes.len - at - 12)
            return false;
        struct str type = str_of(bytes.ptr + at + 4, 4), data = str_of(bytes.ptr + at + 8, len);
        if (first != str_eq(type, STR("IHDR")) || (first && !png_header(data, out)))
            return false;
        first = false;
        palette |= str_eq(type, STR("PLTE"));
        if (str_eq(type, STR("IDAT"))) {
            if (byte_at(bytes, PNG_COLOR_AT) == PNG_INDEXED && !palette)
                return false;
            pixels |= len > 0;
        }
        at += 12 + len;
        if (str_eq(type, STR("IEND")))
            return pixels && len == 0 && at == bytes.len;
    }
    return false;
}

/* ---- WebP (RFC 9649): RIFF with one picture, or an extended header before its parts -------------- */

/* A key frame of VP8 (RFC 6386 §9.1). */
static bool webp_lossy(struct str data, struct image *out)
{
    if (data.len < 10 || (byte_at(data, 0) & 1) != 0 || !has(data, 3, STR("\x9d\x01\x2a")))
        return false;
    *out = (struct image){IMAGE_WEBP, (int32_t)(le16(data, 6) & 0x3fff),
                          (int32_t)(le16(data, 8) & 0x3fff)};
    return true;
}

static bool webp_lossless(struct str data, struct image *out)
{
    if (data.len < 5 || byte_at(data, 0) != 0x2f || byte_at(data, 4) >> 5 != 0)
        return false;
    uint32_t bits = le32(data, 1);
    *out = (struct image){IMAGE_WEBP, (int32_t)(bits & 0x3fff) + 1,
                          (int32_t)(bits >> 14 & 0x3fff) + 1};
    return true;
}

static bool webp_extended(struct str data, struct image *out)
{
    if (data.len < 10)
        return false;
    *out = (struct image){IMAGE_WEBP, (int32_t)le24(data, 4) + 1, (int32_t)le24(data, 7) + 1};
    return true;
}

/* A frame of an animation, inside its canvas; what it draws with lies in chunks of its own. */
static bool webp_frame(struct str data, const struct image *canvas)
{
    return data.len >= 24 && 2 * le24(data, 0) + le24(data, 6) + 1 <= (uint32_t)canvas->width &&
           2 * le24(data, 3) + le24(data, 9) + 1 <= (uint32_t)canvas->height;
}

static bool same_size(const struct image *a, const struct image *b)
{
    return a->width == b->width && a->height == b->height;
}

/* The first chunk tells the size, and a picture that is larger than it said would be a trap; a picture
 * must be among what follows, and nothing behind it all. */
static bool webp_read(struct str bytes, struct image *out)
{
    size_t riff = le32(bytes, 4);
    if (riff < 12 || riff > bytes.len - 8 || riff + (riff & 1) < bytes.len - 8)
        return false;
    struct str rest = str_of(bytes.ptr + 12, riff - 4);
    bool extended = false, picture = false;
    while (rest.len >= 8) {
        struct str type = str_take(rest, 4);
        size_t len = le32(rest, 4);
        if (len > rest.len - 8)
            return false;
        struct str data = str_of(rest.ptr + 8, len);
        struct image seen = {0};
        bool lossy = str_eq(type, STR("VP8 ")), lossless = str_eq(type, STR("VP8L"));
        if (str_eq(type, STR("VP8X"))) {
            if (extended || picture || !webp_extended(data, out))
                return false;
            extended = true;
        } else if (lossy || lossless) {
            if (!(lossy ? webp_lossy(data, &seen) : webp_lossless(data, &seen)))
                return false;
            if (!picture && !extended)
                *out = seen;
            if (!same_size(&seen, out))
                return false;
            picture = true;
        } else if (extended && str_eq(type, STR("ANMF"))) {
            if (!webp_frame(data, out))
                return false;
            picture = true;
        }
        rest = str_skip(rest, 8 + len + (len & 1));
    }
    return picture;
}

/* ---- all --------------------------------------------------------------------------------------- */

static bool image_read(struct str bytes, struct image *out)
{
    if (bytes.len < 16)
        return false;
    if (has(bytes, 0, STR("\xff\xd8\xff")))
        return jpeg_read(bytes, out);
    if (has(bytes, 0, STR("\x89PNG\r\n\x1a\n")))
        return png_read(bytes, out);
    if (has(bytes, 0, STR("RIFF")) && has(bytes, 8, STR("WEBP")))
        return webp_read(bytes, out);
    return false;
}

enum image_verdict image_inspect(struct str bytes, struct image *out)
{
    struct image image;
    if (!image_read(bytes, &image))
        return IMAGE_BROKEN;
    if (image.width < 1 || image.height < 1 || image.width > IMAGE_SIDE_MAX ||
        image.height > IMAGE_SIDE_MAX || (int64_t)image.width * image.height > IMAGE_PIXELS_MAX)
        return IMAGE_BAD_SIZE;
    *out = image;
    return IMAGE_FINE;
}
