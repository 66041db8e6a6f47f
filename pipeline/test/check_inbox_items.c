/*
 * Checks which files of an inbox are an item: the sample in their names, mates, index reads, lanes, and files
 * of one name in several folders.
 *
 * Suites: bank. Also: asan.
 */
#include "pipeline/test/check.h"
#include "pipeline/test/inbox_case.h"

#include <string.h>
#include <time.h>

static void check_expressions(void)
{
    vl_inbox in = plain_inbox;
    vl_err err = VL_ERR_INIT;
    begin_inbox();
    put_reads("P7-blood_R1.fastq P7-blood_R2.fastq other.fastq run1/P8-skin.fastq P-.fastq");
    in.sample = (char[]){ "^(P[0-9]+)-" };
    expect_found(in, "expression",
                 "P7 P7-blood P7-blood_R1.fastq P7-blood_R2.fastq\nP8 P8-skin run1/P8-skin.fastq\n"
                 "! P-.fastq: its name gives no sample: it does not match ^(P[0-9]+)-\n"
                 "! other.fastq: its name gives no sample: it does not match ^(P[0-9]+)-\n");
    begin_inbox();
    put_reads("a_b.fastq");
    in.sample = (char[]){ "(_)" };
    expect_found(in, "first match", "_ a_b a_b.fastq\n");
    in.sample = (char[]){ "a(x*)" };
    expect_found(in, "empty group", "! a_b.fastq: its name gives no sample: it does not match a(x*)\n");
    in.sample = (char[]){ "a(x)*" };
    expect_found(in, "group that took no part",
                 "! a_b.fastq: its name gives no sample: it does not match a(x)*\n");
    in.sample = (char[]){ "" };
    expect_found(in, "empty expression", "a_b a_b a_b.fastq\n");
    in.sample = (char[]){ "(a" };
    CHECK(scan_code(in, &err) == VL_ECONFIG && strstr(err.what, "lab"), "no expression: %s", err.what);
    in.sample = (char[]){ "abc" };
    CHECK(scan_code(in, &err) == VL_ECONFIG && strstr(err.what, "group"), "no group: %s", err.what);
    begin_inbox();
    put_reads("-x.fastq _1.fastq");
    expect_found(plain_inbox, "bad names",
                 "! -x.fastq: its name gives the sample '-x', which is no name of a sample: starts with '-'\n"
                 "! _1.fastq: its name gives no sample: nothing stands before the ending\n");
}

/* ---- mates ---- */

