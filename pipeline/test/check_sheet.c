/*
 * Checks sample sheets that are good: every dialect, what becomes of rows, facts and lanes; sheets made by
 * hand; and the names that samples may have.
 *
 * check_sheet [FOLDER]: the folder of sheets made by hand (testdata/sheets), where NAME.err beside a sheet
 * lists "LINE:COLUMN: part of the message".
 *
 * Suites: banks. Also: asan.
 */
#include "pipeline/store/store.h"
#include "pipeline/test/check.h"
#include "pipeline/test/sheet_folder.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

typedef struct good_case {
    const char *name, *sheet, *dialect, *items;
} good_case;

static const good_case good[] = {
    { "nf-core", "sample,fastq_1,fastq_2\nS1,a_R1.fq,a_R2.fq\n", "nf-core", "2 S1|a|a_R1.fq|a_R2.fq||\n" },
    { "nf-core with details", "sample,fastq_1,fastq_2,strandedness,donor\nS1,a_R1.fq,a_R2.fq,auto,D1\n",
      "nf-core", "2 S1|a|a_R1.fq|a_R2.fq|| +donor=D1 -strandedness=auto\n" },
    { "any order and case", "Fastq-2, SAMPLE ,FASTQ 1\na_R2.fq,S1,a_R1.fq\n", "nf-core",
      "2 S1|a|a_R1.fq|a_R2.fq||\n" },
    { "own", "sample,file_1,acquisition,profile,interleaved\nS1,b.fq,run 1,Archive,YES\nS2,c.fq,,,0\n",
      "vial", "2 S1|run 1|b.fq||archive|i\n3 S2|c|c.fq|||\n" },
    { "tabs", "sample\tfile_1\tnote\nS1\tb.fq\ta, b; c\n", "vial", "2 S1|b|b.fq||| -note=a, b; c\n" },
    { "semicolons", "sample;file_1;note\nS1;b.fq;1,5\n", "vial", "2 S1|b|b.fq||| -note=1,5\n" },
    { "sep line", "sep=;\nsample;file_1;a,b,c,d,e\nS1;b.fq;x\n", "vial", "3 S1|b|b.fq||| -a,b,c,d,e=x\n" },
    { "mark of order", "\xef\xbb\xbfsample,file_1\nS1,b.fq\n", "vial", "2 S1|b|b.fq|||\n" },
    { "CR LF", "sample,file_1\r\nS1,b.fq\r\n\r\nS2,c.fq", "vial", "2 S1|b|b.fq|||\n4 S2|c|c.fq|||\n" },
    { "CR", "sample,file_1\rS1,b.fq\r\rS2,c.fq\r", "vial", "2 S1|b|b.fq|||\n4 S2|c|c.fq|||\n" },
    { "blank lines", "\n  \n,,,\nsample,file_1\n\n , \nS1,b.fq\n\n", "vial", "7 S1|b|b.fq|||\n" },
    { "trailing commas", "sample,file_1,,\nS1,b.fq,,,,,\n", "vial", "2 S1|b|b.fq|||\n" },
    { "short row", "sample,file_1,file_2,note\nS1,b.fq\n", "vial", "2 S1|b|b.fq|||\n" },
    { "quotes",
      "\"sample\",\"file_1\",note\n\"S,1\",\"b.fq\",\"say \"\"no\"\"\r\ntwice\" \nS2,c.fq,5\" tube\n", "vial",
      "2 S,1|b|b.fq||| -note=say \"no\"\r\ntwice\n4 S2|c|c.fq||| -note=5\" tube\n" },
    { "blanks in quotes stay", "sample,file_1,note\nS1, b.fq ,\" x \"\n", "vial",
      "2 S1|b|b.fq||| -note= x \n" },
    { "numbers stay text", "sample,file_1,n\n007,b.fq,1.50\n1E5,c.fq,00\n", "vial",
      "2 007|b|b.fq||| -n=1.50\n3 1E5|c|c.fq||| -n=00\n" },
    { "names of columns", "sample,file_1,My Own-Column,Größe\nS1,b.fq,1,2\n", "vial",
      "2 S1|b|b.fq||| -my_own_column=1 -größe=2\n" },
    { "beside the sheet", "sample,file_1\nS1,sub/a_R1.fq\nS2,./b.fq\n", "vial",
      "2 S1|a|sub/a_R1.fq|||\n3 S2|b|./b.fq|||\n" },
    { "lanes of nf-core", "sample,fastq_1,fastq_2\n" LANE("S1", "1") LANE("S1", "2"), "nf-core",
      "2 S1|S1_S1|" ROW("1") "," ROW("2") "|" ROW2("1") "," ROW2("2") "||\n" },
    { "lanes in the order of rows", "sample,fastq_1,fastq_2,run\nS1," ROW("2") ",,r1\nS1," ROW("1") ",,r2\n",
      "nf-core", "2 S1|S1_S1|" ROW("2") "," ROW("1") "||| -run=r1; r2\n" },
    { "lanes of other names", "sample,fastq_1\nS1,b.fq\nS2,a_R1.fq\nS1,c.fq\n", "nf-core",
      "2 S1|S1|b.fq,c.fq|||\n3 S2|a|a_R1.fq|||\n" },
    { "lanes and spectra", "sample,fastq_1,donor\nS1,b.fq,\nS1,r1.mzML,D1\nS1,c.fq,D1\nS1,r2.mzML,\n",
      "nf-core", "2 S1|S1|b.fq,c.fq||| +donor=D1\n3 S1|r1|r1.mzML||| +donor=D1\n5 S1|r2|r2.mzML|||\n" },
    { "lanes that are kept apart", "sample,lane,fastq_1,fastq_2\nS1,L1," ROW("1") ",\nS1,L2," ROW("2") ",\n",
      "nf-core", "2 S1|L1|" ROW("1") "||| -lane=L1\n3 S1|L2|" ROW("2") "||| -lane=L2\n" },
    { "sarek",
      "patient,sex,status,sample,lane,fastq_1,fastq_2\nP1,XX,0,S1,L1," ROW("1") "," ROW2(
          "1") "\n"
               "P1,XX,0,S1,L2," ROW("2") "," ROW2("2") "\nP1,XX,1,S2,,b.fq,\n",
      "nf-core",
      "2 S1|L1|" ROW("1") "|" ROW2("1") "|| +donor=P1 +donor_sex=Female -status=0 -lane=L1\n"
                                        "3 S1|L2|" ROW("2") "|" ROW2(
                                            "2") "|| +donor=P1 +donor_sex=Female -status=0 -lane=L2\n"
                                                 "4 S2|b|b.fq||| +donor=P1 +donor_sex=Female -status=1\n" },
    { "sexes as others write them",
      "sample,file_1,donor_sex\nS1,b.fq,M\nS2,c.fq,xx\nS3,r1.mzML,2\nS4,r2.mzML,NA\n", "vial",
      "2 S1|b|b.fq||| +donor_sex=Male\n3 S2|c|c.fq||| +donor_sex=Female\n"
      "4 S3|r1|r1.mzML||| +donor_sex=Female\n5 S4|r2|r2.mzML||| +donor_sex=Unknown\n" },
    { "patient elsewhere is a detail", "sample,file_1,patient\nS1,b.fq,P1\n", "vial",
      "2 S1|b|b.fq||| -patient=P1\n" },
    { "lanes apart by name", "sample,fastq_1,acquisition\nS1," ROW("1") ",\nS1," ROW("2") ",x\n", "nf-core",
      "2 S1|S1_S1_L001|" ROW("1") "|||\n3 S1|x|" ROW("2") "|||\n" },
    { "lanes of our own", "sample,file_1,acquisition,lane,note\nS,b.fq,x,1,u\nT,r1.mzML,,,\nS,c.fq,x,2,v\n",
      "vial", "2 S|x|b.fq,c.fq||| -lane=1; 2 -note=u; v\n3 T|r1|r1.mzML|||\n" },
    { "a list", "sample,file_1,file_2\nS,\"" ROW("1") ", " ROW("2") "\",\"" ROW2("1") "," ROW2("2") "\"\n",
      "vial", "2 S|S1_S1|" ROW("1") "," ROW("2") "|" ROW2("1") "," ROW2("2") "||\n" },
    { "a list without a name in common", "sample;file_1\nS;b.fq,c.fq\n", "vial", "2 S|b|b.fq,c.fq|||\n" },
    { "a comma in a name", "sample;file_1\nS;o,p.fq\n", "vial", "2 S|o,p|o,p.fq|||\n" },
    { "lists that are lanes", "sample;fastq_1\nS;b.fq,c.fq\nS;a_R1.fq\n", "nf-core",
      "2 S|S|b.fq,c.fq,a_R1.fq|||\n" },
    { "index reads", "sample,file_1,file_2\nS,S1_S1_L001_I1_001.fastq,\n", "vial",
      "2 S|S1_S1_L001_I1_001|S1_S1_L001_I1_001.fastq|||\n" },
    { "reads and spectra of one name", "sample,file_1,acquisition\nS1,b.fq,x\nS1,r1.mzML,x\n", "vial",
      "2 S1|x|b.fq|||\n3 S1|x|r1.mzML|||\n" },
    { "facts of the sample",
      "sample,file_1,donor,donor_sex,donor_birth_date,specimen_type,specimen_parent,storage_temperature,"
      "collection_event,age_at_event,age_unit,anatomical_site,content_diagnosis,use_conditions,sample_source,"
      "consent,sprec,collection\n"
      "S1,b.fq,D1,female,1971,whole BLOOD,S0,-60 to -85°C,E1,53.5,Years,arm,C50.9,Collaboration,human,v2,"
      "SER-SST-A-B-N-B-A,Heart\n",
      "vial",
      "2 S1|b|b.fq||| +donor=D1 +donor_sex=Female +donor_birth_date=1971 +specimen_type=Whole blood "
      "+specimen_parent=S0 +storage_temperature=-60 to -85 C +collection_event=E1 +age_at_event=53.5 "
      "+age_unit=years +anatomical_site=arm +content_diagnosis=C50.9 +use_conditions=Collaboration "
      "+sample_source=Human +consent=v2 +sprec=SER-SST-A-B-N-B-A +collection=Heart\n" },
    { "facts once or twice the same",
      "sample,file_1,specimen_type,donor\nS1,b.fq,DNA,\nS1,c.fq,dna,D1\nS1,d.fq,,D1\n", "vial",
      "2 S1|b|b.fq||| +specimen_type=DNA\n3 S1|c|c.fq||| +specimen_type=DNA +donor=D1\n"
      "4 S1|d|d.fq||| +donor=D1\n" },
    { "dates",
      "sample,file_1,collection_date\nS1,b.fq,2024-02-29\nS2,c.fq,2024-12\nS3,d.fq,2024-01-31T23:59:60+01:"
      "00\n"
      "S4,e.fq,2000-02-29 08:30\n",
      "vial",
      "2 S1|b|b.fq||| +collection_date=2024-02-29\n3 S2|c|c.fq||| +collection_date=2024-12\n"
      "4 S3|d|d.fq||| +collection_date=2024-01-31T23:59:60+01:00\n5 S4|e|e.fq||| +collection_date=2000-02-29 "
      "08:30\n" },
    { "SDRF",
      "source name\tcharacteristics[organism part]\tCharacteristics [Disease]\tassay name\tcomment[data "
      "file]\t"
      "comment[fraction identifier]\tcomment[modification parameters]\tcomment[modification parameters]\t"
      "comment[ modification parameters ]\tfactor value[disease]\n"
      "P 1\tliver\tnormal\trun 1\tr1.mzML\t1\tNT=Oxidation\t\tNT=Acetyl\tnormal\n"
      "P 1\tliver\tnormal\trun 2\tr2.mzML\t2\t\t\t\tnormal\n",
      "SDRF",
      "2 P 1|r1|r1.mzML||| +organism_part=liver +disease=normal -assay_name=run 1 -fraction_identifier=1 "
      "-modification_parameters=NT=Oxidation; NT=Acetyl -factor_value_disease=normal\n"
      "3 P 1|r2|r2.mzML||| +organism_part=liver +disease=normal -assay_name=run 2 -fraction_identifier=2 "
      "-factor_value_disease=normal\n" },
    { "SDRF with our columns",
      "source name\tcomment[data file]\tacquisition\tprofile\tdonor\nP\tr1.mzML\tx\tfast\tD1\n", "SDRF",
      "2 P|x|r1.mzML||fast| +donor=D1\n" },
};

