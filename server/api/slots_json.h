/* server/api/slots_json.h - the answer of slots as text. Waits: never. */
#pragma once
#include "domain/catalogue/catalogue.h"

/* {"timezone": ..., "slots": [{"starts_at", "ends_at", "staff": [ids]}, ...]} */
void slots_json(struct arena *arena, struct strbuf *out, const struct slots *slots);
