/* Deposits (deposit.h). */
#include "pipeline/bank/intake/deposit_parts.h"

#include "formats/letter.h"
#include "pipeline/bank/catalog/catalog.h"
#include "pipeline/bank/correct.h"
#include "pipeline/bank/intake/claims.h"
#include "pipeline/bank/hash_file.h"
#include "pipeline/bank/json_text.h"
#include "pipeline/io/sniff.h"
#include "pipeline/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

vl_code vl_deposit_lock(const vl_bank *bank, const char *sample, int *fd, vl_err *err)
{
    enum { PATIENCE = 600 }; /* s; a lock is held for as long as a rename and a small file take */
    char path[VL_BANK_PATH];
    *fd = -1;
    if (vl_bank_sample_folder(bank, sample, path, err)) return err->code;
    const size_t n = strlen(path);
    snprintf(path + n, sizeof path - n, "/.lock");
    return vl_bank_lock(path, PATIENCE, fd, err);
}

static vl_code join(char text[VL_BANK_PATH], const char *folder, const char *name, vl_err *err)
{
    const int n = snprintf(text, VL_BANK_PATH, "%s/%s", folder, name);
    return n < VL_BANK_PATH ? VL_OK : vl_fail(err, VL_EARG, "a path of the bank is too long");
}

/* Where the item comes from, for the ledger. */
static const char *source_of(const vl_deposit *ask, char text[VL_BANK_PATH])
{
    const vl_item *const item = ask->item;
    char line[32] = "";
    if (item->line) snprintf(line, sizeof line, ", line %" PRIu32, item->line);
    if (item->inbox) snprintf(text, VL_BANK_PATH, "inbox %.200s%s", item->inbox, line);
    else
        snprintf(text, VL_BANK_PATH, "%.*s%s", VL_BANK_PATH - 40,
                 ask->sheet     ? ask->sheet
                 : ask->command ? ask->command
                                : "vial ingest",
                 line);
    return text;
}

static vl_code save(const vl_deposit_work *d, const char *what, vl_err *err)
{
    char source[VL_BANK_PATH];
    return vl_record_save(d->ask->bank, d->record, what, source_of(d->ask, source), err);
}

/* Paths, sizes and times that the item's inputs have now, written into a store's entry. */
static void remember_inputs(const vl_deposit_work *d, json_t *store)
{
    json_t *const inputs = json_object_get(store, "inputs");
    for (size_t i = 0; i < d->ninput && i < json_array_size(inputs); i++) {
        const vl_file *const file = &d->ask->item->inputs.file[i];
        json_t *const one = json_array_get(inputs, i);
        json_object_set_new(one, "path", vl_json_text(file->path));
        json_object_set_new(one, "role", json_string(vl_role_name(file->role)));
        json_object_set_new(one, "mtime_ns", json_integer(d->before[i].mtime_ns));
    }
}

static vl_code check_inputs_still(const vl_deposit_work *d, vl_err *err)
{
    for (size_t i = 0; i < d->ninput; i++) {
        const char *const path = d->ask->item->inputs.file[i].path;
        vl_deposit_seen after;
        if (vl_deposit_look(path, &after, err)) return err->code;
        if (after.bytes == d->before[i].bytes && after.mtime_ns == d->before[i].mtime_ns) continue;
        vl_fail(err, VL_EBUSY, "changed while it was read");
        return vl_err_file(err, path);
    }
    return VL_OK;
}

/* Is a store there, sealed, and not known to be damaged? Where the catalogue cannot be asked, its bytes are.
 */
static vl_code is_whole(const vl_deposit_work *d, const json_t *store, bool *whole, vl_err *err)
{
    const char *const file = json_string_value(json_object_get(store, "file"));
    char path[VL_BANK_PATH], failed[8] = "";
    vl_catalog *catalog = NULL;
    vl_err why = VL_ERR_INIT;
    *whole = false;
    if (vl_record_look(d->folder, store, &why) == VL_OK && !d->ask->catalog &&
        !join(path, d->folder, file, &why))
        vl_seal_check(path, d->ask->threads, NULL, &why);
    if (why.code == VL_ENOIN || why.code == VL_ESTORE || why.code == VL_EEXIST) return VL_OK;
    if (why.code) return *err = why, err->code;
    if (d->ask->catalog && !vl_catalog_open(&catalog, d->ask->bank, false, err))
        vl_catalog_failed(catalog, d->ask->item->sample, file, failed, sizeof failed, err);
    vl_catalog_close(catalog);
    *whole = !*failed;
    return err->code;
}

