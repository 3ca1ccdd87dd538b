#include "server/routes.h"

#include "server/api/catalogue_of.h"
#include "tests/test.h"

/* Otherwise who has just changed a salon might be shown the former one. */
TEST(whatever_may_change_the_catalogue_says_so)
{
    for (size_t i = 0; i < routes_len; i++) {
        struct str pattern = str_c(routes[i].pattern);
        bool writes = routes[i].method != HTTP_GET && routes[i].method != HTTP_HEAD;
        bool catalogue = str_starts(pattern, STR("/api/salons/")) ||
                         str_find(pattern, STR("/review")) >= 0;
        if (writes && catalogue && routes[i].after != catalogue_wrote)
            test_fail(t, __FILE__, __LINE__, "%s", routes[i].pattern);
    }
}
