/* vial view: rows of a store, in the formats other tools read. */
#include "pipeline/cmd/into_bank.h"
#include "pipeline/run/run.h"
#include "pipeline/run/say.h"
#include "pipeline/out/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static bool is_own(const vl_question *q, const char *name)
{
    for (const vl_view_column *c = q->column; c->name; c++)
        if (!strcmp(c->name, name)) return true;
    return false;
}

static void list_rows(const vl_kind *k, const vl_question *q)
{
    printf("\n%s are printed as", vl_question_rows(k, q));
    for (int f = 0; q->form[f]; f++) printf("%s %s", f ? "," : "", q->form[f]->name);
    printf("; columns of a table:\n ");
    int left = 100;
    for (const vl_view_column *c = q->column; c->name; c++) left -= printf(" %s", c->name);
    for (int f = 0; f < k->schema->nfield; f++) {
        const vl_field *const field = &k->schema->field[f];
        if (field->table != q->table || (field->shape != VL_FIXED && field->shape != VL_RAGGED)) continue;
        if (is_own(q, strrchr(field->path, '/') + 1)) continue;
        if (left < 20) left = 100 + 0 * printf("\n ");
        left -= printf(" %s", strrchr(field->path, '/') + 1);
    }
    printf("\n");
}

static void list_kinds(void)
{
    for (int i = 0; vl_kinds[i]; i++)
        for (const vl_question *q = vl_kinds[i]->question; q; q = q->other) list_rows(vl_kinds[i], q);
}

/* A list of whose questions there are; ends with NULL. */
static const vl_owner *owners(void)
{
    enum { MOST = 16 };
    static vl_owner list[MOST + 1];
    for (int i = 0; i < MOST && vl_kinds[i]; i++)
        list[i] = (vl_owner){ vl_kinds[i]->rows, vl_kinds[i]->question->option };
    return list;
}

static int run(const vl_command *me, int argc, char **argv)
{
    vl_given given = { .n = 0 };
    vl_view ask = { .out = "-", .rows = { 0, UINT64_MAX }, .given = &given };
    int rest = 0, code = 0;
    const char *bank = NULL;
    char path[VL_BANK_PATH], note[VL_VIEW_NOTE];
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 0, "rows", VL_OPT_ROWS, ask.rows, "A-B", "rows A to B, the first is 0; also A, A-, -B", 0, NULL },
        { 'O', "output-format", VL_OPT_TEXT, &ask.form, "F", "what to print rows as; see below", 0, NULL },
        { 0, "columns", VL_OPT_TEXT, &ask.columns, "A,B",
          "of a table (-O tsv): these, or any column of the store", 0, NULL },
        { 'c', "count", VL_OPT_FLAG, &ask.count, NULL, "only how many rows there are", 0, NULL },
        { 'o', "output", VL_OPT_TEXT, &ask.out, "FILE", "default: standard output", 0, NULL },
        { 0, "level", VL_OPT_CHOICE, &ask.level, "N", "of BGZF, 0 to 12; usual: what suits the name",
          .choices = VL_OUTPUT_LEVELS },
        { 0, "reference", VL_OPT_TEXT, &ask.reference, "FASTA",
          "write CRAM as differences to it; without it letters stand in full", 0, NULL },
        { 0, "force", VL_OPT_FLAG, &ask.force, NULL, "replace FILE if it exists", 0, NULL },
        { 'b', "bank", VL_OPT_TEXT, &bank, "BANK", "STORE is SAMPLE or SAMPLE/ACQUISITION of this bank", 0,
          NULL },
        { '@', "threads", VL_OPT_COUNT, &ask.threads, "N", "threads; default: all cores", 0, NULL },
        { .name = "" },
    };
    if (!vl_opt_parse(me, opt, owners(), &given, argc, argv, &rest, &code)) return code;
    if (argc == rest) return vl_usage(me, "no store");
    if (vl_name_store(bank, argv[rest], path, &err)) return vl_report(&err);
    if (strcmp(ask.out, "-") && vl_same_file(ask.out, path))
        return vl_usage(me, "%s is the store itself, it cannot be the output as well", ask.out);
    if (ask.count && (ask.form || ask.columns)) return vl_usage(me, "--count prints a number, and no rows");
    ask.store = path;
    ask.more = (const char *const *)argv + rest + 1;
    ask.nmore = argc - rest - 1;
    if (!ask.threads) ask.threads = vl_cores();
    if (vl_view_run(&ask, note, &err)) return vl_report(&err);
    if (*note) vl_say(stderr, "vial: %s: %s", argv[rest], note);
    return EX_OK;
}