/* ---- the record ---- */

static void add_facts(json_t *map, const vl_details *details)
{
    for (size_t i = 0; i < details->n; i++)
        vl_correct_fact(map, details->detail[i].name, details->detail[i].value);
}

static void note_sample(json_t *record, const vl_details *about)
{
    for (size_t i = 0; i < about->n; i++)
        vl_correct_sample(record, about->detail[i].name, about->detail[i].value);
}

/* The data is in the bank: where it was seen last is remembered, so that the next look need not read it, and
 * what the item says of it. */
static void note_item(const vl_deposit_work *d, json_t *store)
{
    remember_inputs(d, store);
    add_facts(json_object_get(store, "facts"), &d->ask->item->about_acquisition);
    note_sample(d->record, &d->ask->item->about_sample);
}

/* ---- publish; the sample's lock is held ---- */

/* Under the name of a store on its way, which is free by now and which the next run would clear. */
static vl_code copy_old(const vl_deposit_work *d, const char *from, const char *to, vl_err *err)
{
    char part[VL_BANK_PATH], name[120];
    struct stat st;
    snprintf(name, sizeof name, "..%.80s.h5.part", d->ask->id);
    if (join(part, d->folder, name, err)) return err->code;
    const int in = open(from, O_RDONLY | O_CLOEXEC),
              out = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    off_t left = in >= 0 && !fstat(in, &st) ? st.st_size : -1;
    for (ssize_t n = 1; left > 0 && n > 0;)
        if ((n = sendfile(out, in, NULL, (size_t)left)) > 0) left -= n;
    if (left || out < 0 || fchmod(out, st.st_mode & 0777) || fsync(out) || rename(part, to))
        vl_fail_errno(err, VL_EIO, errno, "cannot keep the old store");
    if (in >= 0) close(in);
    if (out >= 0) close(out);
    if (err->code) unlink(part);
    return err->code;
}

/* The old store gets a second name before the new one takes its own: at no moment is there none. */
static vl_code keep_old(const vl_deposit_work *d, json_t *old, vl_err *err)
{
    char from[VL_BANK_PATH], to[VL_BANK_PATH];
    if (join(from, d->folder, json_string_value(json_object_get(old, "file")), err)) return err->code;
    if (access(from, F_OK) && errno == ENOENT) return vl_record_forget(d->record, old), VL_OK;
    vl_record_set_aside(d->record, old);
    if (join(to, d->folder, json_string_value(json_object_get(old, "file")), err)) return err->code;
    if (link(from, to) && errno != EEXIST &&
        (errno != EPERM || copy_old(d, from, to, err))) /* no links to what another of the group made */
        return vl_fail_errno(err, VL_EIO, errno, "cannot keep the old store");
    return VL_OK;
}

static vl_code give_name(const vl_deposit_work *d, const char *file, bool replace, vl_err *err)
{
    char to[VL_BANK_PATH];
    if (join(to, d->folder, file, err)) return err->code;
    int failed = renameat2(AT_FDCWD, d->staged, AT_FDCWD, to, replace ? 0 : RENAME_NOREPLACE);
    if (failed && errno == EINVAL &&
        !replace) /* a file system that cannot refuse to replace; we hold the lock */
        failed = access(to, F_OK) ? rename(d->staged, to) : (errno = EEXIST, -1);
    if (failed)
        return vl_fail_errno(err, VL_EIO, errno, "cannot give the store its name"), vl_err_file(err, to);
    return vl_sync_folder(to, err);
}

/* In the place of what is damaged, or of nothing: the store that the same input makes. All else that the
 * record knows stays. */
