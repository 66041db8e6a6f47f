/*
 * Input (input.h): a row of files as one stream of text, in packets.
 *
 * Within a file the state says what lies at the window's first byte (input_raw.h): text of a plain file, the
 * inside of a gzip member or zstd frame, or the start of a BGZF block. Behind a member lies another one of
 * the same family, or the end of the file; zero bytes up to the end are padding, as tape and disk images
 * leave it.
 */
#include "pipeline/io/input.h"
#include "pipeline/io/inflate.h"
#include "pipeline/io/inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef enum vl_state { CLOSED, TEXT, STREAM, BLOCKS, OVER } vl_state;

struct vl_input {
    int nfile, file;                  /* file is the current one */
    vl_file_facts *facts;             /* [nfile] owned */
    char **name;                      /* [nfile] owned; the names in facts */
    vl_state state;                   /* of the current file */
    bool told;                        /* its file_end was given out */
    vl_raw raw;                       /* of the current file */
    vl_member stream;                 /* of its current member, in STREAM */
    vl_gzip_head block;               /* of its next BGZF block, in BLOCKS */
    bool has_gzip, has_bgzf, is_zstd; /* members seen in it */
    bool ends_empty;                  /* its last member is an empty BGZF block */
    bool keeps_behind;                /* bytes behind the last gzip member are no error */
    bool salvages;                    /* nor is damage of a member: text ends there */
    uint8_t last;                     /* byte of text; valid if tail is empty and there was text */
    vl_buf tail;                      /* else the last block with text, packed; only if a file follows */
    vl_buf ahead;                     /* text that peek has inflated; [given, len) is to come */
    size_t given;
    vl_packet peeked;     /* memory for peek */
    uint64_t read, total; /* of files before the current one; of all files */
};

static vl_file_facts *current(vl_input *in) { return &in->facts[in->file]; }

static void name_compression(vl_input *in)
{
    current(in)->compression = in->is_zstd                    ? "zstd"
                               : in->has_gzip && in->has_bgzf ? "mixed"
                               : in->has_gzip                 ? "gzip"
                               : in->has_bgzf                 ? "bgzf"
                                                              : "none";
}

/* The window is at the start of a member: what comes is set up in state. */
static vl_code start_member(vl_input *in, vl_err *err)
{
    if (in->is_zstd) {
        if (vl_member_zstd(&in->stream, &in->raw, err)) return err->code;
        in->state = STREAM;
    } else {
        if (vl_gzip_head_read(&in->raw, &in->block, err)) return err->code;
        in->state = in->block.block ? BLOCKS : STREAM;
        *(in->state == BLOCKS ? &in->has_bgzf : &in->has_gzip) = true;
        if (in->state == STREAM && vl_member_gzip(&in->stream, &in->raw, &in->block, err)) return err->code;
    }
    in->ends_empty = false;
    current(in)->members++;
    return VL_OK;
}

/* All up to the end of the file is neither a member nor zeros. what: it follows. */
static vl_code skip_behind(vl_input *in, const char *what, vl_err *err)
{
    vl_raw *const raw = &in->raw;
    if (vl_raw_need(raw, VL_BEHIND_MOST + 1, err)) return err->code;
    const size_t n = vl_raw_left(raw);
    const bool fits = !in->is_zstd && vl_magic_behind(vl_raw_bytes(raw), n);
    if (!fits || !in->keeps_behind) {
        vl_fail(err, VL_EFORMAT, "byte %02x follows %s%s", *vl_raw_bytes(raw), what,
                fits ? " (--original now keeps what is no member)" : "");
        return vl_err_packed(err, vl_raw_at(raw));
    }
    current(in)->trailing_bytes = n;
    vl_raw_step(raw, (ptrdiff_t)n);
    in->state = OVER;
    return VL_OK;
}

static vl_code skip_zeros(vl_input *in, vl_err *err)
{
    vl_raw *const raw = &in->raw;
    while (!vl_raw_need(raw, 1, err) && vl_raw_left(raw)) {
        const uint8_t *const bytes = vl_raw_bytes(raw);
        const size_t left = vl_raw_left(raw);
        size_t n = 0;
        while (n < left && !bytes[n]) n++;
        vl_raw_step(raw, (ptrdiff_t)n);
        current(in)->trailing_zeros += n;
        if (n < left) return skip_behind(in, "the zero bytes behind the last member", err);
    }
    in->state = OVER;
    return err->code;
}

