/* What would become of items (foresee.h), by the questions that a deposit asks first (deposit_look.c). */
#include "pipeline/bank/intake/foresee.h"

#include "pipeline/bank/evidence.h"
#include "pipeline/bank/hash_file.h"
#include "pipeline/bank/intake/deposit_parts.h"
#include "pipeline/bank/intake/intake_parts.h"
#include "pipeline/bank/json_text.h"
#include "pipeline/io/sniff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

/* An input that others may have the bytes of: of a store in the bank, or of an item. */
typedef struct sized {
    uint64_t bytes;
    XXH64_hash_t sample;
    size_t item, nth; /* among all inputs; item SIZE_MAX: in the bank */
} sized;

typedef struct foresight {
    const vl_intake *ask;
    size_t *first;      /* owned; [items]: number of its first input */
    char (*sha256)[65]; /* owned; [inputs]; "": not hashed yet */
    bool *refused;      /* owned; [items] */
    sized *sized;       /* owned; sorted by bytes */
    size_t nsized, csized;
    vl_sniffer *sniffer; /* owned */
    json_t *facts;       /* owned: {sample: its facts with the donor, after the items so far} */
} foresight;

static XXH64_hash_t key_of(const char *sample) { return XXH3_64bits(sample, strlen(sample)); }

/* ---- sizes of all that may be the same ---- */

static vl_code add_sized(foresight *f, sized one, vl_err *err)
{
    if (f->nsized == f->csized) {
        const size_t cap = f->csized ? 2 * f->csized : 256;
        sized *const grown = reallocarray(f->sized, cap, sizeof *grown);
        if (!grown) return vl_fail(err, VL_ENOMEM, "no memory for the sizes of %zu inputs", cap);
        f->sized = grown;
        f->csized = cap;
    }
    f->sized[f->nsized++] = one;
    return VL_OK;
}

static vl_code add_of_bank(const char *sample, uint64_t bytes, void *to, vl_err *err)
{
    return add_sized(to, (sized){ bytes, key_of(sample), SIZE_MAX, SIZE_MAX }, err);
}

static vl_code add_of_item(foresight *f, size_t i, vl_err *err)
{
    vl_item *const item = &f->ask->items->item[i];
    for (size_t k = 0; k < item->inputs.n; k++) {
        if (vl_intake_absolute(&item->inputs.file[k], err)) return err->code;
        vl_known_input in = { .path = item->inputs.file[k].path };
        if (vl_intake_look(&in) && in.bytes &&
            add_sized(f, (sized){ in.bytes, key_of(item->sample), i, f->first[i] + k }, err))
            return err->code;
    }
    return VL_OK;
}

/* Of one size, in the order of the sheet. */
static int by_size(const void *a, const void *b)
{
    const sized *const x = a, *const y = b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1;
    return (x->nth > y->nth) - (x->nth < y->nth);
}

static const sized *first_of_size(const foresight *f, uint64_t bytes)
{
    size_t low = 0, n = f->nsized;
    while (low < n) {
        const size_t middle = low + (n - low) / 2;
        if (f->sized[middle].bytes < bytes) low = middle + 1;
        else n = middle;
    }
    return f->sized + low;
}

static vl_code set_up(foresight *f, vl_err *err)
{
    const vl_items *const items = f->ask->items;
    size_t n = 0;
    f->first = calloc(items->n + 1, sizeof *f->first);
    f->refused = calloc(items->n + 1, sizeof *f->refused);
    f->facts = json_object();
    if (!f->first || !f->refused || !f->facts)
        return vl_fail(err, VL_ENOMEM, "no memory for %zu items", items->n);
    for (size_t i = 0; i < items->n && !err->code; n += items->item[i++].inputs.n) {
        f->first[i] = n;
        add_of_item(f, i, err);
    }
    f->sha256 = calloc(n + 1, sizeof *f->sha256);
    if (!f->sha256) return vl_fail(err, VL_ENOMEM, "no memory for %zu inputs", n);
    if (f->ask->catalog && vl_catalog_each_size(f->ask->catalog, add_of_bank, f, err)) return err->code;
    if (f->nsized) qsort(f->sized, f->nsized, sizeof *f->sized, by_size);
    return vl_sniffer_open(&f->sniffer, err);
}

