/*
 * Checks sample sheets: every rule with a sheet that breaks it, every dialect, random tables there and back,
 * a sheet cut at every byte and with any byte changed, sizes that do harm, and how fast a long sheet is read.
 *
 * check_sheet [FOLDER]: the folder of sheets made by hand (testdata/sheets), where NAME.err beside a sheet
 * lists "LINE:COLUMN: part of the message". VIAL_SPEED=1: fewer than 100,000 rows a second are a failure.
 *
 * Suites: bank. Also: asan.
 */
#include "pipeline/bank/sheet/csv.h"
#include "pipeline/bank/sheet/sheet.h"
#include "pipeline/store/store.h"
#include "pipeline/test/check.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH = 1024 };
static char folder[256]; /* all files of this run lie here */

typedef struct draft {
    char *at;
    size_t len;
    FILE *file;
} draft;

/* The stream writes into the draft: it must stay where it is. */
static void start(draft *t)
{
    *t = (draft){ 0 };
    t->file = open_memstream(&t->at, &t->len);
    if (!t->file) abort();
}

static void write_file(const char *name, const void *bytes, size_t n)
{
    char path[PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *const f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f)) abort();
}

static void make_folder(const char *name)
{
    char path[PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (mkdir(path, 0777)) abort();
}

static void read_sheet(const char *name, const void *bytes, size_t n, vl_sheet *sheet, vl_err *err)
{
    char path[PATH];
    write_file(name, bytes, n);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    vl_sheet_read(sheet, path, err);
}

/* "LINE:COLUMN: what", one a line. */
static char *list_errors(const vl_sheet *sheet)
{
    draft t;
    start(&t);
    for (size_t i = 0; i < sheet->nerror; i++)
        fprintf(t.file, "%u:%u: %s\n", sheet->error[i].line, sheet->error[i].column, sheet->error[i].what);
    fclose(t.file);
    return t.at;
}

static void print_details(FILE *f, const vl_details *d, char mark)
{
    for (size_t i = 0; i < d->n; i++) fprintf(f, " %c%s=%s", mark, d->detail[i].name, d->detail[i].value);
}

/* "LINE SAMPLE|ACQUISITION|FILE,LANE ...|FILE2|PROFILE|i +detail of sample ... -detail of acquisition ...", folders
 * cut. */
static char *list_items(const vl_sheet *sheet)
{
    draft t;
    start(&t);
    for (size_t i = 0; i < sheet->items.n; i++) {
        const vl_item *const it = &sheet->items.item[i];
        fprintf(t.file, "%u %s|%s", it->line, it->sample, it->acquisition);
        for (int m = 0; m < 2; m++) {
            const size_t first = vl_inputs_first(&it->inputs, m), n = vl_inputs_count(&it->inputs, m);
            if (!n) fputc('|', t.file);
            for (size_t k = 0; k < n; k++) {
                const char *const path = it->inputs.file[first + k].path;
                const bool inside = !strncmp(path, folder, strlen(folder));
                fprintf(t.file, "%c%s", k ? ',' : '|', path + (inside ? strlen(folder) + 1 : 0));
            }
        }
        fprintf(t.file, "|%s|%s", it->profile ? it->profile : "", it->options ? "i" : "");
        print_details(t.file, &it->about_sample, '+');
        print_details(t.file, &it->about_acquisition, '-');
        fputc('\n', t.file);
    }
    fclose(t.file);
    return t.at;
}

/* Every line of want "PLACE: part" is one error at that place whose text has the part in it, in that order.
 */
static void compare_errors(const char *name, const vl_sheet *sheet, const char *want)
{
    char *const got = list_errors(sheet);
    const char *w = want, *g = got;
    bool same = true;
    while (*w && *g && same) {
        const size_t nw = strcspn(w, "\n"), ng = strcspn(g, "\n"), place = strcspn(w, " ") + 1;
        char part[400], line[2000];
        snprintf(part, sizeof part, "%.*s", (int)(nw - place), w + place);
        snprintf(line, sizeof line, "%.*s", (int)ng, g);
        same = !strncmp(w, g, place) && strstr(line + place, part);
        w += nw + (w[nw] == '\n');
        g += ng + (g[ng] == '\n');
    }
    CHECK(same && !*w && !*g, "%s: wanted\n%s\ngot\n%s", name, want, got);
    free(got);
}

/* ---- sheets that are good ---- */

typedef struct good_case {
    const char *name, *sheet, *dialect, *items;
} good_case;

/* Files of lanes, and a row of nf-core's sheet with them. */
#define ROW(lane)          "S1_S1_L00" lane "_R1_001.fastq"
#define ROW2(lane)         "S1_S1_L00" lane "_R2_001.fastq"
#define LANE(sample, lane) sample "," ROW(lane) "," ROW2(lane) "\n"

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
      "nf-core", "2 S1|S1_S1_L001|" ROW("1") "||| -lane=L1\n3 S1|S1_S1_L002|" ROW("2") "||| -lane=L2\n" },
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

