/* The first bytes of a file (sniff.h). */
#include "pipeline/io/sniff.h"
#include "pipeline/io/inflate.h"
#include "pipeline/io/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FIRST = 4096,      /* bytes of the first read, and of the text that is looked at first */
    PIECE = 1 << 16,   /* bytes of later reads */
    DISTANT = 1 << 16, /* of text: before the root of an XML document there may be comments */
    PACKED =
        17 << 20 /* bytes of a file that are read at most: the comment of a gzip header may be an index of
                          megabytes */
};

struct vl_sniffer {
    vl_raw raw;
    vl_member member;
    bool packed;  /* the file is compressed */
    bool over;    /* no more text can be had */
    bool damaged; /* it ended within a member, or in what is none */
    vl_buf text;
};

vl_code vl_sniffer_open(vl_sniffer **out, vl_err *err)
{
    vl_sniffer *const s = *out = calloc(1, sizeof *s);
    if (!s) return vl_fail(err, VL_ENOMEM, "no memory to look into files");
    s->raw = (vl_raw)VL_RAW_INIT;
    s->raw.most = PACKED;
    s->raw.unhashed = true;
    if (!vl_buf_reserve(&s->text, DISTANT + VL_PAD, err)) return VL_OK;
    vl_sniffer_close(s);
    *out = NULL;
    return err->code;
}

void vl_sniffer_close(vl_sniffer *s)
{
    if (!s) return;
    vl_raw_free(&s->raw);
    vl_member_free(&s->member);
    vl_buf_free(&s->text);
    free(s);
}

/* Damage is something to know of a file; all else keeps it from being read. */
static bool is_damage(const vl_err *err)
{
    return err->code == VL_EFORMAT || err->code == VL_ETRUNC || err->code == VL_EUNSUP;
}

/* Starts the next member. Bytes that are none end the text. */
static vl_code start_member(vl_sniffer *s, bool first, vl_err *err)
{
    vl_gzip_head head;
    if (vl_raw_need(&s->raw, 4, err)) return err->code;
    const uint8_t *const bytes = vl_raw_bytes(&s->raw);
    const size_t left = vl_raw_left(&s->raw);
    const bool gzip = vl_magic_gzip(bytes, left), zstd = vl_magic_zstd(bytes, left);
    s->over = first ? left < 2 || (!gzip && !zstd) : s->member.is_zstd ? !zstd : !gzip;
    if (s->over) return VL_OK;
    if (zstd) return vl_member_zstd(&s->member, &s->raw, err);
    return vl_gzip_head_read(&s->raw, &head, err) || vl_member_gzip(&s->member, &s->raw, &head, err)
               ? err->code
               : VL_OK;
}

static vl_code inflate_some(vl_sniffer *s, size_t want, vl_err *err)
{
    size_t made = 0;
    bool end = false;
    vl_member_run(&s->member, &s->raw, s->text.data + s->text.len, want - s->text.len, &made, &end, err);
    s->text.len += made;
    return err->code || !end ? err->code : start_member(s, false, err);
}

static vl_code copy_some(vl_sniffer *s, size_t want, vl_err *err)
{
    if (vl_raw_need(&s->raw, 1, err)) return err->code;
    const size_t left = vl_raw_left(&s->raw), room = want - s->text.len, n = left < room ? left : room;
    s->over = !n;
    memcpy(s->text.data + s->text.len, vl_raw_bytes(&s->raw), n);
    s->text.len += n;
    vl_raw_step(&s->raw, (ptrdiff_t)n);
    return VL_OK;
}

/* Text up to want bytes, less only at its end. */
static vl_code read_text(vl_sniffer *s, size_t want, vl_err *err)
{
    vl_err why = VL_ERR_INIT;
    while (s->text.len < want && !s->over && !why.code) (s->packed ? inflate_some : copy_some)(s, want, &why);
    s->damaged |= is_damage(&why);
    s->over |= s->damaged;
    if (why.code && !is_damage(&why)) *err = why;
    return err->code;
}

static vl_code start(vl_sniffer *s, int fd, vl_err *err)
{
    vl_err why = VL_ERR_INIT;
    s->text.len = 0;
    s->over = s->damaged = false;
    s->raw.piece = FIRST;
    vl_raw_start(&s->raw, fd);
    start_member(s, true, &why);
    s->packed = !s->over;
    s->over = s->damaged = is_damage(&why);
    if (why.code && !s->damaged) *err = why;
    return err->code;
}

/* Could more text show that it is XML? Its start, a byte order mark, UTF-16 or blanks say so. */
static bool may_be_xml(const vl_sniffer *s) { return memchr("<\xef\xff\xfe\0 \t\r\n", s->text.data[0], 9); }

static vl_code look(vl_sniffer *s, int fd, vl_sniffed *seen, vl_err *err)
{
    if (start(s, fd, err) || read_text(s, FIRST, err)) return err->code;
    seen->format = vl_format_probe(s->text.data, s->text.len);
    if (!seen->format && s->text.len == FIRST && may_be_xml(s)) {
        s->raw.piece = PIECE;
        if (read_text(s, DISTANT, err)) return err->code;
        seen->format = vl_format_probe(s->text.data, s->text.len);
    }
    if (seen->format) seen->content = VL_CONTENT_KNOWN;
    else if (!s->text.len) seen->content = s->damaged ? VL_CONTENT_DAMAGED : VL_CONTENT_EMPTY;
    return VL_OK;
}

/* What is in an HDF5 file its first bytes do not say: its name does. */
static void take_name(const vl_sniffer *s, const char *path, vl_sniffed *seen)
{
    static const uint8_t magic[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };
    if (seen->format || s->text.len < sizeof magic || memcmp(s->text.data, magic, sizeof magic) != 0) return;
    seen->format = vl_name_split(vl_name_base(path)).format;
    if (seen->format) seen->content = VL_CONTENT_KNOWN;
}

vl_code vl_sniff(vl_sniffer *s, const char *path, vl_sniffed *seen, vl_err *err)
{
    struct stat st;
    *seen = (vl_sniffed){ .content = VL_CONTENT_OTHER };
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st)) vl_fail_errno(err, VL_ENOIN, errno, "cannot be read");
    else if (S_ISREG(st.st_mode) && !look(s, fd, seen, err)) take_name(s, path, seen);
    if (fd >= 0) close(fd);
    s->raw.fd = -1;
    return err->code;
}

vl_code vl_look_format(const char *path, const vl_format **format, vl_err *err)
{
    vl_sniffer *s = NULL;
    vl_sniffed seen = { .content = VL_CONTENT_OTHER };
    vl_err why = VL_ERR_INIT;
    if (strcmp(path, "-") && !vl_sniffer_open(&s, &why)) vl_sniff(s, path, &seen, &why);
    vl_sniffer_close(s);
    *format = seen.format;
    if (seen.content == VL_CONTENT_EMPTY && vl_name_may_be_empty(path))
        *format = vl_name_split(vl_name_base(path)).format;
    if (why.code == VL_ENOMEM || why.code == VL_EIO) *err = why;
    return vl_err_file(err, path);
}
