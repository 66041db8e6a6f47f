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

static int run(const vl_command *me, int argc, char **argv)
{
    const char *profile = NULL, *progress = "auto";
    vl_given given = { .n = 0 };
    bool quiet = false;
    vl_inputs inputs = { 0 };
    vl_ingest ask = { .inputs = &inputs, .given = &given, .sample = "", .acquisition = "" };
    vl_into_bank into = { 0 };
    const vl_opt opt[] = {
        { 'o', "output", VL_OPT_TEXT, &ask.store, "STORE", "the store to make, where there is no bank" },
        { 'b', "bank", VL_OPT_TEXT, &into.bank, "BANK",
          "into this bank; else that of the environment VIAL_BANK" },
        { 0, "sheet", VL_OPT_TEXT, &into.sheet, "FILE",
          "bank: a batch: sample sheet (nf-core, SDRF or CSV); '-' is standard input" },
        { 0, "check", VL_OPT_FLAG, &into.check, NULL, "bank: only check the sheet" },
        { 'j', "jobs", VL_OPT_COUNT, &into.jobs, "N",
          "bank: items at once; default: one for two threads, small ones one for each" },
        { 0, "supersede", VL_OPT_FLAG, &into.supersede, NULL,
          "bank: other bytes under the same name take the old ones' place" },
        { 0, "correct", VL_OPT_FLAG, &into.correct, NULL,
          "bank: what the sheet says of samples takes the old facts' place; an empty cell clears" },
        { 0, "task", VL_OPT_TEXT, &into.task, "N/M",
          "bank: the N-th of M parts of the sheet, with a receipt for 'vial collect'" },
        { 's', "sample", VL_OPT_TEXT, &ask.sample, "NAME", "sample the acquisition was made of" },
        { 0, "acquisition", VL_OPT_TEXT, &ask.acquisition, "NAME", "name of the acquisition: a lane, a run" },
        { 0, "profile", VL_OPT_TEXT, &profile, "P", "one of " VL_PROFILE_NAMES(", ") "; default: compact" },
        { 0, "format", VL_OPT_TEXT, &ask.format, "F",
          "its format, by a name of the list below; found out from the content if left out" },
        { 0, "mates-as-given", VL_OPT_FLAG, &ask.mates_as_given, NULL,
          "the first file holds the first mates, whatever names and comments say" },
        { 0, "same-data", VL_OPT_FLAG, &ask.same_data, NULL,
          "take bytes that come in twice, or are in the bank under another sample" },
        { 0, "force", VL_OPT_FLAG, &ask.force, NULL, "replace STORE if it exists" },
        { '@', "threads", VL_OPT_COUNT, &ask.threads, "N", "threads; default: all cores" },
        { 0, "max-memory", VL_OPT_BYTES, &ask.max_memory, "SIZE",
          "keep below this, refuse what needs more: 512M, 2G" },
        { 'q', "quiet", VL_OPT_FLAG, &quiet, NULL, "no progress, no summary" },
        { 0, "progress", VL_OPT_TEXT, &progress, "HOW", "auto (default), json or off" },
        { 0, "stats", VL_OPT_FLAG, &ask.stats, NULL, "say how long each stage took" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    int rest = 0, code = 0;
    vl_err err = VL_ERR_INIT;
    vl_ingested done = { 0 };
    if (!vl_opt_parse(me, opt, owners(), &given, argc, argv, &rest, &code)) return code;
    if (!ask.store && !into.bank && !getenv("VIAL_BANK"))
        return vl_usage(me, "-o STORE or -b BANK is missing");
    if (ask.store && (into.bank || into.sheet)) return vl_usage(me, "either -o STORE or a bank");
    if (ask.store && (into.check || into.jobs || into.supersede || into.correct || into.task))
        return vl_usage(me, "--check, --jobs, --supersede, --correct and --task go with a bank");
    if (ask.store && vl_output_promises(ask.store))
        return vl_usage(me, "a store is HDF5: the name of %s promises %s", ask.store,
                        vl_output_promises(ask.store));
    if (!is_name(ask.sample) || !is_name(ask.acquisition))
        return vl_usage(me,
                        "names of samples and acquisitions have at most 255 bytes and no control characters");
    if (into.sheet && (rest < argc || *ask.sample))
        return vl_usage(me, "a sheet names its samples and files itself");
    if (!ask.store && !into.sheet && !*ask.sample)
        return vl_usage(me, "into a bank: --sheet FILE, or -s SAMPLE FILE [FILE2]");
    if (rest == argc && !into.sheet) return vl_usage(me, "no input; '-' is standard input");
    if (argc - rest > 2 && ask.store)
        return vl_usage(me, "%d inputs; two at most (R1 and R2), files in a row are joined by commas",
                        argc - rest);
    if (!vl_profile_find(profile ? profile : vl_profile_name(VL_COMPACT), &ask.profile))
        return vl_usage(me, "no profile is called '%s'", profile);
    if (strcmp(progress, "auto") && strcmp(progress, "json") && strcmp(progress, "off"))
        return vl_usage(me, "--progress is 'auto', 'json' or 'off', not '%s'", progress);
    ask.progress = quiet || !strcmp(progress, "off") ? VL_PROGRESS_OFF
                   : !strcmp(progress, "json")       ? VL_PROGRESS_JSON
                                                     : VL_PROGRESS_AUTO;
    if (!ask.store) {
        into.sample = ask.sample;
        into.acquisition = ask.acquisition;
        into.profile = profile;
        into.file = argv + rest;
        into.nfile = argc - rest;
        into.threads = ask.threads;
        into.max_memory = ask.max_memory;
        into.given = &given;
        into.quiet = quiet;
        into.mates_as_given = ask.mates_as_given;
        into.same_data = ask.same_data;
        into.progress = ask.progress;
        return vl_ingest_into_bank(me, &into);
    }
    if (!ask.threads) ask.threads = vl_cores();
    if (!name_inputs(ask.store, argv + rest, argc - rest, &inputs, &err)) vl_ingest_run(&ask, &done, &err);
    if (!err.code && !quiet) print_summary(&ask, &done);
    vl_inputs_free(&inputs);
    return err.code ? vl_report(&err) : EX_OK;
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
    "side.\n\n"
    "The store gets its name only after it was written, synced, opened afresh and verified. Bad input leaves "
    "no store,\n"
    "one line that says file, record, line and byte, and exit code 65.\n\n"
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
    "Into a bank: what is refused goes to BANK/quarantine and costs that item only. Index reads (I1, I2) are "
    "an\n"
    "acquisition beside the reads. The same input again is not read again. Exit code: 0 all in the bank, 65 "
    "some\n"
    "refused, 74 the disk, 75 again.\n\n"
    "What a sheet says of a sample in the bank adds to what is known. What contradicts it is refused, or, "
    "with "
    "--correct,\n"
    "takes its place.\n\n"
    "  vial ingest -b /bank --sheet samples.csv --check\n"
    "  vial ingest -b /bank --sheet samples.csv\n",
    run,
    list_formats
};
