/*
 * The ledger's files: reading a shard, and adding to its end (ledger.h).
 *
 * A shard is read into memory as a whole, or from the line on that a record notes: with ten million lines in
 * the bank it has some ten megabytes.
 */
#include "pipeline/bank/ledger/ledger.h"

#include "pipeline/bank/ledger/ledger_line.h"
#include "pipeline/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

unsigned vl_ledger_shard_of(const char *sample)
{
    return (unsigned)(XXH3_64bits(sample, strlen(sample)) >> 56);
}

/* ---- reading ---- */

/* Everything from that byte on; the file may grow meanwhile. */
static vl_code read_from(int fd, uint64_t from, vl_buf *text, vl_err *err)
{
    struct stat st;
    ssize_t n = 1;
    if (fstat(fd, &st)) return vl_fail_errno(err, VL_EIO, errno, "cannot read");
    const size_t left = (uint64_t)st.st_size > from ? (size_t)((uint64_t)st.st_size - from) : 0;
    if (vl_buf_reserve(text, left, err)) return err->code;
    while (n && text->len < left) {
        n = pread(fd, text->data + text->len, left - text->len, (off_t)(from + text->len));
        if (n < 0 && errno != EINTR) return vl_fail_errno(err, VL_EIO, errno, "cannot read");
        if (n > 0) text->len += (size_t)n;
    }
    return VL_OK;
}

/* Whole lines only, and behind the head. */
static vl_code take_head(vl_ledger_shard *s, vl_err *err)
{
    char head[VL_LEDGER_HEAD + 1];
    const uint8_t *const end = s->text.len ? memrchr(s->text.data, '\n', s->text.len) : NULL;
    s->text.len = end ? (size_t)(end + 1 - s->text.data) : 0;
    if (s->from || !s->text.len) return VL_OK;
    vl_ledger_head(s->number, head);
    if (s->text.len >= VL_LEDGER_HEAD && !memcmp(s->text.data, head, VL_LEDGER_HEAD)) {
        s->at = VL_LEDGER_HEAD;
        vl_ledger_first_chain(s->number, s->chain);
    } else if (s->text.len > 14 && !memcmp(s->text.data, head, 12) && s->text.data[12] > '1' &&
               s->text.data[12] <= '9') {
        return vl_fail(err, VL_ECONFIG, "a ledger of version %c; this program knows 1: use a newer vial",
                       s->text.data[12]);
    } else {
        s->headless = true;
        if (s->text.data[0] == 'v')
            s->at = (size_t)((uint8_t *)memchr(s->text.data, '\n', s->text.len) + 1 - s->text.data);
    }
    return VL_OK;
}

vl_code vl_ledger_read(const vl_bank *bank, unsigned number, uint64_t from, vl_ledger_shard *out, vl_err *err)
{
    char path[VL_BANK_PATH];
    struct stat st;
    *out = (vl_ledger_shard){ .number = number };
    if (vl_bank_path(bank, path, err, "ledger/%02x", number & 0xff)) return err->code;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return VL_OK;
    if (fd < 0)
        return vl_fail_errno(err, errno == EACCES ? VL_EPERM : VL_EIO, errno, "cannot read"),
               vl_err_file(err, path);
    out->from = !fstat(fd, &st) && (uint64_t)st.st_size > from ? from : 0;
    if (read_from(fd, out->from, &out->text, err) || take_head(out, err)) vl_ledger_free(out);
    close(fd);
    return vl_err_file(err, path);
}

void vl_ledger_free(vl_ledger_shard *shard)
{
    vl_buf_free(&shard->text);
    *shard = (vl_ledger_shard){ 0 };
}

/* The bytes of the next line; 0 at the end. */
static size_t next_bytes(const vl_ledger_shard *s, const char **at)
{
    if (s->at >= s->text.len) return 0;
    *at = (const char *)s->text.data + s->at;
    const char *const end = memchr(*at, '\n', s->text.len - s->at);
    return (size_t)(end + 1 - *at); /* the text ends with a line end */
}