/* ---- the same bytes under another sample ---- */

static vl_code hash(foresight *f, size_t item, size_t nth, vl_err *err)
{
    const char *const path = f->ask->items->item[item].inputs.file[nth - f->first[item]].path;
    return *f->sha256[nth] ? VL_OK : vl_hash_file(path, f->sha256[nth], err);
}

/* Who else may have the bytes of an input, by its size: *bank, *sheet. */
static void find_sized(const foresight *f, size_t i, uint64_t bytes, bool *bank, bool *sheet)
{
    const XXH64_hash_t sample = key_of(f->ask->items->item[i].sample);
    *bank = *sheet = false;
    for (const sized *s = first_of_size(f, bytes); s < f->sized + f->nsized && s->bytes == bytes; s++) {
        if (s->sample == sample) continue;
        *bank |= s->item == SIZE_MAX;
        *sheet |= s->item < i && !f->refused[s->item];
    }
}

/* The first item before this one, of another sample, with these bytes; into found. */
static vl_code find_in_sheet(foresight *f, size_t i, size_t nth, uint64_t bytes, char *found, size_t n,
                             vl_err *err)
{
    const XXH64_hash_t sample = key_of(f->ask->items->item[i].sample);
    for (const sized *s = first_of_size(f, bytes); s < f->sized + f->nsized && s->bytes == bytes; s++) {
        if (s->sample == sample || s->item >= i || f->refused[s->item]) continue;
        if (hash(f, s->item, s->nth, err)) return err->code;
        if (strcmp(f->sha256[s->nth], f->sha256[nth])) continue;
        snprintf(found, n, "'%.60s', in this run", f->ask->items->item[s->item].sample);
        break;
    }
    return VL_OK;
}

static bool holds_nothing(foresight *f, const char *path)
{
    vl_sniffed seen = { .content = VL_CONTENT_OTHER };
    vl_err err = VL_ERR_INIT;
    return !vl_sniff(f->sniffer, path, &seen, &err) && seen.content == VL_CONTENT_EMPTY;
}

static vl_code check_input(foresight *f, size_t i, size_t k, vl_deposit_work *d, vl_err *err)
{
    const vl_item *const item = d->ask->item;
    const char *const path = item->inputs.file[k].path;
    const size_t nth = f->first[i] + k;
    bool bank, sheet;
    char found[200] = "";
    vl_known_input in = { .path = path };
    if (!vl_intake_look(&in) || !in.bytes) return VL_OK;
    find_sized(f, i, in.bytes, &bank, &sheet);
    if ((!bank && !sheet) || holds_nothing(f, path)) return VL_OK;
    if (hash(f, i, nth, err)) return err->code;
    if (bank) vl_catalog_find_data(f->ask->catalog, item->sample, f->sha256[nth], found, sizeof found, err);
    if (!err->code && sheet && !*found) find_in_sheet(f, i, nth, in.bytes, found, sizeof found, err);
    if (!err->code && *found) vl_deposit_same_data(d, found, err);
    return vl_err_file(err, path);
}

static vl_code check_data(foresight *f, size_t i, vl_deposit_work *d, vl_err *err)
{
    for (size_t k = 0; k < d->ninput && !d->ask->same_data; k++)
        if (check_input(f, i, k, d, err)) break;
    return err->code;
}

/* ---- one item ---- */

/* Can the inputs be opened, and what do they hold, by their first bytes? *kind: NULL where that cannot be
 * told. */
