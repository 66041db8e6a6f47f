/*
 * A scan of an inbox (inbox.h): what lies there -> items that are ready, and why others wait. The parts of it
 * stand in inbox_parts.h.
 *
 * A scan only looks. It starts no thread and enters neither OpenMP nor HDF5, for its caller forks.
 */
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

vl_code vl_scan_sign(const vl_scan *scan, vl_item *item, vl_err *err)
{
    const char *const profile = vl_inbox_given(scan->inbox->profile);
    free(item->inbox);
    item->inbox = strdup(scan->inbox->name);
    if (!item->profile && profile) item->profile = strdup(profile);
    if (!item->inbox || (profile && !item->profile))
        return vl_fail(err, VL_ENOMEM, "no memory for the name of an inbox");
    return VL_OK;
}

/* Path of the inbox without '/' at its end, owned by the caller; NULL without memory (err is set). */
static char *root_of(const vl_bank *bank, const vl_inbox *inbox, vl_err *err)
{
    char *path = NULL;
    const bool below = inbox->path[0] != '/';
    if (asprintf(&path, "%s%s%s", below ? bank->root : "", below ? "/" : "", inbox->path) < 0) {
        vl_fail(err, VL_ENOMEM, "no memory for the path of an inbox");
        return NULL;
    }
    for (size_t n = strlen(path); n && path[n - 1] == '/'; n--) path[n - 1] = 0;
    return path;
}

/* Do the settings make sense? */
static vl_code check_settings(const vl_inbox *inbox, vl_err *err)
{
    if (!vl_inbox_given(inbox->path))
        return vl_fail(err, VL_ECONFIG, "[inbox %.100s] has no path", inbox->name);
    if (inbox->complete && strchr(inbox->complete, '/'))
        return vl_fail(err, VL_ECONFIG,
                       "[inbox %.60s] complete = %.100s: is no name of a file, it has a '/' in it",
                       inbox->name, inbox->complete);
    return VL_OK;
}

vl_code vl_inbox_scan(const vl_bank *bank, const vl_inbox *inbox, double now, vl_found *found, vl_err *err)
{
    vl_scan scan = { .inbox = inbox, .now = now, .found = found };
    const bool sheets = vl_inbox_given(inbox->sheet), sniffs = !sheets && !vl_inbox_given(inbox->match);
    char *root = NULL;
    if (check_settings(inbox, err) || vl_sample_rule_open(&scan.rule, inbox, err)) goto out;
    if (!(root = root_of(bank, inbox, err))) goto out;
    if (sniffs && vl_sniffer_open(&scan.sniffer, err)) goto out;
    scan.walk = (vl_walk){ .inbox = inbox, .root = root, .most = VL_INBOX_MOST };
    if (vl_inbox_walk(&scan.walk, found, err)) goto out;
    if (sheets) vl_inbox_scan_sheets(&scan, err);
    else vl_inbox_scan_files(&scan, err);
out:
    vl_walk_free(&scan.walk);
    vl_sniffer_close(scan.sniffer);
    vl_sample_rule_close(&scan.rule);
    free(root);
    return err->code;
}
