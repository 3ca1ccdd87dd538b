#include "domain/desk/image.h"

#include "tests/test.h"

struct bytes {
    char ptr[512];
    size_t len;
};

static void put(struct bytes *b, const char *part, size_t len)
{
    memcpy(b->ptr + b->len, part, len);
    b->len += len;
}
#define PUT(b, text) put((b), text, sizeof(text) - 1)

static struct str view(const struct bytes *b)
{
    return str_of(b->ptr, b->len);
}

static struct bytes jpeg(uint16_t width, uint16_t height)
{
    struct bytes b = {.len = 0};
    char frame[] = {
        0, 11,   8, (char)(height >> 8), (char)height, (char)(width >> 8), (char)width, 1,
        1, 0x11, 0};
    PUT(&b, "\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    PUT(&b, "\xff\xff\xfe\0\x04hi"); /* a fill byte before a comment */
    PUT(&b, "\xff\xc0");
    put(&b, frame, sizeof(frame));
    PUT(&b, "\xff\xda\0\x08\x01\x01\0\0\x3f\0"
            "ab\xff\0cd\xff\xd3"
            "ef\xff\xff\xd9");
    return b;
}

static struct bytes png(uint32_t width, uint32_t height)
{
    struct bytes b = {.len = 0};
    char header[] = {0,
                     0,
                     0,
                     13,
                     'I',
                     'H',
                     'D',
                     'R',
                     (char)(width >> 24),
                     (char)(width >> 16),
                     (char)(width >> 8),
                     (char)width,
                     (char)(height >> 24),
                     (char)(height >> 16),
                     (char)(height >> 8),
                     (char)height,
                     8,
                     2,
                     0,
                     0,
                     0,
                     'c',
                     'c',
                     'c',
                     'c'};
    PUT(&b, "\x89PNG\r\n\x1a\n");
    put(&b, header, sizeof(header));
    PUT(&b, "\0\0\0\x02IDATxycccc\0\0\0\0IENDcccc");
    return b;
}

static void webp_size(struct bytes *b)
{
    b->ptr[4] = (char)(b->len - 8);
}

static struct bytes webp_lossless_of(uint32_t width, uint32_t height)
{
    struct bytes b = {.len = 0};
    uint32_t bits = (width - 1) | (height - 1) << 14;
    char data[] = {0x2f, (char)bits, (char)(bits >> 8), (char)(bits >> 16), (char)(bits >> 24),
                   'x'};
    PUT(&b, "RIFF\0\0\0\0WEBPVP8L\x06\0\0\0");
    put(&b, data, sizeof(data));
    webp_size(&b);
    return b;
}

static struct bytes webp_lossy_of(void)
{
    struct bytes b = {.len = 0};
    PUT(&b, "RIFF\0\0\0\0WEBPVP8 \x0b\0\0\0\x10\0\0\x9d\x01\x2a\x20\x03\x58\x02x\0");
    webp_size(&b);
    return b;
}

static struct bytes webp_extended_of(void)
{
    struct bytes b = {.len = 0};
    PUT(&b, "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x63\0\0\x31\0\0"
            "VP8L\x06\0\0\0\x2f\x63\x40\x0c\0x");
    webp_size(&b);
    return b;
}

/* A frame of `width` pixels a side at 2 * `at`, on a canvas of 100 by 50. */
static struct bytes webp_animated_of(char at, char width)
{
    struct bytes b = {.len = 0};
    char frame[24] = {at, 0, 0, at, 0, 0, (char)(width - 1), 0, 0, (char)(width - 1)};
    PUT(&b, "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x63\0\0\x31\0\0ANMF\x18\0\0\0");
    put(&b, frame, sizeof(frame));
    webp_size(&b);
    return b;
}

#define FINE(bytes_, kind_, width_, height_)                      \
    do {                                                          \
        struct bytes b_ = (bytes_);                               \
        struct image image_;                                      \
        CHECK_INT(image_inspect(view(&b_), &image_), IMAGE_FINE); \
        CHECK(image_.kind == (kind_));                            \
        CHECK_INT(image_.width, (width_));                        \
        CHECK_INT(image_.height, (height_));                      \
    } while (0)

TEST(each_kind_tells_its_size)
{
    FINE(jpeg(640, 480), IMAGE_JPEG, 640, 480);
    FINE(png(800, 70), IMAGE_PNG, 800, 70);
    FINE(webp_lossless_of(1200, 900), IMAGE_WEBP, 1200, 900);
    FINE(webp_lossy_of(), IMAGE_WEBP, 800, 600);
    FINE(webp_extended_of(), IMAGE_WEBP, 100, 50);
}

TEST(what_is_cut_anywhere_is_broken)
{
    struct bytes whole[] = {jpeg(640, 480), png(800, 70), webp_lossless_of(3, 4), webp_lossy_of(),
                            webp_extended_of()};
    for (size_t i = 0; i < ARRAY_LEN(whole); i++)
        for (size_t len = 0; len < whole[i].len; len++) {
            struct image image;
            CHECK_INT(image_inspect(str_of(whole[i].ptr, len), &image), IMAGE_BROKEN);
        }
}

TEST(only_a_jpeg_may_be_followed_by_something)
{
    struct image image;
    struct bytes b = jpeg(10, 10);
    PUT(&b, "a preview of a phone");
    FINE(b, IMAGE_JPEG, 10, 10);
    struct bytes tailed[] = {png(5, 5), webp_lossless_of(5, 5), webp_extended_of()};
    for (size_t i = 0; i < ARRAY_LEN(tailed); i++) {
        PUT(&tailed[i], "PK\x03\x04 or <script>");
        CHECK_INT(image_inspect(view(&tailed[i]), &image), IMAGE_BROKEN);
    }
}

TEST(a_picture_is_not_larger_than_its_canvas)
{
    struct image image;
    struct bytes larger = webp_extended_of(), beside = webp_animated_of(40, 30);
    larger.ptr[39] = 0x64; /* of the picture's width */
    CHECK_INT(image_inspect(view(&larger), &image), IMAGE_BROKEN);
    CHECK_INT(image_inspect(view(&beside), &image), IMAGE_BROKEN);
    FINE(webp_animated_of(10, 30), IMAGE_WEBP, 100, 50);
}

TEST(sizes_have_bounds)
{
    struct image image;
    struct bytes fine = png(12000, 5333), many = png(12000, 5334), wide = png(12001, 1),
                 none = png(0, 5), lines = jpeg(10, 0);
    CHECK_INT(image_inspect(view(&fine), &image), IMAGE_FINE);
    CHECK_INT(image_inspect(view(&many), &image), IMAGE_BAD_SIZE);
    CHECK_INT(image_inspect(view(&wide), &image), IMAGE_BAD_SIZE);
    CHECK_INT(image_inspect(view(&none), &image), IMAGE_BAD_SIZE);
    CHECK_INT(image_inspect(view(&lines), &image), IMAGE_BAD_SIZE);
}

TEST(parts_that_do_not_fit_together_are_broken)
{
    struct image image;
    struct bytes scan_first = {.len = 0}, two_frames = jpeg(1, 1), no_pixels = {.len = 0},
                 odd_depth = png(5, 5), no_palette = png(5, 5), huge = png(5, 5),
                 empty = {.len = 0};
    PUT(&scan_first, "\xff\xd8\xff\xda\0\x08\x01\x01\0\0\x3f\0abcd\xff\xd9");
    memcpy(two_frames.ptr + 20, "\xff\xc0\0\x0b\x08\0\1\0\1\1\1", 11);
    PUT(&no_pixels,
        "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0cccc\0\0\0\0IENDcccc");
    odd_depth.ptr[24] = 7;
    no_palette.ptr[25] = 3;
    huge.ptr[33] = (char)0xff; /* the length of its pixels */
    PUT(&empty, "RIFF\x0c\0\0\0WEBPVP8X\0\0\0\0");
    struct bytes *all[] = {&scan_first, &two_frames, &no_pixels, &odd_depth,
                           &no_palette, &huge,       &empty};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        CHECK_INT(image_inspect(view(all[i]), &image), IMAGE_BROKEN);
}

TEST(other_files_are_broken_images)
{
    static const char *const texts[] = {"", "GIF89a..............", "<svg xmlns=''></svg>....",
                                        "%PDF-1.7............", "RIFF....WAVEfmt ...."};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct image image;
        CHECK_INT(image_inspect(str_c(texts[i]), &image), IMAGE_BROKEN);
    }
}

TEST(kinds_have_their_words)
{
    enum image_kind kind;
    CHECK(image_kind_parse(STR("webp"), &kind) && kind == IMAGE_WEBP);
    CHECK(!image_kind_parse(STR("gif"), &kind));
    CHECK_STR(image_media_type(IMAGE_JPEG), STR("image/jpeg"));
}