static void check_good(void)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        vl_sheet sheet;
        vl_err err = VL_ERR_INIT;
        read_sheet("sheet.csv", good[i].sheet, strlen(good[i].sheet), &sheet, &err);
        CHECK(!err.code, "%s: %s", good[i].name, err.what);
        compare_errors(good[i].name, &sheet, "");
        char *const items = list_items(&sheet);
        CHECK(!strcmp(items, good[i].items), "%s: wanted\n%s\ngot\n%s", good[i].name, good[i].items, items);
        CHECK(sheet.dialect && !strcmp(sheet.dialect, good[i].dialect), "%s: %s", good[i].name,
              sheet.dialect ? sheet.dialect : "no dialect");
        free(items);
        vl_sheet_free(&sheet);
    }
}

/* ---- sheets made by hand ---- */

static char *slurp(const char *path)
{
    FILE *const f = fopen(path, "rb");
    if (!f) return NULL;
    draft t;
    start_draft(&t);
    for (int c; (c = getc(f)) != EOF;) putc(c, t.file);
    fclose(f);
    fclose(t.file);
    return t.at;
}

static void check_made(const char *where)
{
    DIR *const dir = opendir(where);
    if (!CHECK(dir != NULL, "%s: no such folder", where)) return;
    int n = 0;
    for (const struct dirent *e; (e = readdir(dir));) {
        const char *const dot = strrchr(e->d_name, '.');
        char path[SHEET_PATH];
        if (!dot || (strcmp(dot, ".csv") && strcmp(dot, ".tsv"))) continue;
        snprintf(path, sizeof path, "%s/%.*s.err", where, (int)(dot - e->d_name), e->d_name);
        char *const want = slurp(path);
        snprintf(path, sizeof path, "%s/%s", where, e->d_name);
        vl_sheet sheet;
        vl_err err = VL_ERR_INIT;
        CHECK(!vl_sheet_read(&sheet, path, &err), "%s: %s", path, err.what);
        compare_errors(path, &sheet, want ? want : "");
        CHECK(want || sheet.items.n, "%s: no items", path);
        vl_sheet_free(&sheet);
        free(want);
        n++;
    }
    closedir(dir);
    CHECK(n >= 8, "%d sheets", n);
}

