/* vial split: the files back that a store was made of, each by itself. */
#include "pipeline/cmd/exporting.h"
#include "pipeline/cmd/into_bank.h"
#include "pipeline/out/originals.h"
#include "pipeline/run/run.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static int list(const vl_originals *all)
{
    printf("file\tbytes of text\n");
    for (size_t i = 0; i < all->n; i++) printf("%s\t%" PRIu64 "\n", all->file[i].path, all->file[i].bytes);
    return EX_OK;
}

/* The folder, and that no file is the store itself. */
static vl_code prepare(const vl_originals *all, const char *store, vl_err *err)
{
    char path[VL_BANK_PATH];
    for (size_t i = 0; i < all->n; i++)
        if (vl_same_file(all->file[i].path, store))
            return vl_fail(err, VL_EARG, "%.120s is the store itself", all->file[i].path);
    const int n = snprintf(path, sizeof path, "%s", all->file[0].path);
    if (n >= VL_BANK_PATH) return vl_fail(err, VL_EARG, "the path is too long");
    return vl_make_folders(path, err);
}

static vl_code find_originals(vl_originals *all, const char *path, const vl_originals_ask *ask, vl_err *err)
{
    vl_store *store = NULL;
    if (!vl_store_open(&store, path, err)) vl_originals_of(all, store, ask, err);
    vl_store_close(store);
    return vl_err_file(err, path);
}

static int run(const vl_command *me, int argc, char **argv)
{
    bool quiet = false, dry = false;
    int rest = 0, code = 0;
    const char *bank = NULL, *folder = NULL;
    char path[VL_BANK_PATH];
    vl_err err = VL_ERR_INIT;
    vl_export ask = { .what = "split" };
    vl_originals all = { 0 };
    const vl_opt opt[] = {
        { 'o', "output", VL_OPT_TEXT, &folder, "FOLDER", "where the files go; made if it is missing" },
        { 0, "original", VL_OPT_FLAG, &ask.delivered, NULL,
          "packed as they were, byte for byte (vial help export)" },
        { 0, "force", VL_OPT_FLAG, &ask.force, NULL, "replace files that exist" },
        { 'n', "dry-run", VL_OPT_FLAG, &dry, NULL, "only lists which files that would be" },
        { 'b', "bank", VL_OPT_TEXT, &bank, "BANK", "STORE is SAMPLE or SAMPLE/ACQUISITION of this bank" },
        { '@', "threads", VL_OPT_COUNT, &ask.threads, "N", "threads; default: all cores" },
        { 'q', "quiet", VL_OPT_FLAG, &quiet, NULL, "no progress, no summary" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (argc - rest != 1) return vl_usage(me, argc == rest ? "no store" : "one store at a time");
    if (!folder && !dry) return vl_usage(me, "-o FOLDER is missing");
    if (folder && !*folder) return vl_usage(me, "-o '' is no folder");
    if (vl_name_store(bank, argv[rest], path, &err)) return vl_report(&err);
    ask.threads = ask.threads ? ask.threads : vl_cores();
    ask.progress = quiet ? VL_PROGRESS_OFF : VL_PROGRESS_AUTO;
    ask.store = path;
    ask.originals = &all;
    const vl_originals_ask names = { .folder = folder ? folder : ".", .delivered = ask.delivered };
    if (find_originals(&all, path, &names, &err) || (!dry && prepare(&all, path, &err)))
        code = vl_report(&err);
    else code = dry ? list(&all) : vl_export_one(&ask, !quiet);
    vl_originals_free(&all);
    return code;
}

const vl_command vl_command_split = {
    "split",
    "[options] STORE -o FOLDER",
    "gives the files back that a store was made of, each by itself",
    "Lanes that were joined come apart again, where they were, under the names that they had. A file that "
    "was\n"
    "gzip is written as BGZF, one that was zstd as zstd, all others as they were, whatever their names "
    "promise:\n"
    "the text of each is that of the file, byte for byte. All of it is compared with the hash taken at "
    "ingest;\n"
    "if it differs, or a file of such a name exists, the exit code is not 0 and no file is left.\n"
    "'vial export' gives lanes as one file. With --original each is the file that was delivered, to the "
    "byte.\n"
    "\n"
    "  vial split S1.h5 -o lanes\n"
    "  vial split -b /bank S1/L001 -n\n",
    run,
    NULL
};
