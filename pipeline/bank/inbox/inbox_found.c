/* What a scan of an inbox found: items, and what waits and why (inbox.h, inbox_parts.h). */
#include "pipeline/bank/inbox/inbox_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

vl_code vl_found_wait(vl_found *found, char *path, bool wrong, char *detail, vl_err *err, const char *fmt,
                      ...)
{
    char *reason = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&reason, fmt, args) < 0) reason = NULL;
    va_end(args);
    if (found->nwaiting == found->cwaiting) {
        const size_t cap = found->cwaiting ? 2 * found->cwaiting : 16;
        vl_waiting *const more = realloc(found->waiting, cap * sizeof *more);
        if (more) found->waiting = more, found->cwaiting = cap;
    }
    if (!path || !reason || found->nwaiting == found->cwaiting) {
        free(path);
        free(detail);
        free(reason);
        return vl_fail(err, VL_ENOMEM, "no memory for what waits in an inbox");
    }
    found->waiting[found->nwaiting++] =
        (vl_waiting){ .path = path, .reason = reason, .wrong = wrong, .detail = detail };
    return VL_OK;
}

void vl_found_free(vl_found *found)
{
    for (size_t i = 0; i < found->nwaiting; i++) {
        free(found->waiting[i].path);
        free(found->waiting[i].reason);
        free(found->waiting[i].detail);
    }
    free(found->waiting);
    vl_items_free(&found->items);
    *found = (vl_found){ 0 };
}

vl_code vl_item_sign(const vl_inbox *inbox, vl_item *item, vl_err *err)
{
    const char *const profile = vl_inbox_given(inbox->profile);
    free(item->inbox);
    item->inbox = strdup(inbox->name);
    if (!item->profile && profile) item->profile = strdup(profile);
    if (!item->inbox || (profile && !item->profile))
        return vl_fail(err, VL_ENOMEM, "no memory for the name of an inbox");
    return VL_OK;
}
