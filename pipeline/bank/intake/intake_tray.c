/*
 * Trays: small items that share an entry of the journal (intake_run.h).
 *
 * An entry costs two syncs, and the supervisor waits for both, while a tiny item costs its worker six. So the
 * entry of a small item names those that come next as well. It goes when the last of them that was started
 * has ended and is in the catalogue; a run that dies leaves it, and the next one looks after each item that
 * it names: those that were done, or had not begun, are found to be so.
 */
#include "pipeline/bank/intake/intake_run.h"

#include <stdio.h>
#include <stdlib.h>

enum { TRAY = 16, REACH = 64 /* items to look through for those that fit */ };

struct vl_intake_tray {
    vl_journal journal;
    size_t item[TRAY];
    size_t n;
    int users; /* items under way or not yet in the catalogue, and the intake while it may put more on it */
    bool done; /* nothing is left for the next run to clear */
};

/* Another attempt at an item has an entry of its own. */
static bool fits(const vl_intaking *t, size_t i)
{
    const vl_intake_place *const p = &t->place[i];
    return p->small && !p->attempt && p->stage == VL_ITEM_WAITS;
}

static size_t place_of(const vl_intake_tray *tray, size_t i)
{
    size_t k = 0;
    while (k < tray->n && tray->item[k] != i) k++;
    return k;
}

static void let_go(vl_intake_tray *tray, bool done)
{
    tray->done &= done;
    if (--tray->users) return;
    vl_journal_close(&tray->journal, tray->done);
    free(tray);
}

static vl_code open_entry(const vl_intaking *t, vl_intake_tray *tray, vl_err *err)
{
    const vl_item *on[TRAY];
    for (size_t k = 0; k < tray->n; k++) on[k] = &t->ask->items->item[tray->item[k]];
    return tray->n == 1 ? vl_journal_open(t->ask->bank, *on, &tray->journal, err)
                        : vl_journal_open_all(t->ask->bank, on, tray->n, &tray->journal, err);
}

/* With item i, and those behind it that fit; NULL after an error. */
static vl_intake_tray *lay(const vl_intaking *t, size_t i, vl_err *err)
{
    const size_t end = t->ask->items->n < i + REACH ? t->ask->items->n : i + REACH;
    vl_intake_tray *const tray = calloc(1, sizeof *tray);
    if (!tray) return vl_fail(err, VL_ENOMEM, "no memory for the journal"), NULL;
    tray->done = true;
    tray->item[tray->n++] = i;
    for (size_t k = i + 1; fits(t, i) && k < end && tray->n < TRAY; k++)
        if (fits(t, k)) tray->item[tray->n++] = k;
    if (!open_entry(t, tray, err)) return tray;
    free(tray);
    return NULL;
}

vl_code vl_intake_enter(vl_intaking *t, size_t i, vl_intake_entry *entry, vl_err *err)
{
    vl_intake_tray *tray = fits(t, i) && t->tray && place_of(t->tray, i) < t->tray->n ? t->tray : NULL;
    if (!tray && !(tray = lay(t, i, err))) return err->code;
    if (tray->n > 1 && tray != t->tray) {
        vl_intake_clear_away(t);
        t->tray = tray;
        tray->users++;
    }
    tray->users++;
    entry->tray = tray;
    if (tray->n > 1) vl_journal_name(&tray->journal, place_of(tray, i), entry->id);
    else snprintf(entry->id, sizeof entry->id, "%s", tray->journal.id);
    return VL_OK;
}

int vl_intake_entry_lock(const vl_intake_entry *entry) { return entry->tray->journal.fd; }

void vl_intake_leave(vl_intake_entry *entry, bool done)
{
    if (entry->tray) let_go(entry->tray, done);
    entry->tray = NULL;
}

void vl_intake_clear_away(vl_intaking *t)
{
    if (t->tray) let_go(t->tray, true);
    t->tray = NULL;
}
