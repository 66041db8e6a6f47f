/*
 * A record's two homes: sample.h5 in the sample's folder, and the ledger (record.h, ledger/ledger.h).
 *
 * A change is a line of the ledger first, then sample.h5, then rows of the catalogue. A run that dies in
 * between leaves a sample.h5 that is older than the ledger: whoever reads takes the newer of the two, and the
 * next save writes it. The newer is known by the revision; two homes of one revision that tell different
 * things are an error, and nothing is guessed.
 */
#include "pipeline/bank/record.h"

#include "pipeline/bank/ledger/history.h"
#include "pipeline/bank/ledger/ledger.h"
#include "pipeline/store/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What both homes say of a sample. */
typedef struct known {
    json_t *file;           /* owned: the record of sample.h5; NULL: none, or damaged */
    vl_ledger_known ledger; /* owned */
    json_t *truth;          /* owned: the newer; NULL: neither knows the sample */
    bool in_ledger;         /* the truth is what the last line of the ledger made */
} known;

static void forget(known *k)
{
    json_decref(k->file);
    json_decref(k->truth);
    vl_ledger_known_free(&k->ledger);
}

static uint64_t revision_of(const json_t *record)
{
    return (uint64_t)json_integer_value(json_object_get(record, "revision"));
}

/* ---- what sample.h5 says ---- */

static vl_code place(const vl_bank *bank, const char *sample, char path[VL_BANK_PATH], vl_err *err)
{
    if (vl_bank_sample_folder(bank, sample, path, err)) return err->code;
    const size_t n = strlen(path);
    if (n + sizeof "/sample.h5" > VL_BANK_PATH)
        return vl_fail(err, VL_EARG, "a path of the bank is too long");
    memcpy(path + n, "/sample.h5", sizeof "/sample.h5");
    return VL_OK;
}

json_t *vl_record_read(const vl_bank *bank, const char *sample, vl_err *err)
{
    char path[VL_BANK_PATH];
    vl_buf text = { 0 };
    vl_sealed sealed;
    json_t *record = NULL;
    if (!place(bank, sample, path, err) && !vl_seal_read(path, &sealed, &text, err))
        record = vl_record_parse((char *)text.data, text.len, err);
    vl_buf_free(&text);
    const char *const is = json_string_value(json_object_get(record, "sample"));
    if (!record || !strcmp(is, sample)) return record;
    vl_fail(err, VL_ESTORE, "is the file of sample '%.60s'", is);
    json_decref(record);
    return NULL;
}

bool vl_record_stands(const vl_bank *bank, const char *sample)
{
    vl_err err = VL_ERR_INIT;
    json_t *const record = vl_record_read(bank, sample, &err);
    json_decref(record);
    return record != NULL;
}

/* ---- what is true ---- */

json_t *vl_record_folded(const vl_ledger_known *f, const char *sample, vl_err *err)
{
    json_t *const record = vl_state_record(f->state, sample, f->revision);
    const char *const wrong = record ? vl_record_wrong(record) : NULL;
    if (!record) vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    else if (wrong)
        vl_fail(err, VL_ESTORE, "what the ledger says of sample '%.60s' is damaged: %.100s", sample, wrong);
    else if (!vl_ledger_set_link(record, &f->link, err)) return record;
    json_decref(record);
    return NULL;
}

vl_code vl_record_weigh(const json_t *file, const vl_ledger_known *ledger, vl_record_homes *homes,
                        vl_err *err)
{
    const uint64_t of_file = revision_of(file);
    *homes = !ledger->state ? VL_RECORD_FILE : !file ? VL_RECORD_LEDGER : VL_RECORD_BOTH;
    if (*homes != VL_RECORD_BOTH) return VL_OK;
    if (of_file != ledger->revision) {
        *homes = of_file > ledger->revision ? VL_RECORD_FILE : VL_RECORD_LEDGER;
        return VL_OK;
    }
    json_t *const state = vl_state_of(file);
    if (!state) return vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    /* a record that notes the last line has every line, also those that the ledger lost */
    if (!json_equal(state, ledger->state))
        *homes = ledger->linked && ledger->gap ? VL_RECORD_FILE : VL_RECORD_CONFLICT;
    json_decref(state);
    return VL_OK;
}

/* Both homes, and which of them is right. */
static vl_code listen_to(const vl_bank *bank, const char *sample, known *k, vl_record_homes *homes,
                         vl_err *err)
{
    vl_err why = VL_ERR_INIT;
    *k = (known){ .file = vl_record_read(bank, sample, &why) };
    if (!k->file && why.code != VL_ENOIN && why.code != VL_ESTORE && why.code != VL_ETRUNC)
        return *err = why, err->code;
    if (vl_ledger_fold(bank, sample, k->file, &k->ledger, err)) return err->code;
    return vl_record_weigh(k->file, &k->ledger, homes, err);
}

