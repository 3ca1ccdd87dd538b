/* domain/desk/image.h - is this a whole JPEG, PNG or WebP, and how large?
 *
 * The bytes decide, never a name or a content type. Structure is checked, pixels are not decoded: every
 * segment lies inside the file, the parts that a picture needs are there in their order, and its
 * dimensions are sane, so that whoever decodes it knows beforehand what it will cost.
 *
 * Waits: never.   Allocates: never. */
#pragma once
#include "runtime/base/str.h"

enum image_kind { IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP, IMAGE_KIND_COUNT };
struct str image_kind_code(enum image_kind kind); /* "jpeg", "png", "webp" */
bool image_kind_parse(struct str code, enum image_kind *out);
struct str image_media_type(enum image_kind kind); /* "image/jpeg", … */

enum {
    IMAGE_SIDE_MAX = 12000,              /* pixels */
    IMAGE_PIXELS_MAX = 64 * 1000 * 1000, /* 256 MB once decoded */
};

struct image {
    enum image_kind kind;
    int32_t width, height;
};
enum image_verdict { IMAGE_FINE, IMAGE_BROKEN, IMAGE_BAD_SIZE };
/* `*out` is written when it is fine. */
enum image_verdict image_inspect(struct str bytes, struct image *out);
