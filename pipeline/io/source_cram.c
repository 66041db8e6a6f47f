/*
 * The source of CRAM: a library reads it, and its records are handed on as a stream of BAM (SAM
 * specification, section 4.2), header first, as if the file were BAM in another packing (source.h).
 *
 * What CRAM keeps of a record it may give back otherwise than it came, and its own bytes cannot be made again
 * by another writer, or a later one. So what is promised of CRAM is its records as htslib of this version
 * decodes them (the facts name it), not the file; they are what `samtools view -b` gives.
 *
 * A reference is the one that was named (cram_reference.h); none is looked for, neither in the network nor
 * where the header points. The library's threads are not used, as with them it does not say the same of a
 * damaged file each time.
 */
#include "pipeline/io/cram_reference.h"
#include "pipeline/io/made_text.h"
#include "pipeline/io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <htslib/cram.h>
#include <htslib/hfile.h>
#include <htslib/hts.h>
#include <htslib/sam.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIXED = 36, UNMAPPED = 4 };

typedef struct reading {
    char *path; /* owned */
    htsFile *file;
    sam_hdr_t *header;
    bam1_t *record;
    vl_made_text made;
    uint64_t nrecord;
    bool over;    /* all records were read */
    bool aligned; /* some of them are */
    vl_cram_reference reference;
    char decoder[32];
    vl_file_facts facts;
} reading;

static int probe(const vl_place *at) { return at->nhead >= 4 && !memcmp(at->head, "CRAM", 4) ? 100 : 0; }

static void close_cram(void *self)
{
    reading *const c = self;
    if (!c) return;
    if (c->record) bam_destroy1(c->record);
    if (c->header) sam_hdr_destroy(c->header);
    if (c->file) hts_close(c->file);
    vl_cram_reference_close(&c->reference);
    vl_buf_free(&c->made.text);
    free(c->path);
    free(c);
}

/* By its descriptor: a name may look like a place in the network. */
static vl_code open_library(reading *c, vl_err *err)
{
    const int fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return vl_fail_open(err, c->path, errno);
    hFILE *const bytes = hdopen(fd, "r");
    if (!bytes) close(fd);
    c->file = bytes ? hts_hopen(bytes, c->path, "r") : NULL;
    if (bytes && !c->file) hclose_abruptly(bytes);
    if (!c->file || hts_get_format(c->file)->format != cram)
        return vl_fail(err, VL_EFORMAT, "begins as CRAM, and htslib %s cannot open it as that",
                       hts_version());
    return VL_OK;
}

static vl_code read_header(reading *c, vl_err *err)
{
    if (!(c->header = sam_hdr_read(c->file)))
        return vl_fail(err, VL_EFORMAT, "htslib %s cannot read the header of this CRAM", hts_version());
    return (c->record = bam_init1()) ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for a record");
}

static vl_code put_le32(reading *c, uint32_t number, vl_err *err)
{
    uint8_t bytes[4];
    vl_put_le32(bytes, number);
    return vl_buf_append(&c->made.text, bytes, 4, err);
}

static vl_code put_header(reading *c, vl_err *err)
{
    static const uint8_t magic[4] = { 0x42, 0x41, 0x4d, 1 };
    const char *const text = sam_hdr_str(c->header);
    const size_t n = text ? sam_hdr_length(c->header) : 0;
    const int ncontig = sam_hdr_nref(c->header);
    if (n > INT32_MAX || ncontig < 0) return vl_fail(err, VL_EUNSUP, "its header has %zu bytes", n);
    if (vl_buf_append(&c->made.text, magic, 4, err) || put_le32(c, (uint32_t)n, err) ||
        vl_buf_append(&c->made.text, text, n, err) || put_le32(c, (uint32_t)ncontig, err))
        return err->code;
    for (int i = 0; i < ncontig; i++) {
        const char *const name = sam_hdr_tid2name(c->header, i);
        const hts_pos_t length = sam_hdr_tid2len(c->header, i);
        const size_t len = strlen(name) + 1;
        if (put_le32(c, (uint32_t)len, err) || vl_buf_append(&c->made.text, name, len, err) ||
            put_le32(c, length > INT32_MAX ? INT32_MAX : (uint32_t)length, err))
            return err->code;
    }
    return VL_OK;
}