static vl_code learn(const vl_bank *bank, const char *sample, known *k, vl_err *err)
{
    vl_record_homes homes;
    if (listen_to(bank, sample, k, &homes, err)) return err->code;
    if (homes == VL_RECORD_CONFLICT)
        return vl_fail(
            err, VL_ESTORE,
            "sample.h5 and the ledger tell different things of sample '%.60s', both as revision %llu: 'vial "
            "catalog check' says which, 'vial catalog rebuild --trust' decides",
            sample, (unsigned long long)k->ledger.revision);
    k->in_ledger = homes != VL_RECORD_FILE;
    k->truth = k->in_ledger ? vl_record_folded(&k->ledger, sample, err) : json_incref(k->file);
    return err->code;
}

/* What the stores in its folder say, when nothing else is left of a sample. */
static json_t *from_stores(const vl_bank *bank, const char *sample, vl_err *err)
{
    char folder[VL_BANK_PATH];
    struct stat st;
    bool changed = false;
    if (vl_bank_sample_folder(bank, sample, folder, err)) return NULL;
    if (stat(folder, &st) || !S_ISDIR(st.st_mode))
        return vl_fail(err, VL_ENOIN, "no sample '%.100s' in the bank", sample), NULL;
    json_t *const record = vl_record_new(sample, err);
    if (record && !vl_record_reconcile(folder, record, &changed, err)) return record;
    json_decref(record);
    return NULL;
}

json_t *vl_record_load(const vl_bank *bank, const char *sample, vl_err *err)
{
    known k;
    json_t *record = NULL;
    if (!learn(bank, sample, &k, err))
        record = k.truth ? json_deep_copy(k.truth) : from_stores(bank, sample, err);
    if (!record && !err->code) vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    forget(&k);
    return record;
}

/* ---- save ---- */

/* Facts as attributes, live stores as links: arrays that borrow from the record. */
static vl_code list_members(const json_t *record, vl_sample_file *s, vl_err *err)
{
    const json_t *const facts = json_object_get(record, "facts"), *const stores =
                                                                      json_object_get(record, "stores");
    vl_sample_fact *const fact = calloc(json_object_size(facts) + 2, sizeof *fact);
    vl_sample_link *const link = calloc(json_array_size(stores) + 1, sizeof *link);
    s->fact = fact;
    s->link = link;
    if (!fact || !link) return vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    const char *name;
    json_t *value;
    size_t i;
    fact[s->nfact++] = (vl_sample_fact){ "sample", json_string_value(json_object_get(record, "sample")) };
    if (json_object_get(record, "donor"))
        fact[s->nfact++] = (vl_sample_fact){ "donor", json_string_value(json_object_get(record, "donor")) };
    json_object_foreach((json_t *)facts, name, value)
    {
        if (!strcmp(name, "sample") || !strcmp(name, "donor")) continue;
        fact[s->nfact++] = (vl_sample_fact){ name, json_string_value(value) };
    }
    json_array_foreach(stores, i, value)
    {
        if (json_object_get(record, "withdrawn") ||
            strcmp(json_string_value(json_object_get(value, "state")), "live"))
            continue;
        link[s->nlink++] = (vl_sample_link){ json_string_value(json_object_get(value, "kind")),
                                             json_string_value(json_object_get(value, "acquisition")),
                                             json_string_value(json_object_get(value, "file")) };
    }
    return VL_OK;
}

static vl_code write_file(const vl_bank *bank, const char *sample, const json_t *record, vl_err *err)
{
    char path[VL_BANK_PATH];
    vl_sample_file s = { 0 };
    if (vl_bank_sample_folder(bank, sample, path, err) || vl_bank_make_folder(bank, path, err) ||
        place(bank, sample, path, err))
        return err->code;
    char *const text = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS);
    s.record = text;
    s.record_bytes = text ? strlen(text) : 0;
    if (!text) vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    else if (!list_members(record, &s, err)) vl_sample_write(path, &s, err);
    free((void *)s.fact);
    free((void *)s.link);
    free(text);
    return err->code;
}

/* The lines that bring the ledger from what it knows to `after`. What it did not know before is a line of its
 * own; so is a record that comes with a later revision than any. */
