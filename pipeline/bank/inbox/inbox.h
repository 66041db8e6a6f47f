/*
 * Inboxes: what lies in a folder -> items that are ready, and why others are not.
 *
 * With `sheet`, each settled sheet is read and its rows are the items. Otherwise each file that matches and
 * whose content is of a format that we read (by its first bytes, also inside gzip) is an item; mates are
 * paired by _R1/_R2 or _1/_2. With `lanes = join` the lanes of a library in a folder are one item, once all
 * are ready; index reads are left alone unless `index = take`. Sub-folders are walked; an inbox with
 * `complete` takes files of a folder only when the flag lies in it or in a folder above it below the inbox.
 * Names that start with '.' and names that end in .part, .tmp, .filepart, .crdownload are left alone.
 */
#ifndef VL_INBOX_H
#define VL_INBOX_H

#include "pipeline/bank/bank.h"
#include "pipeline/bank/item.h"

typedef struct vl_waiting {
    char *path;   /* owned */
    char *reason; /* owned: "changed 40 s ago", "no CopyComplete.txt", "no mate _R2", ... */
    bool wrong;   /* will not cure itself: a sheet with errors, a name that gives no sample */
    bool left;    /* is not taken, as the inbox says: index reads */
    char *detail; /* owned or NULL: lines and columns of a sheet's errors */
} vl_waiting;

typedef struct vl_found {
    vl_items items;
    vl_waiting *waiting; /* owned */
    size_t nwaiting, cwaiting;
    bool unread;   /* the inbox could not be looked into; set by the caller of the scan */
    size_t nother; /* files that are not spoken of: other content, other names */
} vl_found;

/* Looks into one inbox; adds to what stands in found, which starts empty. Writes nothing, starts no thread.
 * now: s since 1970, against which settling is judged; a time in the future counts as a change just now.
 * VL_ENOIN: the inbox itself cannot be read. VL_ECONFIG: its settings make no sense. */
vl_code vl_inbox_scan(const vl_bank *bank, const vl_inbox *inbox, double now, vl_found *found, vl_err *err);
void vl_found_free(vl_found *found);

#endif
