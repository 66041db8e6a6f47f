/*
 * Checks what of an inbox is looked at: patterns, what files hold and how that is packed, and sample sheets.
 *
 * Suites: bank. Also: asan.
 */
#include "pipeline/test/check.h"
#include "pipeline/test/inbox_case.h"

#include <string.h>
#include <time.h>

/* ---- patterns and content ---- */

static void check_match(void)
{
    begin_inbox();
    put_reads("a.fq run1/b.fq run1/deep/c.fq run2/d.fq run1/e.txt");
    put_file("run1/f.fq", "nothing of the kind");
    expect_found(with_match("*.fq"), "match on names",
                 "a a a.fq\nb b run1/b.fq\nf f run1/f.fq\nc c run1/deep/c.fq\nd d run2/d.fq\n+ 1\n");
    expect_found(with_match("run1/*.fq"), "match on paths", "b b run1/b.fq\nf f run1/f.fq\n+ 4\n");
    expect_found(with_match("run?/*/*"), "match on folders", "c c run1/deep/c.fq\n+ 5\n");
    expect_found(with_match("[ab].fq"), "match on a set", "a a a.fq\nb b run1/b.fq\n+ 4\n");
    expect_found(with_match("nothing"), "match on nothing", "+ 6\n");
    expect_found(with_match(""), "an empty pattern",
                 "a a a.fq\nb b run1/b.fq\ne e.txt run1/e.txt\nc c run1/deep/c.fq\nd d run2/d.fq\n"
                 "! run1/f.fq: holds neither FASTQ, BAM, SAM, mzML, imzML, mzMLb, mzXML, mzData nor MGF\n");
    begin_inbox();
    put_reads(".a.fq b.fq.part c.TMP d.filepart e.crdownload .git/f.fq g.part/h.fq i.fq");
    expect_found(plain_inbox, "names that are left alone", "i i i.fq\n");
    expect_found(with_match("*"), "even if they match", "i i i.fq\n");
}

/* An mzML whose root comes behind n bytes of comment. */
static void put_late_mzml(const char *name, size_t n, bool packed)
{
    static char text[1 << 17];
    const int head = snprintf(text, sizeof text, "<?xml version=\"1.0\"?>\n<!--");
    memset(text + head, 'x', n);
    snprintf(text + (size_t)head + n, sizeof text - (size_t)head - n, "-->\n<mzML version=\"1.1.0\">\n");
    if (packed) put_gzip(name, text, false, false);
    else put_file(name, text);
}