/* ---- sheets that are not ---- */

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
      "2:1: ends with a blank\n3:1: starts with a blank\n4:1: ends with a blank" },
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
    { "empty file", OWN "S,empty.fq\n", "2:2: \"empty.fq\" is empty" },
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
    { "a file in two lanes", "sample,fastq_1\nS,b.fq\nS,./b.fq\n", "3:2: is the file of line 2 too" },
    { "a list with a name twice", "sample;file_1\nS;b.fq,c.fq,b.fq\n", "2:2: \"b.fq\" stands twice" },
    { "a list with an empty name", "sample;file_1\nS;b.fq,,c.fq\n", "2:2: has an empty name" },
    { "a list with a name that is not there", "sample;file_1\nS;b.fq,none.fq\n",
      "2:2: \"none.fq\" not found" },
    { "a list and one mate", "sample;file_1;file_2\nS;b.fq,c.fq;a_R2.fq\n",
      "2:3: 1 files here, and 2 of first" },
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
    { "sex", FACT("donor_sex", "f"), "2:3: one of: Male, Female, Unknown" },
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
    char path[PATH];
    snprintf(path, sizeof path, "%s/null", folder);
    if (symlink("/dev/null", path)) abort();
    write_file("huge.csv", "", 0);
    snprintf(path, sizeof path, "%s/huge.csv", folder);
    if (truncate(path, (1l << 30) + 1)) abort();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vl_sheet sheet;
        vl_err err = VL_ERR_INIT;
        snprintf(path, sizeof path, "%s/%s", folder, cases[i].name);
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
    if (chdir(folder)) abort();
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

/* ---- sheets made by hand ---- */

