/*
 * What the parts of an inbox scan share; inside inbox*.c only, everybody else reads inbox.h.
 *
 *     inbox_walk.c    folder -> names that may matter, with sizes and times; flags
 *     inbox_settle.c  may it be taken yet?
 *     inbox_rule.c    a name -> its sample
 *     inbox_pair.c    names of a folder -> candidates: one file, or both mates; and what keeps them waiting
 *     inbox_lane.c    candidates that are lanes of a library -> one of them all
 *     inbox_sheet.c   a sheet -> its items
 *     inbox_found.c   what all of them found
 *     inbox.c         the scan
 */
#ifndef VL_INBOX_PARTS_H
#define VL_INBOX_PARTS_H

#include "pipeline/bank/inbox/inbox.h"
#include "pipeline/io/names.h"
#include "pipeline/io/sniff.h"
#include <regex.h>

/* ---- walk ---- */

enum { VL_INBOX_MOST = 1000000, VL_INBOX_DEEP = 16, VL_NO_FILE = -1 };

/* A file that lies in a folder of the inbox. */
typedef struct vl_lying {
    char *name;     /* owned; within its folder */
    size_t folder;  /* number in vl_walk.folder */
    int trouble;    /* errno of a symbolic link that leads nowhere; VL_NO_FILE: a pipe, a device; else 0 */
    uint64_t bytes; /* of the file, not of a link to it */
    double changed; /* s since 1970: mtime, of a link the later of its own and its file's */
} vl_lying;

typedef struct vl_lyings {
    vl_lying *file; /* owned */
    size_t n, cap;
} vl_lyings;

typedef struct vl_folder {
    char *rel;                              /* owned; "" is the inbox itself, else "runA/fastq/" */
    size_t parent;                          /* number of the folder above; its own for the inbox */
    size_t first, nfile, first_left, nleft; /* its files among vl_walk.files and .left, in order of names */
    bool flagged;                           /* a flag lies in it */
    double flag_changed;                    /* the latest of its flags */
} vl_folder;

typedef struct vl_walk {
    const vl_inbox *inbox; /* borrowed */
    const char *root;      /* borrowed; path of the inbox, no '/' at its end */
    size_t most;           /* entries that are looked at: VL_INBOX_MOST */
    size_t nentry;         /* that were seen */
    vl_folder *folder;     /* owned */
    size_t nfolder, cfolder;
    vl_lyings files; /* that may be items or sheets */
    vl_lyings left;  /* names of files that are still being written: hidden, *.part ...; nothing else is known
                        of them */
} vl_walk;

/* walk: with inbox, root and most set, else empty. Folders that cannot be read, lie too deep or hold too much
 * become entries of found->waiting, and none of their files is taken. */
vl_code vl_inbox_walk(vl_walk *walk, vl_found *found, vl_err *err);
void vl_walk_free(vl_walk *walk);
/* "<root>/<folder><name>", owned by the caller; NULL without memory (err is set). */
char *vl_walk_path(const vl_walk *walk, const vl_lying *file, vl_err *err);

/* ---- settling ---- */

/* Why something that changed at that time has to wait: "changed 40 s ago, settles after 600 s". false: it has
 * settled. */
bool vl_inbox_unsettled(const vl_inbox *inbox, double changed, double now, char why[120]);
/* Why a folder's files have to wait for the flag; false: they need not. */
bool vl_inbox_unflagged(const vl_walk *walk, size_t folder, double now, char why[400]);

/* ---- names ---- */

/* Where samples' names come from. */
typedef struct vl_sample_rule {
    const char *text; /* borrowed; NULL: the usual rule */
    regex_t expr;
    bool made; /* expr is to be freed */
    bool join; /* usual rule: a lane in the name is no part of the sample's */
} vl_sample_rule;
/* VL_ECONFIG, naming the inbox: not an expression, or no group in it. */
vl_code vl_sample_rule_open(vl_sample_rule *rule, const vl_inbox *inbox, vl_err *err);
void vl_sample_rule_close(vl_sample_rule *rule);
/* Sample of a file name; wrong [400] says why there is none, and is empty otherwise. */
void vl_sample_rule_apply(const vl_sample_rule *rule, const char *name, char sample[256], char wrong[400]);

/* ---- candidates ---- */

/* One file, or both mates, that may become an item. */
typedef struct vl_candidate {
    const vl_lying *file[2];    /* [1]: the mate, or NULL */
    vl_name parts;              /* of the first name */
    char *sample, *acquisition; /* owned; NULL while no name is known */
    char *reason;               /* owned; NULL: ready */
    bool wrong, other;          /* other: no item, and nothing to say about it */
    struct vl_candidate *next;  /* the lane behind it; NULL: none */
    bool joined;                /* it is such a lane: its item is that of the first */
} vl_candidate;

/* ---- scan ---- */

/* What the parts of one scan work on. */
typedef struct vl_scan {
    const vl_inbox *inbox; /* borrowed */
    double now;
    vl_walk walk;
    vl_sample_rule rule;
    vl_sniffer *sniffer; /* owned; NULL while content is not looked at */
    vl_found *found;     /* borrowed */
} vl_scan;
vl_code vl_inbox_scan_files(vl_scan *scan, vl_err *err);
vl_code vl_inbox_scan_sheets(vl_scan *scan, vl_err *err);
/* Gives a candidate the reason why it waits, or why it is wrong. */
vl_code vl_inbox_hold(vl_candidate *c, bool wrong, vl_err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Is something of these letters, whatever follows, being written in that folder? Its name, or NULL. */
const char *vl_inbox_comes(const vl_walk *walk, size_t folder, const char *begin, size_t n);
/* Candidates [n] that are lanes of a library become one, the others' reasons to wait included. */
vl_code vl_inbox_join_lanes(const vl_scan *scan, vl_candidate *one, size_t n, vl_err *err);

/* ---- found ---- */

/* Writes the inbox's name, and its profile if the item has none, into an item. */
vl_code vl_item_sign(const vl_inbox *inbox, vl_item *item, vl_err *err);
/* A new entry of found->waiting, which takes path and detail (owned; freed on failure too; path NULL: no
 * memory was left for it). */
vl_code vl_found_wait(vl_found *found, char *path, bool wrong, char *detail, vl_err *err, const char *fmt,
                      ...) __attribute__((format(printf, 6, 7)));
/* The same setting or NULL: an empty one counts as none. */
static inline const char *vl_inbox_given(const char *setting) { return setting && *setting ? setting : NULL; }

#endif