static vl_code heal(vl_deposit_work *d, json_t *old, const json_t *store, vl_deposited *done, vl_err *err)
{
    if (!vl_record_same_inputs(old, store))
        return vl_deposit_conflict(d, old, err); /* size and time had lied */
    if (give_name(d, json_string_value(json_object_get(old, "file")), true, err) ||
        vl_record_heal(old, store, err))
        return err->code;
    done->healed = true;
    note_item(d, old);
    return save(d, "heal", err);
}

static vl_code publish(vl_deposit_work *d, json_t *store, vl_deposited *done, vl_err *err)
{
    bool whole = false;
    const char *const kind = json_string_value(json_object_get(store, "kind")), *const name =
                                                                                    d->ask->item->acquisition;
    json_t *const old = vl_record_store(d->record, kind, name, "live");
    if (old && vl_deposit_is_same(d, old, &done->unchanged, err)) return err->code;
    if (done->unchanged && is_whole(d, old, &whole, err)) return err->code;
    if (whole) { /* somebody else was faster */
        unlink(d->staged);
        return VL_OK;
    }
    if (done->unchanged) {
        done->unchanged = false;
        return heal(d, old, store, done, err);
    }
    if (old && !d->ask->supersede) return vl_deposit_conflict(d, old, err);
    done->superseded = old != NULL;
    if (vl_record_drop_names(d->folder, d->record, err) || (old && keep_old(d, old, err))) return err->code;
    if (give_name(d, json_string_value(json_object_get(store, "file")), old != NULL, err)) return err->code;
    json_object_set_new(store, "published", json_integer((json_int_t)vl_bank_now()));
    json_array_append(json_object_get(d->record, "stores"), store);
    json_object_del(d->record, "gone"); /* a name that was free has a sample again */
    note_sample(d->record, &d->ask->item->about_sample);
    return save(d, old ? "supersede" : "publish", err);
}

/* ---- the whole ---- */

/* Does another sample have these bytes, in the bank or in this run? The commonest slip of a sheet. */
static vl_code check_data(void *who, const char *path, const uint8_t sha256[32], vl_err *err)
{
    vl_deposit_work *const d = who;
    const vl_deposit *const ask = d->ask;
    vl_catalog *catalog = NULL;
    char hex[65], found[200] = "";
    (void)path;
    vl_hex(sha256, 32, hex);
    if (ask->catalog && !vl_catalog_open(&catalog, ask->bank, false, err))
        vl_catalog_find_data(catalog, ask->item->sample, hex, found, sizeof found, err);
    vl_catalog_close(catalog);
    if (err->code) return err->code;
    const size_t other =
        ask->claims && !*found ? vl_claims_take(ask->claims, ask->number, ask->item->sample, hex) : SIZE_MAX;
    if (other != SIZE_MAX)
        snprintf(found, sizeof found, "'%.60s', in this run", ask->items->item[other].sample);
    if (!*found) return VL_OK;
    return vl_deposit_same_data(d, found, err);
}

static vl_code ingest(vl_deposit_work *d, vl_deposited *done, vl_err *err)
{
    const vl_item *const item = d->ask->item;
    vl_given given = { .n = 0 };
    char options[VL_OPTIONS];
    snprintf(options, sizeof options, "%s", d->options);
    if (vl_given_parse(&given, options, err)) return err->code;
    const vl_ingest ask = { .inputs = &item->inputs,
                            .store = d->staged,
                            .sample = item->sample,
                            .acquisition = item->acquisition,
                            .profile = d->ask->profile,
                            .threads = d->ask->threads,
                            .max_memory = d->ask->max_memory,
                            .reference = d->ask->reference,
                            .sites = d->ask->sites,
                            .originals = d->ask->originals,
                            .given = &given,
                            .any_format = true,
                            .staged = true,
                            .mates_as_given =
                                d->ask->mates_as_given || d->heals, /* was asked when it came in */
                            .same_data = d->ask->same_data || d->heals,
                            .data = check_data,
                            .who = d,
                            .progress = VL_PROGRESS_OFF };
    return vl_ingest_run(&ask, &done->sum, err);
}