static char *slurp(const char *path)
{
    FILE *const f = fopen(path, "rb");
    if (!f) return NULL;
    draft t;
    start(&t);
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
        char path[PATH];
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

/* ---- random tables ---- */

/* A random cell: letters that ask for quotes among others. */
static void random_cell(uint64_t *dice, char cell[64])
{
    static const char *const piece[] = { "a",  "B",  "7",    ",",  ";",
                                         "\t", "\"", "\"\"", "\n", "\r\n",
                                         "\r", " ",  "=",    "é",  "日",
                                         ".",  "#",  "-",    "+",  "\xf0\x9f\xa7\xac" };
    const size_t n = check_random(dice) % 12;
    cell[0] = 0;
    for (size_t i = 0; i < n; i++) strcat(cell, piece[check_random(dice) % (sizeof piece / sizeof *piece)]);
}

/* Writes a cell; quotes where they are needed, and sometimes where not. */
static void print_cell(FILE *f, const char *cell, char delimiter, bool quote)
{
    const size_t n = strlen(cell);
    const char special[] = { delimiter, '"', '\n', '\r', 0 };
    if (strpbrk(cell, special) || (n && (strchr(" \t", cell[0]) || strchr(" \t", cell[n - 1])))) quote = true;
    if (quote) putc('"', f);
    for (const char *p = cell; *p; p++) {
        if (*p == '"') putc('"', f);
        putc(*p, f);
    }
    if (quote) putc('"', f);
}

enum { NROW = 12, NCOL = 7 };

/* One table: written, read as text and as a sheet. */
static void round_trip(uint64_t seed)
{
    uint64_t dice = seed;
    static char cell[NROW][NCOL][64];
    const char delimiter = ",;\t"[check_random(&dice) % 3];
    static const char *const ends[] = { "\n", "\r\n", "\r" };
    const char *const end = ends[check_random(&dice) % 3];
    draft t;
    start(&t);
    fprintf(t.file, "sample%cfile_1%cacquisition%cd3%cd4%cd5%cd6%s", delimiter, delimiter, delimiter,
            delimiter, delimiter, delimiter, end);
    for (int row = 0; row < NROW; row++)
        for (int col = 0; col < NCOL; col++) {
            if (col > 2) random_cell(&dice, cell[row][col]);
            else if (col == 1) snprintf(cell[row][col], 64, "many/%d.fq", row);
            else snprintf(cell[row][col], 64, "%c%d", col ? 'A' : 'S', row);
            print_cell(t.file, cell[row][col], delimiter, check_random(&dice) % 4 == 0);
            if (col + 1 < NCOL) putc(delimiter, t.file);
            else fputs(end, t.file);
        }
    fclose(t.file);
    vl_sheet sheet;
    vl_err err = VL_ERR_INIT;
    read_sheet("sheet.csv", t.at, t.len, &sheet, &err);
    CHECK(!err.code && !sheet.nerror && sheet.items.n == NROW, "seed %" PRIu64 ": %s %zu of %d rows", seed,
          sheet.nerror ? sheet.error[0].what : "", sheet.items.n, NROW);
    bool same = sheet.items.n == NROW;
    for (int row = 0; row < NROW && same; row++)
        for (int col = 3; col < NCOL; col++) {
            const char name[] = { 'd', (char)('0' + col), 0 };
            const char *const got = vl_details_get(&sheet.items.item[row].about_acquisition, name);
            same = same && !strcmp(got ? got : "", cell[row][col]);
        }
    CHECK(same, "seed %" PRIu64, seed);
    vl_sheet_free(&sheet);
    vl_csv csv;
    bool more = false;
    CHECK(!vl_csv_open(&csv, t.at, t.len, &err) && csv.delimiter == delimiter, "seed %" PRIu64, seed);
    CHECK(!vl_csv_next(&csv, &more, &err) && more && csv.ncell == NCOL, "seed %" PRIu64, seed);
    for (int row = 0; row < NROW; row++) {
        same = !vl_csv_next(&csv, &more, &err) && more && csv.ncell == NCOL;
        for (int col = 0; col < NCOL && same; col++)
            same = !strcmp(csv.cell[col].text, cell[row][col]) &&
                   csv.cell[col].len == strlen(cell[row][col]) && !csv.cell[col].wrong;
        CHECK(same, "seed %" PRIu64 ", row %d", seed, row);
    }
    CHECK(!vl_csv_next(&csv, &more, &err) && !more && csv.ncell == 0, "seed %" PRIu64, seed);
    vl_csv_close(&csv);
    free(t.at);
}

static void check_random_tables(void)
{
    char name[32];
    for (int i = 0; i < NROW; i++) {
        snprintf(name, sizeof name, "many/%d.fq", i);
        write_file(name, "x", 1);
    }
    for (uint64_t seed = 1; seed <= 300; seed++) round_trip(seed);
}

/* ---- damage ---- */

static const char whole[] =
    "\xef\xbb\xbf"
    "sample,file_1,file_2,acquisition,donor,specimen_type,collection_date,note\r\n"
    "S1,a_R1.fq,a_R2.fq,\"x \"\"1\"\"\",D1,Whole blood,2024-02-29T08:30:00Z,\"two\r\nlines\"\r\n"
    "\"S2\",b.fq,,,Dé,PBMC,2024,\xf0\x9f\xa7\xac\r\n,,,,,,,\r\n"
    "S2,c.fq,,1.2E+10,Dé,pbmc,,#N/A\r\n";

/* Reads bytes from a block of just their size, so that a step outside is seen. */
static void read_bytes(const char *bytes, size_t n)
{
    char *const copy = malloc(n + 1);
    if (!copy) abort();
    memcpy(copy, bytes, n);
    vl_csv csv;
    vl_err err = VL_ERR_INIT;
    bool more = true;
    size_t inside = 0, cells = 0;
    if (!vl_csv_open(&csv, copy, n, &err))
        while (!vl_csv_next(&csv, &more, &err) && more)
            for (size_t i = 0; i < csv.ncell; i++, cells++)
                inside += csv.cell[i].text >= copy && csv.cell[i].text + csv.cell[i].len <= copy + n &&
                          strlen(csv.cell[i].text) <= csv.cell[i].len;
    CHECK(inside == cells, "%zu bytes: %zu of %zu cells", n, inside, cells);
    vl_csv_close(&csv);
    free(copy);
    vl_sheet sheet;
    err = (vl_err)VL_ERR_INIT;
    read_sheet("sheet.csv", bytes, n, &sheet, &err);
    CHECK(!err.code, "%zu bytes: %s", n, err.what);
    for (size_t i = 1; i < sheet.nerror; i++) {
        const vl_sheet_error *const a = &sheet.error[i - 1], *const b = a + 1;
        CHECK(a->line < b->line || (a->line == b->line && a->column <= b->column), "order of errors");
        CHECK(b->line && !strpbrk(b->what, "\n\r\033"), "%s", b->what);
    }
    vl_sheet_free(&sheet);
}

static void check_cuts(void)
{
    for (size_t n = 0; n < sizeof whole; n++) read_bytes(whole, n);
}

static void check_changes(void)
{
    static const char odd[] = "\"\",;\t\n\r\0\xff\xef'[]{} #E+";
    uint64_t dice = 7;
    char bytes[sizeof whole];
    for (int i = 0; i < 2000; i++) {
        memcpy(bytes, whole, sizeof whole);
        for (uint64_t k = check_random(&dice) % 4 + 1; k; k--)
            bytes[check_random(&dice) % (sizeof whole - 1)] = odd[check_random(&dice) % (sizeof odd - 1)];
        read_bytes(bytes, sizeof whole - 1);
    }
}

/* ---- sizes ---- */

static void put(FILE *f, const char *piece, size_t n)
{
    for (size_t i = 0; i < n; i++) fputs(piece, f);
}

/* Reads head, n times piece, and tail. */
static void check_size(const char *name, const char *head, const char *piece, size_t n, const char *tail,
                       size_t nerror, const char *first)
{
    draft t;
    start(&t);
    fputs(head, t.file);
    put(t.file, piece, n);
    fputs(tail, t.file);
    fclose(t.file);
    vl_sheet sheet;
    vl_err err = VL_ERR_INIT;
    read_sheet("sheet.csv", t.at, t.len, &sheet, &err);
    CHECK(!err.code && sheet.nerror == nerror, "%s: %s %zu errors", name, err.what, sheet.nerror);
    if (sheet.nerror) {
        CHECK(strstr(sheet.error[0].what, first), "%s: %s", name, sheet.error[0].what);
        for (size_t i = 0; i < sheet.nerror; i++)
            if (strlen(sheet.error[i].what) > 1500)
                CHECK(false, "%s: a message of %zu bytes", name, strlen(sheet.error[i].what));
    }
    if (nerror > 10000)
        CHECK(strstr(sheet.error[nerror - 1].what, "more errors"), "%s", sheet.error[nerror - 1].what);
    vl_sheet_free(&sheet);
    free(t.at);
}

static void check_sizes(void)
{
    static const char own[] = "sample,file_1,n\n";
    check_size("wide header", "sample,file_1", ",x", 100000, "\n", 1, "more than 16384 columns");
    check_size("wide row", "sample,file_1\nS1,b.fq", ",x", 100000, "\n", 1, "the row has 100002 cells");
    check_size("wide empty row", "sample,file_1\nS1,b.fq", ",", 16000, "\n", 0, "");
    check_size("wide SDRF", "source name\tcomment[data file]", "\tcomment[x]", 16000, "\nS1\tr1.mzML\n", 0,
               "");
    check_size("long cell", "sample,file_1,n\nS1,b.fq,", "0123456789", 1000000, "\n", 0, "");
    check_size("long quoted cell", "sample,file_1,n\nS1,b.fq,\"", "\"\"\n", 1000000, "\"\n", 0, "");
    check_size("long id", "sample,file_1\n", "0123456789", 1000000, ",b.fq\n", 1, "longer than 128 bytes");
    check_size("long path", "sample,file_1\nS1,", "0123456789", 100000, "\n", 2, "too long");
    check_size("long name of a column", "sample,file_1,", "0123456789", 100000, "\nS1,b.fq\n", 1,
               "more than 128 bytes");
    check_size("long names that are not found", "", "sampel", 20, ",file1\nS1,b.fq\n", 1, "is \"file1\" it?");
    check_size("open quote", own, "\"a\n", 1, "", 1, "never closed");
    check_size("quotes", "sample,file_1,n\nS1,b.fq,", "\"", 1000001, "\n", 1, "never closed");
    check_size("breaks", "sample,file_1,n\nS1,b.fq,\"", "\n", 1000000, "\"\n", 0, "");
    check_size("blank lines", own, "\r\n", 1000000, "S1,b.fq\n", 0, "");
    check_size("many errors", own, ",\"#N/A\",x\n", 50000, "", 10001, "is empty");
    check_size("just as many", own, ",b\n", 5000, "", 10000, "is empty");
    check_size("bad words", "sample,file_1,specimen_type\n", "S,b.fq,Whole bloood\n", 12000, "", 10001,
               "nearest: Whole blood");
}

/* ---- speed ---- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum { ROWS = 200000, IN_FOLDER = 1000 };

/* Files of one byte that takes no room; in folders of 1,000. */
static void make_many(bool pairs)
{
    char path[PATH];
    for (int i = 0; i < ROWS; i++) {
        if (i % IN_FOLDER == 0) {
            snprintf(path, sizeof path, "%s/run%03d", folder, i / IN_FOLDER);
            if (mkdir(path, 0777)) abort();
        }
        for (int m = 1; m <= 1 + pairs; m++) {
            snprintf(path, sizeof path, "%s/run%03d/S%06d_L001_R%d_001.fastq.gz", folder, i / IN_FOLDER, i,
                     m);
            const int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
            if (fd < 0 || ftruncate(fd, 1)) abort();
            close(fd);
        }
    }
}

static void check_speed(void)
{
    const bool strict = getenv("VIAL_SPEED") != NULL;
    make_many(strict);
    draft t;
    start(&t);
    fputs("sample,fastq_1,fastq_2,strandedness,donor,specimen_type,collection_date\n", t.file);
    for (int i = 0; i < ROWS; i++) {
        fprintf(t.file, "S%06d,%s/run%03d/S%06d_L001_R1_001.fastq.gz,", i, folder, i / IN_FOLDER, i);
        if (strict) fprintf(t.file, "%s/run%03d/S%06d_L001_R2_001.fastq.gz", folder, i / IN_FOLDER, i);
        fprintf(t.file, ",auto,D%05d,Whole blood,2024-02-29\n", i / 3);
    }
    fclose(t.file);
    double best = 1e9;
    for (int i = 0; i < 3; i++) {
        vl_sheet sheet;
        vl_err err = VL_ERR_INIT;
        const double from = now();
        read_sheet("sheet.csv", t.at, t.len, &sheet, &err);
        const double s = now() - from;
        if (s < best) best = s;
        CHECK(!err.code && !sheet.nerror && sheet.items.n == ROWS, "%s %zu errors, %zu rows", err.what,
              sheet.nerror, sheet.items.n);
        vl_sheet_free(&sheet);
    }
    printf("%d rows of %s: %.2f s, %.0f rows/s\n", ROWS, strict ? "two files" : "one file", best,
           ROWS / best);
    if (strict) CHECK(ROWS / best >= 100000, "%.0f rows/s", ROWS / best);
    free(t.at);
}

/* ---- the folder ---- */

static int drop(const char *path, const struct stat *st, int flag, struct FTW *at)
{
    (void)st, (void)flag, (void)at;
    return remove(path);
}

static void make_files(void)
{
    static const char *const names[] = { "a_R1.fq",
                                         "a_R2.fq",
                                         "b.fq",
                                         "c.fq",
                                         "d.fq",
                                         "e.fq",
                                         "r1.mzML",
                                         "r2.mzML",
                                         "sub/a_R1.fq",
                                         "S1_S1_L001_R1_001.fastq",
                                         "S1_S1_L002_R1_001.fastq",
                                         "secret.fq",
                                         "o,p.fq",
                                         "S1_S1_L001_R2_001.fastq",
                                         "S1_S1_L002_R2_001.fastq",
                                         "S1_S1_L001_I1_001.fastq",
                                         ".fq" };
    char path[PATH];
    const char *const tmp = getenv("TMPDIR"), *const fast = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
    snprintf(folder, sizeof folder, "%s/check_sheet.XXXXXX", tmp ? tmp : fast);
    if (!mkdtemp(folder) || chmod(folder, 0755)) abort();
    make_folder("sub");
    make_folder("many");
    make_folder("open");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) write_file(names[i], "x", 1);
    write_file("empty.fq", "", 0);
    snprintf(path, sizeof path, "%s/open", folder);
    if (chmod(path, 0777)) abort();
    snprintf(path, sizeof path, "%s/secret.fq", folder);
    if (chmod(path, 0)) abort();
    snprintf(path, sizeof path, "%s/pipe", folder);
    if (mkfifo(path, 0666)) abort();
    snprintf(path, sizeof path, "%s/link.fq", folder);
    if (symlink("d.fq", path)) abort();
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
    make_files();
    check_profiles();
    check_names();
    check_details();
    check_good();
    check_bad();
    check_bytes();
    check_both();
    check_permission();
    check_unreadable();
    check_pipe();
    check_made(argc > 1 ? argv[1] : "testdata/sheets");
    check_random_tables();
    check_cuts();
    check_changes();
    check_sizes();
    check_speed();
    if (nftw(folder, drop, 64, FTW_DEPTH | FTW_PHYS)) printf("%s is left\n", folder);
    return check_end();
}
