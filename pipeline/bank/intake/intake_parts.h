/* What the parts of an intake share; inside intake*.c only. */
#ifndef VL_INTAKE_PARTS_H
#define VL_INTAKE_PARTS_H

#include "pipeline/bank/intake/deposit.h"
#include "pipeline/bank/intake/intake.h"
#include "pipeline/bank/intake/journal.h"
#include "pipeline/bank/intake/worker.h"
#include "pipeline/bank/ledger/withdrawn.h"

/* ---- report: what a worker says of its item (intake_report.c) ---- */

typedef struct vl_told {
    bool published, unchanged, corrected, healed, superseded; /* one of them; superseded: also published */
    json_t *record;                                           /* owned; NULL when refused */
    uint64_t rows, bytes_in, text_bytes, bytes_store;
    char hint[160]; /* "": none */
    vl_err err;     /* of a refusal */
    int exit_code;
    const char *reason; /* static; why it was refused */
} vl_told;

/* The work of a worker on one item: a deposit, and the text about it. */
int vl_intake_work(const vl_deposit *ask, int fd);
/* From what the worker said and how it ended. timed_out: it was killed for that. */
void vl_told_read(vl_told *told, const vl_buf *said, int exit_code, bool timed_out);
void vl_told_free(vl_told *told);

/* ---- inputs, before anything starts (intake_look.c) ---- */

/* The path that a file of that name has from anywhere; one that is not there keeps its name. VL_ENOMEM. */
vl_code vl_intake_absolute(vl_file *file, vl_err *err);
/* Size and time; a time of 0: it cannot be looked at. */
/* True: a file, whose size tells how much there is to do. */
bool vl_intake_look(vl_known_input *in);
/* The profile of an item: its own, that of all, or the bank's. */
vl_profile vl_intake_profile(const vl_intake *ask, const vl_item *item);

/* ---- threads and memory of each item (intake_share.c) ---- */

typedef struct vl_intake_share {
    int desks;           /* items at once at most */
    int threads;         /* of all items */
    int each;            /* of one that is not small */
    uint64_t max_memory; /* of all items; 0: no limit */
    bool overlap;        /* two tiny items go on a thread */
} vl_intake_share;

enum { VL_INTAKE_DESKS = 500 }; /* at most */

void vl_intake_share_out(const vl_intake *ask, vl_intake_share *s);
/* An item of files with no more bytes than this is small: it gets one thread. */
enum { VL_INTAKE_SMALL = 1 << 20 };
/* How much of the threads an item with so many of them and so many bytes takes up, in halves of one. */
int vl_intake_share_load(const vl_intake_share *s, int threads, uint64_t bytes);
/* Memory of an item with so many threads; 0: no limit. */
uint64_t vl_intake_share_memory(const vl_intake_share *s, int threads);

/* ---- recovery (intake_recover.c) ---- */

/* The record into the catalogue, or into the receipt; either may be NULL. */
vl_code vl_intake_hand_in(vl_catalog *catalog, json_t *receipt, const json_t *record, vl_err *err);
/* Clears what a dead worker left of one item. True: the journal's entry is no longer needed. */
bool vl_intake_clear(const vl_bank *bank, const char *id, const char *sample, const json_t *item,
                     vl_catalog *catalog, json_t *receipt, vl_err *err);

/* ---- view: one line for all items (intake_view.c) ---- */

typedef struct vl_intake_view {
    vl_progress_how how;
    bool terminal, shown;
    double start, last;
    uint64_t total; /* bytes of all inputs */
} vl_intake_view;

void vl_intake_view_start(vl_intake_view *v, vl_progress_how how, uint64_t total);
double vl_intake_ticks(void); /* seconds, of a clock that is never set */
/* done: bytes of the inputs read so far; names: what is running. */
void vl_intake_view_show(vl_intake_view *v, const vl_intake_sum *sum, uint64_t done, const char *names);
void vl_intake_view_end(vl_intake_view *v, const vl_intake_sum *sum,
                        uint64_t done);       /* JSON has a last line */
void vl_intake_view_clear(vl_intake_view *v); /* before another line is printed */

#endif