static void check_mates(void)
{
    begin_inbox();
    put_reads("S1_S1_L001_R1_001.fastq.gz S1_S1_L001_R2_001.fastq.gz S1_S1_L002_R1_001.fastq.gz "
              "S1_S1_L002_R2_001.fastq.gz S1_S1_L001_I1_001.fastq.gz S1_S1_L001_I2_001.fastq.gz "
              "n_1.fq n_2.fq m.R1.fq.zst m.R2.fq.zst k_r1.fq k_r2.fq one.fastq");
    expect_found(plain_inbox, "pairs",
                 "S1 S1_S1_L001 S1_S1_L001_R1_001.fastq.gz S1_S1_L001_R2_001.fastq.gz\n"
                 "S1 S1_S1_L002 S1_S1_L002_R1_001.fastq.gz S1_S1_L002_R2_001.fastq.gz\n"
                 "k k k_r1.fq k_r2.fq\nm m m.R1.fq.zst m.R2.fq.zst\nn n n_1.fq n_2.fq\none one one.fastq\n"
                 "- S1_S1_L001_I1_001.fastq.gz: index reads; 'index = take' in bank.ini takes them\n"
                 "- S1_S1_L001_I2_001.fastq.gz: index reads; 'index = take' in bank.ini takes them\n");
    begin_inbox();
    put_reads("A_R1.fastq B_R2.fastq.gz C_1.fq D_2.fq run/A_R2.fastq");
    expect_found(plain_inbox, "lone mates",
                 "A A A_R1.fastq\nC C C_1.fq\n"
                 "! B_R2.fastq.gz: second mates without the first (expected B_R1.fastq.gz)\n"
                 "! D_2.fq: second mates without the first (expected D_1.fq)\n"
                 "! run/A_R2.fastq: second mates without the first (expected A_R1.fastq)\n");
    begin_inbox();
    put_reads("A_R1.fastq.gz A_R2.fastq.gz.part B_R1.fq.gz .B_R2.fq.gz.Xy12 C_R2.fq C_R1.fq.filepart D_R1.fq "
              "D_R2.tmp E_R1.fq ._E_R2.fq F_R1.fq.gz F_R2.fq.crdownload G_R1.fq x/G_R2.fq.part");
    expect_found(plain_inbox, "mates that come",
                 "D D D_R1.fq\nE E E_R1.fq\nG G G_R1.fq\n"
                 "? A_R1.fastq.gz: no mate yet (expected A_R2.fastq.gz)\n"
                 "? B_R1.fq.gz: no mate yet (expected B_R2.fq.gz)\n"
                 "? C_R2.fq: no mate yet (expected C_R1.fq)\n"
                 "? F_R1.fq.gz: no mate yet (expected F_R2.fq.gz)\n");
    begin_inbox();
    put_reads("A_R1.fastq A_R2.fastq.gz B_R1.fq B_R1.fq.gz B_R2.fq.gz");
    expect_found(plain_inbox, "mates packed otherwise",
                 "A A A_R1.fastq A_R2.fastq.gz\n"
                 "! B_R1.fq: is sample B, acquisition B, and so is /in/B_R1.fq.gz\n"
                 "! B_R1.fq.gz: is sample B, acquisition B, and so is /in/B_R1.fq\n");
    begin_inbox();
    put_reads("A_R1.fq B_R2.fq");
    put_file("A_R2.fq", "");
    put_file("B_R1.fq", "nothing of the kind");
    put_file("C_R1.fq", READ);
    put_link("nowhere", "C_R2.fq");
    expect_found(plain_inbox, "mates that are wrong",
                 "! A_R1.fq: its mate A_R2.fq is empty\n! B_R1.fq: holds neither FASTQ, BAM, SAM, mzML, "
                 "imzML, mzMLb, mzXML, mzData nor MGF\n"
                 "! C_R1.fq: its mate C_R2.fq cannot be looked at: No such file or directory\n");
}

static void check_index(void)
{
    vl_inbox in = { .settle = 600, .take_index = true };
    begin_inbox();
    put_reads(
        "S1_S1_L001_R1_001.fq S1_S1_L001_R2_001.fq S1_S1_L001_I1_001.fq S1_S1_L001_I2_001.fq A_I1.fq B_I2.fq "
        "C_I1.fq C_I2.fq.part S1_S1_L002_I1_001.fq S1_S1_L002_I2_001.fq");
    const char *const apart = "A A_I1 A_I1.fq\nB B_I2 B_I2.fq\n"
                              "S1 S1_S1_L001_I1_001 S1_S1_L001_I1_001.fq S1_S1_L001_I2_001.fq\n"
                              "S1 S1_S1_L001 S1_S1_L001_R1_001.fq S1_S1_L001_R2_001.fq\n"
                              "S1 S1_S1_L002_I1_001 S1_S1_L002_I1_001.fq S1_S1_L002_I2_001.fq\n"
                              "? C_I1.fq: no mate yet (expected C_I2.fq)\n";
    expect_found(in, "index reads that are taken", apart);
    in.join_lanes = true;
    expect_found(in, "lanes of index reads",
                 "A A_I1 A_I1.fq\nB B_I2 B_I2.fq\n"
                 "S1 S1_S1_I1_001 S1_S1_L001_I1_001.fq S1_S1_L002_I1_001.fq S1_S1_L001_I2_001.fq "
                 "S1_S1_L002_I2_001.fq\n"
                 "S1 S1_S1 S1_S1_L001_R1_001.fq S1_S1_L001_R2_001.fq\n"
                 "? C_I1.fq: no mate yet (expected C_I2.fq)\n");
}

static vl_inbox joining(void) { return (vl_inbox){ .settle = 600, .join_lanes = true }; }

