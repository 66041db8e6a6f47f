/*
 * What came of an item: into the catalogue, the log, the quarantine, the sums (intake_run.h).
 *
 * A commit costs a sync for which the supervisor waits, so records of items that ended go into the catalogue
 * together, after a moment. Their entries stay in the journal until then.
 */
#include "pipeline/bank/intake/intake_run.h"

#include "pipeline/bank/evidence.h"
#include "pipeline/bank/json_text.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

enum { ATTEMPTS = 4 }; /* of an item that says "try again" */

/* Time of the latest input. */
int64_t vl_intake_latest(const vl_intaking *t, size_t i)
{
    int64_t ns = 0;
    for (size_t k = 0; k < t->ask->items->item[i].inputs.n; k++)
        if (t->input[t->place[i].first + k].mtime_ns > ns) ns = t->input[t->place[i].first + k].mtime_ns;
    return ns;
}

static vl_code quarantine(vl_intaking *t, size_t i, const vl_told *told, vl_err *err)
{
    const vl_item *const item = &t->ask->items->item[i];
    char where[VL_BANK_PATH] = "", line[640];
    const vl_evidence e = { .at = vl_bank_now(),
                            .sample = item->sample,
                            .acquisition = item->acquisition,
                            .inputs = &item->inputs,
                            .sheet = t->ask->sheet,
                            .line = item->line,
                            .reason = told->reason,
                            .exit_code = told->exit_code,
                            .err = told->err };
    vl_err_print(&told->err, line, sizeof line);
    vl_intake_view_clear(&t->view);
    vl_say(stderr, "vial: refused: %s: %s", item->sample, line);
    vl_log(t->ask->bank, VL_LOG_ERROR, "refused", "sample", item->sample, "acquisition", item->acquisition,
           "reason", told->reason, "message", line, NULL);
    if (vl_quarantine(t->ask->bank, &e, where, err)) return err->code;
    const vl_refusal r = { .at = e.at,
                           .sample = item->sample,
                           .acquisition = item->acquisition,
                           .input = item->inputs.file[0].path,
                           .reason = told->reason,
                           .message = line,
                           .evidence = where,
                           .exit_code = told->exit_code,
                           .bytes = t->place[i].bytes,
                           .mtime_ns = vl_intake_latest(t, i) };
    if (t->ask->receipt)
        json_array_append_new(
            json_object_get(t->ask->receipt, "refusals"),
            json_pack("{s:f,s:s,s:s,s:o,s:s,s:o,s:s,s:i}", "at", r.at, "sample", r.sample, "acquisition",
                      r.acquisition, "input", vl_json_text(r.input ? r.input : ""), "reason", r.reason,
                      "message", vl_json_text(r.message), "evidence", r.evidence, "exit_code", r.exit_code));
    return t->ask->catalog ? vl_catalog_add_refusal(t->ask->catalog, t->ask->job, &r, err) : VL_OK;
}

/* Legal, and most likely a slip: said once. */
static void tell_hint(vl_intaking *t, const vl_item *item, const vl_told *told)
{
    if (!*told->hint) return;
    vl_intake_view_clear(&t->view);
    if (!t->ask->quiet) vl_say(stderr, "vial: hint: %s: %s", item->sample, told->hint);
    vl_log(t->ask->bank, VL_LOG_INFO, "hint", "sample", item->sample, "acquisition", item->acquisition,
           "message", told->hint, NULL);
}

static void log_done(const vl_intaking *t, const vl_item *item, const vl_told *told)
{
    char bytes[24], rows[24];
    if (told->corrected) {
        vl_log(t->ask->bank, VL_LOG_INFO, "correct", "sample", item->sample, "acquisition", item->acquisition,
               NULL);
        return;
    }
    snprintf(bytes, sizeof bytes, "%" PRIu64, told->bytes_store);
    snprintf(rows, sizeof rows, "%" PRIu64, told->rows);
    vl_log(t->ask->bank, VL_LOG_INFO,
           told->healed       ? "healed"
           : told->superseded ? "superseded"
                              : "published",
           "sample", item->sample, "acquisition", item->acquisition, "#rows", rows, "#bytes", bytes, NULL);
}

/* Somebody may be waiting for it. */
static void tell_healed(vl_intaking *t, const vl_item *item)
{
    vl_intake_view_clear(&t->view);
    if (!t->ask->quiet) vl_say(stderr, "vial: healed: %s/%s", item->sample, item->acquisition);
}

