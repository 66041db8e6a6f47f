/*
 * The record of a sample: everything that is known about it, as one JSON object. It lies in the sample's
 * sample.h5, where its seal points (store/sample.h), and every change of it in the ledger
 * (ledger/ledger.h); the newer of the two is the truth, and what the catalogue holds about a sample is made
 * from it alone.
 *
 *   { "vial_record": 1, "sample": "S1", "revision": 7,
 *     "ledger": {"line": 12, "sum": <16 hex>, "at": 4711},   its last line in the ledger
 *     "donor": "D1",                                    absent if unknown
 *     "facts": {"specimen_type": "DNA", ...},           text values
 *     "withdrawn": {"reason": "...", "at": 1764000000}, absent unless withdrawn; "stores" is empty
 *                                                     then, after tidy
 *     "gone": {"reason": "...", "at": 1764000000},      it was a mistake: the name is free, no store is live;
 *                                                       {"to": "S2", "at": ..., "request": id}: it was
 *                                                       renamed
 *     "was": [ {"sample": "S0", "revision": 3, "at": 1764000000, "request": id,
 *               "acquisition": "L001"} ],
 *                    what it has was there until then; without acquisition: the whole sample was
 *     "stores": [ {
 *        "kind": <its name>, "acquisition": "S1_L001", "file": "<kind>-S1_L001.h5",
 *        "state": "live" | "superseded", "profile": "compact", "options": "interleaved=no",
 *        "rows": 1000000, "bytes": 100495642, "bytes_in": 220000000, "text_bytes": 739000000,
 *        "digest": <64 hex>, "seal": <32 hex>,
 *        "removed": "...",                             superseded by nothing, for that reason
 *        "published": 1764000000, "superseded": 1764100000 (only then),
 *        "healed": 1764200000,        when it was last made again (only then)
 *        "moved": {"from": "S0", "at": 1764000000, "request": id},   it came from another sample (only then)
 *        "facts": {"lane": "1", ...},
 *        "original": "pending" | "described",   how inputs that are packed can be given back as they were
 *                                               (out/delivered.h): all of them or not yet; absent: never
 *        "measures": {"q30": 91.25, ...},   how good its data is (out/measure.h), as far as the store knows
 *        "inputs": [ {"stream": 1, "role": "R1", "path": "/seq/run/S1_R1.fastq.gz", "bytes": 110000000,
 *                     "mtime_ns": 1763999999123456789, "sha256": <64 hex>} ] } ] }
 *
 * Inputs stand in order of streams, and those of one stream as they follow each other. "role" and "measures"
 * may be missing: records of the first days had none.
 *
 * revision grows by one with each change; a catalogue or collector never goes back to a smaller one.
 */
#ifndef VL_RECORD_H
#define VL_RECORD_H

#include "pipeline/bank/ledger/ledger.h"
#include <jansson.h>

/* An empty record of a sample; NULL without memory (err is set). The caller owns what comes back
 * (json_decref). */
json_t *vl_record_new(const char *sample, vl_err *err);
/* Parses and checks: a record that passes has every member above with its type, and safe file names. */
json_t *vl_record_parse(const char *json, size_t n, vl_err *err);
/* NULL: good; else what is wrong with a parsed record. Static. */
const char *vl_record_wrong(json_t *record);
/* The record of a sample of the bank: of sample.h5 or the ledger, whichever is newer; if neither knows the
 * sample, made from the stores in its folder (that enters HDF5). NULL with err->code VL_ENOIN if there is no
 * such sample; VL_ESTORE if the two disagree and neither is newer. */
json_t *vl_record_load(const vl_bank *bank, const char *sample, vl_err *err);
/* What sample.h5 says, and no more; NULL if it is missing (VL_ENOIN) or damaged. */
json_t *vl_record_read(const vl_bank *bank, const char *sample, vl_err *err);
/* Is there a sample.h5 that says what it is? Cheap: for who would take the sample's word from elsewhere. */
bool vl_record_stands(const vl_bank *bank, const char *sample);
/* What a store says of itself, as a member of "stores": state "live" if `file`, the name it has or will have,
 * is <kind>-<acquisition>.h5. NULL on error; the caller owns it. Enters HDF5. */
