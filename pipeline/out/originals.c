/* Files as they came (originals.h): which they are, and a text cut into them. */
#include "pipeline/out/originals.h"
#include "pipeline/io/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which they are ---- */

/* As a file was packed; one that was so in a way which is not written comes as the nearest that is. */
static vl_packing packing_of(const char *compression)
{
    if (!strcmp(compression, "none")) return VL_PACK_PLAIN;
    return strstr(compression, "zstd") ? VL_PACK_ZSTD : VL_PACK_BGZF;
}

static vl_code check_name(const char *name, vl_err *err)
{
    if (!strcmp(name, "-"))
        return vl_fail(err, VL_EARG,
                       "an input came from standard input and has no name: 'vial export' gives it");
    if (*name && strcmp(name, ".") && strcmp(name, "..") && !strchr(name, '/')) return VL_OK;
    return vl_fail(err, VL_ESTORE, "an input is called '%.80s', which is no name of a file", name);
}

/* delivered: under its very name, which another file has where it was not packed as it will be. */
static vl_code name_one(vl_original *one, vl_store *st, const char *where, const vl_originals_ask *ask,
                        vl_err *err)
{
    char was[VL_PATH * 8], name[VL_PATH * 8 + 8];
    if (ask->path[0] || !ask->folder) {
        one->path = strdup(ask->path[one->stream] ? ask->path[one->stream] : "");
        return one->path ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for inputs");
    }
    if (vl_store_get(st, where, "name", was, sizeof was, err) || check_name(was, err)) return err->code;
    if (ask->delivered || !vl_name_given_back(was, name, sizeof name)) snprintf(name, sizeof name, "%s", was);
    const size_t room = strlen(ask->folder) + strlen(name) + 2;
    if (!(one->path = malloc(room))) return vl_fail(err, VL_ENOMEM, "no memory for inputs");
    snprintf(one->path, room, "%s/%s", ask->folder, name);
    return VL_OK;
}

static vl_code read_one(vl_original *one, vl_store *st, uint64_t i, const vl_originals_ask *ask, vl_err *err)
{
    char where[32], how[32];
    uint64_t stream = 0;
    snprintf(where, sizeof where, "source/%" PRIu64, i);
    if (vl_store_get(st, where, "compression", how, sizeof how, err) ||
        vl_store_get_u64(st, where, "stream", &stream, err) ||
        vl_store_get_u64(st, where, "plain_bytes", &one->bytes, err))
        return err->code;
    if (stream < 1 || stream > 2) return vl_fail(err, VL_ESTORE, "input %" PRIu64 " is of no stream", i);
    one->stream = (int)stream - 1;
    one->packing = packing_of(how);
    return name_one(one, st, where, ask, err);
}

/* Together they must be the texts. */
static vl_code check_bytes(const vl_originals *all, vl_store *st, vl_err *err)
{
    for (int s = 0; s < 2; s++) {
        char name[32];
        uint64_t text = 0, sum = 0;
        snprintf(name, sizeof name, "text_bytes_%d", s + 1);
        if (vl_store_get_u64(st, "source", name, &text, err)) return err->code;
        for (size_t i = 0; i < all->n; i++)
            if (all->file[i].stream == s && __builtin_add_overflow(sum, all->file[i].bytes, &sum))
                sum = UINT64_MAX;
        if (sum != text)
            return vl_fail(err, VL_ESTORE, "inputs of %" PRIu64 " bytes made a text of %" PRIu64, sum, text);
    }
    return VL_OK;
}

static vl_code check_twins(const vl_originals *all, vl_err *err)
{
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < i; k++)
            if (!strcmp(all->file[i].path, all->file[k].path))
                return vl_fail(err, VL_EEXIST,
                               "two inputs are called %.120s: 'vial export' gives them as one",
                               strrchr(all->file[i].path, '/') + 1);
    return VL_OK;
}

static int by_stream(const void *a, const void *b)
{
    const vl_original *const x = a, *const y = b;
    return x->stream - y->stream;
}

/* Files that were named must be one a stream. */
static vl_code check_named(const vl_originals *all, const vl_originals_ask *ask, vl_err *err)
{
    const int streams = ask->path[1] ? 2 : 1;
    for (int s = 0; s < 2; s++)
        if (vl_originals_count(all, s) != (s < streams))
            return vl_fail(err, VL_EARG,
                           "%zu files were delivered, %d %s named: 'vial split --original' gives each by its "
                           "name",
                           all->n, streams, streams == 1 ? "is" : "are");
    return VL_OK;
}

