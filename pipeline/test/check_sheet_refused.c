/*
 * Checks sample sheets that are refused: every rule with a sheet that breaks it, the place of each error, and
 * what cannot be read at all.
 *
 * Suites: bank. Also: asan.
 */
#include "pipeline/test/check.h"
#include "pipeline/test/sheet_folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct bad_case {
    const char *name, *sheet, *errors;
} bad_case;

#define OWN                 "sample,file_1,file_2,acquisition,profile,interleaved,donor\n"
#define FACT(column, value) "sample,file_1," column "\nS1,b.fq," value "\n"

static const bad_case bad[] = {
    { "nothing", "", "1:0: the sheet is empty" },
    { "blank", "\n\n ,\n", "1:0: the sheet is empty" },
    { "no rows", "\nsample,file_1\n\n", "2:0: no rows" },
    { "no columns", "a,b\n1,2\n",
      "1:0: fits no kind of sheet; vial needs the columns \"sample\" and \"file_1\" (missing: sample, "
      "file_1)" },
    { "no columns, all kinds", "a,b\n1,2\n",
      "1:0: SDRF needs the columns \"source name\" and \"comment[data file]\"" },
    { "no sample", "fastq_1,fastq_2\na_R1.fq,a_R2.fq\n",
      "1:0: nf-core needs the columns \"sample\" and \"fastq_1\" (missing: sample)" },
    { "no file", "sample,file_2\nS1,b.fq\n", "1:0: (missing: file_1)" },
    { "nearly", "sample,fastq1\nS1,b.fq\n", "1:0: (missing: fastq_1; is \"fastq1\" it?)" },
    { "two dialects", "sample,fastq_1,file_1\nS1,b.fq,c.fq\n", "1:3: is a column of vial sheets" },
    { "second file of another dialect", "sample,file_1,fastq_2\nS1,b.fq,c.fq\n",
      "1:3: is a column of nf-core" },
    { "name twice", "sample,file_1,note,Note\nS1,b.fq,1,2\n", "1:4: stands twice, in columns 3 and 4" },
    { "sample twice", "sample,file_1,sample\nS1,b.fq,S2\n", "1:3: stands twice" },
    { "SDRF file twice", "source name\tcomment[data file]\tcomment[data file]\nS1\tr1.mzML\tr2.mzML\n",
      "1:3: stands twice" },
    { "column without name", "sample,file_1,,x\nS1,b.fq,,1\nS2,c.fq,7,1\n",
      "3:3: \"7\" stands in a column without" },
    { "line break in a name", "sample,file_1,\"a\nb\"\nS1,b.fq,1\n",
      "1:3: the name of the column has line breaks" },
    { "too wide", "sample,file_1\nS1,b.fq,,x\nS2,c.fq\n", "2:4: the row has 4 cells, the header 2" },
    { "too wide, nothing else", "sample,file_1\nS,1,b.fq\n", "2:3: the row has 3 cells, the header 2" },
    { "Illumina", "[Header],,\nDate,1,\n[Data],,\n", "1:0: section [Header]" },
    { "Illumina data", "[Data]\nLane,Sample_ID\n", "1:0: Illumina" },
    { "workbook", "PK\3\4abcdef", "1:0: workbook" },
    { "gzip", "\x1f\x8b\x08", "1:0: compressed" },

    { "quote without end", "sample,file_1,n\nS1,b.fq,x\nS2,c.fq,\"abc\nS3,d.fq,\n",
      "3:3: never closed (byte 9 of" },
    { "quote without end in the header", "sample,\"file_1\nS1,b.fq\n", "1:2: never closed" },
    { "behind the quote", "sample,file_1,n\nS1,b.fq,\"x\"y\nS2,c.fq,\"a\nb\" \"c\n",
      "2:3: text behind the closing quote\n3:3: (line 4, byte 4)" },
    { "before the quote", "sample,file_1,n\nS1,b.fq, \"x\"\n",
      "2:3: blank before the opening quote (byte 10" },
    { "not UTF-8", "sample,file_1,n\nS1,b.fq,M\xfcnchen\nS2,c.fq,\"\n\xc0\xaf\"\nS3,d.fq,\xed\xa0\x80\n",
      "2:3: UTF-8\" (byte 10 of the line)\n3:3: (line 4, byte 1)\n5:3: UTF-8" },

    { "empty sample", OWN ",b.fq\n \t,c.fq\n", "2:1: sample: is empty\n3:1: sample: is empty" },
    { "slash", OWN "a/b,b.fq\n", "2:1: \"a/b\" has a '/'" },
    { "dot", OWN ".a,b.fq\n", "2:1: starts with '.'" },
    { "dash", OWN "-a,b.fq\n", "2:1: starts with '-'" },
    { "blank at the end", OWN "\"a \",b.fq\n\" a\",c.fq\na\xc2\xa0,d.fq\n",
      "2:1: ends with a blank\n3:1: starts with a blank\n4:1: has a no-break space" },
    { "control",
      OWN "a\033[2J,b.fq\n\"a\nb\",c.fq\na\xe2\x80\xae"
          "b,d.fq\n",
      "2:1: \"a?[2J\" has a control\n3:1: \"a?b\" has\n5:1: \"a?b\" has" },
    { "bad acquisition", OWN "a,b.fq,,x/y\n", "2:4: \"x/y\" has a '/'" },
    { "bad donor", OWN "a,b.fq,,,,,.x\n", "2:7: starts with '.'" },
    { "rounded ids", OWN "1.2E+10,b.fq\n\"1,2E+10\",c.fq\n5E+09,d.fq,,-3.25e+7\n",
      "2:1: \"1.2E+10\" is a number that a spreadsheet has rounded\n3:1: rounded\n4:1: rounded\n4:4: "
      "rounded" },
    { "ids made dates", OWN "1-Mar,b.fq\nSep-02,c.fq\n", "2:1: is a date\n3:1: is a date" },
    { "formula", OWN "#N/A,b.fq\nS,#REF!\nS2,c.fq,,,,,#####\n", "2:1: formula\n3:2: formula\n4:7: formula" },
    { "formula in a detail", FACT("note", "#VALUE!"), "2:3: formula" },

    { "missing file", OWN "S,nothere.fq\nS2,/nothere/x.fq\nS3,b.fq/x\n",
      "2:2: \"nothere.fq\" not found, neither\n3:2: \"/nothere/x.fq\" not found\n4:2: not found" },
    { "folder", OWN "S,sub\n", "2:2: \"sub\" is a folder" },
    { "empty file", OWN "R,empty.fq\nS,empty.mzML\n", "3:2: \"empty.mzML\" is empty" },
    { "pipe for a file", OWN "S,pipe\n", "2:2: is not a regular file" },
    { "web", OWN "S,s3://bucket/x.fq\n", "2:2: web address" },
    { "no first file", OWN "S\n", "2:2: file_1: is empty" },
    { "second mates alone", OWN "S,,b.fq\n", "2:3: second mates without first mates: file_1 is empty" },
    { "mates the same", OWN "S,b.fq,b.fq\nS,c.fq,./c.fq\nS,d.fq,link.fq\n",
      "2:3: the same file as in column file_1\n3:3: same file\n4:3: same file" },
    { "file twice", OWN "S,b.fq\nT,sub/../b.fq\nU,a_R1.fq,b.fq\n",
      "3:2: the file of line 2\n4:3: the file of line 2" },
    { "file twice in SDRF", "source name\tcomment[data file]\nA\tr1.mzML\nB\tr1.mzML\n", "3:2: labels" },
    { "same acquisition given", OWN "S,b.fq,,x\nS,c.fq,,x\n", "3:4: \"x\" in line 2 already" },
    { "one lane twice", "sample,file_1,acquisition,lane\nS,b.fq,x,1\nS,c.fq,x,2\nS,a_R1.fq,x,1\n",
      "4:3: \"x\" in line 2 already: lanes of one have different values" },
    { "a lane without its number", "sample,file_1,acquisition,lane\nS,b.fq,x,1\nS,c.fq,x,\n",
      "3:3: \"x\" in line 2 already: lanes of one have different values" },
    { "lanes with and without mates", "sample,fastq_1,fastq_2\n" LANE("S1", "1") "S1," ROW("2") ",\n",
      "3:3: has no second mates, the one in line 2 has some" },
    { "lanes without and with mates", "sample,fastq_1,fastq_2\nS1," ROW("2") ",\n" LANE("S1", "1"),
      "3:3: has second mates, the one in line 2 has none" },
    { "lanes of two profiles", "sample,fastq_1,profile\nS,b.fq,fast\nS,c.fq,\n", "3:3: share a profile" },
    { "lanes in turn and not", "sample,fastq_1,interleaved\nS,b.fq,yes\nS,c.fq,no\n",
      "3:3: all interleaved" },
    { "lanes of two donors", "sample,fastq_1,donor\nS,b.fq,D1\nS,c.fq,D2\n",
      "3:3: has \"D2\" here and \"D1\" in line 2" },
    { "a lane of a bad row", "sample,fastq_1,donor_sex\nS,b.fq,x\nS,c.fq,\nS,none.fq,\n",
      "2:3: \"x\" is not\n4:2: not found" },
    { "a lane twice", "sample,lane,fastq_1\nS,L1,b.fq\nS,L1,c.fq\n", "3:2: \"L1\" in line 2 already" },
    { "a lane that is no name", "sample,lane,fastq_1\nS,a/b,b.fq\n", "2:2: \"a/b\" has a '/'" },
    { "donor and patient", "sample,patient,donor,fastq_1\nS,P,D,b.fq\n", "1:3: stands twice" },
    { "no-break space",
      OWN "S\xc2\xa0"
          "1,b.fq\n",
      "2:1: has a no-break space" },
    { "a file in two lanes", "sample,fastq_1\nS,b.fq\nS,./b.fq\n", "3:2: is the file of line 2 too" },
    { "a list with a name twice", "sample;file_1\nS;b.fq,c.fq,b.fq\n", "2:2: \"b.fq\" stands twice" },
    { "a list with an empty name", "sample;file_1\nS;b.fq,,c.fq\n", "2:2: has an empty name" },
    { "a list with a name that is not there", "sample;file_1\nS;b.fq,none.fq\n",
      "2:2: \"none.fq\" not found" },
    { "a list and one mate", "sample;file_1;file_2\nS;b.fq,c.fq;a_R2.fq\n",
      "2:3: 1 file here, and 2 of first" },
    { "index reads as mates", "sample,file_1,file_2\nS," ROW("1") ",S1_S1_L001_I1_001.fastq\n",
      "2:3: \"S1_S1_L001_I1_001.fastq\" holds index reads" },
    { "same acquisition made", OWN "S,a_R1.fq\nS,sub/a_R1.fq\n",
      "3:2: different names in a column \"acquisition\"" },
    { "given and made", OWN "S,b.fq\nS,c.fq,,b\n", "3:4: \"b\" in line 2 already" },
    { "no name in the file", OWN "S,.fq\n", "2:2: name it in a column \"acquisition\"" },
    { "spectra with mates", OWN "S,r1.mzML,r2.mzML\n", "2:3: mzML has no second mates" },
    { "interleaved", OWN "S,b.fq,,,,maybe\nS,c.fq,,,,2\nS,a_R1.fq,a_R2.fq,,,yes\n",
      "2:6: \"maybe\" is not yes or no\n3:6: is not\n4:6: two files are pairs" },
    { "profile", OWN "S,b.fq,,,turbo\n",
      "2:5: \"turbo\" is not a profile; one of: fast, compact, archive, portable" },
    { "two donors", OWN "S,b.fq,,,,,D1\nS,c.fq\nS,d.fq,,,,,D2\nT,e.fq,,,,,D2\n",
      "4:7: sample \"S\" has \"D2\" here and \"D1\" in line 2" },
    { "compared with a refused row", OWN "S,nothere.fq,,,,,D1\nS,d.fq,,,,,D2\n",
      "2:2: not found\n3:7: in line 2" },
    { "SDRF facts",
      "source name\tcharacteristics[sex]\tcomment[data file]\nP\tmale\tr1.mzML\nP\tfemale\tr2.mzML\n",
      "3:2: \"female\" here and \"male\" in line 2" },

    { "sample type", FACT("specimen_type", "Plasm"), "2:3: is not a MIABIS sample type; nearest: Plasma, " },
    { "sample type, long",
      FACT("specimen_type", "an unbelievably long text that stands for a type of a sample"), "2:3: nearest" },
    { "temperature", FACT("storage_temperature", "-80"),
      "2:3: is not a MIABIS storage temperature; one of: RT, 2 to" },
    { "sex", FACT("donor_sex", "w"), "2:3: one of: Male, Female, Unknown" },
    { "source", FACT("sample_source", "plant"), "2:3: one of: Human, Animal, Environment" },
    { "parent", FACT("specimen_parent", "S1"), "2:3: derived from itself" },
    { "no leap year", FACT("collection_date", "1900-02-29"), "2:3: no such day" },
    { "month 13", FACT("collection_date", "2024-13-01"), "2:3: no such month" },
    { "day 0", FACT("collection_date", "2024-01-00"), "2:3: no such day" },
    { "year 0", FACT("collection_date", "0000"), "2:3: year is impossible" },
    { "German date", FACT("collection_date", "31.12.2024"), "2:3: write YYYY-MM-DD" },
    { "short date", FACT("collection_date", "24-12-31"), "2:3: write YYYY-MM-DD" },
    { "day number", FACT("collection_date", "45363"), "2:3: day number of a spreadsheet" },
    { "time", FACT("collection_date", "2024-12-31T25:00"), "2:3: no time that can be read" },
    { "half a time", FACT("collection_date", "2024-12-31T08:"), "2:3: no time that can be read" },
    { "birth", FACT("donor_birth_date", "tomorrow"), "2:3: no date" },
    { "born later", FACT("collection_date,donor_birth_date", "2020-05,2021"),
      "2:3: before the donor's birth (2021)" },
    { "date and age", FACT("collection_date,age_at_event,age_unit", "2024,5,years"),
      "2:4: a date and an age" },
    { "age without unit", FACT("age_at_event", "5"), "2:3: an age without a unit" },
    { "unit without age", FACT("age_unit", "years"), "2:3: a unit without an age" },
    { "unit", FACT("age_at_event,age_unit", "5,moons"), "2:4: one of: years, months" },
    { "age with comma", FACT("age_at_event,age_unit", "\"5,5\",years"), "2:3: has a comma" },
    { "no age", FACT("age_at_event,age_unit", "-5,years"), "2:3: is no number" },
    { "age with text", FACT("age_at_event,age_unit", "5y,years"), "2:3: is no number" },
    { "old", FACT("age_at_event,age_unit", "151,years"), "2:3: 151 years is an impossible age" },
};