const vl_command vl_command_view = {
    "view",
    "[options] STORE [REGION...]",
    "prints rows that a question selects",
    "FILE is BGZF if it ends in .gz, .bgz or .bam, zstd if in .zst. Without -O it is what its ending says.\n"
    "CRAM is 3.0, by htslib: a conversion, after which some things are said otherwise (README). FASTA must "
    "have all\n"
    "contigs of the header, with the digests M5 that it says.\n"
    "Ranges include both ends. What is asked for in several ways must hold in all of them.\n"
    "Columns are named as here, or by the path that 'vial info' shows.\n"
    "Of reads, RE is a POSIX extended regular expression without references back. In M each letter of a read "
    "must be\n"
    "one, or a choice among those, that M allows there. Of the two means of qualities, --mean-quality is "
    "that "
    "of the\n"
    "probabilities of error (NanoPlot, chopper, seqkit), --mean-phred that of the numbers (fastp, FastQC): 3 "
    "to 8 higher.\n"
    "With pairs each mate is asked by itself, but for its name. Which names --fraction takes is for ever the "
    "same.\n"
    "In tsv, \\t \\n \\r \\\\ stand for what would end a field, other bytes are as they are; in json, \\u "
    "escapes for\n"
    "what cannot be seen, and U+FFFD for a byte that is not UTF-8.\n"
    "Spectra that a form has no word for are left out, and counted. As npy, an array of NumPy has a record "
    "for "
    "each\npeak: index, ms_level, polarity, time (s), mz, intensity.\n"
    "Spectra of pixels may be two files: -o part.imzML writes that and part.ibd beside it.\n"
    "Of spectra, --chromatogram asks for chromatograms in place of spectra: a line for each value of each of "
    "their\narrays but the time, which is in seconds; array and unit are the document's words.\n"
    "Of alignments, REGION is chr2, chr2:5,000, chr2:5000-6000, chr2:5000-, {HLA:01}:5-9, or * for those "
    "without\n"
    "contig; places count from 1. A row that lies on any of them is printed once, in the order of the store, "
    "as by\n"
    "samtools view -M. Letters and rules are those of samtools view; the header is printed unless "
    "--no-header says\n"
    "otherwise. FLAGS is a number (0x900, 2304) or names (SECONDARY,DUP). As json, an object a record with "
    "the names of\n"
    "columns, tags with their types, as \"NM:i\", and null for what a record has not.\n\n"
    "  vial view S1.h5 --rows 0-3\n"
    "  vial view S1.h5 --name A00123:45:HXX:1:1101:1108:1000\n"
    "  vial view S1.h5 --length 10000- --mean-quality 20 -O fasta -o long.fa.gz\n"
    "  vial view S1.h5 --fraction 0.01 --seed 7 -c\n"
    "  vial view bam1.h5 chr1:10,000-20,000 -q 30 -F DUP,SECONDARY\n"
    "  vial view bam1.h5 -L exons.bed -c\n"
    "  vial view bam1.h5 chr20 -O cram --reference GRCh38.fa -o chr20.cram\n"
    "  vial view run7.h5 --ms-level 2 --precursor 445.12 --tol 10ppm -O json\n"
    "  vial view run7.h5 --time 600-660 -O tsv --columns index,time,mz,intensity\n"
    "  vial view run7.h5 --mz 400-500 -o peaks.npy\n"
    "  vial view image3.h5 --mz 700-900 -o part.imzML\n"
    "  vial view run7.h5 --chromatogram TIC -O svg -o tic.svg\n",
    run,
    list_kinds
};