/* Is the sample of the line one of this shard? */
static bool is_at_home(const vl_ledger_shard *s, vl_ledger_field escaped)
{
    char name[512], sample[512];
    snprintf(name, sizeof name, "%.*s", (int)(escaped.n < 511 ? escaped.n : 511), escaped.at);
    vl_bank_unescape(name, sample);
    return !escaped.n || vl_ledger_shard_of(sample) == s->number;
}

/* A line that stands where it must not, or before which some are missing. */
static void check_place(const vl_ledger_shard *s, vl_ledger_line *line)
{
    const uint64_t right = s->last + 1;
    if (line->number > right && !vl_ledger_field_is(line->what, VL_LEDGER_LOST))
        *line = (vl_ledger_line){ .number = line->number - 1,
                                  .missing = line->number - right,
                                  .wrong = "is missing" };
    else if (line->number < right) line->wrong = "stands there twice, or out of order";
    else if (!is_at_home(s, line->sample)) line->wrong = "is of a sample of another shard";
    else line->loose = !vl_ledger_line_continues(line, s->chain);
}

bool vl_ledger_next(vl_ledger_shard *s, vl_ledger_line *line)
{
    const char *at = NULL;
    const size_t n = next_bytes(s, &at);
    if (!n) return false;
    if (vl_ledger_line_split(at, n, line)) check_place(s, line);
    else line->number = s->last + 1;
    if (line->number > s->last) s->last = line->number;
    s->at += line->whole.n;
    if (line->wrong) s->chain[0] = 0;
    else snprintf(s->chain, sizeof s->chain, "%.16s", line->chain.at);
    return true;
}

bool vl_ledger_next_of(vl_ledger_shard *s, const char *sample, vl_ledger_line *line)
{
    const char *at = NULL;
    const size_t len = strlen(sample);
    for (size_t n; (n = next_bytes(s, &at));) {
        s->at += n;
        const char *const number = memchr(at, '\t', n), *const time =
                                                            number ? memchr(number + 1, '\t',
                                                                            (size_t)(at + n - number - 1))
                                                                   : NULL;
        if (!time || (size_t)(at + n - time) < len + 2 || memcmp(time + 1, sample, len) ||
            time[1 + len] != '\t')
            continue;
        vl_ledger_line_split(at, n, line);
        return true;
    }
    return false;
}

/* ---- adding ---- */

typedef struct ending {
    uint64_t at; /* behind the last whole line */
    uint64_t number;
    char chain[17];
} ending;

/* The last bytes of the file, so many that two line ends are among them if there are so many. */
static vl_code read_tail(int fd, uint64_t size, vl_buf *tail, vl_err *err)
{
    for (uint64_t want = 1 << 13;; want *= 8) {
        tail->len = 0;
        if (read_from(fd, size > want ? size - want : 0, tail, err) || want >= size) return err->code;
        const uint8_t *const end = memrchr(tail->data, '\n', tail->len);
        if (end && memrchr(tail->data, '\n', (size_t)(end - tail->data))) return VL_OK;
    }
}

/* The last line is damaged, but it has its end, so it was acknowledged: it stays, and is counted. */
static vl_code count_lines(const vl_bank *bank, unsigned shard, ending *end, vl_err *err)
{
    vl_ledger_shard s = { 0 };
    vl_ledger_line line;
    if (!vl_ledger_read(bank, shard, 0, &s, err))
        while (vl_ledger_next(&s, &line)) {
        }
    end->number = s.last;
    snprintf(end->chain, sizeof end->chain, "%s", *s.chain ? s.chain : "0000000000000000");
    vl_ledger_free(&s);
    return err->code;
}

static vl_code find_end(const vl_bank *bank, unsigned shard, int fd, ending *end, vl_err *err)
{
    struct stat st;
    vl_buf tail = { 0 };
    vl_ledger_line line;
    *end = (ending){ 0 };
    vl_ledger_first_chain(shard, end->chain);
    if (fstat(fd, &st)) return vl_fail_errno(err, VL_EIO, errno, "cannot read");
    if (!read_tail(fd, (uint64_t)st.st_size, &tail, err) && tail.len) {
        const uint8_t *const stop = memrchr(tail.data, '\n', tail.len);
        const uint8_t *const before = stop ? memrchr(tail.data, '\n', (size_t)(stop - tail.data)) : NULL;
        const char *const at = (const char *)(before ? before + 1 : tail.data);
        end->at = (uint64_t)st.st_size - tail.len + (stop ? (size_t)(stop + 1 - tail.data) : 0);
        if (stop && vl_ledger_line_split(at, (size_t)((const char *)stop + 1 - at), &line)) {
            end->number = line.number;
            snprintf(end->chain, sizeof end->chain, "%.16s", line.chain.at);
        } else if (stop && end->at > VL_LEDGER_HEAD) {
            count_lines(bank, shard, end, err);
        }
    }
    vl_buf_free(&tail);
    return err->code;
}