static vl_code look_inside(foresight *f, const vl_deposit_work *d, const char **kind, vl_err *err)
{
    vl_sniffed seen = { .content = VL_CONTENT_EMPTY };
    const vl_format *format = NULL;
    const char *const first = d->ask->item->inputs.file[0].path;
    vl_known_input in = { .path = first };
    for (size_t k = 0; k < d->ninput; k++) {
        const char *const path = d->ask->item->inputs.file[k].path;
        if (strcmp(path, "-") && access(path, R_OK))
            return vl_fail(err, VL_ENOIN, "may not be read"), vl_err_file(err, path);
    }
    if (!vl_intake_look(&in) || vl_look_format(first, &format, err)) return err->code;
    if (!format && !vl_sniff(f->sniffer, first, &seen, err) && seen.content == VL_CONTENT_OTHER)
        vl_fail(err, VL_EUNSUP, "of no format that is read, by its first bytes");
    *kind = format ? format->schema->kind : NULL;
    return vl_err_file(err, first);
}

/* Is it there, and not known to be damaged? */
static vl_code is_whole(const vl_deposit_work *d, vl_catalog *c, const json_t *store, bool *whole,
                        vl_err *err)
{
    char failed[8] = "";
    vl_err why = VL_ERR_INIT;
    const vl_code code = vl_record_look(d->folder, store, &why);
    *whole = false;
    if (code == VL_ENOIN || code == VL_ESTORE || code == VL_EEXIST) return VL_OK;
    if (code) return *err = why, code;
    if (c)
        vl_catalog_failed(c, d->ask->item->sample, json_string_value(json_object_get(store, "file")), failed,
                          sizeof failed, err);
    *whole = !*failed;
    return err->code;
}

/* *old: the store that the item has in the bank, if it has one; borrowed from the record. */
static const char *state_of(foresight *f, size_t i, vl_deposit_work *d, json_t **old, vl_err *err)
{
    const char *kind = NULL;
    bool same = false, whole = false;
    if (vl_deposit_begin(d, err) || look_inside(f, d, &kind, err) || vl_deposit_load(d, err)) return NULL;
    *old = vl_record_store(d->record, kind, d->ask->item->acquisition, "live");
    if (*old && vl_deposit_is_same(d, *old, &same, err)) return NULL;
    if (same) {
        if (vl_deposit_check_details(d, *old, err)) return NULL;
        return is_whole(d, f->ask->catalog, *old, &whole, err) ? NULL : whole ? "unchanged" : "healed";
    }
    if (*old && !d->ask->supersede) return vl_deposit_conflict(d, *old, err), NULL;
    return check_data(f, i, d, err) ? NULL : *old ? "superseded" : "new";
}

/* ---- what is known of it, and changes ---- */

/* The facts of a sample that the bank has, with its donor; borrowed. NULL: it has no such sample. */
static json_t *facts_of(foresight *f, const json_t *record)
{
    const char *const sample = json_string_value(json_object_get(record, "sample"));
    json_t *known = json_object_get(f->facts, sample);
    if (known || (!json_integer_value(json_object_get(record, "revision")) &&
                  !json_array_size(json_object_get(record, "stores"))))
        return known;
    known = json_copy(json_object_get(record, "facts"));
    if (json_object_get(record, "donor")) json_object_set(known, "donor", json_object_get(record, "donor"));
    return json_object_set_new(f->facts, sample, known) ? NULL : known;
}

/* Puts what is said into the facts, and what that changes into changes. */
static void note_changes(json_t *changes, const char *of, json_t *facts, const vl_details *says)
{
    for (size_t i = 0; facts && i < says->n; i++) {
        const vl_detail *const here = &says->detail[i];
        json_t *const is = json_object_get(facts, here->name);
        json_t *const to = *here->value ? vl_json_text(here->value) : NULL;
        if (is ? !to || !json_equal(is, to) : to != NULL)
            json_array_append_new(changes, json_pack("{s:s,s:o,s:O?,s:O?}", "of", of, "name",
                                                     vl_json_text(here->name), "from", is, "to", to));
        if (to) json_object_set(facts, here->name, to);
        else json_object_del(facts, here->name);
        json_decref(to);
    }
}