/* ---- names ---- */

static void check_names(void)
{
    char name[400];
    memset(name, 'x', sizeof name);
    name[128] = 0;
    CHECK(!vl_item_bad_name(name), "128 bytes");
    name[128] = 'x', name[129] = 0;
    CHECK(vl_item_bad_name(name), "129 bytes");
    static const char *const fine[] = { "a", "007", "a b", "Ähre-1", "a.b", "x~", "\xf0\x9f\xa7\xac",
                                        "_", "a\\b" };
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) CHECK(!vl_item_bad_name(fine[i]), "%s", fine[i]);
    static const char *const not_fine[] = { "",
                                            ".",
                                            "..",
                                            "-",
                                            "a/",
                                            " a",
                                            "a ",
                                            "a\t",
                                            "a\x7f",
                                            "\xc2\x85",
                                            "\xff",
                                            "a\xc3",
                                            "\xc0\x80",
                                            "a\nb",
                                            "\xef\xbb\xbf_",
                                            "a\xe3\x80\x80",
                                            "\xf4\x90\x80\x80",
                                            "\xe2\x80\x8b" };
    for (size_t i = 0; i < sizeof not_fine / sizeof *not_fine; i++)
        CHECK(vl_item_bad_name(not_fine[i]), "%zu: %s", i, not_fine[i]);
}

