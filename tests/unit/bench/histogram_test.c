#include "bench/histogram.h"
#include "tests/test.h"

static struct histogram h;

TEST(quantile_of_nothing_is_zero)
{
    memset(&h, 0, sizeof h);
    CHECK_INT(histogram_quantile(&h, .99), 0);
}

TEST(small_values_are_exact)
{
    memset(&h, 0, sizeof h);
    for (uint64_t v = 1; v <= 60; v++)
        histogram_add(&h, v);
    CHECK_INT(histogram_quantile(&h, .5), 30);
    CHECK_INT(histogram_quantile(&h, 1), 60);
}

TEST(quantiles_are_at_most_one_sixtyfourth_above_the_value)
{
    for (uint64_t v = 64; v < (UINT64_C(1) << 38); v += v / 7 + 1) {
        memset(&h, 0, sizeof h);
        histogram_add(&h, v);
        histogram_add(&h, v * 2); /* so that the maximum does not cap the answer */
        uint64_t read = histogram_quantile(&h, .5);
        CHECK(read >= v);
        CHECK(read - v <= v / HISTOGRAM_SUB);
    }
}

TEST(quantiles_split_the_counts)
{
    memset(&h, 0, sizeof h);
    for (int i = 0; i < 990; i++)
        histogram_add(&h, 1000);
    for (int i = 0; i < 10; i++)
        histogram_add(&h, 1000000);
    CHECK(histogram_quantile(&h, .99) < 1100);
    CHECK(histogram_quantile(&h, .991) > 900000);
    CHECK_INT(h.max, 1000000);
}

TEST(values_beyond_the_last_bucket_are_capped_but_the_maximum_is_kept)
{
    memset(&h, 0, sizeof h);
    histogram_add(&h, UINT64_C(1) << 50);
    CHECK_INT(h.total, 1);
    CHECK_INT(h.max, UINT64_C(1) << 50);
    CHECK(histogram_quantile(&h, .5) >= (UINT64_C(1) << HISTOGRAM_TOP_BITS) - 1);
}