/* The window is behind a member: another one, padding, the end, or what should not be there. */
static vl_code next_member(vl_input *in, vl_err *err)
{
    if (vl_raw_need(&in->raw, 4, err)) return err->code;
    const uint8_t *const bytes = vl_raw_bytes(&in->raw);
    const size_t left = vl_raw_left(&in->raw);
    if (!left) {
        in->state = OVER;
        return VL_OK;
    }
    if (!bytes[0]) return skip_zeros(in, err);
    if (in->is_zstd ? vl_magic_zstd(bytes, left) : vl_magic_gzip(bytes, left)) return start_member(in, err);
    return skip_behind(in, in->is_zstd ? "the last zstd frame" : "the last gzip member", err);
}

static vl_code open_file(vl_input *in, vl_err *err)
{
    vl_raw *const raw = &in->raw;
    if (vl_raw_open(raw, current(in)->name, err) || vl_raw_need(raw, 16, err)) return err->code;
    const uint8_t *const bytes = vl_raw_bytes(raw);
    const size_t left = vl_raw_left(raw);
    if (vl_magic_refuse(bytes, left, err)) return err->code;
    in->told = in->has_gzip = in->has_bgzf = in->ends_empty = false;
    in->tail.len = 0;
    in->is_zstd = left > 1 && vl_magic_zstd(bytes, left); /* one byte alone is a letter: P or ( */
    in->state = left ? TEXT : OVER;
    if ((in->is_zstd || vl_magic_gzip(bytes, left)) && start_member(in, err)) return err->code;
    name_compression(in);
    return VL_OK;
}

/* The last byte of the current file's text. A bad block is for the packet that holds it to report. */
static vl_code find_last(vl_input *in, vl_err *err)
{
    if (!in->tail.len) return VL_OK;
    vl_packet block = { 0 };
    vl_err bad = VL_ERR_INIT;
    vl_buf_swap(&block.packed, &in->tail);
    const vl_code code = vl_packet_inflate(&block, &bad);
    in->last = code ? '\n' : block.plain.data[block.plain.len - 1];
    vl_packet_free(&block);
    return code == VL_ENOMEM ? vl_fail(err, code, "%s", bad.what) : VL_OK;
}

/* The current file is over: what is known of it now, and does the next one fit on. */
static vl_code finish_file(vl_input *in, vl_err *err)
{
    vl_file_facts *const facts = current(in);
    facts->bytes = in->raw.read;
    facts->no_eof_block = in->has_bgzf && !in->ends_empty;
    name_compression(in);
    vl_raw_finish(&in->raw, facts->sha256);
    if (in->file + 1 == in->nfile || !facts->plain_bytes) return VL_OK;
    if (find_last(in, err) || in->last == '\n') return err->code;
    vl_fail(err, VL_EFORMAT, "does not end with a line break, and %s follows", facts[1].name);
    return vl_err_at(err, NULL, facts->plain_bytes, VL_NOWHERE);
}

/* Text was appended to a packet, n bytes that end before end. */
static void note_text(vl_input *in, const uint8_t *end, size_t n)
{
    if (!n) return;
    in->last = end[-1];
    in->tail.len = 0;
    current(in)->plain_bytes += n;
}

static vl_code fill_text(vl_input *in, size_t want, vl_packet *p, vl_err *err)
{
    vl_raw *const raw = &in->raw;
    vl_buf *const text = &p->plain;
    if (vl_buf_reserve(text, want, err)) return err->code;
    while (text->len < want && vl_raw_left(raw)) {
        const size_t room = want - text->len, n = vl_raw_left(raw) < room ? vl_raw_left(raw) : room;
        if (vl_buf_append(text, vl_raw_bytes(raw), n, err)) return err->code;
        vl_raw_step(raw, (ptrdiff_t)n);
        note_text(in, text->data + text->len, n);
        if (vl_raw_need(raw, 1, err)) return err->code;
    }
    if (!vl_raw_left(raw)) in->state = OVER;
    return VL_OK;
}

static vl_code fill_stream(vl_input *in, size_t want, vl_packet *p, vl_err *err)
{
    vl_buf *const text = &p->plain;
    if (vl_buf_reserve(text, want, err)) return err->code;
    while (text->len < want && in->state == STREAM) {
        size_t made = 0;
        bool end = false;
        vl_member_run(&in->stream, &in->raw, text->data + text->len, want - text->len, &made, &end, err);
        text->len += made;
        note_text(in, text->data + text->len, made);
        if (err->code) return err->code;
        if (end && next_member(in, err)) return err->code;
    }
    return VL_OK;
}

static vl_code keep_tail(vl_input *in, const vl_packet *p, size_t at, vl_err *err)
{
    in->tail.len = 0;
    vl_gzip_head head;
    if (vl_gzip_head_parse(p->packed.data + at, p->packed.len - at, &head, err)) return err->code;
    return vl_buf_append(&in->tail, p->packed.data + at, head.block, err);
}

