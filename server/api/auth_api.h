/* server/api/auth_api.h - login by phone and code, proving a phone again, refreshing tokens.
 *
 * Waits: the endpoints. */
#pragma once
#include "server/api.h"

/* POST /api/auth/phone/request/, /api/auth/phone/verify/: log in. */
enum err api_phone_request(struct ctx *c, struct request *req, struct response *res);
enum err api_phone_verify(struct ctx *c, struct request *req, struct response *res);
/* POST /api/auth/otp/request/, /api/auth/otp/verify/: prove a phone again. */
enum err api_otp_request(struct ctx *c, struct request *req, struct response *res);
enum err api_otp_verify(struct ctx *c, struct request *req, struct response *res);
/* POST /api/auth/token/refresh/ */
enum err api_token_refresh(struct ctx *c, struct request *req, struct response *res);
/* POST /api/auth/token/: was the login by password, and is gone. */
enum err api_token_gone(struct ctx *c, struct request *req, struct response *res);