static void count(vl_intaking *t, const vl_told *told)
{
    vl_intake_sum *const s = t->sum;
    s->published += told->published;
    s->superseded += told->superseded;
    s->unchanged += told->unchanged;
    s->corrected += told->corrected;
    s->healed += told->healed;
    s->bytes_in += told->bytes_in;
    s->text_bytes += told->text_bytes;
    s->bytes_store += told->bytes_store;
    if (told->record) return;
    const bool refused =
        told->exit_code != EX_IOERR && told->exit_code != EX_TEMPFAIL && told->exit_code != EX_NOPERM;
    s->refused += refused;
    s->failed += !refused;
    t->disk_full |= told->exit_code == EX_IOERR;
    t->try_again |= told->exit_code == EX_TEMPFAIL;
    t->not_permitted |= told->exit_code == EX_NOPERM;
}

/* Bad data and conflicts show before a store gets its name. Of all else the sample must be looked at: a store
 * that has its name may not be in the sample's record yet. */
static bool ended_before_naming(const vl_told *told)
{
    return told->err.code &&
           (told->exit_code == EX_DATAERR || told->exit_code == EX_NOINPUT ||
            told->exit_code == EX_CANTCREAT || told->exit_code == EX_NOPERM || told->exit_code == EX_USAGE);
}

/* True: nothing is left for the next run to clear. */
static bool clear(vl_intaking *t, const vl_intake_desk *d, const vl_told *told, vl_err *err)
{
    const vl_item *const item = &t->ask->items->item[d->item];
    vl_err left = VL_ERR_INIT; /* what cannot be cleared now, the next run clears */
    if (ended_before_naming(told)) return !vl_deposit_clear(t->ask->bank, d->entry.id, item->sample, &left);
    json_t *const json = vl_item_json(item);
    const bool done =
        vl_intake_clear(t->ask->bank, d->entry.id, item->sample, json, t->ask->catalog, t->ask->receipt, err);
    json_decref(json);
    return done;
}

static vl_code refuse(vl_intaking *t, vl_intake_desk *d, const vl_told *told, vl_err *err)
{
    vl_intake_place *const p = &t->place[d->item];
    const bool stopped = vl_intake_stop_now() && told->exit_code > 128;
    vl_claims_release(t->claims, d->item);
    const bool done = clear(t, d, told, err);
    if (told->exit_code == EX_TEMPFAIL && p->attempt < ATTEMPTS && !vl_intake_stop_asked()) {
        p->stage = VL_ITEM_WAITS;
        p->not_before = vl_intake_ticks() + (double)(1 << p->attempt) / 2;
    } else {
        if (!err->code && !stopped) quarantine(t, d->item, told, err);
        t->ended_bytes += p->bytes;
        if (stopped) t->sum->stopped++;
        else count(t, told);
    }
    vl_intake_leave(&d->entry, done);
    return err->code;
}

/* Its record waits for the next transaction; told is taken over. */
static vl_code keep(vl_intaking *t, vl_intake_desk *d, vl_told *told, vl_err *err)
{
    if (!t->nended) t->first_ended = vl_intake_ticks();
    t->ended_bytes += t->place[d->item].bytes;
    count(t, told);
    t->ended[t->nended++] = (vl_intake_ended){ .item = d->item, .told = *told, .entry = d->entry };
    d->entry.tray = NULL;
    told->record = NULL;
    return t->nended == VL_INTAKE_GROUP ? vl_intake_write_up(t, err) : VL_OK;
}

vl_code vl_intake_conclude(vl_intaking *t, vl_intake_desk *d, vl_told *told, vl_err *err)
{
    d->busy = false;
    t->running--;
    t->load -= t->place[d->item].load;
    t->place[d->item].stage = VL_ITEM_ENDED;
    return told->record ? keep(t, d, told, err) : refuse(t, d, told, err);
}

/* done: it is in the catalogue. */
static void settle(vl_intaking *t, vl_intake_ended *e, bool done)
{
    const vl_item *const item = &t->ask->items->item[e->item];
    if (done && !e->told.unchanged) log_done(t, item, &e->told);
    if (done && e->told.healed) tell_healed(t, item);
    tell_hint(t, item, &e->told);
    vl_intake_leave(&e->entry, done);
    vl_told_free(&e->told);
}

vl_code vl_intake_write_up(vl_intaking *t, vl_err *err)
{
    vl_catalog *const c = t->nended ? t->ask->catalog : NULL;
    if (c) vl_catalog_begin(c, err);
    for (size_t i = 0; i < t->nended && !err->code; i++)
        vl_intake_hand_in(c, t->ask->receipt, t->ended[i].told.record, err);
    if (c && !err->code) vl_catalog_commit(c, err);
    if (c && err->code) vl_catalog_rollback(c);
    for (size_t i = 0; i < t->nended; i++) settle(t, &t->ended[i], !err->code);
    t->nended = 0;
    return err->code;
}

/* An item that does not even start. */
vl_code vl_intake_turn_away(vl_intaking *t, size_t i, vl_told *told, vl_err *err)
{
    t->place[i].stage = VL_ITEM_ENDED;
    t->ended_bytes += t->place[i].bytes;
    count(t, told);
    return quarantine(t, i, told, err);
}