static void check_lanes(void)
{
    begin_inbox();
    put_reads("P1_S3_L010_R1_001.fq P1_S3_L010_R2_001.fq P1_S3_L002_R1_001.fq P1_S3_L002_R2_001.fq.gz "
              "P1_S3_L001_R1_002.fq P1_S3_L001_R2_002.fq P1_S3_L001_R1_001.fq P1_S3_L001_R2_001.fq "
              "P2_S4_L001_R1_001.fq run_1_R1.fq run_10_R1.fq r/P1_S3_L003_R1_001.fq x_R1_001.fq x_R1_002.fq");
    put_file("P1_S3_L001.mzML", MZML);
    put_file("P1_S3_L002.mzML", MZML);
    expect_found(
        joining(), "lanes",
        "P1_S3_L001 P1_S3_L001 P1_S3_L001.mzML\n"
        "P1 in.P1_S3 P1_S3_L001_R1_001.fq P1_S3_L001_R1_002.fq P1_S3_L002_R1_001.fq P1_S3_L010_R1_001.fq "
        "P1_S3_L001_R2_001.fq P1_S3_L001_R2_002.fq P1_S3_L002_R2_001.fq.gz P1_S3_L010_R2_001.fq\n"
        "P1_S3_L002 P1_S3_L002 P1_S3_L002.mzML\n"
        "P2 P2_S4 P2_S4_L001_R1_001.fq\nrun_10 run_10 run_10_R1.fq\nrun_1 run_1 run_1_R1.fq\n"
        "x x x_R1_001.fq x_R1_002.fq\nP1 r.P1_S3 r/P1_S3_L003_R1_001.fq\n");
    begin_inbox();
    put_reads("P_L1_R1.fq P_L2_R1.fq");
    vl_inbox in = joining();
    expect_found(in, "samples whose names look like lanes", "P_L1 P P_L1_R1.fq\nP_L2 P P_L2_R1.fq\n");
    in.sample = (char[]){ "^(P)_" };
    expect_found(in, "and are lanes of one", "P P P_L1_R1.fq P_L2_R1.fq\n");
    begin_inbox();
    put_reads("P1_S3_L001_R1_001.fq P1_S3_R1_001.fq");
    expect_found(joining(), "lanes and what has none",
                 "! P1_S3_L001_R1_001.fq: is sample P1, acquisition P1_S3, and so is /in/P1_S3_R1_001.fq\n"
                 "! P1_S3_R1_001.fq: is sample P1, acquisition P1_S3, and so is /in/P1_S3_L001_R1_001.fq\n");
}

/* While one lane cannot be taken, none of its library is. */
static void check_lanes_wait(void)
{
    begin_inbox();
    put_reads("P1_L001_R1.fq P1_L001_R2.fq P1_L002_R1.fq P1_L002_R2.fq P2_L001_R1.fq");
    set_mtime("P1_L002_R2.fq", (double)time(NULL) + AHEAD - 100);
    expect_found(joining(), "a lane that has not settled",
                 "P2 P2 P2_L001_R1.fq\n? P1_L001_R1.fq: waits for its lane P1_L002_R1.fq\n"
                 "? P1_L002_R1.fq: its mate P1_L002_R2.fq changed # s ago, settles after 600 s\n");
    begin_inbox();
    put_reads("P1_S1_L001_R1.fq P1_S1_L001_R2.fq P1_S1_L002_R1.fq P2_S2_L001_R1.fq P2_S2_L002_R2.fq");
    expect_found(joining(), "a lane without mates",
                 "? P1_S1_L001_R1.fq: waits for its lane P1_S1_L002_R1.fq\n"
                 "! P1_S1_L002_R1.fq: has no mates, while P1_S1_L001_R1.fq has\n"
                 "? P2_S2_L001_R1.fq: waits for its lane P2_S2_L002_R2.fq\n"
                 "! P2_S2_L002_R2.fq: second mates without the first (expected P2_S2_L002_R1.fq)\n");
    begin_inbox();
    put_reads("P1_S1_L001_R1.fq P1_S1_L002_R1.fq P1_S1_L002_R1.fq.gz");
    put_file("P2_S2_L001_R1.fq", READ);
    put_file("P2_S2_L002_R1.fq", "");
    put_file("P3_S3_L001_R1.fq", "nothing of the kind");
    put_file("P3_S3_L002_R1.fq", READ);
    expect_found(
        joining(), "lanes that are wrong",
        "P2 P2_S2 P2_S2_L001_R1.fq P2_S2_L002_R1.fq\n"
        "? P1_S1_L001_R1.fq: waits for its lane P1_S1_L002_R1.fq.gz\n"
        "? P1_S1_L002_R1.fq: waits for its lane P1_S1_L002_R1.fq.gz\n"
        "! P1_S1_L002_R1.fq.gz: is the same lane as P1_S1_L002_R1.fq\n"
        "! P3_S3_L001_R1.fq: holds neither FASTQ, BAM, SAM, mzML, imzML, mzMLb, mzXML, mzData nor MGF\n"
        "? P3_S3_L002_R1.fq: waits for its lane P3_S3_L001_R1.fq\n");
    begin_inbox();
    put_reads(
        "P1_S1_L001_R1.fq P1_S1_L002_R1.fq.part P2_S2_L001_R1.fq .P2_S2_L003_R1.fq.Xy12 P3_S3_L001_R1.fq "
        "P4_S3_L001_R1.fq.part");
    expect_found(joining(), "lanes that come",
                 "P3 P3_S3 P3_S3_L001_R1.fq\n? P1_S1_L001_R1.fq: waits for its lane P1_S1_L002_R1.fq.part\n"
                 "? P2_S2_L001_R1.fq: waits for its lane .P2_S2_L003_R1.fq.Xy12\n");
}

