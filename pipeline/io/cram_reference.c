/* The reference of a CRAM (cram_reference.h). */
#include "pipeline/io/cram_reference.h"

#include "formats/fasta.h"
#include "formats/letter.h"
#include "pipeline/io/input.h"

#include <errno.h>
#include <htslib/cram.h>
#include <htslib/faidx.h>
#include <htslib/hts.h>
#include <htslib/sam.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- the FASTA ---- */

/* Names and digests of its sequences; their letters are not kept. */
static vl_code read_fasta(vl_fasta *f, const char *path, vl_err *err)
{
    enum { WANT = 1 << 20 };
    vl_input *in = NULL;
    vl_packet packet = { 0 };
    if (!vl_input_open(&in, &path, 1, err))
        while (!packet.end && !err->code) {
            packet.packed.len = packet.plain.len = f->letter.len = 0;
            if (!vl_input_take(in, WANT, &packet, err) && !vl_packet_inflate(&packet, err))
                vl_fasta_take(f, packet.plain.data, packet.plain.len, err);
        }
    if (!err->code) vl_fasta_end(f, err);
    vl_packet_free(&packet);
    vl_input_close(in);
    return vl_err_file(err, path);
}

static const vl_fasta_sequence *find(const vl_fasta *f, const char *name)
{
    const vl_fasta_sequence *const all = (const vl_fasta_sequence *)(const void *)f->sequence.data;
    const size_t n = strlen(name);
    for (size_t i = 0; i < f->sequence.len / sizeof *all; i++)
        if (all[i].name_len == n && !memcmp(f->name.data + all[i].name, name, n)) return &all[i];
    return NULL;
}

/* ---- contigs of the header ---- */

static bool get(sam_hdr_t *h, int contig, const char *key, kstring_t *value)
{
    value->l = 0;
    return !sam_hdr_find_tag_pos(h, "SQ", contig, key, value);
}

static vl_code check_contig(const vl_fasta *f, sam_hdr_t *h, int contig, kstring_t *value, vl_err *err)
{
    char md5[33];
    const char *const name = sam_hdr_tid2name(h, contig);
    const vl_fasta_sequence *const s = find(f, name);
    if (!s) return VL_OK; /* no read may need it */
    vl_hex(s->md5, sizeof s->md5, md5);
    if (!get(h, contig, "M5", value) || !strcasecmp(md5, value->s)) return VL_OK;
    return vl_fail(err, VL_EFORMAT, "the reference is another: its '%.60s' has MD5 %s, the header says %.40s",
                   name, md5, value->s);
}

/* The contig is there, at its length, and the header says its digest. */
static vl_code complete_contig(const vl_fasta *f, sam_hdr_t *h, int contig, kstring_t *value, vl_err *err)
{
    char md5[33];
    const char *const name = sam_hdr_tid2name(h, contig);
    const vl_fasta_sequence *const s = find(f, name);
    if (!s) return vl_fail(err, VL_EFORMAT, "the reference has no '%.80s', which the header names", name);
    if (s->length != (uint64_t)sam_hdr_tid2len(h, contig))
        return vl_fail(err, VL_EFORMAT,
                       "the reference is another: its '%.60s' has %" PRIu64 " letters, the header says "
                       "%" PRIhts_pos,
                       name, s->length, sam_hdr_tid2len(h, contig));
    vl_hex(s->md5, sizeof s->md5, md5);
    if (get(h, contig, "M5", value) || !sam_hdr_update_line(h, "SQ", "SN", name, "M5", md5, NULL))
        return VL_OK;
    return vl_fail(err, VL_ENOMEM, "no memory for a line of the header");
}

static vl_code check_contigs(const vl_fasta *f, sam_hdr_t *h, bool complete, vl_err *err)
{
    kstring_t value = KS_INITIALIZE;
    for (int i = 0; i < sam_hdr_nref(h) && !err->code; i++)
        if (!check_contig(f, h, i, &value, err) && complete) complete_contig(f, h, i, &value, err);
    free(value.s);
    return err->code;
}

/* The FASTA is the header's; complete: it has all of the header. */
static vl_code check(const char *path, sam_hdr_t *h, bool complete, vl_err *err)
{
    vl_fasta fasta = { 0 };
    if (!read_fasta(&fasta, path, err)) check_contigs(&fasta, h, complete, err);
    vl_fasta_free(&fasta);
    return err->code;
}