/* The store's entry in the record: what it says of itself, and what the item adds. */
static json_t *make_entry(const vl_deposit_work *d, const char *kind, vl_err *err)
{
    char escaped[512], file[600];
    vl_bank_escape(d->ask->item->acquisition, escaped);
    snprintf(file, sizeof file, "%s-%s.h5", kind, escaped);
    json_t *const store = vl_record_describe(d->staged, file, err);
    if (!store) return NULL;
    add_facts(json_object_get(store, "facts"), &d->ask->item->about_acquisition);
    remember_inputs(d, store);
    return store;
}

/* What is said of the sample and of one of its stores; the caller owns it. */
static json_t *copy_said(const vl_deposit_work *d, const json_t *store)
{
    json_t *const said = json_pack("[O?,O,O]", json_object_get(d->record, "donor"),
                                   json_object_get(d->record, "facts"), json_object_get(store, "facts"));
    json_t *const copy = json_deep_copy(said);
    json_decref(said);
    return copy;
}

/* The data is there already. A record that was lost is written anew. */
static vl_code note_unchanged(const vl_deposit_work *d, json_t *old, vl_deposited *done, vl_err *err)
{
    json_t *const before = copy_said(d, old);
    note_item(d, old);
    json_t *const after = copy_said(d, old);
    done->corrected = d->ask->correct && !json_equal(before, after);
    json_decref(before);
    json_decref(after);
    return save(d, done->corrected ? "correct" : "facts", err);
}

/* Is it in the bank already? Refuses what cannot come in before time is spent on it. */
static vl_code look_first(vl_deposit_work *d, const char *kind, vl_deposited *done, vl_err *err)
{
    int lock = -1;
    if (vl_deposit_lock(d->ask->bank, d->ask->item->sample, &lock, err)) return err->code;
    if (!vl_deposit_load(d, err)) {
        json_t *const old = vl_record_store(d->record, kind, d->ask->item->acquisition, "live");
        bool same = false;
        if (old && !vl_deposit_is_same(d, old, &same, err)) {
            if (!same && !d->ask->supersede) vl_deposit_conflict(d, old, err);
            if (same && !vl_deposit_check_details(d, old, err) && !is_whole(d, old, &done->unchanged, err) &&
                done->unchanged)
                note_unchanged(d, old, done, err);
            d->heals = same && !done->unchanged;
        }
    }
    close(lock);
    return err->code;
}

static vl_code bring_in(vl_deposit_work *d, vl_deposited *done, vl_err *err)
{
    int lock = -1;
    if (ingest(d, done, err) || check_inputs_still(d, err)) return err->code;
    if (!done->sum.rows && d->ask->bank->refuse_empty && !d->heals)
        return vl_fail(err, VL_EFORMAT, "no %s, and bank.ini says 'empty = refuse'", done->sum.row_name);
    json_t *const store = make_entry(d, done->sum.kind, err);
    if (!store) return err->code;
    if (!vl_deposit_lock(d->ask->bank, d->ask->item->sample, &lock, err) && !vl_deposit_load(d, err))
        publish(d, store, done, err);
    if (lock >= 0) close(lock);
    json_decref(store);
    return err->code;
}

vl_code vl_deposit_run(const vl_deposit *ask, vl_deposited *done, vl_err *err)
{
    vl_deposit_work d = { .ask = ask };
    char name[96];
    const vl_format *format = NULL;
    const char *const first = ask->item->inputs.file[0].path;
    *done = (vl_deposited){ 0 };
    snprintf(name, sizeof name, ".%.80s.h5", ask->id);
    if (vl_deposit_begin(&d, err) || join(d.staged, d.folder, name, err) ||
        vl_look_format(first, &format, err) || vl_bank_make_folder(ask->bank, d.folder, err))
        goto out;
    if (!look_first(&d, format ? format->schema->kind : NULL, done, err) && !done->unchanged &&
        bring_in(&d, done, err))
        unlink(d.staged);
    done->record = err->code ? NULL : json_incref(d.record);
    done->reason = d.reason;
    if (!*err->file && err->code) vl_err_file(err, first);
out:
    vl_deposit_end(&d);
    return err->code;
}