/* In one piece behind the end; what a dead writer left there goes. After an error nothing is left. */
static vl_code write_end(int fd, uint64_t at, const vl_buf *text, vl_err *err)
{
    struct stat st;
    if (fstat(fd, &st)) return vl_fail_errno(err, VL_EIO, errno, "cannot read");
    if ((uint64_t)st.st_size > at && ftruncate(fd, (off_t)at))
        return vl_fail_errno(err, VL_EIO, errno, "cannot cut off what a dead run left");
    if (lseek(fd, (off_t)at, SEEK_SET) < 0) return vl_fail_errno(err, VL_EIO, errno, "cannot write");
    if (!vl_write_all(fd, text->data, text->len, err) && fsync(fd))
        vl_fail_errno(err, VL_EIO, errno, "cannot sync");
    if (err->code && ftruncate(fd, (off_t)at)) { /* a line without an end is read by nobody */
    }
    return err->code;
}

vl_code vl_ledger_append_locked(const vl_bank *bank, unsigned shard, int fd, const vl_ledger_entry *entry,
                                size_t n, vl_ledger_link *link, vl_err *err)
{
    char head[VL_LEDGER_HEAD + 1], path[VL_BANK_PATH];
    vl_buf text = { 0 };
    ending end;
    if (find_end(bank, shard, fd, &end, err)) return err->code;
    if (!end.at) vl_buf_append(&text, vl_ledger_head(shard, head), VL_LEDGER_HEAD, err);
    for (size_t i = 0; i < n && !err->code; i++) {
        *link = (vl_ledger_link){ .line = end.number + 1 + i, .at = end.at + text.len };
        vl_ledger_line_add_entry(&text, &entry[i], link->line, end.chain, link->sum, err);
    }
    if (!err->code && !write_end(fd, end.at, &text, err) && !end.at &&
        !vl_bank_path(bank, path, err, "ledger/%02x", shard))
        vl_sync_folder(path, err);
    vl_buf_free(&text);
    return err->code;
}

/* What a run that died while it wrote the shard anew left beside it goes: who holds the lock knows that it is
 * a dead run's. */
vl_code vl_ledger_lock(const vl_bank *bank, unsigned shard, char path[VL_BANK_PATH], int *fd, vl_err *err)
{
    enum { PATIENCE = 600 }; /* s; a lock is held for as long as a line takes */
    char part[VL_BANK_PATH];
    if (vl_bank_path(bank, path, err, "ledger") || vl_bank_make_folder(bank, path, err) ||
        vl_bank_path(bank, part, err, "ledger/.%02x.part", shard) ||
        vl_bank_path(bank, path, err, "ledger/%02x", shard) || vl_bank_lock(path, PATIENCE, fd, err))
        return err->code;
    unlink(part);
    if ((fcntl(*fd, F_GETFL) & O_ACCMODE) == O_RDWR) return VL_OK;
    close(*fd);
    *fd = -1;
    return vl_bank_cannot(path, EACCES, "cannot write the ledger", err);
}

vl_code vl_ledger_append(const vl_bank *bank, const vl_ledger_entry *entry, size_t n, vl_ledger_link *link,
                         vl_err *err)
{
    char path[VL_BANK_PATH];
    const unsigned shard = vl_ledger_shard_of(entry->sample);
    int fd = -1;
    if (vl_ledger_lock(bank, shard, path, &fd, err)) return err->code;
    vl_ledger_append_locked(bank, shard, fd, entry, n, link, err);
    close(fd);
    return vl_err_file(err, path);
}
