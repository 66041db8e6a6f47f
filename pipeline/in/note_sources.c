/* What a store keeps of its inputs: an entry for each file, and of each text the hash that export compares
 * (note_sources.h). */
#include "pipeline/in/note_sources.h"

#include "formats/letter.h"
#include "pipeline/in/twice.h"
#include "pipeline/io/names.h"

#include <stdio.h>
#include <string.h>

typedef struct noting {
    vl_store *store;
    const vl_cutter *cutter;
    const vl_inputs *inputs;
} noting;

/* Control characters would break the manifest's lines. */
void vl_note_clean(char *text)
{
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 32 || *p == 127) *p = '?';
}

static vl_code note_source(const noting *g, int number, int s, int file, vl_err *err)
{
    char where[32], text[256];
    const vl_file_facts *const src = vl_cutter_file(g->cutter, s, file);
    const int of_text = g->cutter->source->woven ? file : s;
    snprintf(where, sizeof where, "source/%d", number);
    snprintf(text, sizeof text, "%s", vl_name_base(src->name));
    vl_note_clean(text);
    if (vl_store_note(g->store, where, "name", text, err) ||
        vl_store_note_u64(g->store, where, "stream", (uint64_t)of_text + 1, err) ||
        vl_store_note(g->store, where, "role",
                      vl_role_name(vl_inputs_role(g->inputs, of_text, of_text == s ? file : 0)), err) ||
        vl_store_note_u64(g->store, where, "bytes", src->bytes, err) ||
        vl_store_note_u64(g->store, where, "plain_bytes", src->plain_bytes, err) ||
        vl_store_note(g->store, where, "format", g->cutter->format->name, err) ||
        vl_store_note(g->store, where, "compression", src->compression, err))
        return err->code;
    if (src->decoder && vl_store_note(g->store, where, "decoder", src->decoder, err)) return err->code;
    vl_hex(src->sha256, 32, text);
    if (vl_store_note(g->store, where, "sha256", text, err)) return err->code;
    if (src->no_eof_block && vl_store_note_u64(g->store, where, "no_eof_block", 1, err)) return err->code;
    if (src->trailing_zeros && vl_store_note_u64(g->store, where, "trailing_zeros", src->trailing_zeros, err))
        return err->code;
    if (src->trailing_bytes && vl_store_note_u64(g->store, where, "trailing_bytes", src->trailing_bytes, err))
        return err->code;
    return VL_OK;
}

/* What export compares text number `of`, from 0, with. */
static vl_code note_text(const noting *g, int of, const uint8_t xxh3[16], uint64_t bytes, vl_err *err)
{
    char name[32], hex[33];
    vl_hex(xxh3, 16, hex);
    snprintf(name, sizeof name, "text_xxh3_128_%d", of + 1);
    if (vl_store_note(g->store, "source", name, hex, err)) return err->code;
    snprintf(name, sizeof name, "text_bytes_%d", of + 1);
    return vl_store_note_u64(g->store, "source", name, bytes, err);
}

/* The texts that a stream was woven of. */
static vl_code note_woven(const noting *g, int s, vl_err *err)
{
    for (int f = 0; f < vl_cutter_nfile(g->cutter, s); f++) {
        const vl_file_facts *const file = vl_cutter_file(g->cutter, s, f);
        if (note_text(g, f, file->text_xxh3, file->plain_bytes, err)) return err->code;
    }
    return VL_OK;
}

vl_code vl_note_sources(vl_store *store, const vl_cutter *cutter, const vl_inputs *inputs, vl_err *err)
{
    const noting all = { store, cutter, inputs }, *const g = &all;
    int number = 0;
    for (int s = 0; s < g->cutter->nstream; s++) {
        const vl_stream *const st = &g->cutter->stream[s];
        for (int f = 0; f < vl_cutter_nfile(g->cutter, s); f++)
            if (note_source(g, number++, s, f, err)) return err->code;
        XXH128_canonical_t hash;
        XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(st->hash));
        if (g->cutter->source->woven ? note_woven(g, s, err) : note_text(g, s, hash.digest, st->bytes, err))
            return err->code;
    }
    if (vl_same_mates(g->cutter) && vl_store_note_u64(g->store, "source", "mates_identical", 1, err))
        return err->code;
    return vl_store_note_u64(g->store, "source", "n_file", (uint64_t)number, err);
}
