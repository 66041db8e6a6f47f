/* vial ingest: one acquisition into a store of its own, or a batch into a bank (into_bank.c). */
#include "pipeline/cmd/into_bank.h"
#include "pipeline/in/ingest.h"
#include "pipeline/io/names.h"
#include "pipeline/io/source.h"
#include "pipeline/io/output.h"
#include "pipeline/run/run.h"
#include "formats/format.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* The inputs, and none of them is the store itself. */
static vl_code name_inputs(const char *store, char **name, int n, vl_inputs *in, vl_err *err)
{
    for (int s = 0; s < n; s++)
        if (vl_source_gather(name[s], s, in, err)) return err->code;
    for (size_t i = 0; i < in->n; i++)
        if (vl_same_file(in->file[i].path, store))
            return vl_fail(err, VL_EARG, "%s is an input, it cannot be the store as well", store);
    vl_inputs_name_roles(in);
    if (vl_inputs_nstream(in) < 2) return VL_OK;
    return vl_name_refuse_index(in->file[0].path, in->file[vl_inputs_first(in, 1)].path, err);
}

/* Names go into attributes and into lines of text. */
static bool is_name(const char *text)
{
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < 32 || *p == 127) return false;
    return strlen(text) < 256;
}

static void print_summary(const vl_ingest *ask, const vl_ingested *d)
{
    char in[16], text[16], out[16], rate[16];
    const double mean = d->seconds > 0 ? (double)d->text_bytes / d->seconds : 0;
    if (!d->rows) {
        vl_say(stderr, "vial: %s: no %s; %s in, %s stored, verified", ask->store, d->row_name,
               vl_human_bytes(d->bytes_in, in), vl_human_bytes(d->bytes_store, out));
        return;
    }
    vl_say(stderr,
           "vial: %s: %" PRIu64 " %s, %" PRIu64
           " %s; %s in (%s of text), %s stored, %.2f times smaller than the input, "
           "verified; %.1f s, %s/s of text",
           ask->store, d->rows, d->row_name, d->units, d->unit_name, vl_human_bytes(d->bytes_in, in),
           vl_human_bytes(d->text_bytes, text), vl_human_bytes(d->bytes_store, out),
           d->bytes_store ? (double)d->bytes_in / (double)d->bytes_store : 0, d->seconds,
           vl_human_bytes((uint64_t)mean, rate));
    if (*d->hint) vl_say(stderr, "vial: hint: %s", d->hint);
    for (int i = 0; i < d->nodd; i++) vl_say(stderr, "vial: noted: %s = %s", d->odd[i].name, d->odd[i].text);
}

/* A list of whose options there are; ends with NULL. */
static const vl_owner *owners(void)
{
    enum { MOST = 16 };
    static vl_owner list[MOST + 1];
    for (int i = 0; i < MOST && vl_formats[i]; i++)
        list[i] = (vl_owner){ vl_formats[i]->title, vl_formats[i]->option };
    return list;
}

/* What the command line says. */
typedef struct asked {
    vl_ingest ask;
    vl_into_bank into;
    vl_given given;
    vl_inputs inputs; /* owned */
    const char *profile, *progress, *original;
} asked;

