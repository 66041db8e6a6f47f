/*
 * The ledger: the second home of all records. Every change of a sample's record is one line of an append-only
 * text file, before it is in sample.h5, so that either can be made again from the other.
 *
 *     BANK/ledger/<xx>      xx: as in samples/<xx>/. Samples of different shards never meet.
 *
 * docs/ledger.md says what a line is, to the byte. In short, ten fields with tabs between them:
 *
 *     number  time  sample  what  who  revision  source  patch  sum  chain
 *
 * What is known about a sample is the fold of its lines: the patches (JSON merge patch, RFC 7386), one after
 * the other, on a state in which stores are addressed by their file:
 *
 *     { "donor": "D1", "facts": {...}, "withdrawn": {...}, "stores": { "reads-S1.h5": {...} } }
 *
 * Revisions of a sample follow each other, so a line that was lost in between is known. A record notes the
 * last line that it holds ("ledger": {"line", "sum", "at"}): an end that was cut off is known by the record,
 * a record that is older by the ledger.
 *
 * Appending is locked by the kernel (flock on the shard), one write, synced. What a killed writer left behind
 * the last end of a line was never acknowledged; the next writer cuts it off.
 */
#ifndef VL_LEDGER_H
#define VL_LEDGER_H

#include "formats/buf.h"
#include "pipeline/bank/bank.h"
#include <jansson.h>

/* ---- words of "what" with a meaning of their own; all others are the callers' ---- */
#define VL_LEDGER_BEGIN                                                                                      \
    "begin" /* the patch is all that was known then: whatever came before counts no more */
#define VL_LEDGER_REDACT "redact" /* the sample's lines have lost donor, facts, stores and sources */
#define VL_LEDGER_REDACT_MOVED                                                                               \
    "redact-moved" /* lines from when it had what another sample has now have lost that */
#define VL_LEDGER_UNDO_WITHDRAW "undo-withdraw" /* a withdrawal was taken back, and no other line does that */
#define VL_LEDGER_LOST                                                                                       \
    "lost" /* of no sample: in the place of a damaged line, or of all that are missing before */

/* ---- states and patches (ledger_patch.c); each is owned by the caller, NULL without memory ---- */
json_t *vl_state_of(const json_t *record);
/* Shares what is below its members with the state: for reading. */
json_t *vl_state_record(const json_t *state, const char *sample, uint64_t revision);
json_t *vl_patch_between(const json_t *before, const json_t *after);
/* Is that the name of a store of the acquisition: <kind>-<acquisition>.h5, or .old-*.h5? */
bool vl_state_file_is_of(const char *file, const char *acquisition);
/* VL_ENOMEM */
vl_code vl_patch_apply(json_t *state, const json_t *patch, vl_err *err);

/* ---- lines ---- */
/* A part of the text that was read; no 0 behind it. */
typedef struct vl_ledger_field {
    const char *at;
    size_t n;
} vl_ledger_field;

typedef struct vl_ledger_line {
    uint64_t number, revision;
    uint64_t
        missing; /* so many lines before and up to number are not there, and this is none; 0: it is one */
    vl_ledger_field time, sample, what, who, source, patch, sum, chain, whole; /* whole: with its line end */
    const char *wrong; /* NULL, or what is wrong with it; then only number (that it should have) is good */
    bool loose;        /* good by itself, but it does not continue the line before */
} vl_ledger_line;

/* The last line of a sample, as its record notes it. */
typedef struct vl_ledger_link {
    uint64_t line; /* 0: none */
    char sum[17];
    uint64_t at; /* byte of the shard at which it began then */
} vl_ledger_link;

/* ---- reading; needs no lock ---- */
typedef struct vl_ledger_shard {
    unsigned number;
    vl_buf text;    /* owned */
    size_t at;      /* of the next line in text */
    uint64_t from;  /* byte of the file at which text begins */
    uint64_t last;  /* number of the last line that was walked over; of use from the first line on */
    char chain[17]; /* of it; "" when it is not known */
    bool headless;  /* the head is not what it must be */
} vl_ledger_shard;

unsigned vl_ledger_shard_of(const char *sample);
/* The shard from byte `from` on (at which a line begins), or all of it if it is shorter. Missing: an empty
 * text. A last line without an end is left out. VL_ECONFIG: of a newer version. */
vl_code vl_ledger_read(const vl_bank *bank, unsigned number, uint64_t from, vl_ledger_shard *out,
                       vl_err *err);
void vl_ledger_free(vl_ledger_shard *shard);
/* The next line, with all its checks; false at the end. Lines that are missing before it come first, as one
 * with `missing`. */