static vl_code add_lines(const vl_bank *bank, const char *sample, const known *k, const json_t *before,
                         const json_t *after, const char *what, const char *source, uint64_t *revision,
                         vl_ledger_link *link, vl_err *err)
{
    const uint64_t was = revision_of(k->truth);
    json_t *const patch = vl_patch_between(before, after);
    vl_ledger_entry entry[2];
    size_t n = 0;
    if (!patch) return vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    if (*revision > was) {
        entry[n++] = (vl_ledger_entry){ sample, VL_LEDGER_BEGIN, source, *revision, after };
    } else {
        if (k->truth && !k->in_ledger)
            entry[n++] = (vl_ledger_entry){ sample, VL_LEDGER_BEGIN, source, was, before };
        *revision = was;
        if (!k->truth || json_object_size(patch))
            entry[n++] = (vl_ledger_entry){ sample, what, source, ++*revision, patch };
    }
    *link = k->ledger.link;
    if (n) vl_ledger_append(bank, entry, n, link, err);
    json_decref(patch);
    return err->code;
}

static vl_code save(const vl_bank *bank, json_t *record, const known *k, const char *what, const char *source,
                    vl_err *err)
{
    const char *const sample = json_string_value(json_object_get(record, "sample"));
    json_t *const before = k->truth ? vl_state_of(k->truth) : json_object(), *const after =
                                                                                 vl_state_of(record);
    uint64_t revision = revision_of(record);
    vl_ledger_link link;
    if (!before || !after) vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    else if (!add_lines(bank, sample, k, before, after, what, source, &revision, &link, err)) {
        json_object_set_new(record, "revision", json_integer((json_int_t)revision));
        if (!vl_ledger_set_link(record, &link, err) && !(k->file && json_equal(k->file, record)))
            write_file(bank, sample, record, err);
    }
    json_decref(before);
    json_decref(after);
    return err->code;
}

vl_code vl_record_save(const vl_bank *bank, json_t *record, const char *what, const char *source, vl_err *err)
{
    known k;
    if (!learn(bank, json_string_value(json_object_get(record, "sample")), &k, err))
        save(bank, record, &k, what, source, err);
    forget(&k);
    return err->code;
}

/* ---- decided by somebody ---- */

/* The line of the ledger and the record, by which both homes say what the chosen one says. */
static json_t *settle(const vl_bank *bank, const known *k, json_t *chosen, json_t *other, const char *source,
                      vl_err *err)
{
    const char *const sample = json_string_value(json_object_get(chosen, "sample"));
    json_t *const to = vl_state_of(chosen), *const from = vl_state_of(other);
    json_t *const patch = to ? vl_patch_between(k->ledger.state, to) : NULL;
    const vl_ledger_entry entry = { sample, "trust", source, k->ledger.revision + 1, patch };
    vl_ledger_link link;
    json_t *changes = NULL;
    if (!from || !patch) vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    else if (!vl_ledger_append(bank, &entry, 1, &link, err) && !vl_ledger_set_link(chosen, &link, err)) {
        json_object_set_new(chosen, "revision", json_integer((json_int_t)entry.revision));
        if (!write_file(bank, sample, chosen, err) && !(changes = vl_changes_between(from, to)))
            vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    }
    json_decref(to);
    json_decref(from);
    json_decref(patch);
    return changes;
}

static json_t *decide(const vl_bank *bank, const char *sample, known *k, vl_record_homes trust,
                      const char *source, vl_err *err)
{
    json_t *const folded = vl_record_folded(&k->ledger, sample, err);
    json_t *const chosen = trust == VL_RECORD_FILE ? k->file : folded, *const other = chosen == folded
                                                                                          ? k->file
                                                                                          : folded;
    json_t *changes = NULL;
    if (folded && json_object_get(other, "withdrawn") && !json_object_get(chosen, "withdrawn"))
        vl_fail(err, VL_EEXIST, "sample '%.60s' was withdrawn, as %s says: that stands", sample,
                trust == VL_RECORD_FILE ? "the ledger" : "its sample.h5");
    else if (folded) changes = settle(bank, k, chosen, other, source, err);
    json_t *const said = changes ? json_pack("{s:[O],s:O}", "records", chosen, "changes", changes) : NULL;
    json_decref(changes);
    json_decref(folded);
    return said;
}

json_t *vl_record_decide(const vl_bank *bank, const char *sample, vl_record_homes trust, const char *source,
                         vl_err *err)
{
    known k = { 0 };
    vl_record_homes homes;
    json_t *said = NULL;
    if (!listen_to(bank, sample, &k, &homes, err) && homes == VL_RECORD_CONFLICT)
        said = decide(bank, sample, &k, trust, source, err);
    else if (!err->code && (k.file || k.ledger.state)) said = json_pack("{s:[],s:n}", "records", "changes");
    else vl_fail(err, VL_ENOIN, "neither sample.h5 nor the ledger knows sample '%.100s'", sample);
    forget(&k);
    if (!said) vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    return said;
}