static bool parse(const vl_command *me, asked *a, int argc, char **argv, int *rest, int *code)
{
    const vl_opt opt[] = {
        { 'o', "output", VL_OPT_TEXT, &a->ask.store, "STORE", "the store to make, where there is no bank" },
        { 'b', "bank", VL_OPT_TEXT, &a->into.bank, "BANK",
          "into this bank; else that of the environment VIAL_BANK" },
        { 0, "sheet", VL_OPT_TEXT, &a->into.sheet, "FILE",
          "bank: a batch: sample sheet (nf-core, SDRF or CSV); '-' is standard input" },
        { 0, "check", VL_OPT_FLAG, &a->into.check, NULL,
          "only check the sheet and, of a bank, say what would become of each item" },
        { 0, "json", VL_OPT_FLAG, &a->into.json, NULL, "what --check finds, as one JSON document" },
        { 'j', "jobs", VL_OPT_COUNT, &a->into.jobs, "N",
          "bank: items at once; default: one for two threads, small ones one for each" },
        { 0, "supersede", VL_OPT_FLAG, &a->into.supersede, NULL,
          "bank: other bytes under the same name take the old ones' place" },
        { 0, "correct", VL_OPT_FLAG, &a->into.correct, NULL,
          "bank: what the sheet says of samples takes the old facts' place; an empty cell clears" },
        { 0, "task", VL_OPT_TEXT, &a->into.task, "N/M",
          "bank: the N-th of M parts of the sheet, with a receipt for 'vial collect'" },
        { 's', "sample", VL_OPT_TEXT, &a->ask.sample, "NAME", "sample the acquisition was made of" },
        { 0, "acquisition", VL_OPT_TEXT, &a->ask.acquisition, "NAME",
          "name of the acquisition: a lane, a run" },
        { 0, "profile", VL_OPT_TEXT, &a->profile, "P",
          "one of " VL_PROFILE_NAMES(", ") "; default: compact" },
        { 0, "format", VL_OPT_TEXT, &a->ask.format, "F",
          "its format, by a name of the list below; found out from the content if left out" },
        { 0, "reference", VL_OPT_TEXT, &a->ask.reference, "FASTA",
          "code bases by where they lie in these sequences; what of them is used goes into the store" },
        { 0, "sites", VL_OPT_TEXT, &a->ask.sites, "FILE",
          "count letters upon these sites, VCF or a table, that tell persons apart (vial same)" },
        { 0, "original", VL_OPT_TEXT, &a->original, "WHEN",
          "when packed files are described, to be had back as they were: " VL_ORIGINALS_NAMES(", ") },
        { 0, "mates-as-given", VL_OPT_FLAG, &a->ask.mates_as_given, NULL,
          "the first file holds the first mates, whatever names and comments say" },
        { 0, "same-data", VL_OPT_FLAG, &a->ask.same_data, NULL,
          "take bytes that come in twice, or are in the bank under another sample" },
        { 0, "salvage", VL_OPT_FLAG, &a->ask.salvage, NULL,
          "of a damaged input take the whole records before the damage, and say so in the store" },
        { 0, "force", VL_OPT_FLAG, &a->ask.force, NULL, "replace STORE if it exists" },
        { '@', "threads", VL_OPT_COUNT, &a->ask.threads, "N", "threads; default: all cores" },
        { 0, "max-memory", VL_OPT_BYTES, &a->ask.max_memory, "SIZE",
          "keep below this, refuse what needs more: 512M, 2G" },
        { 'q', "quiet", VL_OPT_FLAG, &a->into.quiet, NULL, "no progress, no summary" },
        { 0, "progress", VL_OPT_TEXT, &a->progress, "HOW", "auto (default), json or off" },
        { 0, "stats", VL_OPT_FLAG, &a->ask.stats, NULL, "say how long each stage took" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    return vl_opt_parse(me, opt, owners(), &a->given, argc, argv, rest, code);
}

/* A store or a bank, and what goes with it. False after a message. */
static bool check_place(const vl_command *me, const asked *a, int *code)
{
    const char *const store = a->ask.store;
    const vl_into_bank *const into = &a->into;
    *code = EX_OK;
    if (!store && !into->bank && !getenv("VIAL_BANK") && !(into->check && into->sheet))
        *code = vl_usage(me, "-o STORE or -b BANK is missing");
    else if (store && (into->bank || into->sheet)) *code = vl_usage(me, "either -o STORE or a bank");
    else if (store && (into->check || into->jobs || into->supersede || into->correct || into->task))
        *code = vl_usage(me, "--check, --jobs, --supersede, --correct and --task go with a bank");
    else if (!store && a->ask.salvage)
        *code = vl_usage(me, "--salvage goes with -o STORE: a bank takes what is whole");
    else if (store && vl_output_promises(store))
        *code = vl_usage(me, "a store is HDF5: the name of %s promises %s", store, vl_output_promises(store));
    return *code == EX_OK;
}

/* Names and inputs. False after a message. */
static bool check_inputs(const vl_command *me, const asked *a, int n, int *code)
{
    const char *const store = a->ask.store, *const sheet = a->into.sheet;
    *code = EX_OK;
    if (!is_name(a->ask.sample) || !is_name(a->ask.acquisition))
        *code = vl_usage(
            me, "names of samples and acquisitions have at most 255 bytes and no control characters");
    else if (sheet && (n || *a->ask.sample))
        *code = vl_usage(me, "a sheet names its samples and files itself");
    else if (!store && !sheet && !*a->ask.sample)
        *code = vl_usage(me, "into a bank: --sheet FILE, or -s SAMPLE FILE [FILE2]");
    else if (!n && !sheet) *code = vl_usage(me, "no input; '-' is standard input");
    else if (n > 2 && store)
        *code = vl_usage(me, "%d inputs; two at most (R1 and R2), files in a row are joined by commas", n);
    return *code == EX_OK;
}

/* Profile and progress, by their words. False after a message. */
static bool take_words(const vl_command *me, asked *a, int *code)
{
    const char *const profile = a->profile ? a->profile : vl_profile_name(VL_COMPACT), *const how =
                                                                                           a->progress;
    *code = EX_OK;
    if (!vl_profile_find(profile, &a->ask.profile))
        *code = vl_usage(me, "no profile is called '%s'", profile);
    else if (a->original && !vl_originals_find(a->original, &a->ask.originals))
        *code = vl_usage(me, "--original is " VL_ORIGINALS_NAMES(" or ") ", not '%s'", a->original);
    else if (strcmp(how, "auto") && strcmp(how, "json") && strcmp(how, "off"))
        *code = vl_usage(me, "--progress is 'auto', 'json' or 'off', not '%s'", how);
    a->ask.progress = a->into.quiet || !strcmp(how, "off") ? VL_PROGRESS_OFF
                      : !strcmp(how, "json")               ? VL_PROGRESS_JSON
                                                           : VL_PROGRESS_AUTO;
    return *code == EX_OK;
}

static int into_bank(const vl_command *me, asked *a, char **file, int nfile)
{
    vl_into_bank *const into = &a->into;
    into->sample = a->ask.sample;
    into->acquisition = a->ask.acquisition;
    into->profile = a->profile;
    into->file = file;
    into->nfile = nfile;
    into->threads = a->ask.threads;
    into->max_memory = a->ask.max_memory;
    into->given = &a->given;
    into->mates_as_given = a->ask.mates_as_given;
    into->same_data = a->ask.same_data;
    into->reference = a->ask.reference;
    into->sites = a->ask.sites;
    into->originals = a->original;
    into->progress = a->ask.progress;
    return vl_ingest_into_bank(me, into);
}

static int into_store(asked *a, char **file, int nfile)
{
    vl_err err = VL_ERR_INIT;
    vl_ingested done = { 0 };
    a->ask.inputs = &a->inputs;
    a->ask.given = &a->given;
    if (!a->ask.threads) a->ask.threads = vl_cores();
    if (!name_inputs(a->ask.store, file, nfile, &a->inputs, &err)) vl_ingest_run(&a->ask, &done, &err);
    if (!err.code && !a->into.quiet) print_summary(&a->ask, &done);
    if (!err.code && *done.salvaged)
        vl_say(stderr, "vial: %s: not whole: holds what stands before the damage: %s", a->ask.store,
               done.salvaged);
    vl_inputs_free(&a->inputs);
    return err.code ? vl_report(&err) : EX_OK;
}

static int run(const vl_command *me, int argc, char **argv)
{
    asked a = { .ask = { .sample = "", .acquisition = "" }, .progress = "auto" };
    int rest = 0, code = 0;
    if (!parse(me, &a, argc, argv, &rest, &code) || !check_place(me, &a, &code) ||
        !check_inputs(me, &a, argc - rest, &code) || !take_words(me, &a, &code))
        return code;
    return a.ask.store ? into_store(&a, argv + rest, argc - rest)
                       : into_bank(me, &a, argv + rest, argc - rest);
}

static void list_formats(void)
{
    printf("\nFormats of FILE, found out from its content, never from its name:\n");
    for (int i = 0; vl_formats[i]; i++) printf("  %-28s %s\n", vl_formats[i]->name, vl_formats[i]->doc);
    printf("\n");
    for (int i = 0; vl_formats[i]; i++) printf("%s", vl_formats[i]->example ? vl_formats[i]->example : "");
}

const vl_command vl_command_ingest = {
    "ingest",
    "[options] -o STORE FILE [FILE2] | -b BANK -s SAMPLE FILE... | -b BANK --sheet FILE",
    "checks, compresses and indexes raw instrument output into a store",
    "FILE is plain, gzip, BGZF or zstd; FILE2 holds the second mates (R2). '-' is standard input. Files in a "
    "row, "
    "such as\n"
    "the lanes of a library, are joined by commas: L1_R1.fq.gz,L2_R1.fq.gz L1_R2.fq.gz,L2_R2.fq.gz. A folder "
    "stands "
    "for\n"
    "the files of one library that lie in it: lanes in the order of their numbers, R1 and R2 side by "
    "side;\n"
    "or for the one file of a run in it, with what belongs to it (run.imzML, run.ibd).\n\n"
    "The store gets its name only after it was written, synced, opened afresh and verified. Bad input leaves "
    "no store,\n"
    "one line that says file, record, line and byte, and exit code 65. --salvage makes a store all the same, "
    "of "
    "the\n"
    "whole records before the damage: a file that was cut off, that has a bad byte, or whose packing is "
    "broken; "
    "of\n"
    "mates equally many. That store says in /source what was damaged ('salvaged') and how many bytes of text "
    "are\n"
    "left out; it exports what stood before. It reads the file again, so it takes no pipe.\n\n"
    "What is not as it should be, most likely:\n"
    "  one file twice, by any name                      refused\n"
    "  the same bytes, or text of both mates, twice     refused; --same-data takes them\n"
    "  bank: bytes that another sample has              refused; --same-data takes them\n"
    "  mates whose names do not fit: they are equal, or end in one mark, such as /1 and /2\n"
    "                                                   refused\n"
    "  comments ('1:N:', '2:N:') or names that say that mates are swapped, or one mate twice;\n"
    "  where they say nothing, names of files ('_R2' before '_R1')\n"
    "                                                   refused; --mates-as-given takes them\n"
    "  one file in which neighbours have mates' names   taken as single reads, and said\n\n"
    "--reference FASTA, plain, gzip, BGZF or zstd: bases are kept as places in its sequences, and what of "
    "these "
    "is used\n"
    "goes into the store, which so needs no other file. Reads that lie nowhere are kept as without it. In a "
    "batch it is\n"
    "for all that have bases. Its letters and what finds them are within --max-memory; profile portable has "
    "no "
    "places.\n\n"
    "  vial ingest --reference GRCh38.fa.gz -o S1.h5 S1_R1.fastq.gz S1_R2.fastq.gz\n\n"
    "--original now reads files that are packed (gzip, BGZF) once more, and says how their bytes follow "
    "from the\n"
    "text, proven: 'vial export --original' gives the very file back. That takes longer than all else. night "
    "leaves it to\n"
    "'vial nightly' of a bank, while the files are there; off, the default unless bank.ini says otherwise, "
    "leaves it:\n"
    "the text alone is exact. A few bytes behind the last gzip member that are none (a signature, a stray "
    "line), "
    "at most\n"
    "64 KiB, are refused unless now keeps them; a member that does not fit its CRC-32 or length always "
    "is.\n\n"
    "Into a bank: what is refused goes to BANK/quarantine and costs that item only. Index reads (I1, I2) are "
    "an\n"
    "acquisition beside the reads. The same input again is not read again. Exit code: 0 all in the bank, 65 "
    "some\n"
    "refused, 74 the disk, 75 again.\n\n"
    "--check prints what becomes of each column of the sheet and, with -b, of each item: new, unchanged, "
    "corrected,\n"
    "healed, superseded (with --supersede), or why it is refused (conflict, withdrawn, same_data, missing "
    "...), and "
    "which\n"
    "facts of the bank change. It writes nothing, and reads a file whole only where the bank or the sheet "
    "has "
    "one of\n"
    "the same size: what is wrong further on in files, it does not find. Exit code 65: something is "
    "refused.\n\n"
    "What a sheet says of a sample in the bank adds to what is known. What contradicts it is refused, or, "
    "with "
    "--correct,\n"
    "takes its place.\n\n"
    "  vial ingest -b /bank --sheet samples.csv --check\n"
    "  vial ingest -b /bank --sheet samples.csv\n",
    run,
    list_formats
};