static void check_bad(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vl_sheet sheet;
        vl_err err = VL_ERR_INIT;
        read_sheet("sheet.csv", bad[i].sheet, strlen(bad[i].sheet), &sheet, &err);
        CHECK(!err.code, "%s: %s", bad[i].name, err.what);
        compare_errors(bad[i].name, &sheet, bad[i].errors);
        vl_sheet_free(&sheet);
    }
}

/* Bytes that a string of C cannot hold. */
static void check_bytes(void)
{
    static const struct {
        const char *name, *bytes;
        size_t n;
        const char *errors;
    } cases[] = {
        { "NUL", "sample,file_1,n\nS1,b.fq,\0x\nS2,c.fq,\"\0\"\n", 38,
          "2:3: a NUL byte (byte 9\n3:3: a NUL byte" },
        { "UTF-16 LE", "\xff\xfes\0a\0", 6, "1:0: save it as \"CSV UTF-8\"" },
        { "UTF-16 BE", "\xfe\xff\0s\0a", 6, "1:0: save it as \"CSV UTF-8\"" },
        { "UTF-16 without mark", "s\0a\0m\0", 6, "1:0: save it as \"CSV UTF-8\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vl_sheet sheet;
        vl_err err = VL_ERR_INIT;
        read_sheet("sheet.csv", cases[i].bytes, cases[i].n, &sheet, &err);
        compare_errors(cases[i].name, &sheet, cases[i].errors);
        vl_sheet_free(&sheet);
    }
}

/* Items of good rows are given beside the errors of others; each row is where its line says. */
static void check_both(void)
{
    static const char text[] = OWN "S1,b.fq\nS2,nothere.fq\nS3,c.fq\n";
    vl_sheet sheet;
    vl_err err = VL_ERR_INIT;
    read_sheet("sheet.csv", text, strlen(text), &sheet, &err);
    char *const items = list_items(&sheet);
    CHECK(!strcmp(items, "2 S1|b|b.fq|||\n4 S3|c|c.fq|||\n"), "%s", items);
    CHECK(sheet.nerror == 1, "%zu", sheet.nerror);
    free(items);
    vl_sheet_free(&sheet);
    vl_sheet_free(&sheet);
}

/* A file without permission, which only root may read. */
static void check_permission(void)
{
    static const char text[] = OWN "S1,secret.fq\n";
    vl_sheet sheet;
    vl_err err = VL_ERR_INIT;
    read_sheet("sheet.csv", text, strlen(text), &sheet, &err);
    compare_errors("permission", &sheet, geteuid() ? "2:2: permission denied" : "");
    vl_sheet_free(&sheet);
    if (geteuid()) return;
    if (seteuid(65534)) return; /* as nobody */
    read_sheet("open/sheet.csv", OWN "S1,../secret.fq\n", strlen(OWN) + 16, &sheet, &err);
    compare_errors("permission of nobody", &sheet, "2:2: permission denied");
    vl_sheet_free(&sheet);
    if (seteuid(0)) abort();
}

/* ---- sheets that cannot be read ---- */

static void check_unreadable(void)
{
    static const struct {
        const char *name;
        vl_code code;
    } cases[] = {
        { "nothere.csv", VL_ENOIN }, { "sub", VL_ENOIN }, { "huge.csv", VL_EUNSUP }, { "null", VL_ENOIN }
    };
    char path[SHEET_PATH];
    snprintf(path, sizeof path, "%s/null", sheet_folder);
    if (symlink("/dev/null", path)) abort();
    write_file("huge.csv", "", 0);
    snprintf(path, sizeof path, "%s/huge.csv", sheet_folder);
    if (truncate(path, (1l << 30) + 1)) abort();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vl_sheet sheet;
        vl_err err = VL_ERR_INIT;
        snprintf(path, sizeof path, "%s/%s", sheet_folder, cases[i].name);
        CHECK(vl_sheet_read(&sheet, path, &err) == cases[i].code, "%s: %s", cases[i].name, err.what);
        CHECK(strstr(err.file, cases[i].name), "%s: %s", cases[i].name, err.file);
        CHECK(!sheet.nerror && !sheet.items.n, "%s", cases[i].name);
        vl_sheet_free(&sheet);
    }
}

