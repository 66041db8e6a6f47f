/*
 * What a file of an inbox holds, by its first bytes (inbox_parts.h).
 *
 * Plain, gzip (BGZF too) or zstd; then the formats are asked. This is no reader: nothing is checked or
 * hashed, no thread is started, and a file costs one small read where that suffices. What the ingest will
 * find wrong further on is the ingest's to say.
 */
#include "formats/format.h"
#include "pipeline/bank/inbox/inbox_parts.h"
#include "pipeline/io/inflate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum {
    FIRST = 4096,      /* bytes of the first read, and of the text that is looked at first */
    PIECE = 1 << 16,   /* bytes of later reads */
    DISTANT = 1 << 16, /* of text: before the root of an mzML there may be comments */
    PACKED = 17 << 20, /* bytes of a file that are read at most: the comment of a gzip header may be an index
                          of megabytes */
    GZIP_ONLY = 16 + MAX_WBITS /* for inflateInit2: a gzip header is expected */
};

typedef enum packing { PLAIN, GZIP, ZSTD } packing;

struct vl_sniffer {
    int fd;
    packing packing;
    uint8_t packed[PIECE];
    size_t at, npacked; /* [at, npacked) of packed is still to be used */
    size_t nread;       /* bytes of the file that were read */
    uint8_t text[DISTANT + VL_PAD];
    size_t ntext;
    bool over;   /* the file was read to its end */
    bool end;    /* no more text can be had */
    bool inside; /* a member or frame was begun and has not ended */
    z_stream gzip;
    bool gzip_made;  /* gzip is set up */
    ZSTD_DCtx *zstd; /* owned */
};

vl_code vl_sniffer_open(vl_sniffer **out, vl_err *err)
{
    vl_sniffer *const s = calloc(1, sizeof *s);
    if (s) s->gzip_made = inflateInit2(&s->gzip, GZIP_ONLY) == Z_OK;
    if (s) s->zstd = ZSTD_createDCtx();
    *out = s;
    if (s && s->gzip_made && s->zstd) return VL_OK;
    vl_sniffer_close(s);
    *out = NULL;
    return vl_fail(err, VL_ENOMEM, "no memory to look into files");
}

void vl_sniffer_close(vl_sniffer *s)
{
    if (!s) return;
    if (s->gzip_made) inflateEnd(&s->gzip);
    ZSTD_freeDCtx(s->zstd);
    free(s);
}

/* The next bytes of the file, up to n; none at its end. */
static int read_piece(vl_sniffer *s, size_t n)
{
    ssize_t got;
    while ((got = read(s->fd, s->packed, n)) < 0)
        if (errno != EINTR) return errno;
    s->at = 0;
    s->npacked = (size_t)got;
    s->nread += (size_t)got;
    s->over = !got || s->nread >= PACKED;
    return 0;
}

static void inflate_piece(vl_sniffer *s, size_t want)
{
    s->gzip.next_in = s->packed + s->at;
    s->gzip.avail_in = (uInt)(s->npacked - s->at);
    s->gzip.next_out = s->text + s->ntext;
    s->gzip.avail_out = (uInt)(want - s->ntext);
    const int code = inflate(&s->gzip, Z_NO_FLUSH);
    s->at = s->npacked - s->gzip.avail_in;
    s->ntext = want - s->gzip.avail_out;
    if (code == Z_OK || code == Z_STREAM_END) s->inside = code == Z_OK;
    if (code == Z_STREAM_END) s->end = inflateReset(&s->gzip) != Z_OK; /* the first member may be empty */
    else if (code != Z_OK && code != Z_BUF_ERROR) s->end = s->inside = true;
}

static void unzstd_piece(vl_sniffer *s, size_t want)
{
    ZSTD_inBuffer in = { s->packed, s->npacked, s->at };
    ZSTD_outBuffer out = { s->text, want, s->ntext };
    const size_t code = ZSTD_decompressStream(s->zstd, &out, &in); /* 0: a frame ends, another may follow */
    if (in.pos > s->at || out.pos > s->ntext) s->inside = code != 0;
    s->at = in.pos;
    s->ntext = out.pos;
    if (ZSTD_isError(code)) s->end = s->inside = true;
}

static void copy_piece(vl_sniffer *s, size_t want)
{
    const size_t left = s->npacked - s->at, room = want - s->ntext, n = left < room ? left : room;
    memcpy(s->text + s->ntext, s->packed + s->at, n);
    s->at += n;
    s->ntext += n;
}

/* Text up to want bytes, less only at its end. */
static int read_text(vl_sniffer *s, size_t want)
{
    while (s->ntext < want && !s->end) {
        const size_t had = s->ntext;
        const int code = s->at == s->npacked && !s->over ? read_piece(s, PIECE) : 0;
        if (code) return code;
        if (s->packing == GZIP) inflate_piece(s, want);
        else if (s->packing == ZSTD) unzstd_piece(s, want);
        else copy_piece(s, want);
        /* a decompressor may hold text back when its input is used up already */
        if (s->over && s->at == s->npacked && s->ntext == had) s->end = true;
    }
    return 0;
}

static int start(vl_sniffer *s)
{
    s->ntext = s->nread = 0;
    s->end = s->inside = false;
    const int code = read_piece(s, FIRST);
    if (code) return code;
    s->packing = PLAIN;
    if (s->npacked > 1 && vl_magic_gzip(s->packed, s->npacked)) s->packing = GZIP;
    else if (s->npacked > 1 && vl_magic_zstd(s->packed, s->npacked)) s->packing = ZSTD;
    if (s->packing == GZIP) inflateReset(&s->gzip);
    if (s->packing == ZSTD) ZSTD_DCtx_reset(s->zstd, ZSTD_reset_session_only);
    return 0;
}

/* Could more text show that it is XML? Its start, a byte order mark, UTF-16 or blanks say so. */
static bool may_be_xml(const vl_sniffer *s)
{
    return memchr("<\xef\xff\xfe\0 \t\r\n", s->text[0], 9) != NULL;
}

static int look(vl_sniffer *s, vl_content *content)
{
    int code = start(s);
    if (!code) code = read_text(s, FIRST);
    if (code) return code;
    const vl_format *seen = vl_format_probe(s->text, s->ntext);
    if (!seen && s->ntext == FIRST && may_be_xml(s)) {
        code = read_text(s, DISTANT);
        seen = vl_format_probe(s->text, s->ntext);
    }
    if (seen) *content = VL_CONTENT_KNOWN;
    else if (s->ntext) *content = VL_CONTENT_OTHER;
    else *content = s->inside ? VL_CONTENT_DAMAGED : VL_CONTENT_EMPTY;
    return code;
}

int vl_sniff(vl_sniffer *s, const char *path, vl_content *content)
{
    struct stat st;
    *content = VL_CONTENT_OTHER;
    s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (s->fd < 0) return errno;
    int code = 0;
    if (fstat(s->fd, &st)) code = errno;
    else if (S_ISREG(st.st_mode)) code = look(s, content);
    close(s->fd);
    return code;
}