/* More operations than BAM counts: they go to tag CG, and a clip of all letters and a skip stand in for them
 * (section 4.2.2). */
static vl_code put_long_cigar(reading *c, const uint8_t *cigar, uint32_t n, vl_err *err)
{
    static const uint8_t tag[4] = { 'C', 'G', 'B', 'I' };
    return vl_buf_append(&c->made.text, tag, sizeof tag, err) || put_le32(c, n, err)
               ? err->code
               : vl_buf_append(&c->made.text, cigar, 4 * (size_t)n, err);
}

/* A record as it stands in BAM; in memory its name is padded. */
static vl_code put_record(reading *c, vl_err *err)
{
    const bam1_core_t *const b = &c->record->core;
    const bool many = b->n_cigar > UINT16_MAX;
    const size_t nname = (size_t)b->l_qname - b->l_extranul, ncigar = 4 * (size_t)b->n_cigar;
    const uint8_t *const cigar = c->record->data + b->l_qname, *const rest = cigar + ncigar;
    const size_t nrest = (size_t)(c->record->data + c->record->l_data - rest);
    const size_t size = FIXED - 4 + nname + nrest + ncigar + (many ? 8 + 8 : 0);
    const uint32_t fixed[9] = { (uint32_t)size,
                                (uint32_t)b->tid,
                                (uint32_t)b->pos,
                                (uint32_t)nname | (uint32_t)b->qual << 8 | (uint32_t)b->bin << 16,
                                (many ? 2 : b->n_cigar) | (uint32_t)b->flag << 16,
                                (uint32_t)b->l_qseq,
                                (uint32_t)b->mtid,
                                (uint32_t)b->mpos,
                                (uint32_t)b->isize };
    for (int i = 0; i < 9; i++)
        if (put_le32(c, fixed[i], err)) return err->code;
    if (vl_buf_append(&c->made.text, c->record->data, nname, err)) return err->code;
    if (!many) return vl_buf_append(&c->made.text, cigar, ncigar + nrest, err);
    const hts_pos_t span = bam_cigar2rlen((int)b->n_cigar, bam_get_cigar(c->record));
    return put_le32(c, (uint32_t)b->l_qseq << 4 | BAM_CSOFT_CLIP, err) ||
                   put_le32(c, (uint32_t)span << 4 | BAM_CREF_SKIP, err) ||
                   vl_buf_append(&c->made.text, rest, nrest, err)
               ? err->code
               : put_long_cigar(c, cigar, b->n_cigar, err);
}

static bool is_aligned(const bam1_core_t *b) { return !(b->flag & UNMAPPED) && b->tid >= 0 && b->pos >= 0; }

/* Is one of its records aligned? Then letters may need a reference. Only places are looked at, for which none
 * is needed; what is damaged is found when all is read. */
static vl_code find_aligned(const char *path, bool *aligned, vl_err *err)
{
    reading r = { .path = (char *)path };
    *aligned = false;
    if (!open_library(&r, err) &&
        !hts_set_opt(r.file, CRAM_OPT_REQUIRED_FIELDS, SAM_FLAG | SAM_RNAME | SAM_POS) &&
        !read_header(&r, err))
        while (!*aligned && sam_read1(r.file, r.header, r.record) >= 0)
            *aligned = is_aligned(&r.record->core);
    if (r.record) bam_destroy1(r.record);
    if (r.header) sam_hdr_destroy(r.header);
    if (r.file) hts_close(r.file);
    return err->code;
}

