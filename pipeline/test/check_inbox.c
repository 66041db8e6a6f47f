/*
 * Checks the scan of inboxes: when files have settled, flags, links, rights, limits; that nothing in an inbox
 * is changed, and how long 20,000 files take.
 *
 * Suites: banks. Also: asan.
 */
#include "pipeline/test/check.h"
#include "pipeline/test/inbox_case.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- settling ---- */

static void check_settle_of(const char *name)
{
    const double at = changed(name);
    char why[120];
    const vl_inbox none = { .settle = 0 };
    CHECK(vl_inbox_unsettled(&plain_inbox, at, at + 599.75, why) && strstr(why, "changed 599 s ago"), "%s",
          why);
    CHECK(!vl_inbox_unsettled(&plain_inbox, at, at + 600, why), "settles in time");
    CHECK(vl_inbox_unsettled(&plain_inbox, at, at - 9.5, why) && strstr(why, "10 s in the future"), "%s",
          why);
    CHECK(!vl_inbox_unsettled(&none, at, at, why) && !vl_inbox_unsettled(&none, at, at - 100, why),
          "settle = 0");
    expect_found_at(at + 40.25, plain_inbox, "just written",
                    "? S1.fq: changed # s ago, settles after 600 s\n");
    expect_found_at(at + 599.5, plain_inbox, "half a second left",
                    "? S1.fq: changed # s ago, settles after 600 s\n");
    expect_found_at(at + 600.5, plain_inbox, "settled", "S1 S1 S1.fq\n");
    expect_found_at(at - 86400, plain_inbox, "clock set back by a day",
                    "? S1.fq: changed 86400 s in the future by its time, settles 600 s after that\n");
    expect_found_at(at, none, "settle = 0", "S1 S1 S1.fq\n");
}

static void check_settle(void)
{
    begin_inbox();
    put_reads("S1.fq");
    check_settle_of("S1.fq");
    const double now = (double)time(NULL);
    set_mtime("S1.fq", now - 1e6);
    expect_found_at(now + 100, plain_inbox, "an old mtime, a new ctime", "S1 S1 S1.fq\n");
    set_mtime("S1.fq", now + 1e6);
    expect_found_at(now + AHEAD, plain_inbox, "mtime in the future",
                    "? S1.fq: changed 996400 s in the future by its time, settles 600 s after that\n");
    begin_inbox();
    put_reads("S1_R1.fq S1_R2.fq S2_R1.fq S2_R2.fq S3_R2.fq");
    set_mtime("S1_R2.fq", now + AHEAD - 30);
    set_mtime("S2_R1.fq", now + AHEAD - 30);
    set_mtime("S3_R2.fq", now + AHEAD - 30);
    expect_found(plain_inbox, "one of two",
                 "? S1_R1.fq: its mate S1_R2.fq changed # s ago, settles after 600 s\n"
                 "? S2_R1.fq: changed # s ago, settles after 600 s\n"
                 "? S3_R2.fq: changed # s ago, settles after 600 s\n");
    begin_inbox();
    put_file("e.fq", "");
    put_file("e.txt", "");
    put_file("new.fq", "");
    put_gzip("g.fq.gz", "", false, false);
    set_mtime("new.fq", now + AHEAD - 30);
    expect_found(plain_inbox, "empty files",
                 "e e e.fq\ng g g.fq.gz\n"
                 "? new.fq: changed # s ago, settles after 600 s\n+ 1\n");
    expect_found(with_match("e.*"), "empty files that match", "e e e.fq\n! e.txt: is empty\n+ 2\n");
}

/* ---- flags ---- */