static json_t *changes_of(foresight *f, const vl_deposit_work *d, json_t *old, bool same)
{
    json_t *const changes = json_array();
    note_changes(changes, "sample", facts_of(f, d->record), &d->ask->item->about_sample);
    if (same)
        note_changes(changes, "acquisition", json_object_get(old, "facts"), &d->ask->item->about_acquisition);
    return changes;
}

static json_t *paths_of(const vl_item *item)
{
    json_t *const paths = json_array();
    for (size_t k = 0; k < item->inputs.n; k++)
        json_array_append_new(paths, vl_json_text(item->inputs.file[k].path));
    return paths;
}

static json_t *describe(const vl_item *item, const char *state, const vl_err *why)
{
    char message[640] = "";
    if (why->code) vl_err_print(why, message, sizeof message);
    json_t *const one = json_pack("{s:I,s:o,s:o,s:o,s:s,s:b}", "line", (json_int_t)item->line, "sample",
                                  vl_json_text(item->sample), "acquisition", vl_json_text(item->acquisition),
                                  "inputs", paths_of(item), "state", state, "refused", why->code != VL_OK);
    if (one && why->code) json_object_set_new(one, "message", vl_json_text(message));
    return one;
}

static void count(vl_foreseen *sum, const char *state, bool refused)
{
    sum->n++;
    sum->refused += refused;
    sum->fresh += !refused && !strcmp(state, "new");
    sum->unchanged += !refused && !strcmp(state, "unchanged");
    sum->corrected += !refused && !strcmp(state, "corrected");
    sum->healed += !refused && !strcmp(state, "healed");
    sum->superseded += !refused && !strcmp(state, "superseded");
}

static json_t *foresee_item(foresight *f, size_t i, vl_foreseen *sum, vl_err *err)
{
    const vl_item *const item = &f->ask->items->item[i];
    const vl_deposit ask = { .bank = f->ask->bank,
                             .item = item,
                             .profile = vl_intake_profile(f->ask, item),
                             .supersede = f->ask->supersede,
                             .same_data = f->ask->same_data,
                             .correct = f->ask->correct,
                             .options = f->ask->options };
    vl_deposit_work d = { .ask = &ask };
    json_t *old = NULL;
    vl_err why = VL_ERR_INIT;
    const char *state = state_of(f, i, &d, &old, &why);
    json_t *one = NULL,
           *changes = why.code ? json_array() : changes_of(f, &d, old, *state == 'u' || *state == 'h');
    if (ask.correct && !why.code && *state == 'u' && json_array_size(changes)) state = "corrected";
    f->refused[i] = why.code;
    if (why.code == VL_ENOMEM) *err = why;
    else if ((one = describe(item, why.code ? d.reason ? d.reason : vl_reason_of(&why) : state, &why)))
        json_object_set(one, "changes", changes);
    json_decref(changes);
    count(sum, state, why.code);
    vl_deposit_end(&d);
    return one;
}

json_t *vl_foresee(const vl_intake *ask, vl_foreseen *sum, vl_err *err)
{
    foresight f = { .ask = ask };
    json_t *const all = json_array();
    *sum = (vl_foreseen){ 0 };
    if (!set_up(&f, err))
        for (size_t i = 0; i < ask->items->n && !err->code; i++)
            if (json_array_append_new(all, foresee_item(&f, i, sum, err)) && !err->code)
                vl_fail(err, VL_ENOMEM, "no memory for %zu items", ask->items->n);
    vl_sniffer_close(f.sniffer);
    json_decref(f.facts);
    free(f.sized);
    free(f.refused);
    free(f.sha256);
    free(f.first);
    if (!err->code) return all;
    json_decref(all);
    return NULL;
}