static void check_content(void)
{
    begin_inbox();
    put_file("01", READ);
    put_file("02", MZML);
    put_gzip("03", READ, false, false);
    put_gzip("04", MZML, true, false);
    put_gzip("05", READ, true, true);
    put_gzip("06", MZML, false, true);
    put_zstd("07", READ, false);
    put_zstd("08", MZML, true);
    put_late_mzml("09", 40000, false);
    put_late_mzml("10", 60000, true);
    put_file("11", "\xef\xbb\xbf" MZML);
    expect_found(plain_inbox, "content",
                 "01 01 01\n02 02 02\n03 03 03\n04 04 04\n05 05 05\n06 06 06\n07 07 07\n08 08 08\n09 09 09\n"
                 "10 10 10\n11 11 11\n");
    begin_inbox();
    put_bytes("a.png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    put_file("b.txt", "a letter\n");
    put_file("c", "<html></html>");
    put_file("d", "P");
    put_gzip("e.gz", "a letter\n", false, false);
    put_bytes("f.gz", "\x1f\x8b", 2);
    put_zstd("g.zst", "<xml>", false);
    put_file("h.vcf", "##fileformat=VCFv4.2\n");
    put_late_mzml("i", 70000, false);
    put_bytes("j.fq", "\x89PNG\r\n\x1a\n", 8);
    put_bytes("k.fq.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
    put_bytes("l.fq.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3\xff\xff\xff", 13);
    put_bytes("m.fq.zst", "\x28\xb5\x2f\xfd\x04", 5);
    put_zstd("n.mzML.zst", "", false);
    expect_found(plain_inbox, "other content",
                 "! j.fq: holds neither FASTQ, BAM, SAM, mzML, imzML, mzMLb, mzXML, mzData nor MGF\n"
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
    begin_inbox();
    if (!CHECK(!vl_sniffer_open(&s, &err), "%s", err.what)) return;
    for (size_t n = 0; n < sizeof text; n++) {
        static const char *const path[] = { "in/plain", "in/gzip", "in/bgzf", "in/zstd" };
        vl_sniffed seen[4];
        memcpy(cut, text, n);
        cut[n] = 0;
        put_file("plain", cut);
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

/* ---- sheets ---- */

static void check_sheets(void)
{
    vl_inbox in = { .settle = 600, .sheet = (char[]){ "*.csv" }, .profile = (char[]){ "archive" } };
    const double now = (double)time(NULL);
    begin_inbox();
    put_reads("reads/a_1.fq reads/a_2.fq reads/b.fq");
    put_file("sheet.csv", "sample,fastq_1,fastq_2\nA,reads/a_1.fq,reads/a_2.fq\nB,reads/b.fq,\n");
    expect_found(in, "a sheet", "A a reads/a_1.fq reads/a_2.fq\nB b reads/b.fq\n+ 3\n");
    set_mtime("reads/a_2.fq", now + AHEAD - 30);
    set_mtime("reads/b.fq", now + AHEAD - 30);
    char lines[300];
    snprintf(lines, sizeof lines,
             "? sheet.csv: line 2: /in/reads/a_2.fq changed # s ago, settles after 600 s; and 1 more\n+ 3\n");
    expect_found(in, "files that have not settled", lines);
    begin_inbox();
    put_reads("b.fq");
    put_file("new.csv", "sample,fastq_1,fastq_2\nB,b.fq,\n");
    put_file("empty.csv", "");
    put_link("nowhere", "lost.csv");
    set_mtime("new.csv", now + AHEAD - 30);
    expect_found(in, "sheets that cannot be taken",
                 "! empty.csv: is empty\n! lost.csv: cannot be looked at: No such file or directory\n"
                 "? new.csv: changed # s ago, settles after 600 s\n+ 1\n");
    in.complete = (char[]){ "done" };
    set_mtime("new.csv", now - 100);
    expect_found(in, "a sheet and a flag",
                 "? empty.csv: no done\n? lost.csv: no done\n? new.csv: no done\n+ 1\n");
}

static void check_bad_sheet(void)
{
    vl_inbox in = { .name = inbox_name, .path = inbox_path, .settle = 600, .sheet = (char[]){ "*.csv" } };
    vl_found found = { 0 };
    vl_err err = VL_ERR_INIT;
    begin_inbox();
    put_reads("b.fq");
    put_file("bad.csv", "sample,fastq_1,fastq_2\nB,b.fq,\nC,missing.fq,\n-D,b.fq,\n");
    CHECK(!vl_inbox_scan(&inbox_bank, &in, (double)time(NULL) + AHEAD, &found, &err), "%s", err.what);
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
    begin_inbox();
    put_reads("x/a.fq y/a.fq b.fq c.fq");
    put_file("1.csv", "sample,fastq_1,fastq_2\nA,x/a.fq,\nB,b.fq,\n");
    put_file("2.csv", "sample,fastq_1,fastq_2\nC,c.fq,\nA,y/a.fq,\n");
    put_file("3.csv", "sample,fastq_1,fastq_2\nB,b.fq,\n");
    expect_found(in, "the same in two sheets",
                 "B b b.fq\nC c c.fq\n"
                 "! 1.csv: line 2: sample A, acquisition a has other files in /in/2.csv, line 3\n"
                 "! 2.csv: line 3: sample A, acquisition a has other files in /in/1.csv, line 2\n+ 4\n");
}

int main(void)
{
    begin_inboxes("check_inbox_content");
    check_match();
    check_content();
    check_cuts();
    check_sheets();
    check_bad_sheet();
    check_many_sheets();
    return end_inboxes();
}