static void check_flags(void)
{
    vl_inbox in = plain_inbox;
    vl_err err = VL_ERR_INIT;
    const double now = (double)time(NULL);
    in.complete = (char[]){ "CopyComplete.txt" };
    begin_inbox();
    put_reads("A.fq a/B.fq a/x/C.fq b/D.fq b/notes c/E.fq");
    put_file("b/notes", "text");
    put_file("a/copycomplete.TXT", "");
    put_file("c/CopyComplete.txt", "");
    put_file("b/CopyComplete.txt.part", "");
    put_file("d/CopyComplete.txt", "");
    set_mtime("c/CopyComplete.txt", now + AHEAD - 20);
    expect_found(in, "flags",
                 "B B a/B.fq\nC C a/x/C.fq\n? A.fq: no CopyComplete.txt\n? b/D.fq: no CopyComplete.txt\n"
                 "? c/E.fq: CopyComplete.txt: changed # s ago, settles after 600 s\n+ 1\n");
    put_file("CopyComplete.txt", "");
    expect_found(in, "a flag in the inbox itself",
                 "A A A.fq\nB B a/B.fq\nC C a/x/C.fq\nD D b/D.fq\n"
                 "? c/E.fq: CopyComplete.txt: changed # s ago, settles after 600 s\n+ 1\n");
    begin_inbox();
    put_reads("r/S.fq");
    if (mkdir("in/r/CopyComplete.txt", 0755)) abort();
    expect_found(in, "a folder is no flag", "? r/S.fq: no CopyComplete.txt\n");
    in.complete = (char[]){ "Basecalling_Netcopy_complete*.txt" };
    put_file("r/Basecalling_Netcopy_complete_Read1.txt", "");
    expect_found(in, "a flag by glob", "S S r/S.fq\n");
    put_file("r/Basecalling_Netcopy_complete_Read2.txt", "");
    set_mtime("r/Basecalling_Netcopy_complete_Read2.txt", now + AHEAD - 20);
    expect_found(in, "the last of several flags",
                 "? r/S.fq: Basecalling_Netcopy_complete*.txt: changed # s ago, settles after 600 s\n");
    in.complete = (char[]){ ".done" };
    put_file("r/.done", "");
    expect_found(
        in, "a hidden flag",
        "S S r/S.fq\n? r/Basecalling_Netcopy_complete_Read2.txt: changed # s ago, settles after 600 s\n+ "
        "1\n");
    in.complete = (char[]){ "r/done" };
    CHECK(scan_code(in, &err) == VL_ECONFIG && strstr(err.what, "lab"), "a path as flag: %s", err.what);
}

/* ---- links, rights, limits ---- */

static void check_links(void)
{
    vl_inbox in = plain_inbox;
    vl_err err = VL_ERR_INIT;
    begin_inbox();
    put_file("../far/S9.fq", READ);
    put_reads("run/S1.fq");
    put_link("../far/S9.fq", "S2.fq");
    put_link("../far", "folder");
    put_link(".", "around");
    put_link("nowhere", "lost.fq");
    put_link("nowhere", "lost");
    put_link("loop.fq", "loop.fq");
    put_link("/dev/null", "null.fq");
    if (mkfifo("in/pipe.fq", 0644) || mkfifo("in/pipe", 0644)) abort();
    expect_found(plain_inbox, "links",
                 "S2 S2 S2.fq\nS1 S1 run/S1.fq\n"
                 "! loop.fq: cannot be looked at: Too many levels of symbolic links\n"
                 "! lost.fq: cannot be looked at: No such file or directory\n"
                 "! null.fq: is no regular file\n! pipe.fq: is no regular file\n+ 2\n");
    set_mtime("../far/S9.fq", (double)time(NULL) + AHEAD - 50);
    expect_found(with_match("S*"), "a link to a file that changes",
                 "S1 S1 run/S1.fq\n? S2.fq: changed # s ago, settles after 600 s\n+ 6\n");
    in.path = (char[]){ "in/run/" };
    expect_found(in, "a '/' at the end", "S1 S1 run/S1.fq\n");
    put_link("run", "other");
    in.path = (char[]){ "in/other" };
    expect_found(in, "an inbox that is a link", "S1 S1 other/S1.fq\n");
    in.path = (char[]){ "in/missing" };
    CHECK(scan_code(in, &err) == VL_ENOIN && strstr(err.file, "missing"), "no inbox: %s", err.what);
    in.path = (char[]){ "in/run/S1.fq" };
    CHECK(scan_code(in, &err) == VL_ENOIN, "a file as inbox: %s", err.what);
    remove_all("far");
}