/* ---- recovery ---- */

/* What the record could not know of a store that was published just before its run died. */
static void complete(json_t *record, const json_t *item)
{
    const char *acquisition = NULL;
    json_t *about_sample = NULL, *about_acquisition = NULL, *inputs = NULL, *value;
    const char *name;
    if (json_unpack((json_t *)item, "{s:s,s:o,s:o,s:o}", "acquisition", &acquisition, "about_sample",
                    &about_sample, "about_acquisition", &about_acquisition, "inputs", &inputs))
        return;
    json_t *const store = vl_record_store(record, NULL, acquisition, "live");
    if (!store) return;
    json_object_del(record, "gone");
    json_object_foreach(about_acquisition, name, value)
        vl_correct_fact(json_object_get(store, "facts"), name, json_string_value(value));
    json_object_foreach(about_sample, name, value) if (json_string_length(value))
        vl_correct_sample(record, name, json_string_value(value));
    for (size_t i = 0; i < json_array_size(inputs); i++)
        json_object_set(json_array_get(json_object_get(store, "inputs"), i), "path",
                        json_array_get(inputs, i));
}

/* Does the record have of the item's store what the store says, and nothing of the item? Its folder was
 * looked through for another item of the sample, then. */
static bool is_bare(const json_t *record, const json_t *item)
{
    const char *const name = json_string_value(json_object_get(item, "acquisition"));
    json_t *const store = name ? vl_record_store(record, NULL, name, "live") : NULL;
    const char *const path =
        json_string_value(json_object_get(json_array_get(json_object_get(store, "inputs"), 0), "path"));
    return path && !strchr(path, '/');
}

static vl_code remove_one(const char *folder, const char *before, const char *id, const char *behind,
                          vl_err *err)
{
    char path[VL_BANK_PATH + 100];
    snprintf(path, sizeof path, "%s/%s%.80s%s", folder, before, id, behind);
    if (!unlink(path) || errno == ENOENT) return VL_OK;
    vl_fail_errno(err, VL_EIO, errno, "cannot clear what a dead run left");
    return vl_err_file(err, path);
}

vl_code vl_deposit_clear(const vl_bank *bank, const char *id, const char *sample, vl_err *err)
{
    char folder[VL_BANK_PATH];
    if (vl_bank_sample_folder(bank, sample, folder, err)) return err->code;
    if (remove_one(folder, ".", id, ".h5", err)) return err->code;
    return remove_one(folder, "..", id, ".h5.part", err);
}

static bool has_stores_or_past(const json_t *record)
{
    return json_array_size(json_object_get(record, "stores")) || json_object_get(record, "withdrawn") ||
           json_integer_value(json_object_get(record, "revision"));
}

vl_code vl_deposit_recover(const vl_bank *bank, const char *id, const char *sample, const json_t *item,
                           json_t **record, vl_err *err)
{
    char folder[VL_BANK_PATH];
    struct stat st;
    int lock = -1;
    bool changed = false;
    *record = NULL;
    if (vl_bank_sample_folder(bank, sample, folder, err)) return err->code;
    if (stat(folder, &st)) return VL_OK; /* it died before it began */
    if (vl_deposit_lock(bank, sample, &lock, err)) return err->code;
    if (!vl_deposit_clear(bank, id, sample, err) && !remove_one(folder, ".", "sample", ".h5.part", err) &&
        (*record = vl_record_load(bank, sample, err)) &&
        (json_object_get(*record, "withdrawn") || !vl_record_reconcile(folder, *record, &changed, err)) &&
        has_stores_or_past(*record)) {
        /* a record that came from the stores alone is not in sample.h5 yet */
        if (item &&
            (changed || !json_integer_value(json_object_get(*record, "revision")) || is_bare(*record, item)))
            complete(*record, item);
        vl_record_save(bank, *record, "recover", "what a dead run left", err);
    }
    close(lock);
    if (*record && (err->code || !has_stores_or_past(*record))) {
        json_decref(*record);
        *record = NULL;
    }
    return err->code;
}
