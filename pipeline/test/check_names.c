/*
 * Checks what names of files say: parts, lanes, acquisitions, samples.
 * Suites: io. Also: asan.
 */
#include "pipeline/io/names.h"
#include "pipeline/test/check.h"

#include <string.h>

static void check_parts(void)
{
    static const struct {
        const char *name, *format;
        char mark, mate;
        int lane, piece;
        const char *stem;
    } of[] = {
        { "S1_S12_L001_R1_001.fastq.gz", "fastq", 'R', '1', 1, 1, "S1_S12_L001" },
        { "S1_S12_L002_I2_003.FQ.ZST", "fastq", 'I', '2', 2, 3, "S1_S12_L002" },
        { "V350006391_L04_23_2.fq.gz", "fastq", 'R', '2', 4, -1, "V350006391_L04_23" },
        { "V350006391_L04_read_1.fq", "fastq", 'R', '1', 4, -1, "V350006391_L04_read" },
        { "S1_L001_R1_001_val_1.fq.gz", "fastq", 'R', '1', 1, -1, "S1_L001_R1_001_val" },
        { "run_10_R1.fastq", "fastq", 'R', '1', -1, -1, "run_10" },
        { "PAT_S1_T_S7_L002.fastq", "fastq", 0, 0, 2, -1, "PAT_S1_T_S7_L002" },
        { "A_L1_L2_R1.fq", "fastq", 'R', '1', 2, -1, "A_L1_L2" },
        { "A_Liver_R1.fq", "fastq", 'R', '1', -1, -1, "A_Liver" },
        { "A_L0001_R1.fq", "fastq", 'R', '1', -1, -1, "A_L0001" },
        { "A_L_R1.fq", "fastq", 'R', '1', -1, -1, "A_L" },
        { "A_L", NULL, 0, 0, -1, -1, "A_L" },
        { "A_L.fq", "fastq", 0, 0, -1, -1, "A_L" },
        { "_L1.fq", "fastq", 0, 0, 1, -1, "_L1" },
        { "A_L001_R1_0001.fq", "fastq", 0, 0, 1, -1, "A_L001_R1_0001" },
        { "A_L001_1.mzML.gz", "mzml", 0, 0, -1, -1, "A_L001_1" },
        { "A_R1.bam", "bam", 0, 0, -1, -1, "A_R1" },
        { "A_R1.sam", "sam", 0, 0, -1, -1, "A_R1" },
        { "A_R1.vcf", NULL, 0, 0, -1, -1, "A_R1.vcf" },
        { ".fastq", NULL, 0, 0, -1, -1, ".fastq" },
        { "", NULL, 0, 0, -1, -1, "" },
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        const vl_name p = vl_name_split(of[i].name);
        const char *const format = p.format ? p.format->name : NULL;
        CHECK(format == of[i].format || (format && of[i].format && !strcmp(format, of[i].format)),
              "%s: format %s", of[i].name, format ? format : "none");
        CHECK(p.mark == of[i].mark && p.mate == of[i].mate, "%s: mark '%c' '%c'", of[i].name, p.mark, p.mate);
        CHECK(p.lane == of[i].lane && p.piece == of[i].piece, "%s: lane %d, piece %d", of[i].name, p.lane,
              p.piece);
        CHECK(p.stem == strlen(of[i].stem) && !strncmp(of[i].name, of[i].stem, p.stem), "%s: stem of %zu",
              of[i].name, p.stem);
        CHECK(p.stem <= p.plain && p.plain <= p.packed && p.packed <= strlen(of[i].name), "%s: order",
              of[i].name);
    }
}