static void check_details(void)
{
    vl_details d = { 0 };
    vl_err err = VL_ERR_INIT;
    char name[16];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "n%d", i % 50);
        CHECK(!vl_details_set(&d, name, i < 50 ? "old" : name, &err), "%s", err.what);
    }
    CHECK(d.n == 50, "%zu", d.n);
    CHECK(vl_details_get(&d, "n7") && !strcmp(vl_details_get(&d, "n7"), "n7"), "n7");
    CHECK(!vl_details_get(&d, "n50"), "n50");
    vl_details_free(&d);
    vl_details_free(&d);
    vl_items items = { 0 };
    for (int i = 0; i < 100; i++) CHECK(vl_items_add(&items, &err) == &items.item[i], "%d", i);
    CHECK(items.n == 100 && !items.item[99].sample, "%zu", items.n);
    vl_items_free(&items);
    vl_items_free(&items);
}

/* The names of profiles as texts list them, and as the table of profiles has them. */
static void check_profiles(void)
{
    char names[128] = "";
    for (int i = VL_FAST; i <= VL_PORTABLE; i++) {
        const size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", vl_profile_name((vl_profile)i));
    }
    CHECK(!strcmp(names, VL_PROFILE_NAMES(", ")), "profiles are %s", names);
}

int main(int argc, char **argv)
{
    begin_sheets();
    check_profiles();
    check_names();
    check_details();
    check_good();
    check_made(argc > 1 ? argv[1] : "testdata/sheets");
    return end_sheets();
}