static void check_rights(void)
{
    begin_inbox();
    put_reads("a.fq b.fq c.txt shut/d.fq blind/e.fq blind/f.txt");
    const bool root = !geteuid();
    if (chmod("in/b.fq", 0) || chmod("in/c.txt", 0) || chmod("in/shut", 0) || chmod("in/blind", 0444))
        abort();
    if (root && (chmod(inbox_home, 0755) || seteuid(65534))) { /* nothing is shut to root */
        printf("rights are not checked: cannot be anybody else\n");
    } else {
        expect_found(plain_inbox, "rights",
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
    begin_inbox();
    for (int i = 0; i < VL_INBOX_DEEP; i++) strcat(path, "d/");
    strcat(path, "S1.fq");
    put_reads(path);
    memcpy(path + 2 * VL_INBOX_DEEP, "d/S2.fq", 8);
    put_reads(path);
    expect_found(
        plain_inbox, "deep folders",
        "S1 S1 d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/S1.fq\n! d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d: lies more than 16 "
        "folders deep, was not looked into\n");

    /* eight names: in, a/ with 2 files, b/ with 2 files, c/ with 1 */
    char root[80];
    begin_inbox();
    put_reads("a/1.fq a/2.fq b/3.fq b/4.fq c/5.fq");
    snprintf(root, sizeof root, "%s/in", inbox_home);
    for (size_t most = 0; most < 10; most++) {
        vl_found found = { 0 };
        vl_err err = VL_ERR_INIT;
        vl_walk walk = { .inbox = &plain_inbox, .root = root, .most = most };
        const size_t files = most < 5 ? 0 : most < 7 ? 2 : most < 8 ? 4 : 5;
        CHECK(!vl_inbox_walk(&walk, &found, &err), "%s", err.what);
        CHECK(walk.files.n == files && found.nwaiting == (most < 8), "at most %zu: %zu files, %zu entries",
              most, walk.files.n, found.nwaiting);
        CHECK(most >= 8 || (found.nwaiting && found.waiting[0].wrong), "at most %zu: wrong", most);
        vl_walk_free(&walk);
        vl_found_free(&found);
    }
}

/* ---- many ---- */

static double clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* others may use the machine too */
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* 20,000 files in one folder, all looked into. */
static void check_many(void)
{
    enum { N = 10000 };
    char name[64];
    vl_inbox in = { .name = inbox_name, .path = inbox_path, .settle = 600 };
    vl_found found = { 0 };
    vl_err err = VL_ERR_INIT;
    begin_inbox();
    for (int i = 0; i < N; i++)
        for (int mate = 1; mate <= 2; mate++) {
            snprintf(name, sizeof name, "P%05d_S%d_L001_R%d_001.fastq.gz", i, i + 1, mate);
            put_gzip(name, READ READ READ, true, false);
        }
    const double from = clock_now();
    CHECK(!vl_inbox_scan(&inbox_bank, &in, (double)time(NULL) + AHEAD, &found, &err), "%s", err.what);
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
    begin_inbox();
    put_reads("a.fq b_R1.fq b_R2.fq .hidden x.part");
    struct stat before, after;
    if (stat("in", &before)) abort();
    const double at = changed("a.fq");
    expect_found(plain_inbox, "untouched", "a a a.fq\nb b b_R1.fq b_R2.fq\n");
    CHECK(!stat("in", &after) && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec &&
              before.st_mtim.tv_sec == after.st_mtim.tv_sec && changed("a.fq") <= at,
          "the inbox was changed");
}

int main(void)
{
    begin_inboxes("check_inbox");
    check_settle();
    check_flags();
    check_links();
    check_rights();
    check_limits();
    check_untouched();
    check_many();
    return end_inboxes();
}
