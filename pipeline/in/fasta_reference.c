/* A reference as a FASTA file (fasta_reference.h). */
#include "pipeline/in/fasta_reference.h"

#include "formats/letter.h"
#include "pipeline/io/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static vl_code read_all(vl_fasta_reference *r, vl_err *err)
{
    enum { WANT = 1 << 20 };
    vl_packet packet = { 0 };
    while (!packet.end && !err->code) {
        packet.packed.len = packet.plain.len = 0;
        if (vl_input_take(r->input, WANT, &packet, err) || vl_packet_inflate(&packet, err)) break;
        vl_fasta_take(&r->fasta, packet.plain.data, packet.plain.len, err);
    }
    vl_packet_free(&packet);
    return err->code ? err->code : vl_fasta_end(&r->fasta, err);
}

vl_code vl_fasta_reference_open(vl_fasta_reference *r, const char *path, vl_err *err)
{
    r->fasta.most = VL_REFERENCE_MOST;
    if (vl_input_open(&r->input, &path, 1, err) || read_all(r, err)) return vl_err_file(err, path);
    vl_buf_swap(&r->shared.plain, &r->fasta.letter);
    vl_buf_fit(&r->shared.plain);
    r->letters = r->shared.plain.len;
    r->shared.codec = VL_CODEC_reference;
    vl_codec_find(VL_CODEC_reference)->sharing->end(&r->shared, err);
    return vl_err_file(err, path);
}

uint64_t vl_fasta_reference_memory(const vl_fasta_reference *r)
{
    return r->letters ? vl_reference_memory(r->letters) : 0;
}

/* ---- what goes into the store ---- */

static vl_code put_sequences(const vl_fasta_reference *r, vl_buf *text, vl_err *err)
{
    static const char head[] = "name\tletters\tmd5\n";
    const vl_fasta_sequence *const s = (const vl_fasta_sequence *)(const void *)r->fasta.sequence.data;
    if (vl_buf_append(text, head, sizeof head - 1, err)) return err->code;
    for (size_t i = 0; i < r->fasta.sequence.len / sizeof *s; i++) {
        char md5[33], rest[64];
        vl_hex(s[i].md5, sizeof s[i].md5, md5);
        const int n = snprintf(rest, sizeof rest, "\t%" PRIu64 "\t%s\n", s[i].length, md5);
        if (vl_buf_append(text, r->fasta.name.data + s[i].name, s[i].name_len, err) ||
            vl_buf_append(text, rest, (size_t)n, err))
            return err->code;
    }
    return VL_OK;
}

vl_code vl_fasta_reference_note(const vl_fasta_reference *r, vl_store *st, vl_err *err)
{
    static const char *const where = "source/reference";
    const vl_file_facts *const file = vl_input_facts(r->input, 0);
    char name[256], sha[65];
    vl_buf text = { 0 };
    snprintf(name, sizeof name, "%s", vl_name_base(file->name));
    for (char *p = name; *p; p++)
        if ((unsigned char)*p < 32 || *p == 127) *p = '?';
    vl_hex(file->sha256, sizeof file->sha256, sha);
    put_sequences(r, &text, err);
    if (text.len > VL_MAX_CHUNK) vl_fail(err, VL_EUNSUP, "the reference has too many sequences to list them");
    if (!err->code) {
        const uint64_t dims[] = { text.len };
        static const char *const axis[] = { "" };
        if (!vl_store_table(st, "source/reference/sequences", VL_U8, text.data, 1, dims, axis, "",
                            "sequences of the reference, one a line; md5 as M5 of @SQ lines: of upper case",
                            err) &&
            !vl_store_note(st, where, "name", name, err) &&
            !vl_store_note(st, where, "compression", file->compression, err) &&
            !vl_store_note_u64(st, where, "bytes", file->bytes, err) &&
            !vl_store_note(st, where, "sha256", sha, err) &&
            !vl_store_note_u64(st, where, "sequences", r->fasta.sequence.len / sizeof(vl_fasta_sequence),
                               err))
            vl_store_note_u64(st, where, "letters", r->letters, err);
    }
    vl_buf_free(&text);
    return err->code;
}

void vl_fasta_reference_close(vl_fasta_reference *r)
{
    vl_shared_free(&r->shared);
    vl_fasta_free(&r->fasta);
    vl_input_close(r->input);
    *r = (vl_fasta_reference){ 0 };
}
