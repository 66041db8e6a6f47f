/*
 * Checks the scan of inboxes: names, mates, settling, flags, patterns, content, links, sheets.
 *
 * Each case makes a folder "in" of its own, scans it and compares what came out, written as lines:
 *
 *     S1 S1_L001 a_R1.fq a_R2.fq        an item: sample, acquisition, files
 *     ? b.fq: changed # s ago ...       something that waits; numbers of seconds are written #
 *     ! c.fq: is empty                  something wrong
 *     - c_I1.fq: index reads; ...       something that is left where it is
 *     + 2                               files that are no items
 *
 * Times of change cannot be set, so most cases look from an hour ahead.
 *
 * Suites: banks. Also: asan.
 */
#include "pipeline/bank/inbox/inbox_parts.h"
#include "pipeline/test/check.h"

#include <ctype.h>
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

#define READ  "@r1\nACGT\n+\nIIII\n"
#define MZML  "<?xml version=\"1.0\"?>\n<mzML xmlns=\"http://psi.hupo.org/ms/mzml\" version=\"1.1.0\">\n"
#define AHEAD 3600.0

static char home[64]; /* the folder all happens in */
static const vl_bank bank = { .root = home };
static char lab[] = "lab", in_path[] = "in";

/* ---- folders and files ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

static void remove_all(const char *path) { (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

/* A new, empty inbox. */
static void begin(void)
{
    remove_all("in");
    if (mkdir("in", 0755)) abort();
}

/* Makes a file below the inbox, and the folders above it. */
static void put_bytes(const char *name, const void *bytes, size_t n)
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

static void put(const char *name, const char *text) { put_bytes(name, text, strlen(text)); }

/* Files of one read each; the names are separated by blanks. */
static void put_reads(const char *names)
{
    char name[300];
    for (int used; sscanf(names, "%299s%n", name, &used) == 1; names += used) put(name, READ);
}

static void put_link(const char *to, const char *name)
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

static void put_gzip(const char *name, const char *text, bool block, bool empty_first)
{
    static uint8_t bytes[1 << 17];
    size_t n = empty_first ? gzip_member("", 0, block, bytes, sizeof bytes) : 0;
    n += gzip_member(text, strlen(text), block, bytes + n, sizeof bytes - n);
    put_bytes(name, bytes, n);
}

static void put_zstd(const char *name, const char *text, bool skip_first)
{
    static uint8_t bytes[1 << 17] = { 0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c' };
    const size_t from = skip_first ? 11 : 0;
    const size_t n = ZSTD_compress(bytes + from, sizeof bytes - from, text, strlen(text), 3);
    if (ZSTD_isError(n)) abort();
    put_bytes(name, bytes, from + n);
    memcpy(bytes, "\x50\x2a\x4d\x18\3\0\0\0abc", 11);
}

static void set_mtime(const char *name, double at)
{
    char path[600];
    snprintf(path, sizeof path, "in/%s", name);
    const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = (time_t)at } };
    if (utimensat(AT_FDCWD, path, times, 0)) abort();
}

/* When a file of the inbox changed last. */
static double changed(const char *name)
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
    const size_t n = strlen(home);
    if (strncmp(path, home, n)) return path;
    path += n;
    if (!strncmp(path, "/in", 3)) path += 3;
    return *path == '/' ? path + 1 : "."; /* the inbox itself */
}

