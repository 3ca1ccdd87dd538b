#include "domain/desk/image.h"

#include "tests/test.h"

struct bytes {
    char ptr[1024];
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

static enum image_verdict clean(struct bytes *b, struct image *image)
{
    return image_clean(b->ptr, &b->len, image);
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

static void put_lossless(struct bytes *b, uint32_t width, uint32_t height)
{
    uint32_t bits = (width - 1) | (height - 1) << 14;
    char data[] = {0x2f, (char)bits, (char)(bits >> 8), (char)(bits >> 16), (char)(bits >> 24),
                   'x'};
    PUT(b, "VP8L\x06\0\0\0");
    put(b, data, sizeof(data));
}

static struct bytes webp_lossless_of(uint32_t width, uint32_t height)
{
    struct bytes b = {.len = 0};
    PUT(&b, "RIFF\0\0\0\0WEBP");
    put_lossless(&b, width, height);
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

/* A frame of `width` pixels a side at 2 * `at`, on a canvas of 100 by 50; with a picture of `drawn` pixels a side, and a
 * text that is in nobody's list. */
static struct bytes webp_animated_of(char at, char width, uint32_t drawn)
{
    struct bytes b = {.len = 0};
    char frame[16] = {at, 0, 0, at, 0, 0, (char)(width - 1), 0, 0, (char)(width - 1)};
    PUT(&b, "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x63\0\0\x31\0\0ANMF\x32\0\0\0");
    put(&b, frame, sizeof(frame));
    PUT(&b, "ALPH\1\0\0\0a\0XMP \1\0\0\0<\0");
    put_lossless(&b, drawn, drawn);
    webp_size(&b);
    return b;
}

#define FINE(bytes_, kind_, width_, height_)        \
    do {                                            \
        struct bytes b_ = (bytes_);                 \
        struct image image_;                        \
        CHECK_INT(clean(&b_, &image_), IMAGE_FINE); \
        CHECK(image_.kind == (kind_));              \
        CHECK_INT(image_.width, (width_));          \
        CHECK_INT(image_.height, (height_));        \
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
            struct bytes cut = whole[i];
            cut.len = len;
            CHECK_INT(clean(&cut, &image), IMAGE_BROKEN);
        }
}

TEST(what_follows_a_jpeg_is_cut_off_and_breaks_the_others)
{
    struct image image;
    struct bytes b = jpeg(10, 10), alone = jpeg(10, 10);
    PUT(&b, "a preview of a phone");
    CHECK_INT(clean(&b, &image), IMAGE_FINE);
    CHECK_INT(clean(&alone, &image), IMAGE_FINE);
    CHECK_STR(view(&b), view(&alone));
    struct bytes tailed[] = {png(5, 5), webp_lossless_of(5, 5), webp_extended_of()};
    for (size_t i = 0; i < ARRAY_LEN(tailed); i++) {
        PUT(&tailed[i], "PK\x03\x04 or <script>");
        CHECK_INT(clean(&tailed[i], &image), IMAGE_BROKEN);
    }
}

TEST(a_picture_is_not_larger_than_its_canvas_or_frame)
{
    struct image image;
    struct bytes larger = webp_extended_of(), beside = webp_animated_of(40, 30, 30),
                 trap = webp_animated_of(10, 30, 3000), empty = webp_animated_of(10, 30, 30);
    larger.ptr[39] = 0x64; /* of the picture's width */
    memcpy(empty.ptr + 74, "none", 4);
    struct bytes *all[] = {&larger, &beside, &trap, &empty};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        CHECK_INT(clean(all[i], &image), IMAGE_BROKEN);
    FINE(webp_animated_of(10, 30, 30), IMAGE_WEBP, 100, 50);
}

TEST(sizes_have_bounds)
{
    struct image image;
    struct bytes fine = png(12000, 5333), many = png(12000, 5334), wide = png(12001, 1),
                 none = png(0, 5), lines = jpeg(10, 0);
    CHECK_INT(clean(&fine, &image), IMAGE_FINE);
    CHECK_INT(clean(&many, &image), IMAGE_BAD_SIZE);
    CHECK_INT(clean(&wide, &image), IMAGE_BAD_SIZE);
    CHECK_INT(clean(&none, &image), IMAGE_BAD_SIZE);
    CHECK_INT(clean(&lines, &image), IMAGE_BAD_SIZE);
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
        CHECK_INT(clean(all[i], &image), IMAGE_BROKEN);
}

TEST(other_files_are_broken_images)
{
    static const char *const texts[] = {"", "GIF89a..............", "<svg xmlns=''></svg>....",
                                        "%PDF-1.7............", "RIFF....WAVEfmt ...."};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct image image;
        struct bytes b = {.len = 0};
        put(&b, texts[i], strlen(texts[i]));
        CHECK_INT(clean(&b, &image), IMAGE_BROKEN);
    }
}

/* ---- what nobody is to see ---------------------------------------------------------------------- */

/* An Exif block of a camera: its maker, which way is up, and where it was. */
static struct bytes exif(bool little, char orientation)
{
    struct bytes b = {.len = 0};
    if (little)
        PUT(&b, "II*\0\x08\0\0\0\3\0"
                "\x0f\1\2\0\4\0\0\0Cam\0"
                "\x12\1\3\0\1\0\0\0\1\0\0\0"
                "\x25\x88\4\0\1\0\0\0\x32\0\0\0\0\0\0\0GPS 24.7136 N");
    else
        PUT(&b, "MM\0*\0\0\0\x08\0\3"
                "\1\x0f\0\2\0\0\0\4Cam\0"
                "\1\x12\0\3\0\0\0\1\0\1\0\0"
                "\x88\x25\0\4\0\0\0\1\0\0\0\x32\0\0\0\0GPS 24.7136 N");
    b.ptr[little ? 30 : 31] = orientation;
    return b;
}

/* All that is left of it. */
static struct bytes upright(char orientation)
{
    struct bytes b = {.len = 0};
    PUT(&b, "MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0o\0\0\0\0\0\0");
    b.ptr[19] = orientation;
    return b;
}

static void put_segment(struct bytes *b, char marker, const char *name, size_t name_len,
                        struct str rest)
{
    size_t len = 2 + name_len + rest.len;
    const char head[4] = {(char)0xff, marker, (char)(len >> 8), (char)len};
    put(b, head, 4);
    put(b, name, name_len);
    put(b, rest.ptr, rest.len);
}
#define SEGMENT(b, marker, name, rest) put_segment(b, marker, name, sizeof(name) - 1, rest)

#define FRAME "\xff\xc0\0\x0b\x08\0\x06\0\x08\1\1\x11\0"
#define SCAN "\xff\xda\0\x08\x01\x01\0\0\x3f\0ab\xff\0cd\xff\xd3"

static struct bytes jpeg_of_camera(bool little, char orientation)
{
    struct bytes b = {.len = 0}, block = exif(little, orientation);
    PUT(&b, "\xff\xd8");
    SEGMENT(&b, (char)0xe0, "JFIF\0\1\1\0\0\1\0\1\1\2", STR("small pixels"));
    SEGMENT(&b, (char)0xe0, "JFXX\0", STR("\x10 a small JPEG"));
    SEGMENT(&b, (char)0xe1, "Exif\0\0", view(&block));
    SEGMENT(&b, (char)0xe1, "http://ns.adobe.com/xap/1.0/\0", STR("<x:xmpmeta>"));
    SEGMENT(&b, (char)0xe1, "Exif\0\0", view(&block));
    SEGMENT(&b, (char)0xe2, "MPF\0", STR("more pictures"));
    SEGMENT(&b, (char)0xe2, "ICC_PROFILE\0", STR("\1\1colours"));
    SEGMENT(&b, (char)0xed, "Photoshop 3.0\0", STR("8BIM"));
    SEGMENT(&b, (char)0xee, "Adobe\0\x64\0\0\0\0\1", STR("behind"));
    SEGMENT(&b, (char)0xfe, "", STR("by Sara"));
    SEGMENT(&b, (char)0xf0, "", STR("of nobody"));
    SEGMENT(&b, (char)0xdb, "", STR("a table"));
    PUT(&b, FRAME SCAN "ef\xff\xff\xfe\0\x05you" SCAN "gh\xff\xd9\xff\xd8\xff\xe1 a film");
    return b;
}

static struct bytes jpeg_of_nobody(char orientation)
{
    struct bytes b = {.len = 0}, block = upright(orientation);
    PUT(&b, "\xff\xd8");
    SEGMENT(&b, (char)0xe0, "JFIF\0\1\1\0\0\1\0\1\0\0", STR(""));
    if (orientation > 1)
        SEGMENT(&b, (char)0xe1, "Exif\0\0", view(&block));
    SEGMENT(&b, (char)0xe2, "ICC_PROFILE\0", STR("\1\1colours"));
    SEGMENT(&b, (char)0xee, "Adobe\0\x64\0\0\0\0\1", STR(""));
    SEGMENT(&b, (char)0xdb, "", STR("a table"));
    PUT(&b, FRAME SCAN "ef\xff" SCAN "gh\xff\xd9");
    return b;
}

TEST(of_a_jpeg_only_what_shows_it_and_which_way_is_up_is_left)
{
    for (int i = 0; i < 16; i++) {
        char orientation = (char)(i / 2 + 1);
        struct bytes b = jpeg_of_camera(i % 2, orientation), left = jpeg_of_nobody(orientation);
        struct image image;
        CHECK_INT(clean(&b, &image), IMAGE_FINE);
        CHECK_STR(view(&b), view(&left));
        CHECK_INT(image.width, orientation >= 5 ? 6 : 8);
        CHECK_INT(image.height, orientation >= 5 ? 8 : 6);
    }
}

static void put_chunk(struct bytes *b, const char *type, struct str data, const char *crc)
{
    const char len[4] = {0, 0, 0, (char)data.len};
    put(b, len, 4);
    put(b, type, 4);
    put(b, data.ptr, data.len);
    put(b, crc, 4);
}

/* With `secrets`, or what is left of it. */
static struct bytes png_of(bool secrets)
{
    struct bytes whole = png(8, 6), b = {.len = 0}, block = exif(false, 6), left = upright(6);
    put(&b, whole.ptr, 33);
    put_chunk(&b, "gAMA", STR("\0\0\xb1\x8f"), "gggg");
    if (secrets) {
        put_chunk(&b, "eXIf", view(&block), "xxxx");
        put_chunk(&b, "tEXt", STR("Author\0Sara"), "tttt");
        put_chunk(&b, "zTXt", STR("c\0\0z"), "tttt");
        put_chunk(&b, "iTXt", STR("XML:com.adobe.xmp\0\0\0\0\0<x>"), "tttt");
        put_chunk(&b, "tIME", STR("\x07\xea\3\1\0\0\0"), "tttt");
        put_chunk(&b, "prVt", STR("of a program"), "tttt");
        put_chunk(&b, "eXIf", view(&block), "xxxx");
    } else {
        put_chunk(&b, "eXIf", view(&left), "\xd6\x67\x4b\x69");
    }
    put_chunk(&b, "acTL", STR("\0\0\0\1\0\0\0\0"), "aaaa");
    put(&b, whole.ptr + 33, whole.len - 33);
    return b;
}

TEST(of_a_png_only_what_shows_it_and_which_way_is_up_is_left)
{
    struct bytes b = png_of(true), left = png_of(false), unknown = png(8, 6);
    struct image image;
    CHECK_INT(clean(&b, &image), IMAGE_FINE);
    CHECK_STR(view(&b), view(&left));
    CHECK_INT(image.width, 6);
    CHECK_INT(image.height, 8);
    memcpy(unknown.ptr + 37, "IDAX", 4); /* one that a decoder must understand */
    CHECK_INT(clean(&unknown, &image), IMAGE_BROKEN);
}

static void put_part(struct bytes *b, const char *type, struct str data)
{
    const char len[4] = {(char)data.len, 0, 0, 0};
    put(b, type, 4);
    put(b, len, 4);
    put(b, data.ptr, data.len);
    put(b, "\x55", data.len & 1);
}

/* What is odd is followed by a byte that is nobody's: zero in what is left. */
static struct bytes webp_of(bool secrets, bool signed_exif)
{
    struct bytes b = {.len = 0}, block = {.len = 0}, camera = exif(true, 8), left = upright(8);
    if (signed_exif)
        PUT(&block, "Exif\0\0");
    put(&block, camera.ptr, camera.len);
    PUT(&b, "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0");
    put(&b, secrets ? "\xed\1\2\3" : "\x28\0\0\0", 4);
    PUT(&b, "\x63\0\0\x31\0\0");
    put_part(&b, "ICCP", STR("colour"));
    if (secrets)
        put_part(&b, "XMP ", STR("<x:xmpmeta>"));
    put_lossless(&b, 100, 50);
    put_part(&b, "EXIF", secrets ? view(&block) : view(&left));
    if (secrets) {
        put_part(&b, "EXIF", view(&block));
        put_part(&b, "Sara", STR("wrote this"));
    }
    webp_size(&b);
    return b;
}

TEST(of_a_webp_only_what_shows_it_and_which_way_is_up_is_left)
{
    for (int i = 0; i < 2; i++) {
        struct bytes b = webp_of(true, i), left = webp_of(false, false);
        struct image image;
        CHECK_INT(clean(&b, &image), IMAGE_FINE);
        CHECK_STR(view(&b), view(&left));
        CHECK_INT(image.width, 50);
        CHECK_INT(image.height, 100);
    }
}

TEST(a_frame_of_a_webp_is_cleaned_too)
{
    struct bytes b = webp_animated_of(10, 30, 30), left = {.len = 0};
    struct image image;
    put(&left, b.ptr, 64);
    put_lossless(&left, 30, 30);
    left.ptr[34] = 16 + 10 + 14;
    webp_size(&left);
    CHECK_INT(clean(&b, &image), IMAGE_FINE);
    CHECK_STR(view(&b), view(&left));
}

TEST(without_its_extended_header_a_webp_is_its_picture_alone)
{
    struct bytes b = webp_lossless_of(5, 4), block = exif(true, 6), left = webp_lossless_of(5, 4);
    struct image image;
    put_part(&b, "EXIF", view(&block));
    webp_size(&b);
    CHECK_INT(clean(&b, &image), IMAGE_FINE);
    CHECK_STR(view(&b), view(&left));
    CHECK_INT(image.width, 5);
}

TEST(exif_that_says_nothing_about_up_is_dropped)
{
    struct bytes cut = exif(false, 6), nowhere = exif(false, 6), none = exif(false, 6),
                 nine = exif(false, 9), wide = exif(false, 6), two = exif(false, 6),
                 other = exif(false, 6), front = exif(false, 6);
    cut.len = 25;
    nowhere.ptr[4] = 1; /* the directory's place */
    front.ptr[7] = 7;
    none.ptr[9] = 1;  /* how many entries it has */
    wide.ptr[25] = 4; /* the value's type, and how many there are */
    two.ptr[29] = 2;
    other.ptr[0] = 'X';
    struct bytes *all[] = {&cut, &nowhere, &front, &none, &nine, &wide, &two, &other};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct bytes b = {.len = 0}, whole = jpeg(10, 20), alone = jpeg(10, 20);
        struct image image;
        PUT(&b, "\xff\xd8");
        SEGMENT(&b, (char)0xe1, "Exif\0\0", view(all[i]));
        put(&b, whole.ptr + 2, whole.len - 2);
        CHECK_INT(clean(&b, &image), IMAGE_FINE);
        CHECK_INT(clean(&alone, &image), IMAGE_FINE);
        CHECK_STR(view(&b), view(&alone));
        CHECK_INT(image.width, 10);
    }
}

TEST(what_is_clean_stays_as_it_is)
{
    struct bytes all[] = {jpeg_of_camera(true, 7), png_of(true),
                          webp_of(true, true),     webp_animated_of(1, 9, 9),
                          webp_lossy_of(),         webp_extended_of(),
                          webp_lossless_of(7, 7),  jpeg_of_camera(false, 1)};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct image first, second;
        CHECK_INT(clean(&all[i], &first), IMAGE_FINE);
        struct bytes again = all[i];
        CHECK_INT(clean(&again, &second), IMAGE_FINE);
        CHECK_STR(view(&again), view(&all[i]));
        CHECK(memcmp(&first, &second, sizeof(first)) == 0);
    }
}

TEST(kinds_have_their_words)
{
    enum image_kind kind;
    CHECK(image_kind_parse(STR("webp"), &kind) && kind == IMAGE_WEBP);
    CHECK(!image_kind_parse(STR("gif"), &kind));
    CHECK_STR(image_media_type(IMAGE_JPEG), STR("image/jpeg"));
}
