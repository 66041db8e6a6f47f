/*
 * The notes of a store that is read (store.h). They are taken from /source/manifest once, when the store is
 * opened, and checked there: against the digest of the manifest and, unless it is opened for a look at rows
 * alone, against the attributes that HDF5 programs see, and what they count against what there is. What is
 * asked later comes from memory.
 */
#include "formats/xxh3.h"
#include "formats/letter.h"
#include "pipeline/store/h5.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANIFEST_MOST = 64 << 20 };

/* ---- the manifest ---- */

/* Its bytes with a 0 behind them, as many as the digest says. */
static vl_code read_manifest(vl_store *st, vl_err *err)
{
    vl_work work = { 0 };
    const int column = vl_store_find(st, "source/manifest");
    if (column < 0) return vl_fail(err, VL_ESTORE, "no /source/manifest");
    if (vl_store_look_at(st, column, err)) return err->code;
    const vl_stored *const col = vl_store_column(st, column);
    XXH128_canonical_t hash;
    if (col->type != VL_U8 || col->nelem > MANIFEST_MOST)
        return vl_fail(err, VL_ESTORE, "/source/manifest has %" PRIu64 " %ss", col->nelem,
                       vl_type_name(col->type));
    if (!vl_store_read(st, column, &st->manifest, &work, err)) {
        XXH128_canonicalFromHash(&hash, XXH3_128bits(st->manifest.data, st->manifest.len));
        if (memcmp(hash.digest, col->digest, sizeof col->digest))
            vl_fail(err, VL_ESTORE, "source/manifest does not match its digest");
        else vl_buf_append(&st->manifest, "", 1, err);
    }
    vl_work_free(&work);
    return err->code;
}

