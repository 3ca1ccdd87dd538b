/* Photos as anybody may send them: whatever is called fine has a size within bounds, and no byte beyond
 * the end is looked at. */
#include "domain/desk/image.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size + 1); /* its own, so that reading one byte too far is seen */
    memcpy(bytes, data, size);
    struct image image = {0};
    enum image_verdict verdict = image_inspect(str_of(bytes, size), &image);
    if (verdict == IMAGE_FINE) {
        assert(image.kind < IMAGE_KIND_COUNT);
        assert(image.width >= 1 && image.width <= IMAGE_SIDE_MAX);
        assert(image.height >= 1 && image.height <= IMAGE_SIDE_MAX);
        assert((int64_t)image.width * image.height <= IMAGE_PIXELS_MAX);
    }
    free(bytes);
    return 0;
}
