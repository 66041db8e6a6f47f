/* vial export: the original back. */
#include "formats/format.h"
#include "pipeline/cmd/exporting.h"
#include "pipeline/cmd/into_bank.h"
#include "pipeline/io/output.h"
#include "pipeline/out/export.h"
#include "pipeline/out/odd.h"
#include "pipeline/run/run.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* What was given instead of the original, and where it differs. */
static void tell_odd(const char *store, const vl_exported *done)
{
    char words[800];
    const size_t n = vl_odd_count(&done->odd);
    if (n)
        vl_say(stderr,
               "vial: %s: not the original, which cannot be made again: all values are, the text of %zu "
               "rows of %s is not",
               store, n, done->table);
    for (size_t told = 0; told < n;) {
        vl_odd_words(&done->odd, &told, words, sizeof words);
        vl_say(stderr, "vial: %s: %s %s", store, done->table, words);
    }
}

int vl_export_one(const vl_export *ask, bool tell)
{
    vl_err err = VL_ERR_INIT;
    vl_exported done = { 0 };
    if (vl_export_run(ask, &done, &err)) return vl_report(&err);
    tell_odd(ask->store, &done);
    if (tell && done.other)
        vl_say(stderr, "vial: %s: %" PRIu64 " bytes as %s%s%s", ask->store, done.bytes, done.other->title,
               done.lacks ? ": " : "", done.lacks ? done.lacks : "");
    else if (tell)
        vl_say(stderr, "vial: %s: %" PRIu64 " bytes%s%s", ask->store, done.bytes,
               ask->delivered ? "" : " of text", done.compared ? ", equal to the original" : "");
    vl_buf_free(&done.odd);
    return EX_OK;
}