static vl_code add_note(vl_store *st, size_t *cap, char *line, char *name, char *text, vl_err *err)
{
    if (st->nnote == *cap) {
        *cap = *cap ? 2 * *cap : 128;
        vl_note *const more = realloc(st->note, *cap * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for %zu notes", *cap);
        st->note = more;
    }
    st->note[st->nnote++] = (vl_note){ .where = line, .name = name, .text = text };
    return VL_OK;
}

static vl_code split_manifest(vl_store *st, vl_err *err)
{
    size_t cap = 0;
    for (char *line = (char *)st->manifest.data, *end; *line && !err->code; line = end + 1) {
        char *const name = strchr(line, '\t'), *const text = name ? strchr(name + 1, '\t') : NULL;
        if (!text || !(end = strchr(text, '\n')))
            return vl_fail(err, VL_ESTORE, "/source/manifest: a line has no three parts");
        *name = *text = *end = 0;
        add_note(st, &cap, line, name + 1, text + 1, err);
    }
    return err->code;
}

/* ---- checks ---- */

/* *object -1: there is no such group or data set. */
static vl_code open_where(vl_store *st, const char *where, hid_t *object, vl_err *err)
{
    bool there = true;
    vl_hdf5_quiet();
    *object = -1;
    if (strcmp(where, "/") && vl_hdf5_has(st->file, where, &there, VL_ESTORE, err))
        return vl_err_file(err, st->path);
    if (there && (*object = H5Oopen(st->file, where, H5P_DEFAULT)) < 0) vl_store_bad(st, err, where);
    return err->code;
}

/* Every line must stand as an attribute; lines of one object stand together. */
static vl_code check_attributes(vl_store *st, vl_err *err)
{
    char *const found = malloc(VL_NOTE_TEXT + 1);
    const char *where = "";
    hid_t object = -1;
    if (!found) return vl_fail(err, VL_ENOMEM, "no memory for a note");
    for (vl_note *n = st->note, *const end = n + st->nnote; n < end && !err->code; n++) {
        if (strcmp(n->where, where)) {
            if (object >= 0) H5Oclose(object);
            where = n->where;
            if (open_where(st, where, &object, err)) break;
        }
        *found = 0;
        if (object >= 0 && vl_store_text_of(st, object, n->name, found, VL_NOTE_TEXT + 1, &n->number, err))
            break;
        if (strcmp(found, n->text))
            vl_fail(err, VL_ESTORE, "note %.40s of %.40s is '%.60s', the manifest says '%.60s'", n->name,
                    n->where, found, n->text);
    }
    if (object >= 0) H5Oclose(object);
    free(found);
    return err->code;
}

/* Inputs are counted by a note, and each has notes of its own: /source/0, /source/1 ... */
static vl_code check_files(vl_store *st, vl_err *err)
{
    uint64_t said = 0, there = 0;
    if (vl_store_get_u64(st, "source", "n_file", &said, err)) return err->code;
    for (size_t i = 0; i < st->nnote; i++) {
        const char *const where = st->note[i].where;
        if (strncmp(where, "source/", 7) || !isdigit((unsigned char)where[7])) continue;
        const uint64_t number = strtoull(where + 7, NULL, 10);
        if (number == there) there++;
    }
    if (said != there)
        vl_fail(err, VL_ESTORE, "note n_file says %" PRIu64 " inputs, %" PRIu64 " are described", said,
                there);
    return err->code;
}

vl_code vl_store_open_notes(vl_store *st, vl_err *err)
{
    if (!read_manifest(st, err) && !split_manifest(st, err) && (st->look || !check_attributes(st, err)))
        check_files(st, err);
    return err->code;
}

/* ---- what is asked ---- */

static const vl_note *find_note(vl_store *st, const char *where, const char *name)
{
    for (size_t i = 0; i < st->nnote; i++) {
        const size_t at = (st->found + i) % st->nnote;
        if (strcmp(st->note[at].name, name) || strcmp(st->note[at].where, where)) continue;
        st->found = at;
        return &st->note[at];
    }
    return NULL;
}

/* An attribute is asked for itself where no note can be it: before the notes are there, and of a data set. */
static bool is_note(const vl_store *st, const char *where)
{
    return st->note && (!strcmp(where, "/") || vl_store_find(st, where) < 0);
}

static vl_code get_attribute(vl_store *st, const char *where, const char *name, char *text, size_t n,
                             vl_err *err)
{
    hid_t object = -1;
    if (open_where(st, where, &object, err) || object < 0) return err->code;
    vl_store_text_of(st, object, name, text, n, NULL, err);
    H5Oclose(object);
    return err->code;
}

vl_code vl_store_get(vl_store *st, const char *where, const char *name, char *text, size_t n, vl_err *err)
{
    const vl_note *const note = find_note(st, where, name);
    text[0] = 0;
    if (note) snprintf(text, n, "%s", note->text);
    else if (!is_note(st, where)) return get_attribute(st, where, name, text, n, err);
    return VL_OK;
}

vl_code vl_store_get_u64(vl_store *st, const char *where, const char *name, uint64_t *value, vl_err *err)
{
    char text[32], *end = text;
    *value = 0;
    if (vl_store_get(st, where, name, text, sizeof text, err) || !*text) return err->code;
    errno = 0;
    *value = strtoull(text, &end, 10);
    if (!errno && isdigit((unsigned char)text[0]) && !*end) return VL_OK;
    vl_fail(err, VL_ESTORE, "note %.40s of %.40s is '%s', not a number", name, where, text);
    return vl_err_file(err, st->path);
}

vl_code vl_store_identity(vl_store *st, char hex[65], vl_err *err)
{
    hex[0] = 0;
    if (get_attribute(st, "/", "vial.digest", hex, 65, err)) return err->code;
    size_t n = 0;
    while (vl_hex_digit(hex[n]) >= 0) n++;
    if (n == 64) return VL_OK;
    vl_fail(err, VL_ESTORE, "vial.digest is no hexadecimal number of 64 digits");
    return vl_err_file(err, st->path);
}

void vl_store_notes(const vl_store *st, vl_note_fn *tell, void *to)
{
    for (const vl_note *n = st->note; n < st->note + st->nnote; n++)
        tell(to, n->where, n->name, n->text, n->number);
}