bool vl_ledger_next(vl_ledger_shard *shard, vl_ledger_line *line);
/* The next line that says it is of that sample (escaped); the others are passed over unchecked. */
bool vl_ledger_next_of(vl_ledger_shard *shard, const char *sample, vl_ledger_line *line);

/* What the ledger knows about one sample. */
typedef struct vl_ledger_known {
    json_t *state; /* owned; NULL: nothing */
    uint64_t revision;
    vl_ledger_link link;
    bool gap;    /* a revision is missing in between */
    bool linked; /* the line that the record notes is there */
} vl_ledger_known;
/* record: from which to go on when the ledger holds the line that it notes; NULL: from the first line. */
vl_code vl_ledger_fold(const vl_bank *bank, const char *sample, const json_t *record, vl_ledger_known *out,
                       vl_err *err);
/* The fold of lines that were collected (in order). */
vl_code vl_ledger_fold_lines(const vl_ledger_line *line, size_t n, vl_ledger_known *out, vl_err *err);
void vl_ledger_known_free(vl_ledger_known *folded);

/* Calls visit for each sample of the shard that is withdrawn; redacted: its last line says that its lines
 * were. */
vl_code vl_ledger_withdrawn(const vl_bank *bank, unsigned shard,
                            vl_code (*visit)(const char *sample, bool redacted, void *to, vl_err *err),
                            void *to, vl_err *err);

/* Calls visit for each sample that was removed while it was of that donor, and is not the donor's again: by
 * which revision, and when. free: its id has no data since. */
typedef struct vl_ledger_removed {
    const char *donor;
    vl_code (*visit)(const char *sample, bool free, uint64_t revision, double at, void *to, vl_err *err);
    void *to;
} vl_ledger_removed;
vl_code vl_ledger_removed_of(const vl_bank *bank, const vl_ledger_removed *ask, vl_err *err);

/* A record's note; line 0 if it has none. And back into the record. */
vl_ledger_link vl_ledger_link_of(const json_t *record);
vl_code vl_ledger_set_link(json_t *record, const vl_ledger_link *link, vl_err *err);

/* ---- writing ---- */
typedef struct vl_ledger_entry {
    const char *sample; /* its id */
    const char *what;   /* a word: a-z and - */
    const char *source; /* the sheet and its line, or the command; any bytes */
    uint64_t revision;
    const json_t *patch;
} vl_ledger_entry;

/* Appends n lines about samples of one shard, all or none, and syncs. *link: the last of them. The caller
 * holds the samples' locks. VL_EIO: nothing was added, or a torn line that nobody reads. */
vl_code vl_ledger_append(const vl_bank *bank, const vl_ledger_entry *entry, size_t n, vl_ledger_link *link,
                         vl_err *err);

/*
 * Takes a withdrawn sample's data out of its lines: of each line, number, time, sample, word, user and
 * revision stay, and of its patch the withdrawal with its reason; donor, facts, stores, paths and sources go.
 * The shard is written whole beside, synced and renamed, its chain made anew; the redaction is a line itself,
 * so that doing it twice adds nothing. The caller holds the sample's lock, and saves the record afterwards:
 * its own note of the last line is out of date. (Blocks of the old file are the file system's to reuse.)
 */
vl_code vl_ledger_redact(const vl_bank *bank, const char *sample, const char *source, vl_err *err);

/* The same of a sample that a withdrawn one's stores were of before, in its lines up to a revision: all that
 * they say, or what they say of an acquisition (NULL: all). Nothing left to take out: nothing is written. The
 * caller holds the sample's lock, and saves its record afterwards. */
vl_code vl_ledger_redact_moved(const vl_bank *bank, const char *sample, uint64_t revision,
                               const char *acquisition, const char *source, vl_err *err);

/* For who must see that nothing is added meanwhile: locks a shard (*fd is to be closed), and appends under
 * that lock. */
vl_code vl_ledger_lock(const vl_bank *bank, unsigned shard, char path[VL_BANK_PATH], int *fd, vl_err *err);
vl_code vl_ledger_append_locked(const vl_bank *bank, unsigned shard, int fd, const vl_ledger_entry *entry,
                                size_t n, vl_ledger_link *link, vl_err *err);

/* Writes a shard anew with its good lines as they are and a line "lost" in place of each damaged one and of
 * missing ones; nothing is written if there is none. *lost: how many. */
vl_code vl_ledger_mend(const vl_bank *bank, unsigned shard, uint64_t *lost, vl_err *err);

#endif
