/*
 * The source of imzML: a document NAME.imzML and the arrays in NAME.ibd beside it, as one stream of frames
 * (source.h, formats/spectra/outside.h).
 *
 * The .ibd begins with the 16 bytes of a UUID, which the document has too (IMS:1000080): another one is the
 * file of another document. Its hash is compared with what the document says (IMS:1000090 MD5, 1000091 SHA-1,
 * 1000092 SHA-256), which is a fact, as the checksum of an mzML is. Each array must lie within the file.
 * Every byte of the file goes by in order, as an array's or as nobody's, so it is read once; arrays that are
 * not in the document's order are read again.
 */
#include "pipeline/io/input.h"
#include "pipeline/io/names.h"
#include "pipeline/io/source.h"
#include "pipeline/spectra/outside_source.h"

#include "formats/letter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/md5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UUID = 16, PIECE = 1 << 20 };

typedef struct reading {
    vl_input *document;
    vl_packet packet;
    char *path; /* owned: of the .ibd */
    int fd;
    vl_outside_source outside;
    uint64_t hashed; /* bytes of the .ibd so far */
    SHA256_CTX sha256;
    SHA_CTX sha1;
    MD5_CTX md5;
    XXH3_state_t *xxh3;
    vl_file_facts facts[2];
} reading;

static bool ends_in(const char *path, const char *ending)
{
    const size_t n = strlen(path), len = strlen(ending);
    return n > len && !strcasecmp(path + n - len, ending);
}

static int probe(const vl_place *at) { return at->regular && ends_in(at->path, ".imzML") ? 90 : 0; }

/* ---- the two files ---- */

/* As it is written where it is there; as it should be where it is not. */
static char *beside(const char *path)
{
    static const char *const endings[] = { ".IBD", ".Ibd", ".ibd" };
    const size_t stem = strlen(path) - strlen(".imzML");
    char *const name = malloc(stem + 5);
    for (int i = 0; name && i < 3; i++) {
        snprintf(name, stem + 5, "%.*s%s", (int)stem, path, endings[i]);
        if (!access(name, F_OK)) break;
    }
    return name;
}

static vl_code open_beside(reading *r, const char *path, vl_err *err)
{
    r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (r->fd >= 0) return VL_OK;
    vl_fail_errno(err, VL_ENOIN, errno,
                  "the peaks of an imzML are in '%.120s' beside it, which cannot be opened",
                  vl_name_base(r->path));
    return vl_err_file(err, path);
}

static vl_code measure_beside(reading *r, vl_err *err)
{
    struct stat st;
    if (fstat(r->fd, &st)) return vl_fail_errno(err, VL_ENOIN, errno, "cannot open");
    if (!S_ISREG(st.st_mode)) return vl_fail(err, VL_ENOIN, "is no plain file");
    r->outside.size = (uint64_t)st.st_size;
    if (st.st_size < UUID)
        return vl_fail(err, VL_ETRUNC, "has %" PRIu64 " bytes, and begins with a UUID of %d", r->outside.size,
                       UUID);
    return VL_OK;
}

static void hash(reading *r, const uint8_t *bytes, size_t n)
{
    r->hashed += n;
    XXH3_128bits_update(r->xxh3, bytes, n);
    SHA256_Update(&r->sha256, bytes, n);
    if (r->outside.head.hash_term == 1000090) MD5_Update(&r->md5, bytes, n);
    if (r->outside.head.hash_term == 1000091) SHA1_Update(&r->sha1, bytes, n);
}