static void check_acquisitions(void)
{
    static const char *const of[][2] = {
        { "S1_L001_R1_001.fastq.gz", "S1_L001" },
        { "/a/b.c/S1_R2.FQ.GZ", "S1" },
        { "S1_1.fastq.zst", "S1" },
        { "S1_2.fq.bgz", "S1" },
        { "S1.R1.fastq", "S1" },
        { "S1_R3.fastq", "S1_R3" },
        { "S1_R1_01.fastq", "S1_R1_01" },
        { "S1_I1_001.fastq", "S1_I1_001" },
        { "S1-1.fastq", "S1-1" },
        { "run_1.mzML.gz", "run_1" },
        { "run_1.mzml", "run_1" },
        { "_1.fastq", "_1" },
        { "1.fastq", "1" },
        { "R1.fastq", "R1" },
        { "_R1_001.fastq", "_R1_001" },
        { ".gz", ".gz" },
        { ".fastq.gz", ".fastq" },
        { "x", "x" },
        { "", "" },
        { "a/", "" },
        { "S.tar.gz", "S.tar" },
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        char name[256];
        vl_name_acquisition(of[i][0], name);
        CHECK(!strcmp(name, of[i][1]), "%s: %s, not %s", of[i][0], name, of[i][1]);
    }
    char name[400];
    memset(name, 'x', sizeof name);
    name[399] = 0;
    char cut[256];
    vl_name_acquisition(name, cut);
    CHECK(strlen(cut) == 255, "%zu", strlen(cut));
}

static void check_samples(void)
{
    static const char *const name[][2] = {
        { "S1_S12_L001_R1_001.fastq.gz", "S1" },
        { "S1_S12_L001_R2_001.fastq.gz", "S1" },
        { "S1_S12_L001_I1_001.fastq.gz", "S1" },
        { "S1_S12_R1_001.fastq.gz", "S1" },
        { "S1_S12_R1.fq", "S1" },
        { "S1_S12_L001.fastq", "S1" },
        { "S1_S12_L001_R1_001_val_1.fq.gz", "S1" },
        { "PAT_S1_T_S7_L002_R1_001.fastq.gz", "PAT_S1_T" },
        { "PAT_S1_T_R1.fastq.gz", "PAT_S1_T" },
        { "PAT_S1.fastq.gz", "PAT_S1" },
        { "NA12878_1.fq.gz", "NA12878" },
        { "NA12878_2.fastq.bgz", "NA12878" },
        { "NA12878.R1.fastq.zst", "NA12878" },
        { "NA12878_r2.FASTQ.GZ", "NA12878" },
        { "run_07_R1.fq", "run_07" },
        { "run_07.fq", "run_07" },
        { "run_1_R1.fq", "run_1" },
        { "x_10.fastq", "x_10" },
        { "x_11.fastq", "x_11" },
        { "x_R1_0007.fastq", "x_R1_0007" },
        { "x_1_002.fastq", "x" },
        { "A_B_C.mzML.gz", "A_B_C" },
        { "A_1.mzML", "A_1" },
        { "A_S1_L001.mzml.zst", "A_S1_L001" },
        { "a.b.c.fastq.gz", "a.b.c" },
        { "reads.txt", "reads" },
        { "reads.v2.dat.gz", "reads.v2" },
        { "reads", "reads" },
        { "_R1.fastq", "" },
        { "_S1_L001_R1_001.fastq", "" },
        { "_1.fq", "" },
        { "R1.fastq", "R1" },
        { "1.fastq", "1" },
        { ".fastq", ".fastq" },
        { "", "" },
        { "\xc3\x84rzte_R1.fastq", "\xc3\x84rzte" },
    };
    char sample[256], longer[400];
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        vl_name_sample(name[i][0], sample);
        CHECK(!strcmp(sample, name[i][1]), "sample of %s is '%s', expected '%s'", name[i][0], sample,
              name[i][1]);
    }
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = 0;
    vl_name_sample(longer, sample);
    CHECK(!sample[0], "a name of %zu bytes", strlen(longer));
}