/* A reason with # for each number of seconds, and without the name of the home folder. */
static void print_reason(FILE *out, const char *reason)
{
    const size_t n = strlen(home);
    while (*reason) {
        size_t digits = strspn(reason, "0123456789");
        if (!strncmp(reason, home, n)) {
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

static void expect_at(double now, vl_inbox inbox, const char *about, const char *lines)
{
    vl_found found = { 0 };
    vl_err err = VL_ERR_INIT;
    inbox.name = lab;
    if (!inbox.path) inbox.path = in_path;
    CHECK(!vl_inbox_scan(&bank, &inbox, now, &found, &err), "%s: %s: %s", about, err.file, err.what);
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

static void expect(vl_inbox inbox, const char *about, const char *lines)
{
    expect_at((double)time(NULL) + AHEAD, inbox, about, lines);
}

static vl_inbox with_match(const char *match)
{
    return (vl_inbox){ .settle = 600, .match = (char *)(uintptr_t)match };
}

static const vl_inbox plain = { .settle = 600 };

/* ---- names ---- */

static vl_code scan_code(vl_inbox inbox, vl_err *err)
{
    vl_found found = { 0 };
    vl_err_clear(err);
    inbox.name = lab;
    if (!inbox.path) inbox.path = in_path;
    vl_inbox_scan(&bank, &inbox, (double)time(NULL) + AHEAD, &found, err);
    vl_found_free(&found);
    return err->code;
}

static void check_expressions(void)
{
    vl_inbox in = plain;
    vl_err err = VL_ERR_INIT;
    begin();
    put_reads("P7-blood_R1.fastq P7-blood_R2.fastq other.fastq run1/P8-skin.fastq P-.fastq");
    in.sample = (char[]){ "^(P[0-9]+)-" };
    expect(in, "expression",
           "P7 P7-blood P7-blood_R1.fastq P7-blood_R2.fastq\nP8 P8-skin run1/P8-skin.fastq\n"
           "! P-.fastq: its name gives no sample: it does not match ^(P[0-9]+)-\n"
           "! other.fastq: its name gives no sample: it does not match ^(P[0-9]+)-\n");
    begin();
    put_reads("a_b.fastq");
    in.sample = (char[]){ "(_)" };
    expect(in, "first match", "_ a_b a_b.fastq\n");
    in.sample = (char[]){ "a(x*)" };
    expect(in, "empty group", "! a_b.fastq: its name gives no sample: it does not match a(x*)\n");
    in.sample = (char[]){ "a(x)*" };
    expect(in, "group that took no part", "! a_b.fastq: its name gives no sample: it does not match a(x)*\n");
    in.sample = (char[]){ "" };
    expect(in, "empty expression", "a_b a_b a_b.fastq\n");
    in.sample = (char[]){ "(a" };
    CHECK(scan_code(in, &err) == VL_ECONFIG && strstr(err.what, "lab"), "no expression: %s", err.what);
    in.sample = (char[]){ "abc" };
    CHECK(scan_code(in, &err) == VL_ECONFIG && strstr(err.what, "group"), "no group: %s", err.what);
    begin();
    put_reads("-x.fastq _1.fastq");
    expect(plain, "bad names",
           "! -x.fastq: its name gives the sample '-x', which is no name of a sample: starts with '-'\n"
           "! _1.fastq: its name gives no sample: nothing stands before the ending\n");
}

/* ---- mates ---- */

static void check_mates(void)
{
    begin();
    put_reads("S1_S1_L001_R1_001.fastq.gz S1_S1_L001_R2_001.fastq.gz S1_S1_L002_R1_001.fastq.gz "
              "S1_S1_L002_R2_001.fastq.gz S1_S1_L001_I1_001.fastq.gz S1_S1_L001_I2_001.fastq.gz "
              "n_1.fq n_2.fq m.R1.fq.zst m.R2.fq.zst k_r1.fq k_r2.fq one.fastq");
    expect(plain, "pairs",
           "S1 S1_S1_L001 S1_S1_L001_R1_001.fastq.gz S1_S1_L001_R2_001.fastq.gz\n"
           "S1 S1_S1_L002 S1_S1_L002_R1_001.fastq.gz S1_S1_L002_R2_001.fastq.gz\n"
           "k k k_r1.fq k_r2.fq\nm m m.R1.fq.zst m.R2.fq.zst\nn n n_1.fq n_2.fq\none one one.fastq\n"
           "- S1_S1_L001_I1_001.fastq.gz: index reads; 'index = take' in bank.ini takes them\n"
           "- S1_S1_L001_I2_001.fastq.gz: index reads; 'index = take' in bank.ini takes them\n");
    begin();
    put_reads("A_R1.fastq B_R2.fastq.gz C_1.fq D_2.fq run/A_R2.fastq");
    expect(plain, "lone mates",
           "A A A_R1.fastq\nC C C_1.fq\n"
           "! B_R2.fastq.gz: second mates without the first (expected B_R1.fastq.gz)\n"
           "! D_2.fq: second mates without the first (expected D_1.fq)\n"
           "! run/A_R2.fastq: second mates without the first (expected A_R1.fastq)\n");
    begin();
    put_reads("A_R1.fastq.gz A_R2.fastq.gz.part B_R1.fq.gz .B_R2.fq.gz.Xy12 C_R2.fq C_R1.fq.filepart D_R1.fq "
              "D_R2.tmp E_R1.fq ._E_R2.fq F_R1.fq.gz F_R2.fq.crdownload G_R1.fq x/G_R2.fq.part");
    expect(plain, "mates that come",
           "D D D_R1.fq\nE E E_R1.fq\nG G G_R1.fq\n"
           "? A_R1.fastq.gz: no mate yet (expected A_R2.fastq.gz)\n"
           "? B_R1.fq.gz: no mate yet (expected B_R2.fq.gz)\n"
           "? C_R2.fq: no mate yet (expected C_R1.fq)\n"
           "? F_R1.fq.gz: no mate yet (expected F_R2.fq.gz)\n");
    begin();
    put_reads("A_R1.fastq A_R2.fastq.gz B_R1.fq B_R1.fq.gz B_R2.fq.gz");
    expect(plain, "mates packed otherwise",
           "A A A_R1.fastq A_R2.fastq.gz\n"
           "! B_R1.fq: is sample B, acquisition B, and so is /in/B_R1.fq.gz\n"
           "! B_R1.fq.gz: is sample B, acquisition B, and so is /in/B_R1.fq\n");
    begin();
    put_reads("A_R1.fq B_R2.fq");
    put("A_R2.fq", "");
    put("B_R1.fq", "nothing of the kind");
    put("C_R1.fq", READ);
    put_link("nowhere", "C_R2.fq");
    expect(plain, "mates that are wrong",
           "! A_R1.fq: its mate A_R2.fq is empty\n! B_R1.fq: holds neither FASTQ nor mzML\n"
           "! C_R1.fq: its mate C_R2.fq cannot be looked at: No such file or directory\n");
}

static void check_index(void)
{
    vl_inbox in = { .settle = 600, .take_index = true };
    begin();
    put_reads(
        "S1_S1_L001_R1_001.fq S1_S1_L001_R2_001.fq S1_S1_L001_I1_001.fq S1_S1_L001_I2_001.fq A_I1.fq B_I2.fq "
        "C_I1.fq C_I2.fq.part S1_S1_L002_I1_001.fq S1_S1_L002_I2_001.fq");
    const char *const apart = "A A_I1 A_I1.fq\nB B_I2 B_I2.fq\n"
                              "S1 S1_S1_L001_I1_001 S1_S1_L001_I1_001.fq S1_S1_L001_I2_001.fq\n"
                              "S1 S1_S1_L001 S1_S1_L001_R1_001.fq S1_S1_L001_R2_001.fq\n"
                              "S1 S1_S1_L002_I1_001 S1_S1_L002_I1_001.fq S1_S1_L002_I2_001.fq\n"
                              "? C_I1.fq: no mate yet (expected C_I2.fq)\n";
    expect(in, "index reads that are taken", apart);
    in.join_lanes = true;
    expect(in, "lanes of index reads",
           "A A_I1 A_I1.fq\nB B_I2 B_I2.fq\n"
           "S1 S1_S1_I1_001 S1_S1_L001_I1_001.fq S1_S1_L002_I1_001.fq S1_S1_L001_I2_001.fq "
           "S1_S1_L002_I2_001.fq\n"
           "S1 S1_S1 S1_S1_L001_R1_001.fq S1_S1_L001_R2_001.fq\n"
           "? C_I1.fq: no mate yet (expected C_I2.fq)\n");
}

static vl_inbox joining(void) { return (vl_inbox){ .settle = 600, .join_lanes = true }; }

static void check_lanes(void)
{
    begin();
    put_reads("P1_S3_L010_R1_001.fq P1_S3_L010_R2_001.fq P1_S3_L002_R1_001.fq P1_S3_L002_R2_001.fq.gz "
              "P1_S3_L001_R1_002.fq P1_S3_L001_R2_002.fq P1_S3_L001_R1_001.fq P1_S3_L001_R2_001.fq "
              "P2_S4_L001_R1_001.fq run_1_R1.fq run_10_R1.fq r/P1_S3_L003_R1_001.fq x_R1_001.fq x_R1_002.fq");
    put("P1_S3_L001.mzML", MZML);
    put("P1_S3_L002.mzML", MZML);
    expect(joining(), "lanes",
           "P1_S3_L001 P1_S3_L001 P1_S3_L001.mzML\n"
           "P1 in.P1_S3 P1_S3_L001_R1_001.fq P1_S3_L001_R1_002.fq P1_S3_L002_R1_001.fq P1_S3_L010_R1_001.fq "
           "P1_S3_L001_R2_001.fq P1_S3_L001_R2_002.fq P1_S3_L002_R2_001.fq.gz P1_S3_L010_R2_001.fq\n"
           "P1_S3_L002 P1_S3_L002 P1_S3_L002.mzML\n"
           "P2 P2_S4 P2_S4_L001_R1_001.fq\nrun_10 run_10 run_10_R1.fq\nrun_1 run_1 run_1_R1.fq\n"
           "x x x_R1_001.fq x_R1_002.fq\nP1 r.P1_S3 r/P1_S3_L003_R1_001.fq\n");
    begin();
    put_reads("P_L1_R1.fq P_L2_R1.fq");
    vl_inbox in = joining();
    expect(in, "samples whose names look like lanes", "P_L1 P P_L1_R1.fq\nP_L2 P P_L2_R1.fq\n");
    in.sample = (char[]){ "^(P)_" };
    expect(in, "and are lanes of one", "P P P_L1_R1.fq P_L2_R1.fq\n");
    begin();
    put_reads("P1_S3_L001_R1_001.fq P1_S3_R1_001.fq");
    expect(joining(), "lanes and what has none",
           "! P1_S3_L001_R1_001.fq: is sample P1, acquisition P1_S3, and so is /in/P1_S3_R1_001.fq\n"
           "! P1_S3_R1_001.fq: is sample P1, acquisition P1_S3, and so is /in/P1_S3_L001_R1_001.fq\n");
}

/* While one lane cannot be taken, none of its library is. */
static void check_lanes_wait(void)
{
    begin();
    put_reads("P1_L001_R1.fq P1_L001_R2.fq P1_L002_R1.fq P1_L002_R2.fq P2_L001_R1.fq");
    set_mtime("P1_L002_R2.fq", (double)time(NULL) + AHEAD - 100);
    expect(joining(), "a lane that has not settled",
           "P2 P2 P2_L001_R1.fq\n? P1_L001_R1.fq: waits for its lane P1_L002_R1.fq\n"
           "? P1_L002_R1.fq: its mate P1_L002_R2.fq changed # s ago, settles after 600 s\n");
    begin();
    put_reads("P1_S1_L001_R1.fq P1_S1_L001_R2.fq P1_S1_L002_R1.fq P2_S2_L001_R1.fq P2_S2_L002_R2.fq");
    expect(joining(), "a lane without mates",
           "? P1_S1_L001_R1.fq: waits for its lane P1_S1_L002_R1.fq\n"
           "! P1_S1_L002_R1.fq: has no mates, while P1_S1_L001_R1.fq has\n"
           "? P2_S2_L001_R1.fq: waits for its lane P2_S2_L002_R2.fq\n"
           "! P2_S2_L002_R2.fq: second mates without the first (expected P2_S2_L002_R1.fq)\n");
    begin();
    put_reads("P1_S1_L001_R1.fq P1_S1_L002_R1.fq P1_S1_L002_R1.fq.gz");
    put("P2_S2_L001_R1.fq", READ);
    put("P2_S2_L002_R1.fq", "");
    put("P3_S3_L001_R1.fq", "nothing of the kind");
    put("P3_S3_L002_R1.fq", READ);
    expect(joining(), "lanes that are wrong",
           "? P1_S1_L001_R1.fq: waits for its lane P1_S1_L002_R1.fq.gz\n"
           "? P1_S1_L002_R1.fq: waits for its lane P1_S1_L002_R1.fq.gz\n"
           "! P1_S1_L002_R1.fq.gz: is the same lane as P1_S1_L002_R1.fq\n"
           "? P2_S2_L001_R1.fq: waits for its lane P2_S2_L002_R1.fq\n! P2_S2_L002_R1.fq: is empty\n"
           "! P3_S3_L001_R1.fq: holds neither FASTQ nor mzML\n"
           "? P3_S3_L002_R1.fq: waits for its lane P3_S3_L001_R1.fq\n");
    begin();
    put_reads(
        "P1_S1_L001_R1.fq P1_S1_L002_R1.fq.part P2_S2_L001_R1.fq .P2_S2_L003_R1.fq.Xy12 P3_S3_L001_R1.fq "
        "P4_S3_L001_R1.fq.part");
    expect(joining(), "lanes that come",
           "P3 P3_S3 P3_S3_L001_R1.fq\n? P1_S1_L001_R1.fq: waits for its lane P1_S1_L002_R1.fq.part\n"
           "? P2_S2_L001_R1.fq: waits for its lane .P2_S2_L003_R1.fq.Xy12\n");
}

static void check_twins(void)
{
    vl_inbox in = plain;
    begin();
    put_reads("runA/S1_S1_L001_R1_001.fastq runA/S1_S1_L001_R2_001.fastq runB/S1_S1_L001_R1_001.fastq "
              "runB/S1_S1_L001_R2_001.fastq runA/S2.fastq S1_S1_L001_R1_001.fastq");
    in.profile = (char[]){ "archive" };
    expect(in, "the same acquisition in three folders",
           "S1 in.S1_S1_L001 S1_S1_L001_R1_001.fastq\n"
           "S1 runA.S1_S1_L001 runA/S1_S1_L001_R1_001.fastq runA/S1_S1_L001_R2_001.fastq\n"
           "S2 S2 runA/S2.fastq\n"
           "S1 runB.S1_S1_L001 runB/S1_S1_L001_R1_001.fastq runB/S1_S1_L001_R2_001.fastq\n");
    begin();
    put_reads("a/x/S1.fq b/x/S1.fq c/S1.fq");
    expect(plain, "folders of the same name",
           "S1 c.S1 c/S1.fq\n! a/x/S1.fq: is sample S1, acquisition x.S1, and so is /in/b/x/S1.fq\n"
           "! b/x/S1.fq: is sample S1, acquisition x.S1, and so is /in/a/x/S1.fq\n");
    begin();
    put_reads("a/S1.fq b/S1.fq");
    set_mtime("b/S1.fq", (double)time(NULL) + AHEAD - 100);
    expect(plain, "one that waits is called by its folder too",
           "S1 a.S1 a/S1.fq\n? b/S1.fq: changed # s ago, settles after 600 s\n");
    begin();
    put_reads("S1.fq S1.fq.gz");
    set_mtime("S1.fq.gz", (double)time(NULL) + AHEAD - 100);
    expect(plain, "a file that is being packed",
           "? S1.fq: is sample S1, acquisition S1, and so is /in/S1.fq.gz\n"
           "? S1.fq.gz: changed # s ago, settles after 600 s\n");
    begin();
    put_reads("a/S1.fq b/a.S1.fq c/S1.fq");
    in.sample = (char[]){ "(S1)" };
    expect(in, "a name that the folder makes",
           "S1 c.S1 c/S1.fq\n! a/S1.fq: is sample S1, acquisition a.S1, and so is /in/b/a.S1.fq\n"
           "! b/a.S1.fq: is sample S1, acquisition a.S1, and so is /in/a/S1.fq\n");
}

/* ---- settling ---- */

static void check_settle_of(const char *name)
{
    const double at = changed(name);
    char why[120];
    const vl_inbox none = { .settle = 0 };
    CHECK(vl_inbox_unsettled(&plain, at, at + 599.75, why) && strstr(why, "changed 599 s ago"), "%s", why);
    CHECK(!vl_inbox_unsettled(&plain, at, at + 600, why), "settles in time");
    CHECK(vl_inbox_unsettled(&plain, at, at - 9.5, why) && strstr(why, "10 s in the future"), "%s", why);
    CHECK(!vl_inbox_unsettled(&none, at, at, why) && !vl_inbox_unsettled(&none, at, at - 100, why),
          "settle = 0");
    expect_at(at + 40.25, plain, "just written", "? S1.fq: changed # s ago, settles after 600 s\n");
    expect_at(at + 599.5, plain, "half a second left", "? S1.fq: changed # s ago, settles after 600 s\n");
    expect_at(at + 600.5, plain, "settled", "S1 S1 S1.fq\n");
    expect_at(at - 86400, plain, "clock set back by a day",
              "? S1.fq: changed 86400 s in the future by its time, settles 600 s after that\n");
    expect_at(at, none, "settle = 0", "S1 S1 S1.fq\n");
}

static void check_settle(void)
{
    begin();
    put_reads("S1.fq");
    check_settle_of("S1.fq");
    const double now = (double)time(NULL);
    set_mtime("S1.fq", now - 1e6);
    expect_at(now + 100, plain, "an old mtime, a new ctime", "S1 S1 S1.fq\n");
    set_mtime("S1.fq", now + 1e6);
    expect_at(now + AHEAD, plain, "mtime in the future",
              "? S1.fq: changed 996400 s in the future by its time, settles 600 s after that\n");
    begin();
    put_reads("S1_R1.fq S1_R2.fq S2_R1.fq S2_R2.fq S3_R2.fq");
    set_mtime("S1_R2.fq", now + AHEAD - 30);
    set_mtime("S2_R1.fq", now + AHEAD - 30);
    set_mtime("S3_R2.fq", now + AHEAD - 30);
    expect(plain, "one of two",
           "? S1_R1.fq: its mate S1_R2.fq changed # s ago, settles after 600 s\n"
           "? S2_R1.fq: changed # s ago, settles after 600 s\n"
           "? S3_R2.fq: changed # s ago, settles after 600 s\n");
    begin();
    put("e.fq", "");
    put("e.txt", "");
    put("new.fq", "");
    put_gzip("g.fq.gz", "", false, false);
    set_mtime("new.fq", now + AHEAD - 30);
    expect(plain, "empty files",
           "! e.fq: is empty\n! g.fq.gz: is empty once decompressed\n"
           "? new.fq: changed # s ago, settles after 600 s\n+ 1\n");
    expect(with_match("e.*"), "empty files that match", "! e.fq: is empty\n! e.txt: is empty\n+ 2\n");
}

/* ---- flags ---- */

static void check_flags(void)
{
    vl_inbox in = plain;
    vl_err err = VL_ERR_INIT;
    const double now = (double)time(NULL);
    in.complete = (char[]){ "CopyComplete.txt" };
    begin();
    put_reads("A.fq a/B.fq a/x/C.fq b/D.fq b/notes c/E.fq");
    put("b/notes", "text");
    put("a/copycomplete.TXT", "");
    put("c/CopyComplete.txt", "");
    put("b/CopyComplete.txt.part", "");
    put("d/CopyComplete.txt", "");
    set_mtime("c/CopyComplete.txt", now + AHEAD - 20);
    expect(in, "flags",
           "B B a/B.fq\nC C a/x/C.fq\n? A.fq: no CopyComplete.txt\n? b/D.fq: no CopyComplete.txt\n"
           "? c/E.fq: CopyComplete.txt: changed # s ago, settles after 600 s\n+ 1\n");
    put("CopyComplete.txt", "");
    expect(in, "a flag in the inbox itself",
           "A A A.fq\nB B a/B.fq\nC C a/x/C.fq\nD D b/D.fq\n"
           "? c/E.fq: CopyComplete.txt: changed # s ago, settles after 600 s\n+ 1\n");
    begin();
    put_reads("r/S.fq");
    if (mkdir("in/r/CopyComplete.txt", 0755)) abort();
    expect(in, "a folder is no flag", "? r/S.fq: no CopyComplete.txt\n");
    in.complete = (char[]){ "Basecalling_Netcopy_complete*.txt" };
    put("r/Basecalling_Netcopy_complete_Read1.txt", "");
    expect(in, "a flag by glob", "S S r/S.fq\n");
    put("r/Basecalling_Netcopy_complete_Read2.txt", "");
    set_mtime("r/Basecalling_Netcopy_complete_Read2.txt", now + AHEAD - 20);
    expect(in, "the last of several flags",
           "? r/S.fq: Basecalling_Netcopy_complete*.txt: changed # s ago, settles after 600 s\n");
    in.complete = (char[]){ ".done" };
    put("r/.done", "");
    expect(in, "a hidden flag",
           "S S r/S.fq\n? r/Basecalling_Netcopy_complete_Read2.txt: changed # s ago, settles after 600 s\n+ "
           "1\n");
    in.complete = (char[]){ "r/done" };
    CHECK(scan_code(in, &err) == VL_ECONFIG && strstr(err.what, "lab"), "a path as flag: %s", err.what);
}

/* ---- patterns and content ---- */

static void check_match(void)
{
    begin();
    put_reads("a.fq run1/b.fq run1/deep/c.fq run2/d.fq run1/e.txt");
    put("run1/f.fq", "nothing of the kind");
    expect(with_match("*.fq"), "match on names",
           "a a a.fq\nb b run1/b.fq\nf f run1/f.fq\nc c run1/deep/c.fq\nd d run2/d.fq\n+ 1\n");
    expect(with_match("run1/*.fq"), "match on paths", "b b run1/b.fq\nf f run1/f.fq\n+ 4\n");
    expect(with_match("run?/*/*"), "match on folders", "c c run1/deep/c.fq\n+ 5\n");
    expect(with_match("[ab].fq"), "match on a set", "a a a.fq\nb b run1/b.fq\n+ 4\n");
    expect(with_match("nothing"), "match on nothing", "+ 6\n");
    expect(with_match(""), "an empty pattern",
           "a a a.fq\nb b run1/b.fq\ne e.txt run1/e.txt\nc c run1/deep/c.fq\nd d run2/d.fq\n"
           "! run1/f.fq: holds neither FASTQ nor mzML\n");
    begin();
    put_reads(".a.fq b.fq.part c.TMP d.filepart e.crdownload .git/f.fq g.part/h.fq i.fq");
    expect(plain, "names that are left alone", "i i i.fq\n");
    expect(with_match("*"), "even if they match", "i i i.fq\n");
}

/* An mzML whose root comes behind n bytes of comment. */
static void put_late_mzml(const char *name, size_t n, bool packed)
{
    static char text[1 << 17];
    const int head = snprintf(text, sizeof text, "<?xml version=\"1.0\"?>\n<!--");
    memset(text + head, 'x', n);
    snprintf(text + (size_t)head + n, sizeof text - (size_t)head - n, "-->\n<mzML version=\"1.1.0\">\n");
    if (packed) put_gzip(name, text, false, false);
    else put(name, text);
}

static void check_content(void)
{
    begin();
    put("01", READ);
    put("02", MZML);
    put_gzip("03", READ, false, false);
    put_gzip("04", MZML, true, false);
    put_gzip("05", READ, true, true);
    put_gzip("06", MZML, false, true);
    put_zstd("07", READ, false);
    put_zstd("08", MZML, true);
    put_late_mzml("09", 40000, false);
    put_late_mzml("10", 60000, true);
    put("11", "\xef\xbb\xbf" MZML);
    expect(plain, "content",
           "01 01 01\n02 02 02\n03 03 03\n04 04 04\n05 05 05\n06 06 06\n07 07 07\n08 08 08\n09 09 09\n"
           "10 10 10\n11 11 11\n");
    begin();
    put_bytes("a.png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    put("b.txt", "a letter\n");
    put("c", "<html></html>");
    put("d", "P");
    put_gzip("e.gz", "a letter\n", false, false);
    put_bytes("f.gz", "\x1f\x8b", 2);
    put_zstd("g.zst", "<xml>", false);
    put("h.sam", "@HD\tVN:1.6\n");
    put_late_mzml("i", 70000, false);
    put_bytes("j.fq", "\x89PNG\r\n\x1a\n", 8);
    put_bytes("k.fq.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
    put_bytes("l.fq.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3\xff\xff\xff", 13);
    put_bytes("m.fq.zst", "\x28\xb5\x2f\xfd\x04", 5);
    put_zstd("n.mzML.zst", "", false);
    expect(plain, "other content",
           "! j.fq: holds neither FASTQ nor mzML\n"
           "! k.fq.gz: cannot be decompressed: it is damaged or cut off at its start\n"
           "! l.fq.gz: cannot be decompressed: it is damaged or cut off at its start\n"
           "! m.fq.zst: cannot be decompressed: it is damaged or cut off at its start\n"
           "! n.mzML.zst: is empty once decompressed\n+ 9\n");
}

/* Any text, cut after any byte: whether its start is known does not depend on how it is packed. */
static void check_cuts(void)
{
    static const char text[] = "<!-- " READ " -->" MZML;
    char cut[sizeof text];
    vl_sniffer *s = NULL;
    vl_err err = VL_ERR_INIT;
    begin();
    if (!CHECK(!vl_sniffer_open(&s, &err), "%s", err.what)) return;
    for (size_t n = 0; n < sizeof text; n++) {
        static const char *const path[] = { "in/plain", "in/gzip", "in/bgzf", "in/zstd" };
        vl_sniffed seen[4];
        memcpy(cut, text, n);
        cut[n] = 0;
        put("plain", cut);
        put_gzip("gzip", cut, false, n % 2);
        put_gzip("bgzf", cut, true, n % 2);
        put_zstd("zstd", cut, n % 2);
        for (int i = 0; i < 4; i++)
            CHECK(!vl_sniff(s, path[i], &seen[i], &err) && seen[i].content == seen[0].content &&
                      seen[i].format == seen[0].format,
                  "%zu bytes: plain %d, packing %d: %d", n, seen[0].content, i, seen[i].content);
    }
    vl_sniffer_close(s);
}

/* ---- links, rights, limits ---- */

static void check_links(void)
{
    vl_inbox in = plain;
    vl_err err = VL_ERR_INIT;
    begin();
    put("../far/S9.fq", READ);
    put_reads("run/S1.fq");
    put_link("../far/S9.fq", "S2.fq");
    put_link("../far", "folder");
    put_link(".", "around");
    put_link("nowhere", "lost.fq");
    put_link("nowhere", "lost");
    put_link("loop.fq", "loop.fq");
    put_link("/dev/null", "null.fq");
    if (mkfifo("in/pipe.fq", 0644) || mkfifo("in/pipe", 0644)) abort();
    expect(plain, "links",
           "S2 S2 S2.fq\nS1 S1 run/S1.fq\n"
           "! loop.fq: cannot be looked at: Too many levels of symbolic links\n"
           "! lost.fq: cannot be looked at: No such file or directory\n"
           "! null.fq: is no regular file\n! pipe.fq: is no regular file\n+ 2\n");
    set_mtime("../far/S9.fq", (double)time(NULL) + AHEAD - 50);
    expect(with_match("S*"), "a link to a file that changes",
           "S1 S1 run/S1.fq\n? S2.fq: changed # s ago, settles after 600 s\n+ 6\n");
    in.path = (char[]){ "in/run/" };
    expect(in, "a '/' at the end", "S1 S1 run/S1.fq\n");
    put_link("run", "other");
    in.path = (char[]){ "in/other" };
    expect(in, "an inbox that is a link", "S1 S1 other/S1.fq\n");
    in.path = (char[]){ "in/missing" };
    CHECK(scan_code(in, &err) == VL_ENOIN && strstr(err.file, "missing"), "no inbox: %s", err.what);
    in.path = (char[]){ "in/run/S1.fq" };
    CHECK(scan_code(in, &err) == VL_ENOIN, "a file as inbox: %s", err.what);
    remove_all("far");
}

static void check_rights(void)
{
    begin();
    put_reads("a.fq b.fq c.txt shut/d.fq blind/e.fq blind/f.txt");
    const bool root = !geteuid();
    if (chmod("in/b.fq", 0) || chmod("in/c.txt", 0) || chmod("in/shut", 0) || chmod("in/blind", 0444))
        abort();
    if (root && (chmod(home, 0755) || seteuid(65534))) { /* nothing is shut to root */
        printf("rights are not checked: cannot be anybody else\n");
    } else {
        expect(plain, "rights",
               "a a a.fq\n! shut: cannot open the folder: Permission denied\n"
               "! b.fq: cannot be read: Permission denied\n! c.txt: cannot be read: Permission denied\n"
               "! blind/e.fq: cannot be looked at: Permission denied\n+ 1\n");
    }
    if (root && seteuid(0)) abort();
    if (chmod("in/shut", 0755) || chmod("in/blind", 0755)) abort();
}

static void check_limits(void)
{
    char path[100] = "";
    begin();
    for (int i = 0; i < VL_INBOX_DEEP; i++) strcat(path, "d/");
    strcat(path, "S1.fq");
    put_reads(path);
    memcpy(path + 2 * VL_INBOX_DEEP, "d/S2.fq", 8);
    put_reads(path);
    expect(
        plain, "deep folders",
        "S1 S1 d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/S1.fq\n! d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d: lies more than 16 "
        "folders deep, was not looked into\n");

    /* eight names: in, a/ with 2 files, b/ with 2 files, c/ with 1 */
    char root[80];
    begin();
    put_reads("a/1.fq a/2.fq b/3.fq b/4.fq c/5.fq");
    snprintf(root, sizeof root, "%s/in", home);
    for (size_t most = 0; most < 10; most++) {
        vl_found found = { 0 };
        vl_err err = VL_ERR_INIT;
        vl_walk walk = { .inbox = &plain, .root = root, .most = most };
        const size_t files = most < 5 ? 0 : most < 7 ? 2 : most < 8 ? 4 : 5;
        CHECK(!vl_inbox_walk(&walk, &found, &err), "%s", err.what);
        CHECK(walk.files.n == files && found.nwaiting == (most < 8), "at most %zu: %zu files, %zu entries",
              most, walk.files.n, found.nwaiting);
        CHECK(most >= 8 || (found.nwaiting && found.waiting[0].wrong), "at most %zu: wrong", most);
        vl_walk_free(&walk);
        vl_found_free(&found);
    }
}

/* ---- sheets ---- */

static void check_sheets(void)
{
    vl_inbox in = { .settle = 600, .sheet = (char[]){ "*.csv" }, .profile = (char[]){ "archive" } };
    const double now = (double)time(NULL);
    begin();
    put_reads("reads/a_1.fq reads/a_2.fq reads/b.fq");
    put("sheet.csv", "sample,fastq_1,fastq_2\nA,reads/a_1.fq,reads/a_2.fq\nB,reads/b.fq,\n");
    expect(in, "a sheet", "A a reads/a_1.fq reads/a_2.fq\nB b reads/b.fq\n+ 3\n");
    set_mtime("reads/a_2.fq", now + AHEAD - 30);
    set_mtime("reads/b.fq", now + AHEAD - 30);
    char lines[300];
    snprintf(lines, sizeof lines,
             "? sheet.csv: line 2: /in/reads/a_2.fq changed # s ago, settles after 600 s; and 1 more\n+ 3\n");
    expect(in, "files that have not settled", lines);
    begin();
    put_reads("b.fq");
    put("new.csv", "sample,fastq_1,fastq_2\nB,b.fq,\n");
    put("empty.csv", "");
    put_link("nowhere", "lost.csv");
    set_mtime("new.csv", now + AHEAD - 30);
    expect(in, "sheets that cannot be taken",
           "! empty.csv: is empty\n! lost.csv: cannot be looked at: No such file or directory\n"
           "? new.csv: changed # s ago, settles after 600 s\n+ 1\n");
    in.complete = (char[]){ "done" };
    set_mtime("new.csv", now - 100);
    expect(in, "a sheet and a flag", "? empty.csv: no done\n? lost.csv: no done\n? new.csv: no done\n+ 1\n");
}

static void check_bad_sheet(void)
{
    vl_inbox in = { .name = lab, .path = in_path, .settle = 600, .sheet = (char[]){ "*.csv" } };
    vl_found found = { 0 };
    vl_err err = VL_ERR_INIT;
    begin();
    put_reads("b.fq");
    put("bad.csv", "sample,fastq_1,fastq_2\nB,b.fq,\nC,missing.fq,\n-D,b.fq,\n");
    CHECK(!vl_inbox_scan(&bank, &in, (double)time(NULL) + AHEAD, &found, &err), "%s", err.what);
    CHECK(!found.items.n && found.nwaiting == 1, "%zu items, %zu entries", found.items.n, found.nwaiting);
    if (found.nwaiting == 1) {
        const vl_waiting *const w = &found.waiting[0];
        CHECK(w->wrong && strstr(w->reason, "error"), "%s", w->reason);
        CHECK(w->detail && strstr(w->detail, "line 3") && strstr(w->detail, "line 4") &&
                  strstr(w->detail, "column ") && !strstr(w->detail, "line 2,"),
              "%s", w->detail ? w->detail : "no detail");
    }
    vl_found_free(&found);
}

static void check_many_sheets(void)
{
    vl_inbox in = { .settle = 600, .sheet = (char[]){ "*.csv" } };
    begin();
    put_reads("x/a.fq y/a.fq b.fq c.fq");
    put("1.csv", "sample,fastq_1,fastq_2\nA,x/a.fq,\nB,b.fq,\n");
    put("2.csv", "sample,fastq_1,fastq_2\nC,c.fq,\nA,y/a.fq,\n");
    put("3.csv", "sample,fastq_1,fastq_2\nB,b.fq,\n");
    expect(in, "the same in two sheets",
           "B b b.fq\nC c c.fq\n"
           "! 1.csv: line 2: sample A, acquisition a has other files in /in/2.csv, line 3\n"
           "! 2.csv: line 3: sample A, acquisition a has other files in /in/1.csv, line 2\n+ 4\n");
}

/* ---- many ---- */

static double clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* 20,000 files in one folder, all looked into. */
static void check_many(void)
{
    enum { N = 10000 };
    char name[64];
    vl_inbox in = { .name = lab, .path = in_path, .settle = 600 };
    vl_found found = { 0 };
    vl_err err = VL_ERR_INIT;
    begin();
    for (int i = 0; i < N; i++)
        for (int mate = 1; mate <= 2; mate++) {
            snprintf(name, sizeof name, "P%05d_S%d_L001_R%d_001.fastq.gz", i, i + 1, mate);
            put_gzip(name, READ READ READ, true, false);
        }
    const double from = clock_now();
    CHECK(!vl_inbox_scan(&bank, &in, (double)time(NULL) + AHEAD, &found, &err), "%s", err.what);
    const double took = clock_now() - from;
    printf("%d files looked into in %.2f s\n", 2 * N, took);
    CHECK(took < 2, "%.2f s", took);
    CHECK(found.items.n == N && !found.nwaiting, "%zu items, %zu entries", found.items.n, found.nwaiting);
    for (size_t i = 0; i < found.items.n; i++) {
        snprintf(name, sizeof name, "P%05zu", i);
        CHECK(!strcmp(found.items.item[i].sample, name) && found.items.item[i].inputs.n == 2, "item %zu", i);
    }
    vl_found_free(&found);
}

/* Nothing in an inbox is changed by a scan, neither names nor times. */
static void check_untouched(void)
{
    begin();
    put_reads("a.fq b_R1.fq b_R2.fq .hidden x.part");
    struct stat before, after;
    if (stat("in", &before)) abort();
    const double at = changed("a.fq");
    expect(plain, "untouched", "a a a.fq\nb b b_R1.fq b_R2.fq\n");
    CHECK(!stat("in", &after) && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec &&
              before.st_mtim.tv_sec == after.st_mtim.tv_sec && changed("a.fq") <= at,
          "the inbox was changed");
}

int main(void)
{
    snprintf(home, sizeof home, "/tmp/check_inbox.XXXXXX");
    if (!mkdtemp(home) || chdir(home)) return 1;
    check_expressions();
    check_mates();
    check_index();
    check_lanes();
    check_lanes_wait();
    check_twins();
    check_settle();
    check_flags();
    check_match();
    check_content();
    check_cuts();
    check_links();
    check_rights();
    check_limits();
    check_sheets();
    check_bad_sheet();
    check_many_sheets();
    check_untouched();
    check_many();
    remove_all("in");
    CHECK(!chdir("/") && !rmdir(home), "nothing is left behind: %s", strerror(errno));
    return check_end();
}
