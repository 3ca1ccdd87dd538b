/* server/api/me_api.h - the signed-in person's own profile.   Waits: the endpoints. */
#pragma once
#include "domain/accounts/account.h"
#include "server/api.h"

/* GET, PATCH /api/auth/me/ */
enum err api_me_get(struct ctx *c, struct request *req, struct response *res);
enum err api_me_patch(struct ctx *c, struct request *req, struct response *res);

/* The profile as an object, wherever its owner sees it. `key` NULL at the top. */
void put_account(struct ctx *c, struct json_writer *w, const char *key,
                 const struct account *account);