vl_code vl_originals_of(vl_originals *out, vl_store *st, const vl_originals_ask *ask, vl_err *err)
{
    enum { MOST = 1 << 16 };
    uint64_t n = 0;
    *out = (vl_originals){ 0 };
    if (vl_store_get_u64(st, "source", "n_file", &n, err)) return err->code;
    if (!n || n > MOST) return vl_fail(err, VL_ESTORE, "%" PRIu64 " inputs", n);
    if (!(out->file = calloc(n, sizeof *out->file))) return vl_fail(err, VL_ENOMEM, "no memory for inputs");
    for (uint64_t i = 0; i < n; i++)
        if (read_one(&out->file[out->n++], st, i, ask, err)) return err->code;
    for (size_t i = 1; i < out->n; i++)
        if (by_stream(&out->file[i - 1], &out->file[i]) > 0)
            return vl_fail(err, VL_ESTORE, "inputs are not in the order of their streams");
    if (check_bytes(out, st, err)) return err->code;
    if (!ask->path[0] && !ask->folder) return VL_OK;
    return ask->path[0] ? check_named(out, ask, err) : check_twins(out, err);
}

size_t vl_originals_count(const vl_originals *all, int stream)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) n += all->file[i].stream == stream;
    return n;
}

void vl_originals_free(vl_originals *all)
{
    for (size_t i = 0; i < all->n; i++) free(all->file[i].path);
    free(all->file);
    *all = (vl_originals){ 0 };
}

/* ---- a text cut into them ---- */

typedef struct piece {
    vl_output *file;
    uint64_t left; /* bytes that are still to come */
} piece;

struct vl_original_out {
    piece *piece; /* owned */
    size_t n, at;
    bool alike; /* packed in one way */
};

static vl_code make(vl_original_out **result, size_t n, vl_err *err)
{
    vl_original_out *const out = *result = calloc(1, sizeof *out);
    if (out) out->piece = calloc(n + 1, sizeof *out->piece);
    return out && out->piece ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for outputs");
}

static vl_code add(vl_original_out *out, const char *path, uint64_t bytes, vl_packing packing, bool force,
                   vl_err *err)
{
    piece *const p = &out->piece[out->n];
    p->left = bytes;
    if (vl_output_open_as(&p->file, path, packing, force, err)) return err->code;
    out->n++;
    out->alike &= vl_output_packing(p->file) == vl_output_packing(out->piece[0].file);
    return VL_OK;
}

vl_code vl_original_open_file(vl_original_out **out, const char *path, bool force, vl_err *err)
{
    if (make(out, 1, err)) return err->code;
    (*out)->alike = true;
    return add(*out, path, UINT64_MAX, VL_PACK_BY_NAME, force, err);
}

vl_code vl_original_open(vl_original_out **out, const vl_originals *all, int stream, bool force, vl_err *err)
{
    if (make(out, all->n, err)) return err->code;
    (*out)->alike = true;
    for (size_t i = 0; i < all->n && !err->code; i++) {
        const vl_original *const l = &all->file[i];
        if (l->stream == stream) add(*out, l->path, l->bytes, l->packing, force, err);
    }
    return err->code;
}

void vl_original_set_level(vl_original_out *out, int which)
{
    for (size_t i = 0; i < out->n; i++) vl_output_set_level(out->piece[i].file, which);
}

bool vl_original_pack_first(const vl_original_out *out)
{
    return out->alike && out->n && vl_output_packs(out->piece[0].file);
}

vl_code vl_original_pack(const vl_original_out *out, const vl_buf *text, vl_buf *packed, vl_err *err)
{
    return vl_output_pack(out->piece[0].file, text, packed, err);
}

/* Text in which a file ends is packed again, piece by piece. */
static vl_code write_cut(vl_original_out *out, const vl_buf *text, vl_err *err)
{
    for (size_t at = 0; at < text->len && !err->code;) {
        while (out->at < out->n && !out->piece[out->at].left) out->at++;
        if (out->at == out->n) return vl_fail(err, VL_ESTORE, "the text is longer than its inputs were");
        piece *const p = &out->piece[out->at];
        const size_t left = text->len - at, n = p->left < left ? (size_t)p->left : left;
        const vl_buf part = { .data = text->data + at, .len = n, .cap = n };
        vl_output_put(p->file, &part, err);
        p->left -= n;
        at += n;
    }
    return err->code;
}

vl_code vl_original_write(vl_original_out *out, const vl_buf *text, const vl_buf *packed, vl_err *err)
{
    piece *const p = &out->piece[out->at];
    if (out->at == out->n || p->left < text->len) return write_cut(out, text, err);
    if (p->left != UINT64_MAX) p->left -= text->len;
    if (!vl_original_pack_first(out)) return vl_output_put(p->file, text, err);
    return vl_output_write(p->file, packed->data, packed->len, err);
}

vl_code vl_original_commit(vl_original_out *out, vl_err *err)
{
    for (size_t i = 0; i < out->n; i++)
        if (vl_output_commit(out->piece[i].file, err)) break;
    return err->code;
}

void vl_original_close(vl_original_out *out)
{
    for (size_t i = 0; out && i < out->n; i++) vl_output_close(out->piece[i].file);
    if (out) free(out->piece);
    free(out);
}