static vl_code fill_blocks(vl_input *in, size_t want, vl_packet *p, vl_err *err)
{
    const size_t most = 2 * want + VL_BGZF_TEXT; /* packed: a row of empty blocks has no end by its text */
    size_t text = 0, tail = SIZE_MAX;
    p->packed_at = vl_raw_at(&in->raw);
    while (text < want && p->packed.len < most && in->state == BLOCKS) {
        uint32_t n = 0;
        if (vl_bgzf_block_read(&in->raw, &in->block, &n, err)) break;
        if (n) tail = p->packed.len;
        if (vl_buf_append(&p->packed, vl_raw_bytes(&in->raw), in->block.block, err)) return err->code;
        vl_raw_step(&in->raw, (ptrdiff_t)in->block.block);
        text += n;
        if (next_member(in, err)) break;
        if (in->state == OVER) in->ends_empty = !n;
    }
    current(in)->plain_bytes += text;
    if (err->code || in->file + 1 == in->nfile || tail == SIZE_MAX) return err->code;
    return keep_tail(in, p, tail, err);
}

/* Is an error damage that text may end at? Then the file is read to its end, for its digest. */
static vl_code end_at_damage(vl_input *in, vl_err *err)
{
    vl_raw *const raw = &in->raw;
    if (!in->salvages || (err->code != VL_ETRUNC && err->code != VL_EFORMAT)) return err->code;
    vl_err_clear(err);
    while (raw->fd >= 0 && !vl_raw_need(raw, 1, err) && vl_raw_left(raw))
        vl_raw_step(raw, (ptrdiff_t)vl_raw_left(raw));
    in->state = OVER;
    current(in)->damaged = true;
    return err->code;
}

static vl_code fill_members(vl_input *in, size_t want, vl_packet *p, vl_err *err)
{
    while (in->state != OVER && !p->plain.len && !p->packed.len) {
        if (in->state == TEXT && fill_text(in, want, p, err)) return err->code;
        if (in->state == STREAM && fill_stream(in, want, p, err)) return err->code;
        if (in->state == BLOCKS && !p->plain.len && fill_blocks(in, want, p, err)) return err->code;
    }
    return VL_OK;
}

/* Bytes into an empty packet, want or more of them unless the file ends or goes on in another kind of member.
 */
static vl_code fill(vl_input *in, size_t want, vl_packet *p, vl_err *err)
{
    if (fill_members(in, want, p, err) && end_at_damage(in, err)) return err->code;
    if (in->state == OVER && in->raw.fd >= 0) return finish_file(in, err);
    return VL_OK;
}

/* Opens the next file if the current one has been given out to its end and there is one. */
static vl_code follow(vl_input *in, vl_err *err)
{
    if (!in->told || in->file + 1 == in->nfile) return VL_OK;
    in->read += in->raw.read;
    in->file++;
    return open_file(in, err);
}

/* Text of the current file, up to want bytes of it ahead. */
static vl_code look_ahead(vl_input *in, size_t want, vl_err *err)
{
    const size_t least = 1 << 16; /* inflated at once, however little is asked for */
    while (in->ahead.len < want && (in->state != OVER || in->raw.fd >= 0)) {
        const size_t lacks = want - in->ahead.len;
        in->peeked.plain.len = in->peeked.packed.len = 0;
        if (fill(in, lacks > least ? lacks : least, &in->peeked, err)) return err->code;
        if (vl_packet_inflate(&in->peeked, err) && end_at_damage(in, err)) return err->code;
        if (vl_buf_append(&in->ahead, in->peeked.plain.data, in->peeked.plain.len, err)) return err->code;
    }
    return VL_OK;
}

/* The current file holds no text, and another one follows. */
static bool is_over_empty(const vl_input *in)
{
    return in->state == OVER && in->raw.fd < 0 && !in->facts[in->file].plain_bytes &&
           in->file + 1 < in->nfile;
}

vl_code vl_input_peek(vl_input *in, size_t want, const uint8_t **bytes, size_t *n, bool *whole, vl_err *err)
{
    *n = 0;
    if (follow(in, err)) goto out;
    if (in->given) {
        memmove(in->ahead.data, in->ahead.data + in->given, in->ahead.len - in->given);
        in->ahead.len -= in->given;
        in->given = 0;
    }
    if (vl_buf_reserve(&in->ahead, want, err)) goto out;
    if (look_ahead(in, want, err)) goto out;
    while (is_over_empty(in)) { /* it says nothing of what follows, wherever it stands */
        in->told = true;
        if (follow(in, err) || look_ahead(in, want, err)) goto out;
    }
    *bytes = in->ahead.data;
    *n = in->ahead.len < want ? in->ahead.len : want;
    *whole = in->state == OVER && *n == in->ahead.len;
    return VL_OK;
out:
    return vl_err_file(err, current(in)->name);
}