static void check_twins(void)
{
    vl_inbox in = plain_inbox;
    begin_inbox();
    put_reads("runA/S1_S1_L001_R1_001.fastq runA/S1_S1_L001_R2_001.fastq runB/S1_S1_L001_R1_001.fastq "
              "runB/S1_S1_L001_R2_001.fastq runA/S2.fastq S1_S1_L001_R1_001.fastq");
    in.profile = (char[]){ "archive" };
    expect_found(in, "the same acquisition in three folders",
                 "S1 in.S1_S1_L001 S1_S1_L001_R1_001.fastq\n"
                 "S1 runA.S1_S1_L001 runA/S1_S1_L001_R1_001.fastq runA/S1_S1_L001_R2_001.fastq\n"
                 "S2 S2 runA/S2.fastq\n"
                 "S1 runB.S1_S1_L001 runB/S1_S1_L001_R1_001.fastq runB/S1_S1_L001_R2_001.fastq\n");
    begin_inbox();
    put_reads("a/x/S1.fq b/x/S1.fq c/S1.fq");
    expect_found(plain_inbox, "folders of the same name",
                 "S1 c.S1 c/S1.fq\n! a/x/S1.fq: is sample S1, acquisition x.S1, and so is /in/b/x/S1.fq\n"
                 "! b/x/S1.fq: is sample S1, acquisition x.S1, and so is /in/a/x/S1.fq\n");
    begin_inbox();
    put_reads("a/S1.fq b/S1.fq");
    set_mtime("b/S1.fq", (double)time(NULL) + AHEAD - 100);
    expect_found(plain_inbox, "one that waits is called by its folder too",
                 "S1 a.S1 a/S1.fq\n? b/S1.fq: changed # s ago, settles after 600 s\n");
    begin_inbox();
    put_reads("S1.fq S1.fq.gz");
    set_mtime("S1.fq.gz", (double)time(NULL) + AHEAD - 100);
    expect_found(plain_inbox, "a file that is being packed",
                 "? S1.fq: is sample S1, acquisition S1, and so is /in/S1.fq.gz\n"
                 "? S1.fq.gz: changed # s ago, settles after 600 s\n");
    begin_inbox();
    put_reads("a/S1.fq b/a.S1.fq c/S1.fq");
    in.sample = (char[]){ "(S1)" };
    expect_found(in, "a name that the folder makes",
                 "S1 c.S1 c/S1.fq\n! a/S1.fq: is sample S1, acquisition a.S1, and so is /in/b/a.S1.fq\n"
                 "! b/a.S1.fq: is sample S1, acquisition a.S1, and so is /in/a/S1.fq\n");
}

int main(void)
{
    begin_inboxes("check_inbox_items");
    check_expressions();
    check_mates();
    check_index();
    check_lanes();
    check_lanes_wait();
    check_twins();
    return end_inboxes();
}
