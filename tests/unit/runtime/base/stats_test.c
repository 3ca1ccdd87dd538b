#include "runtime/base/stats.h"

#include <pthread.h>

#include "tests/test.h"

TEST(counts_are_summed)
{
    uint64_t before = stat_sum(STAT_OTP_SENT), other = stat_sum(STAT_OTP_VERIFIED);
    stat_count(STAT_OTP_SENT);
    stat_add(STAT_OTP_SENT, 41);
    CHECK_INT(stat_sum(STAT_OTP_SENT) - before, 42);
    CHECK_INT(stat_sum(STAT_OTP_VERIFIED) - other, 0);
}

static void *count_many(void *arg)
{
    for (int i = 0; i < 10000; i++)
        stat_count(STAT_BOOKING_CREATED);
    return NULL;
}

TEST(counts_of_ended_threads_stay)
{
    uint64_t before = stat_sum(STAT_BOOKING_CREATED);
    for (int round = 0; round < 5; round++) {
        pthread_t threads[4];
        for (size_t i = 0; i < ARRAY_LEN(threads); i++)
            CHECK_INT(pthread_create(&threads[i], NULL, count_many, NULL), 0);
        for (size_t i = 0; i < ARRAY_LEN(threads); i++)
            pthread_join(threads[i], NULL);
    }
    CHECK_INT(stat_sum(STAT_BOOKING_CREATED) - before, 200000);
}

TEST(neighbours_of_one_metric_agree)
{
    for (int i = 0; i < STAT_COUNT; i++) {
        CHECK(strncmp(stat_infos[i].metric, "mawid_", 6) == 0);
        CHECK(stat_infos[i].help[0] != '\0');
        for (int j = i + 1; j < STAT_COUNT; j++) {
            if (strcmp(stat_infos[i].metric, stat_infos[j].metric) != 0)
                continue;
            CHECK_STR(str_c(stat_infos[i].metric), str_c(stat_infos[j - 1].metric));
            CHECK(strcmp(stat_infos[i].labels, stat_infos[j].labels) != 0);
        }
    }
}
