/*
 * A scan of an inbox (inbox.h): what lies there -> items that are ready, and why others wait. The parts of it
 * stand in inbox_parts.h.
 *
 * A scan only looks. It starts no thread and does not enter HDF5, for its caller forks.
 */
#include "pipeline/bank/inbox/inbox_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
