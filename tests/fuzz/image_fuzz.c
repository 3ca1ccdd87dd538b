/* Photos as anybody may send them: whatever is called fine has a size within bounds, and no byte beyond
 * the end is looked at. What is left of it is a picture of the same kind that is left alone the next time,
 * holds no part that tells anything but what to show, and has the same bytes of pixels.
 *
 * The walks here are simpler than those that are tried, since they only see what was called fine. */
#include "domain/desk/image.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t number(struct str s, size_t at, int bytes, bool little)
{
    size_t v = 0;
    for (int i = 0; i < bytes; i++)
        v |= (size_t)(unsigned char)s.ptr[at + (size_t)i] << 8 * (little ? i : bytes - 1 - i);
    return v;
}

static bool starts(struct str s, size_t at, const char *bytes, size_t len)
{
    return str_starts(str_skip(s, at), str_of(bytes, len));
}
#define STARTS(s, at, literal) starts(s, at, literal, sizeof(literal) - 1)

/* Where which way is up may stand, all is as we write it. */
static void check_exif(struct str tiff)
{
    assert(tiff.len == 26);
    assert(STARTS(tiff, 0, "MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0"));
    assert(tiff.ptr[19] >= 2 && tiff.ptr[19] <= 8);
    assert(STARTS(tiff, 20, "\0\0\0\0\0\0"));
}

/* Bytes of pixels, one after the other, and whether each part may be there. */
struct walk {
    char *pixels;
    size_t len;
    bool is_output;
};

static void pixels(struct walk *walk, struct str bytes)
{
    memcpy(walk->pixels + walk->len, bytes.ptr, bytes.len);
    walk->len += bytes.len;
}

static void walk_jpeg_segment(struct walk *walk, int marker, struct str segment)
{
    bool shows = (marker >= 0xc0 && marker <= 0xcf && marker != 0xc8) || marker == 0xda ||
                 (marker >= 0xdb && marker <= 0xdd);
    if (shows)
        pixels(walk, segment);
    if (shows || !walk->is_output)
        return;
    if (marker == 0xe1) {
        assert(STARTS(segment, 0, "Exif\0\0"));
        check_exif(str_skip(segment, 6));
    } else if (marker == 0xe0) {
        assert(segment.len == 14 && STARTS(segment, 0, "JFIF\0") && STARTS(segment, 12, "\0\0"));
    } else if (marker == 0xe2) {
        assert(STARTS(segment, 0, "ICC_PROFILE\0"));
    } else {
        assert(marker == 0xee && segment.len == 12 && STARTS(segment, 0, "Adobe"));
    }
}

static bool ends_scan(struct str s, size_t at)
{
    size_t two = number(s, at, 2, false);
    return two > 0xff00 && two < 0xffff && (two < 0xffd0 || two > 0xffd7);
}

static void walk_jpeg(struct walk *walk, struct str s)
{
    size_t at = 2;
    for (;;) {
        while ((unsigned char)s.ptr[at + 1] == 0xff)
            at++;
        int marker = (unsigned char)s.ptr[at + 1];
        at += 2;
        if (marker == 0xd9)
            break;
        size_t len = number(s, at, 2, false);
        walk_jpeg_segment(walk, marker, str_of(s.ptr + at + 2, len - 2));
        at += len;
        size_t scan = at;
        while (marker == 0xda && !ends_scan(s, at))
            at++;
        pixels(walk, str_of(s.ptr + scan, at - scan));
    }
    assert(!walk->is_output || at == s.len);
}

static void walk_png(struct walk *walk, struct str s)
{
    static const char shows[][5] = {"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM",
                                    "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "mDCV",
                                    "cLLI", "bKGD", "pHYs", "acTL", "fcTL", "fdAT"};
    for (size_t at = 8; at < s.len;) {
        size_t len = number(s, at, 4, false);
        bool known = false;
        for (size_t i = 0; i < ARRAY_LEN(shows); i++)
            known |= memcmp(s.ptr + at + 4, shows[i], 4) == 0;
        if (known)
            pixels(walk, str_of(s.ptr + at, 12 + len));
        else if (walk->is_output) {
            assert(STARTS(s, at + 4, "eXIf"));
            check_exif(str_of(s.ptr + at + 8, len));
        }
        at += 12 + len;
    }
}

static void walk_webp(struct walk *walk, struct str s, size_t at, bool extended, bool frame)
{
    for (; s.len - at >= 8;) {
        size_t len = number(s, at + 4, 4, true);
        struct str data = str_of(s.ptr + at + 8, len);
        if (STARTS(s, at, "VP8 ") || STARTS(s, at, "VP8L")) {
            pixels(walk, data);
        } else if (STARTS(s, at, "VP8X")) {
            extended = true;
            pixels(walk, str_of(data.ptr + 4, 6));
        } else if (extended && STARTS(s, at, "ANMF") && !frame) {
            pixels(walk, str_take(data, 16));
            walk_webp(walk, data, 16, true, true);
        } else if (extended && (STARTS(s, at, "ALPH") ||
                                (!frame && (STARTS(s, at, "ICCP") || STARTS(s, at, "ANIM"))))) {
            pixels(walk, data);
        } else if (walk->is_output) {
            assert(extended && !frame && STARTS(s, at, "EXIF"));
            check_exif(data);
        }
        at += MIN(8 + len + (len & 1), s.len - at);
    }
    assert(!walk->is_output || at == s.len);
}

static struct walk walked(enum image_kind kind, struct str s, bool is_output)
{
    struct walk walk = {.pixels = malloc(s.len), .is_output = is_output};
    if (kind == IMAGE_JPEG)
        walk_jpeg(&walk, s);
    else if (kind == IMAGE_PNG)
        walk_png(&walk, s);
    else
        walk_webp(&walk, str_take(s, 8 + number(s, 4, 4, true)), 12, false, false);
    return walk;
}

static void check_size(const struct image *image)
{
    assert(image->kind < IMAGE_KIND_COUNT);
    assert(image->width >= 1 && image->width <= IMAGE_SIDE_MAX);
    assert(image->height >= 1 && image->height <= IMAGE_SIDE_MAX);
    assert((int64_t)image->width * image->height <= IMAGE_PIXELS_MAX);
}

static void check_left(struct str whole, struct str left, const struct image *image)
{
    struct walk before = walked(image->kind, whole, false), after = walked(image->kind, left, true);
    assert(before.len == after.len && memcmp(before.pixels, after.pixels, after.len) == 0);
    free(before.pixels);
    free(after.pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size + 1); /* its own, so that reading one byte too far is seen */
    memcpy(bytes, data, size);
    struct image image = {0}, again = {0};
    size_t len = size, len_again;
    if (image_clean(bytes, &len, &image) == IMAGE_FINE) {
        assert(len <= size);
        check_size(&image);
        check_left(str_of((const char *)data, size), str_of(bytes, len), &image);
        char *copy = malloc(len);
        memcpy(copy, bytes, len);
        len_again = len;
        assert(image_clean(copy, &len_again, &again) == IMAGE_FINE);
        assert(len_again == len && memcmp(copy, bytes, len) == 0);
        assert(again.kind == image.kind && again.width == image.width &&
               again.height == image.height);
        free(copy);
    }
    free(bytes);
    return 0;
}
