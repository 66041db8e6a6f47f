/* Makes an inbox, scans it and compares what came out: see inbox_case.h. */
#include "pipeline/test/inbox_case.h"
#include "pipeline/test/check.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

char *inbox_home;
vl_bank inbox_bank;
char inbox_name[] = "lab", inbox_path[] = "in";
const vl_inbox plain_inbox = { .settle = 600 };

/* ---- folders and files ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

void remove_all(const char *path) { (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

void begin_inbox(void)
{
    remove_all("in");
    if (mkdir("in", 0755)) abort();
}

void put_bytes(const char *name, const void *bytes, size_t n)
{
    char path[600];
    snprintf(path, sizeof path, "in/%s", name);
    for (char *p = path + 3; (p = strchr(p, '/')); p++) {
        *p = 0;
        if (mkdir(path, 0755) && errno != EEXIST) abort();
        *p = '/';
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd)) abort();
}

void put_file(const char *name, const char *text) { put_bytes(name, text, strlen(text)); }

void put_reads(const char *names)
{
    char name[300];
    for (int used; sscanf(names, "%299s%n", name, &used) == 1; names += used) put_file(name, READ);
}

void put_link(const char *to, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "in/%s", name);
    if (symlink(to, path)) abort();
}

/* One gzip member; block: with the extra field of BGZF. */
static size_t gzip_member(const char *text, size_t n, bool block, uint8_t *out, size_t room)
{
    uint8_t extra[] = { 'B', 'C', 2, 0, 0, 0 };
    gz_header head = { .extra = block ? extra : NULL, .extra_len = sizeof extra };
    size_t len = 0;
    for (int turn = 0; turn < 2; turn++) { /* the second time with its own length in the header */
        z_stream z = { 0 };
        if (deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) || deflateSetHeader(&z, &head))
            abort();
        z.next_in = (Bytef *)(uintptr_t)text;
        z.avail_in = (uInt)n;
        z.next_out = out;
        z.avail_out = (uInt)room;
        if (deflate(&z, Z_FINISH) != Z_STREAM_END) abort();
        len = room - z.avail_out;
        deflateEnd(&z);
        extra[4] = (uint8_t)((len - 1) & 0xff);
        extra[5] = (uint8_t)((len - 1) >> 8);
    }
    return len;
}

void put_gzip(const char *name, const char *text, bool block, bool empty_first)
{
    static uint8_t bytes[1 << 17];
    size_t n = empty_first ? gzip_member("", 0, block, bytes, sizeof bytes) : 0;
    n += gzip_member(text, strlen(text), block, bytes + n, sizeof bytes - n);
    put_bytes(name, bytes, n);
}

void put_zstd(const char *name, const char *text, bool skip_first)
{
    static uint8_t bytes[1 << 17] = { 0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c' };
    const size_t from = skip_first ? 11 : 0;
    const size_t n = ZSTD_compress(bytes + from, sizeof bytes - from, text, strlen(text), 3);
    if (ZSTD_isError(n)) abort();
    put_bytes(name, bytes, from + n);
    memcpy(bytes, "\x50\x2a\x4d\x18\3\0\0\0abc", 11);
}

void set_mtime(const char *name, double at)
{
    char path[600];
    snprintf(path, sizeof path, "in/%s", name);
    const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = (time_t)at } };
    if (utimensat(AT_FDCWD, path, times, 0)) abort();
}

double changed(const char *name)
{
    char path[600];
    struct stat st;
    snprintf(path, sizeof path, "in/%s", name);
    if (stat(path, &st)) abort();
    return (double)st.st_mtim.tv_sec + (double)st.st_mtim.tv_nsec * 1e-9;
}

/* ---- what came out ---- */

static const char *below(const char *path)
{
    const size_t n = strlen(inbox_home);
    if (strncmp(path, inbox_home, n)) return path;
    path += n;
    if (!strncmp(path, "/in", 3)) path += 3;
    return *path == '/' ? path + 1 : "."; /* the inbox itself */
}

/* A reason with # for each number of seconds, and without the name of the home folder. */
static void print_reason(FILE *out, const char *reason)
{
    const size_t n = strlen(inbox_home);
    while (*reason) {
        size_t digits = strspn(reason, "0123456789");
        if (!strncmp(reason, inbox_home, n)) {
            reason += n;
        } else if (digits && !strncmp(reason + digits, " s ago", 6)) {
            fputc('#', out);
            reason += digits;
        } else {
            do fputc(*reason++, out);
            while (digits-- > 1);
        }
    }
}

static char *print_found(const vl_found *found)
{
    char *text = NULL;
    size_t n = 0;
    FILE *const out = open_memstream(&text, &n);
    if (!out) abort();
    for (size_t i = 0; i < found->items.n; i++) {
        const vl_item *const item = &found->items.item[i];
        fprintf(out, "%s %s", item->sample, item->acquisition);
        for (size_t f = 0; f < item->inputs.n; f++) fprintf(out, " %s", below(item->inputs.file[f].path));
        fputc('\n', out);
    }
    for (size_t i = 0; i < found->nwaiting; i++) {
        const vl_waiting *const w = &found->waiting[i];
        fprintf(out, "%c %s: ", w->wrong ? '!' : w->left ? '-' : '?', below(w->path));
        print_reason(out, w->reason);
        fputc('\n', out);
    }
    if (found->nother) fprintf(out, "+ %zu\n", found->nother);
    if (fclose(out)) abort();
    return text;
}

void expect_found_at(double now, vl_inbox inbox, const char *about, const char *lines)
{
    vl_found found = { 0 };
    vl_err err = VL_ERR_INIT;
    inbox.name = inbox_name;
    if (!inbox.path) inbox.path = inbox_path;
    CHECK(!vl_inbox_scan(&inbox_bank, &inbox, now, &found, &err), "%s: %s: %s", about, err.file, err.what);
    char *const text = print_found(&found);
    CHECK(!strcmp(text, lines), "%s:\n--- is\n%s--- should be\n%s", about, text, lines);
    for (size_t i = 0; i < found.items.n; i++) {
        const vl_item *const item = &found.items.item[i];
        CHECK(item->inbox && !strcmp(item->inbox, "lab"), "%s: item without its inbox", about);
        CHECK(!inbox.profile || (item->profile && !strcmp(item->profile, inbox.profile)), "%s: profile",
              about);
    }
    free(text);
    vl_found_free(&found);
    CHECK(!found.items.n && !found.nwaiting && !found.waiting, "%s: freed", about);
}

void expect_found(vl_inbox inbox, const char *about, const char *lines)
{
    expect_found_at((double)time(NULL) + AHEAD, inbox, about, lines);
}

vl_inbox with_match(const char *match)
{
    return (vl_inbox){ .settle = 600, .match = (char *)(uintptr_t)match };
}

vl_code scan_code(vl_inbox inbox, vl_err *err)
{
    vl_found found = { 0 };
    vl_err_clear(err);
    inbox.name = inbox_name;
    if (!inbox.path) inbox.path = inbox_path;
    vl_inbox_scan(&inbox_bank, &inbox, (double)time(NULL) + AHEAD, &found, err);
    vl_found_free(&found);
    return err->code;
}

void begin_inboxes(const char *name)
{
    inbox_home = check_enter(name);
    inbox_bank.root = inbox_home;
}

int end_inboxes(void)
{
    remove_all("in");
    return check_leave();
}