/* What comes in the order of the file is hashed. */
static vl_code read_bytes(void *who, uint64_t number, uint64_t from, uint64_t n, vl_buf *to, vl_err *err)
{
    reading *const r = who;
    const bool next = from == r->hashed;
    (void)number;
    if (vl_buf_grow(to, (size_t)n, err)) return err->code;
    for (uint64_t done = 0; done < n;) {
        const uint64_t left = n - done;
        uint8_t *const at = to->data + to->len;
        const ssize_t got = pread(r->fd, at, left < PIECE ? (size_t)left : PIECE, (off_t)(from + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) vl_fail_errno(err, VL_EIO, errno, "cannot be read");
        if (!got) vl_fail(err, VL_EIO, "has become shorter while it was read");
        if (err->code) {
            err->packed = from + done;
            return vl_err_file(err, r->path);
        }
        if (next) hash(r, at, (size_t)got);
        to->len += (size_t)got;
        done += (uint64_t)got;
    }
    return VL_OK;
}

static vl_code read_text(void *who, vl_buf *to, bool *end, vl_err *err)
{
    reading *const r = who;
    if (vl_input_take(r->document, PIECE, &r->packet, err) || vl_packet_inflate(&r->packet, err))
        return vl_err_file(err, r->facts[0].name);
    *end = r->packet.end;
    return vl_buf_append(to, r->packet.plain.data, r->packet.plain.len, err);
}

/* ---- what they say of each other ---- */

/* 16 bytes of hexadecimal digits, whatever stands between them; false: there are fewer or more. */
static bool read_uuid(const char *text, uint8_t out[UUID])
{
    size_t n = 0;
    for (; *text; text++) {
        const char *const digits = "0123456789abcdef", *const at = strchr(digits, *text | 32);
        if (strchr("{}-() ", *text)) continue;
        if (!at || n == 2 * UUID) return false;
        out[n / 2] = (uint8_t)(out[n / 2] << 4 | (at - digits));
        n++;
    }
    return n == 2 * UUID;
}

/* As Windows has it in memory: the first three numbers are little-endian. */
static void turn_uuid(uint8_t u[UUID])
{
    static const uint8_t order[UUID] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
    uint8_t was[UUID];
    memcpy(was, u, UUID);
    for (int i = 0; i < UUID; i++) u[i] = was[order[i]];
}

static vl_code check_uuid(void *who, vl_err *err)
{
    reading *const r = who;
    const vl_mz_head *const h = &r->outside.head;
    uint8_t said[UUID] = { 0 }, found[UUID];
    char hex[2][2 * UUID + 1];
    if (pread(r->fd, found, UUID, 0) != UUID) {
        vl_fail(err, VL_EIO, "its first %d bytes cannot be read", UUID);
        return vl_err_file(err, r->path);
    }
    if (!read_uuid(h->uuid, said) || !memcmp(said, found, UUID)) return VL_OK;
    vl_hex(said, UUID, hex[0]);
    turn_uuid(said);
    if (!memcmp(said, found, UUID)) return VL_OK;
    vl_hex(found, UUID, hex[1]);
    vl_fail(err, VL_EFORMAT, "is the .ibd of another document: its UUID is %s, '%.80s' says %s", hex[1],
            vl_name_base(r->facts[0].name), hex[0]);
    return vl_err_file(err, r->path);
}

static const char *uuid_fact(const vl_mz_head *h)
{
    uint8_t said[UUID] = { 0 };
    return !*h->uuid ? "absent" : read_uuid(h->uuid, said) ? "ok" : "placeholder";
}

static const char *hash_fact(reading *r)
{
    const vl_mz_head *const h = &r->outside.head;
    uint8_t digest[SHA256_DIGEST_LENGTH];
    size_t n = SHA256_DIGEST_LENGTH;
    char hex[2 * SHA256_DIGEST_LENGTH + 1];
    if (!h->hash_term) return "absent";
    memcpy(digest, r->facts[1].sha256, sizeof digest);
    if (h->hash_term == 1000090) MD5_Final(digest, &r->md5), n = MD5_DIGEST_LENGTH;
    if (h->hash_term == 1000091) SHA1_Final(digest, &r->sha1), n = SHA_DIGEST_LENGTH;
    vl_hex(digest, n, hex);
    if (strlen(h->hash) != 2 * n || strspn(h->hash, "0123456789abcdefABCDEF") != 2 * n ||
        strspn(h->hash, "0") == 2 * n)
        return "placeholder";
    return strcasecmp(hex, h->hash) ? "mismatch" : "ok";
}

/* Bytes of an array that does not say how many: plain numbers. */
static vl_code count_bytes(const reading *r, vl_placed *a, vl_err *err)
{
    const size_t width = vl_mz_width(a->is.number);
    if (a->has_bytes) {
        a->n = a->bytes;
        return VL_OK;
    }
    if (a->is.nvalue == UINT64_MAX || !width || a->is.outer != VL_MZ_STORED || a->is.inner != VL_MZ_PLAIN)
        return vl_outside_source_bad(&r->outside, a, err,
                                     "nothing says how many bytes it has in the .ibd (IMS:1000104)");
    if (__builtin_mul_overflow(a->is.nvalue, width, &a->n))
        return vl_outside_source_bad(&r->outside, a, err, "%" PRIu64 " values", a->is.nvalue);
    return VL_OK;
}

static vl_code find_array(void *who, vl_placed *a, vl_err *err)
{
    const reading *const r = who;
    uint64_t end;
    if (a->set.at)
        return vl_outside_source_bad(&r->outside, a, err, "its peaks are in an HDF5 file (MS:1002841)");
    if (!a->has_at)
        return vl_outside_source_bad(&r->outside, a, err,
                                     "nothing says where in the .ibd it is (IMS:1000102)");
    if (count_bytes(r, a, err)) return err->code;
    a->from = a->at;
    if (__builtin_add_overflow(a->from, a->n, &end) || end > r->outside.size)
        return vl_outside_source_bad(
            &r->outside, a, err, "%" PRIu64 " bytes from byte %" PRIu64 " of its .ibd, which has %" PRIu64,
            a->n, a->from, r->outside.size);
    return VL_OK;
}

static void end_facts(reading *r)
{
    XXH128_canonical_t canonical;
    const vl_file_facts *const document = vl_input_facts(r->document, 0);
    r->facts[0] = *document;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(r->outside.hash));
    memcpy(r->facts[0].text_xxh3, canonical.digest, 16);
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(r->xxh3));
    memcpy(r->facts[1].text_xxh3, canonical.digest, 16);
    r->facts[1].bytes = r->facts[1].plain_bytes = r->hashed;
    SHA256_Final(r->facts[1].sha256, &r->sha256);
}