/* From a pipe; relative paths are found in the current folder. */
static void check_pipe(void)
{
    static const char text[] = "sample,file_1\nS1,b.fq\nS2,nothere\n";
    char path[64];
    int fd[2];
    vl_sheet sheet;
    vl_err err = VL_ERR_INIT;
    const int back = open(".", O_PATH | O_DIRECTORY);
    if (back < 0 || pipe(fd) || write(fd[1], text, strlen(text)) != (ssize_t)strlen(text)) abort();
    close(fd[1]);
    if (chdir(sheet_folder)) abort();
    snprintf(path, sizeof path, "/dev/fd/%d", fd[0]);
    vl_sheet_read(&sheet, path, &err);
    CHECK(!err.code && sheet.items.n == 1, "%s", err.what);
    CHECK(sheet.items.n == 1 && !strcmp(sheet.items.item[0].inputs.file[0].path, "b.fq"), "path");
    compare_errors("pipe", &sheet, "3:2: not found");
    vl_sheet_free(&sheet);
    close(fd[0]);
    write_file("sheet.csv", text, strlen(text));
    vl_sheet_read(&sheet, "sheet.csv", &err);
    CHECK(sheet.items.n == 1 && !strcmp(sheet.items.item[0].inputs.file[0].path, "b.fq"),
          "path in the current folder");
    vl_sheet_free(&sheet);
    if (fchdir(back)) abort();
    close(back);
}

int main(void)
{
    begin_sheets();
    check_bad();
    check_bytes();
    check_both();
    check_permission();
    check_unreadable();
    check_pipe();
    return end_sheets();
}