json_t *vl_record_describe(const char *path, const char *file, vl_err *err);
/* Is a store of the record there, as long and with the seal that the record says? Reads the seal alone, not
 * HDF5. VL_ENOIN: it is missing; VL_ESTORE: it has no seal; VL_EEXIST: it is another one. */
vl_code vl_record_look(const char *folder, const json_t *store, vl_err *err);
/* Were two stores made of the same bytes, in the same streams? */
bool vl_record_same_inputs(const json_t *one, const json_t *other);
/* A store of the record has been made again: it is described by `made` from now on, and keeps what only the
 * record knows: its name, facts, inputs, state and when it was published. */
vl_code vl_record_heal(json_t *store, const json_t *made, vl_err *err);
/* The measures of a store of the record are those of `made`, if it has any, and what it says of its files. */
void vl_record_measure(json_t *store, const json_t *made);
/* Makes a record agree with its folder: stores that the record does not know are added as they describe
 * themselves, one in the place of another was healed, superseded ones that are gone leave it (live ones are
 * lost, not forgotten), second names of superseded stores are removed. Enters HDF5. */
vl_code vl_record_reconcile(const char *folder, json_t *record, bool *changed, vl_err *err);
/* Notes what has changed since the record was loaded as a line of the ledger with revision + 1, then writes
 * sample.h5 anew: the record, facts as attributes, external links to the live stores. Where nothing has
 * changed, no line is added, and sample.h5 is written only if it is missing, damaged or older. The caller
 * holds the sample's lock. Enters HDF5. what: a word for the change, "publish" (a-z and -; ledger/ledger.h
 * keeps some). source: the sheet with its line, or the command; any bytes. */
vl_code vl_record_save(const vl_bank *bank, json_t *record, const char *what, const char *source,
                       vl_err *err);
/* Which of a sample's two homes tells the truth. By revision; of one revision, a record that notes the
 * ledger's last line knows what a ledger with a gap does not. */
typedef enum vl_record_homes {
    VL_RECORD_FILE,    /* sample.h5; also when neither knows the sample */
    VL_RECORD_LEDGER,  /* the ledger */
    VL_RECORD_BOTH,    /* they say the same */
    VL_RECORD_CONFLICT /* one revision, different things */
} vl_record_homes;
vl_code vl_record_weigh(const json_t *file, const vl_ledger_known *ledger, vl_record_homes *homes,
                        vl_err *err);
/* Somebody has decided which of the two is right where they tell different things of one revision: `trust`,
 * VL_RECORD_FILE or VL_RECORD_LEDGER. The other gets what it says, as a revision more and a line "trust" of
 * the ledger; a withdrawal that either of them knows cannot be decided away. {"records": [the record],
 * "changes": what the other had said -> what it says now (ledger/history.h)}; no record and null where there
 * is nothing to decide. NULL: err is set. The caller owns it, and holds the sample's lock. Enters HDF5. */
json_t *vl_record_decide(const vl_bank *bank, const char *sample, vl_record_homes trust, const char *source,
                         vl_err *err);
/* What the ledger knows of a sample, as a record that passes; the caller owns it. */
json_t *vl_record_folded(const vl_ledger_known *ledger, const char *sample, vl_err *err);
/* The store of that kind and acquisition in that state ("live"); NULL: none. Borrowed. */
json_t *vl_record_store(const json_t *record, const char *kind, const char *acquisition, const char *state);
/* A live store of the record that is to be kept as a superseded one: its state, and the file it is to
 * have. */
void vl_record_set_aside(json_t *record, json_t *store);
/* Other names that stores of the record have in its folder go: one that was set aside had another before, and
 * so had one that was brought back. */
vl_code vl_record_drop_names(const char *folder, const json_t *record, vl_err *err);
/* A store that is not there any more leaves the record. */
void vl_record_forget(json_t *record, const json_t *store);
/* Calls visit(sample, to) for the id of every sample folder of the bank, in order of the folders. */
vl_code vl_record_each(const vl_bank *bank, vl_code (*visit)(const char *sample, void *to, vl_err *err),
                       void *to, vl_err *err);

/* Do the options of a record's store say the same as what is asked for, "interleaved"? */
bool vl_record_same_options(const char *noted, const char *asked);

#endif