static vl_code end(void *who, vl_err *err)
{
    reading *const r = who;
    end_facts(r);
    return vl_outside_source_fact(&r->outside, "ibd_uuid", uuid_fact(&r->outside.head), err) ||
                   vl_outside_source_fact(&r->outside, "ibd_checksum", hash_fact(r), err)
               ? err->code
               : VL_OK;
}

/* ---- the table's entry ---- */

static void close_all(void *self)
{
    reading *const r = self;
    if (!r) return;
    vl_input_close(r->document);
    vl_packet_free(&r->packet);
    vl_outside_source_free(&r->outside);
    XXH3_freeState(r->xxh3);
    if (r->fd >= 0) close(r->fd);
    free(r->path);
    free(r);
}

static vl_code open_files(reading *r, const char *path, vl_err *err)
{
    if (vl_input_open(&r->document, &path, 1, err)) return vl_err_file(err, path);
    if (open_beside(r, path, err)) return err->code;
    if (measure_beside(r, err)) return vl_err_file(err, r->path);
    if (!(r->xxh3 = XXH3_createState())) return vl_fail(err, VL_ENOMEM, "no memory to hash the input");
    XXH3_128bits_reset(r->xxh3);
    SHA256_Init(&r->sha256);
    SHA1_Init(&r->sha1);
    MD5_Init(&r->md5);
    r->facts[0] = *vl_input_facts(r->document, 0);
    r->facts[1] = (vl_file_facts){ .name = r->path, .compression = "none" };
    return VL_OK;
}

static vl_code open_all(void **self, const vl_inputs *inputs, vl_err *err)
{
    reading *const r = *self = calloc(1, sizeof *r);
    if (!r) return vl_fail(err, VL_ENOMEM, "no memory for the input");
    r->fd = -1;
    const char *const path = inputs->file[0].path;
    if (inputs->n > 2 || (inputs->n == 2 && inputs->file[1].role != VL_ROLE_BESIDE)) {
        vl_fail(err, VL_EARG, "an imzML is read alone: the .ibd beside it is found by its name");
        return vl_err_file(err, inputs->file[1].path);
    }
    r->path = inputs->n == 2 ? strdup(inputs->file[1].path) : beside(path);
    if (!r->path) return vl_fail(err, VL_ENOMEM, "no memory for a file name");
    if (open_files(r, path, err)) return err->code;
    r->outside.who = r;
    r->outside.text = read_text;
    r->outside.begun = check_uuid;
    r->outside.find = find_array;
    r->outside.bytes = read_bytes;
    r->outside.ended = end;
    r->outside.beside = true;
    return vl_outside_source_open(&r->outside, err) ? vl_err_file(err, path) : VL_OK;
}

static int nstream(const void *self) { return (void)self, 1; }

static vl_code peek(void *self, int stream, size_t want, const uint8_t **bytes, size_t *n, bool *whole,
                    vl_err *err)
{
    reading *const r = self;
    (void)stream;
    return vl_outside_source_peek(&r->outside, want, bytes, n, whole, err)
               ? vl_err_file(err, r->facts[0].name)
               : VL_OK;
}

static vl_code take(void *self, int stream, size_t want, vl_packet *packet, vl_err *err)
{
    reading *const r = self;
    (void)stream;
    return vl_outside_source_take(&r->outside, want, packet, err) ? vl_err_file(err, r->facts[0].name)
                                                                  : VL_OK;
}

static vl_code inflate(vl_packet *packet, vl_err *err) { return (void)packet, err->code; }
static int nfile(const void *self, int stream) { return (void)self, (void)stream, 2; }

static const vl_file_facts *file(const void *self, int stream, int n)
{
    (void)stream;
    return &((const reading *)self)->facts[n];
}

static void progress(const void *self, int stream, uint64_t *read, uint64_t *total)
{
    const reading *const r = self;
    (void)stream;
    *read = vl_input_read(r->document) + r->hashed;
    *total = vl_input_total(r->document) + r->outside.size;
}

const vl_source vl_source_imzml = { .name = "imzML",
                                    .doc = "a document .imzML and the .ibd beside it",
                                    .woven = true,
                                    .probe = probe,
                                    .beside = beside,
                                    .open = open_all,
                                    .nstream = nstream,
                                    .peek = peek,
                                    .take = take,
                                    .inflate = inflate,
                                    .nfile = nfile,
                                    .file = file,
                                    .progress = progress,
                                    .close = close_all };