/* The library would read what its own copy of the header points at, for a contig that it lacks. */
static void point_nowhere(struct htsFile *file)
{
    sam_hdr_t *const own = cram_fd_get_header(file->fp.cram);
    for (int i = 0; i < sam_hdr_nref(own); i++)
        sam_hdr_remove_tag_id(own, "SQ", "SN", sam_hdr_tid2name(own, i), "UR");
}

/* ---- its index ---- */

static void name_in(const vl_cram_reference *r, const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s", r->folder, name);
}

/* The library wants NAME.fai, and would write it beside the FASTA: a link in a folder of our own has one. */
static vl_code make_index(vl_cram_reference *r, const char *path, char link[PATH_MAX], vl_err *err)
{
    const char *const under = getenv("TMPDIR");
    char whole[PATH_MAX], index[PATH_MAX], blocks[PATH_MAX];
    if (!realpath(path, whole)) return vl_fail_errno(err, VL_EIO, errno, "cannot find the reference");
    const int n = snprintf(r->folder, sizeof r->folder, "%s/vial.XXXXXX", under && *under ? under : "/tmp");
    if (n >= (int)sizeof r->folder || !mkdtemp(r->folder)) {
        *r->folder = 0;
        return vl_fail_errno(err, VL_EIO, errno, "cannot make a folder for an index of the reference");
    }
    name_in(r, "reference", link);
    name_in(r, "reference.fai", index);
    name_in(r, "reference.gzi", blocks);
    if (symlink(whole, link) || fai_build3(link, index, blocks))
        return vl_fail(err, VL_EUNSUP,
                       "htslib %s cannot index the reference: it must be plain FASTA, or BGZF",
                       hts_version());
    return VL_OK;
}

/* Lets the library read the FASTA for this file. */
static vl_code give(vl_cram_reference *r, const char *path, struct htsFile *file, vl_err *err)
{
    char index[PATH_MAX], link[PATH_MAX];
    snprintf(index, sizeof index, "%s.fai", path);
    const bool indexed = !access(index, R_OK);
    if (!indexed && make_index(r, path, link, err)) return vl_err_file(err, path);
    if (hts_set_opt(file, CRAM_OPT_REFERENCE, indexed ? path : link))
        vl_fail(err, VL_EUNSUP, "htslib %s cannot read the reference", hts_version());
    return vl_err_file(err, path);
}

/* ---- the whole ---- */

void vl_cram_stay_here(void)
{
    hts_set_log_level(HTS_LOG_OFF);
    setenv("REF_PATH", "/nonexistent/%s", 1);
    setenv("REF_CACHE", "/nonexistent/%s", 1);
    setenv("HTS_PATH", "/nonexistent", 1);
}

vl_code vl_cram_reference_open(vl_cram_reference *r, const char *path, struct sam_hdr_t *header,
                               struct htsFile *file, vl_err *err)
{
    r->named = path != NULL;
    point_nowhere(file);
    return !path || check(path, header, false, err) ? err->code : give(r, path, file, err);
}

/* Into a file of nothing, which the library does not name in the header: it writes UR, the path, of one that
 * was given a reference by its name. */
vl_code vl_cram_reference_lend(vl_cram_reference *r, const char *path, struct sam_hdr_t *header,
                               struct htsFile *file, vl_err *err)
{
    r->named = true;
    if (check(path, header, true, err)) return err->code;
    htsFile *const nothing = hts_open("/dev/null", "wc");
    if (!nothing || cram_set_header(nothing->fp.cram, header))
        vl_fail(err, VL_EUNSUP, "htslib %s cannot write CRAM", hts_version());
    else if (!give(r, path, nothing, err) && hts_set_opt(file, CRAM_OPT_SHARED_REF, cram_get_refs(nothing)))
        vl_fail(err, VL_EUNSUP, "htslib %s cannot read the reference", hts_version());
    if (nothing) hts_close(nothing);
    return err->code;
}

void vl_cram_reference_close(vl_cram_reference *r)
{
    static const char *const made[] = { "reference", "reference.fai", "reference.gzi" };
    char path[PATH_MAX];
    if (!*r->folder) return;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        name_in(r, made[i], path);
        unlink(path);
    }
    rmdir(r->folder);
    *r->folder = 0;
}