static void check_lanes(void)
{
    static const char *const library[][2] = {
        { "S1_S12_L001_R1_001.fastq.gz", "S1_S12" },
        { "/a/S1_S12_L002_R2_003.fq", "S1_S12" },
        { "V350_L04_23_1.fq.gz", "V350_23" },
        { "S1_R1.fq", "S1" },
        { "S1_L001_I1_001.fq", "S1_I1_001" },
        { "_L001_R1.fq", "" },
        { "A_L1.mzML", "A_L1" },
        { "Patient_L2_R1.fq", "Patient" },
    };
    static const char *const order[] = { "b_R1.fq",          "z_L001_R1_001.fq", "a_L001_R1_002.fq",
                                         "b_L001_R1_002.fq", "a_L2_R1.fq",       "a_L010_R1_001.fq" };
    enum { N = sizeof order / sizeof *order };
    char text[256];
    for (size_t i = 0; i < sizeof library / sizeof *library; i++) {
        vl_name_library(library[i][0], text);
        CHECK(!strcmp(text, library[i][1]), "library of %s is '%s'", library[i][0], text);
    }
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++)
            CHECK((vl_name_order(order[i], order[k]) < 0) == (i < k), "%s before %s", order[i], order[k]);
}

static void check_mates(void)
{
    static const struct {
        const char *one, *two;
        vl_mates say;
    } of[] = {
        { "a/S1_R1.fq", "b/S1_R2.fq.gz", VL_MATES_YES },
        { "S1_L001_R1_001.fq", "S1_L001_R2_001.fq", VL_MATES_YES },
        { "S1_L001_R1_001.fq", "S1_L002_R2_001.fq", VL_MATES_MAYBE },
        { "S1_R1.fq", "S2_R1.fq", VL_MATES_NO },
        { "S1_I1.fq", "S1_I2.fq", VL_MATES_YES },
        { "S1_I1.fq", "S1_R1.fq", VL_MATES_NO },
        { "S1_R1.fq", "S1_I2.fq", VL_MATES_NO },
        { "S1_I1.fq", "S1.fq", VL_MATES_NO },
        { "x", "y", VL_MATES_MAYBE },
        { "x_1", "x_2", VL_MATES_YES },
        { "run_10_R1.fq", "run_1_R2.fq", VL_MATES_MAYBE },
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        vl_err err = VL_ERR_INIT;
        CHECK(vl_name_mates(of[i].one, of[i].two) == of[i].say, "%s and %s", of[i].one, of[i].two);
        const bool index = (strstr(of[i].one, "_I") != NULL) != (strstr(of[i].two, "_I") != NULL);
        CHECK(!vl_name_refuse_index(of[i].one, of[i].two, &err) == !index, "%s and %s: %s", of[i].one,
              of[i].two, err.what);
        CHECK(!index || strstr(err.file, "_I"), "%s is named", err.file);
    }
}

/* Every ending of every format is one of its own, with each way to pack. */
static void check_endings(void)
{
    char name[64], titles[VL_FORMAT_TITLES];
    for (int f = 0; vl_formats[f]; f++) {
        CHECK(vl_formats[f]->ending[0] && vl_formats[f]->title, "%s has an ending and a title",
              vl_formats[f]->name);
        for (int i = 0; vl_formats[f]->ending[i]; i++)
            for (int k = 0; vl_packed_endings[k]; k++) {
                snprintf(name, sizeof name, "x%s%s", vl_formats[f]->ending[i], vl_packed_endings[k]);
                const vl_name p = vl_name_split(name);
                /* of those that share an ending the first, which has their title */
                CHECK(p.format && !strcmp(p.format->title, vl_formats[f]->title) && p.plain == 1,
                      "%s is no %s", name, vl_formats[f]->title);
            }
        CHECK(strstr(vl_format_titles("and", titles), vl_formats[f]->title), "%s lacks %s", titles,
              vl_formats[f]->title);
    }
}

int main(void)
{
    check_parts();
    check_acquisitions();
    check_samples();
    check_endings();
    check_lanes();
    check_mates();
    return check_end();
}
