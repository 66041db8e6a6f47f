/*
 * An intake under way: its items, the desks at which they are worked on, and what came of them. Inside
 * intake.c, intake_desk.c, intake_tray.c and intake_outcome.c only.
 */
#ifndef VL_INTAKE_RUN_H
#define VL_INTAKE_RUN_H

#include "pipeline/bank/intake/claims.h"
#include "pipeline/bank/intake/deposit.h"
#include "pipeline/bank/intake/intake_parts.h"

/* An item and where it is. */
typedef struct vl_intake_place {
    enum { VL_ITEM_WAITS, VL_ITEM_RUNS, VL_ITEM_ENDED } stage;
    int attempt;
    double not_before; /* by vl_intake_ticks */
    uint64_t bytes;    /* of its inputs */
    size_t first;      /* of its inputs among all */
    int threads, load;
    bool small; /* so that its worker may take another one after it */
} vl_intake_place;

/* What the journal says of an item under way. */
typedef struct vl_intake_tray vl_intake_tray;
typedef struct vl_intake_entry {
    vl_intake_tray *tray;   /* shared; NULL: none */
    char id[VL_JOURNAL_ID]; /* of the item */
} vl_intake_entry;

/* A worker and its item. */
typedef struct vl_intake_desk {
    vl_worker worker; /* may wait for an item while the desk is not busy */
    int given;        /* items to this worker so far */
    vl_intake_entry entry;
    size_t item;
    double started;
    bool busy, timed_out;
} vl_intake_desk;

/* An item that is in the bank and not in the catalogue yet. */
typedef struct vl_intake_ended {
    size_t item;
    vl_told told; /* owned */
    vl_intake_entry entry;
} vl_intake_ended;

enum { VL_INTAKE_GROUP = 64 }; /* at most; they wait for VL_INTAKE_MOMENT at most */
#define VL_INTAKE_MOMENT 0.25  /* s */

typedef struct vl_intaking {
    const vl_intake *ask;
    vl_intake_sum *sum;
    vl_intake_place *place; /* owned; [items] */
    vl_claims *claims;      /* owned; shared with workers */
    vl_withdrawn gone;      /* owned: by the ledger, for a catalogue from a backup */
    vl_known_input *input;  /* owned; of all items; mtime_ns is 0 when it could not be looked at */
    vl_intake_desk *desk;   /* owned; [share.desks] */
    vl_intake_share share;
    int running, load;       /* items under way, and their load */
    volatile uint64_t *done; /* shared with workers; [share.desks] bytes read of the item under way */
    uint64_t ended_bytes;
    size_t next;                            /* items before it do not wait for the first time */
    vl_intake_ended ended[VL_INTAKE_GROUP]; /* [nended], owned */
    size_t nended;
    double first_ended;
    vl_intake_tray *tray; /* the last one; shared with the items on it; NULL: none */
    vl_intake_view view;
    double start;
    bool disk_full, try_again, not_permitted, told_stop;
} vl_intaking;

/* ---- intake.c ---- */

bool vl_intake_stop_asked(void); /* no more items are started */
bool vl_intake_stop_now(void);   /* those at work are stopped */

/* ---- desks (intake_desk.c) ---- */

/* One that is free, for item i. */
vl_intake_desk *vl_intake_free_desk(vl_intaking *t, size_t i);
/* Item i to that desk, whose journal has its entry. */
vl_code vl_intake_give(vl_intaking *t, vl_intake_desk *d, size_t i, vl_err *err);
/* Takes what the worker has said. True: there is no more to come for this item. */
bool vl_intake_hear(vl_intake_desk *d);
/* What came of the item; told is to be freed. */
void vl_intake_take(vl_intake_desk *d, vl_told *told);

/* ---- the journal (intake_tray.c) ---- */

vl_code vl_intake_enter(vl_intaking *t, size_t i, vl_intake_entry *entry, vl_err *err);
int vl_intake_entry_lock(const vl_intake_entry *entry);
/* The item has ended, one way or the other. done: nothing is left for the next run to clear. */
void vl_intake_leave(vl_intake_entry *entry, bool done);
void vl_intake_clear_away(vl_intaking *t); /* no more items are put on the last tray */

/* ---- what came of an item (intake_outcome.c) ---- */

/* Time of its latest input. */
int64_t vl_intake_latest(const vl_intaking *t, size_t i);
vl_code vl_intake_conclude(vl_intaking *t, vl_intake_desk *d, vl_told *told, vl_err *err);
/* What has ended into the catalogue, in one transaction, or into the receipt; then the journal's entries
 * go. */
vl_code vl_intake_write_up(vl_intaking *t, vl_err *err);
/* Of an item that does not even start. */
vl_code vl_intake_turn_away(vl_intaking *t, size_t i, vl_told *told, vl_err *err);

#endif