static int run(const vl_command *me, int argc, char **argv)
{
    bool quiet = false, dry = false;
    int rest = 0, code = 0;
    const char *bank = NULL, *where = NULL;
    char path[VL_BANK_PATH];
    vl_err err = VL_ERR_INIT;
    const char *one = NULL;
    vl_export ask = { 0 };
    const vl_opt opt[] = {
        { 'o', "output", VL_OPT_TEXT, &one, "FILE",
          "one file; pairs interleaved; default: standard output; with --where: a folder" },
        { '1', "", VL_OPT_TEXT, &ask.out[0], "R1", "file of the first mates" },
        { '2', "", VL_OPT_TEXT, &ask.out[1], "R2", "file of the second mates" },
        { 0, "format", VL_OPT_TEXT, &ask.format, "F",
          "another format of the kind; default: what FILE or R1 ends in, else as they came" },
        { 0, "original", VL_OPT_FLAG, &ask.delivered, NULL,
          "the file that was delivered, packed as it was, byte for byte" },
        { 0, "values", VL_OPT_FLAG, &ask.values, NULL,
          "where the original cannot be made again: a valid text of the same values" },
        { 0, "level", VL_OPT_CHOICE, &ask.level, "N", "of BGZF, 0 to 12; usual: what suits the name",
          .choices = VL_OUTPUT_LEVELS },
        { 0, "force", VL_OPT_FLAG, &ask.force, NULL, "replace files that exist" },
        { 'b', "bank", VL_OPT_TEXT, &bank, "BANK", "STORE is SAMPLE or SAMPLE/ACQUISITION of this bank" },
        { 0, "where", VL_OPT_TEXT, &where, "EXPR",
          "all stores of the bank for which this holds (vial help ls), into the folder -o" },
        { 'n', "dry-run", VL_OPT_FLAG, &dry, NULL,
          "with --where: only lists which store becomes which file" },
        { '@', "threads", VL_OPT_COUNT, &ask.threads, "N", "threads; default: all cores" },
        { 'q', "quiet", VL_OPT_FLAG, &quiet, NULL, "no progress, no summary" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    ask.threads = ask.threads ? ask.threads : vl_cores();
    ask.what = "export";
    ask.progress = quiet ? VL_PROGRESS_OFF : VL_PROGRESS_AUTO;
    if (ask.delivered && (ask.format || ask.values || ask.level))
        return vl_usage(me, "--original goes without --format, --values and --level");
    if (where) {
        if (argc != rest) return vl_usage(me, "either a store or --where");
        if (ask.format) return vl_usage(me, "--format goes with one store");
        if (ask.out[0] || ask.out[1] || (!one && !dry)) return vl_usage(me, "--where needs -o FOLDER");
        return vl_export_all(&(vl_export_where){ bank, where, one, dry, quiet, ask });
    }
    if (dry) return vl_usage(me, "--dry-run goes with --where");
    if (argc - rest != 1) return vl_usage(me, argc == rest ? "no store" : "one store at a time");
    if (!ask.out[0] != !ask.out[1]) return vl_usage(me, "-1 and -2 go together");
    if (ask.out[0] && one) return vl_usage(me, "either -o or -1 and -2");
    if (ask.out[0] && !strcmp(ask.out[0], ask.out[1])) return vl_usage(me, "-1 and -2 name the same file");
    if (!ask.out[0]) ask.out[0] = one ? one : "-";
    if (vl_name_store(bank, argv[rest], path, &err)) return vl_report(&err);
    for (int i = 0; i < 2; i++)
        if (ask.out[i] && strcmp(ask.out[i], "-") && vl_same_file(ask.out[i], path))
            return vl_usage(me, "%s is the store itself, it cannot be the output as well", ask.out[i]);
    ask.store = path;
    ask.by_name = !ask.delivered;
    return vl_export_one(&ask, !quiet && strcmp(ask.out[0], "-"));
}

static void list_examples(void)
{
    printf("\n");
    for (int i = 0; vl_formats[i]; i++)
        printf("%s", vl_formats[i]->example_back ? vl_formats[i]->example_back : "");
}

const vl_command vl_command_export = {
    "export",
    "[options] STORE | -b BANK --where EXPR -o FOLDER",
    "gives the original back, byte for byte",
    "The text is what was ingested, decompressed. A name that ends in .gz, .bgz or .bam is written as "
    "BGZF,\nwhich every gzip reads, one in .zst as zstd; .bz2, .xz and the like are refused.\n"
    "Lanes that were joined come as one file; 'vial split' gives each by itself, under its name.\n"
    "--format, or the ending of a name, asks for another format of the same kind: a conversion, compared "
    "with "
    "nothing.\n"
    "--original gives the file that was delivered, packed as it was, and compares it with its SHA-256: of "
    "stores that\n"
    "came in with --original now, or that a night has described since; 'vial info' says so of each file. "
    "Several files\n"
    "need 'vial split --original'.\n"
    "Pairs go to -1 and -2 as they came, or interleaved to -o or standard output. The text is compared with "
    "the hash\n"
    "taken at ingest; if it differs the exit code is 65 and no file is left. Stores of earlier versions may "
    "hold "
    "parts whose\n"
    "compressed bytes were neither proven nor kept, and a library may compress otherwise one day: --values "
    "gives a valid text\n"
    "of the same values then, with lengths, index and checksum that fit, and says on standard error which "
    "rows differ. Of\n"
    "a store that can give the original it is the original.\n"
    "\n"
    "--where exports all stores of a bank for which EXPR holds, under the names that their inputs had; lanes "
    "that "
    "were\n"
    "joined get the acquisition's name. If two files would have one name, all lie in a folder for each "
    "sample, or for\n"
    "each of its acquisitions. What exists is not replaced without --force, and what cannot be exported is "
    "named and\n"
    "costs the others nothing: the exit code is the worst. It is 0 also when nothing matches.\n"
    "\n"
    "  vial export -b /bank --where \"specimen_type = 'DNA'\" -o for_alice\n"
    "  vial export -b /bank --where \"donor = 'D1'\" -n             which files that would be\n",
    run,
    list_examples
};