static vl_code refuse(const reading *c, vl_err *err)
{
    const char *const why = c->reference.named ? "or was made with another reference"
                            : c->aligned ? "or needs the reference that it was made with (--reference FASTA)"
                                         : "or is none";
    vl_fail(err, VL_EFORMAT, "htslib %s cannot decode this CRAM from here on: it is damaged, %s",
            hts_version(), why);
    return vl_err_at(err, c->path, VL_NOWHERE, c->nrecord);
}

/* Text until there are n bytes to come, or all. */
static vl_code decode(reading *c, size_t n, vl_err *err)
{
    vl_made_forget(&c->made);
    while (!c->over && vl_made_left(&c->made) < n && !err->code) {
        const int got = sam_read1(c->file, c->header, c->record);
        if (got < -1) return refuse(c, err);
        c->over = got < 0;
        if (c->over) break;
        if (put_record(c, err)) break;
        c->nrecord++;
    }
    return err->code;
}

static vl_code start(reading *c, const char *path, const char *reference, vl_err *err)
{
    struct stat st;
    if (!(c->path = strdup(path))) return vl_fail(err, VL_ENOMEM, "no memory for a file name");
    snprintf(c->decoder, sizeof c->decoder, "htslib %s", hts_version());
    c->facts = (vl_file_facts){ .name = c->path, .compression = "cram", .decoder = c->decoder };
    if (find_aligned(path, &c->aligned, err) || open_library(c, err)) return err->code;
    c->facts.no_eof_block = !hts_check_EOF(c->file);
    if (!stat(path, &st)) c->facts.bytes = (uint64_t)st.st_size;
    if (read_header(c, err)) return err->code;
    if (c->aligned && vl_cram_reference_open(&c->reference, reference, c->header, c->file, err))
        return err->code;
    return put_header(c, err);
}

static vl_code open_cram(void **self, const vl_inputs *inputs, vl_err *err)
{
    reading *const c = *self = calloc(1, sizeof *c);
    if (!c) return vl_fail(err, VL_ENOMEM, "no memory for the input");
    if (inputs->n != 1)
        return vl_fail(err, VL_EARG, "CRAM is read one file at a time, %zu were given", inputs->n);
    vl_cram_stay_here();
    start(c, inputs->file[0].path, inputs->reference, err);
    return vl_err_file(err, inputs->file[0].path);
}

static int nstream(const void *self) { return (void)self, 1; }

static vl_code peek(void *self, int stream, size_t want, const uint8_t **bytes, size_t *n, bool *whole,
                    vl_err *err)
{
    (void)stream;
    reading *const c = self;
    if (decode(c, want, err)) return err->code;
    *bytes = c->made.text.data + c->made.given;
    *n = vl_made_left(&c->made);
    *whole = c->over;
    return VL_OK;
}

static vl_code take(void *self, int stream, size_t want, vl_packet *packet, vl_err *err)
{
    (void)stream;
    reading *const c = self;
    if (decode(c, want, err)) return err->code;
    if (vl_made_take(&c->made, want, c->over, packet, &c->facts, err)) return err->code;
    return packet->end ? vl_made_digest(c->path, &c->facts, err) : VL_OK;
}

static vl_code inflate(vl_packet *packet, vl_err *err) { return (void)packet, err->code; }
static int nfile(const void *self, int stream) { return (void)self, (void)stream, 1; }

static const vl_file_facts *file(const void *self, int stream, int n)
{
    (void)stream, (void)n;
    return &((const reading *)self)->facts;
}

static void progress(const void *self, int stream, uint64_t *read, uint64_t *total)
{
    (void)stream;
    const reading *const c = self;
    *read = (uint64_t)htell(cram_fd_get_fp(c->file->fp.cram));
    *total = c->facts.bytes;
}

const vl_source vl_source_cram = { .name = "CRAM",
                                   .doc = "one CRAM: its records, as htslib decodes them",
                                   .reference = true,
                                   .probe = probe,
                                   .open = open_cram,
                                   .nstream = nstream,
                                   .peek = peek,
                                   .take = take,
                                   .inflate = inflate,
                                   .nfile = nfile,
                                   .file = file,
                                   .progress = progress,
                                   .close = close_cram };