/* Text that peek has inflated before. */
static vl_code give_ahead(vl_input *in, size_t want, vl_packet *p, vl_err *err)
{
    const size_t left = in->ahead.len - in->given, n = left < want ? left : want;
    if (vl_buf_append(&p->plain, in->ahead.data + in->given, n, err)) return err->code;
    in->given += n;
    if (in->given == in->ahead.len) in->given = in->ahead.len = 0;
    return VL_OK;
}

vl_code vl_input_take(vl_input *in, size_t want, vl_packet *p, vl_err *err)
{
    p->plain.len = p->packed.len = 0;
    p->packed_at = 0;
    p->file_end = p->end = false;
    if (!want) want = 1;
    if (follow(in, err)) goto out;
    p->file = in->file;
    if (in->ahead.len ? give_ahead(in, want, p, err) : fill(in, want, p, err)) goto out;
    if (in->state == OVER && !in->ahead.len) {
        p->file_end = in->told = true;
        p->end = in->file + 1 == in->nfile;
    }
    return VL_OK;
out:
    return vl_err_file(err, current(in)->name);
}

/* All names are looked at before the first byte is read: a wrong one is not to show up hours later. */
static vl_code check_path(const char *path, uint64_t *size, bool *regular, vl_err *err)
{
    struct stat st;
    const bool standard = !strcmp(path, "-");
    if (standard ? fstat(STDIN_FILENO, &st) : stat(path, &st)) return vl_fail_open(err, path, errno);
    if (S_ISDIR(st.st_mode)) return vl_fail(err, VL_ENOIN, "is a folder, not a file");
    if (!standard && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS))
        return vl_fail_errno(err, VL_ENOIN, errno, "cannot open");
    *regular = S_ISREG(st.st_mode);
    *size = *regular ? (uint64_t)st.st_size : 0;
    return VL_OK;
}

static vl_code set_row(vl_input *in, const char *const *path, int npath, vl_err *err)
{
    bool known = true;
    int nstandard = 0;
    for (int i = 0; i < npath; i++) {
        uint64_t size = 0;
        bool regular = false;
        nstandard += !strcmp(path[i], "-");
        if (nstandard > 1) return vl_fail(err, VL_EARG, "standard input can be read only once");
        if (check_path(path[i], &size, &regular, err)) return vl_err_file(err, path[i]);
        in->facts[i].compression = "none";
        in->facts[i].name = in->name[i] = strdup(path[i]);
        if (!in->name[i]) return vl_fail(err, VL_ENOMEM, "no memory for a file name");
        in->total += size;
        known = known && regular;
    }
    if (!known) in->total = 0;
    return VL_OK;
}

vl_code vl_input_open(vl_input **out, const char *const *path, int npath, vl_err *err)
{
    *out = NULL;
    if (npath < 1) return vl_fail(err, VL_EARG, "no input file is named");
    vl_input *const in = calloc(1, sizeof *in);
    if (!in) return vl_fail(err, VL_ENOMEM, "no memory for the input");
    in->raw = (vl_raw)VL_RAW_INIT;
    in->nfile = npath;
    in->facts = calloc((size_t)npath, sizeof *in->facts);
    in->name = calloc((size_t)npath, sizeof *in->name);
    if (!in->facts || !in->name) {
        vl_fail(err, VL_ENOMEM, "no memory for %d file names", npath);
        goto out;
    }
    if (set_row(in, path, npath, err)) goto out;
    if (open_file(in, err)) {
        vl_err_file(err, current(in)->name);
        goto out;
    }
    *out = in;
    return VL_OK;
out:
    vl_input_close(in);
    return err->code;
}

void vl_input_keep_behind(vl_input *in) { in->keeps_behind = true; }
void vl_input_salvage(vl_input *in) { in->salvages = true; }

int vl_input_nfile(const vl_input *in) { return in->nfile; }
const vl_file_facts *vl_input_facts(const vl_input *in, int file) { return &in->facts[file]; }
uint64_t vl_input_read(const vl_input *in) { return in->read + in->raw.read; }
uint64_t vl_input_total(const vl_input *in) { return in->total; }

void vl_input_close(vl_input *in)
{
    if (!in) return;
    for (int i = 0; in->name && i < in->nfile; i++) free(in->name[i]);
    free(in->name);
    free(in->facts);
    vl_raw_free(&in->raw);
    vl_member_free(&in->stream);
    vl_packet_free(&in->peeked);
    vl_buf_free(&in->ahead);
    vl_buf_free(&in->tail);
    free(in);
}
