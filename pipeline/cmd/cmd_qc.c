/* vial qc: what was counted of a store's data when it came in. */
#include "pipeline/cmd/into_bank.h"
#include "pipeline/cmd/qc_bank.h"
#include "pipeline/io/output.h"
#include "pipeline/out/qc.h"
#include "pipeline/run/say.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static void list_forms(void)
{
    for (int i = 0; vl_kinds[i]; i++) {
        const vl_measure *m = vl_kinds[i]->measures ? vl_kinds[i]->measures->list : NULL;
        if (m)
            printf("\nMeasures of %s, for NAME_min and NAME_max in [qc] of bank.ini:\n", vl_kinds[i]->rows);
        for (; m && m->name; m++) printf("  %-14s %s\n", m->name, m->doc);
    }
    for (int i = 0; vl_kinds[i]; i++) {
        if (!vl_kinds[i]->qc) continue;
        printf("\nForms for %s:\n", vl_kinds[i]->rows);
        for (int f = 0; vl_kinds[i]->qc[f]; f++)
            printf("  %-10s %s\n", vl_kinds[i]->qc[f]->name, vl_kinds[i]->qc[f]->doc);
    }
}

/* Of a store of a bank, by the limits of that bank. */
static vl_code print(const char *bank_path, const char *name, vl_qc_ask *ask, char note[VL_QC_NOTE],
                     vl_err *err)
{
    char path[VL_BANK_PATH];
    vl_bank bank = { 0 };
    if (vl_name_store(bank_path, name, path, err)) return err->code;
    ask->store = path;
    if (strcmp(ask->out, "-") && vl_same_file(ask->out, path))
        vl_fail(err, VL_EARG, "%s is the store itself, it cannot be the output as well", ask->out);
    if (!err->code && vl_names_in_bank(bank_path, name) && !vl_bank_open(&bank, bank_path, err)) {
        ask->limit = bank.limit;
        ask->nlimit = bank.nlimit;
    }
    if (!err->code) vl_qc_run(ask, note, err);
    vl_bank_close(&bank);
    return err->code;
}

static int run(const vl_command *me, int argc, char **argv)
{
    vl_qc_ask ask = { .out = "-" };
    int rest = 0, code = 0;
    const char *bank = NULL;
    bool json = false;
    char note[VL_QC_NOTE] = "";
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 'O', "output-format", VL_OPT_TEXT, &ask.form, "F", "what to print; see below; default: text" },
        { 0, "json", VL_OPT_FLAG, &json, NULL, "the same as -O json" },
        { 'o', "output", VL_OPT_TEXT, &ask.out, "OUT",
          "file, or folder for a form of several files; default: standard output" },
        { 0, "name", VL_OPT_TEXT, &ask.name, "NAME",
          "what the data is called there; default: its sample, or the store's file" },
        { 0, "rules", VL_OPT_TEXT, &ask.rules, "VERSION",
          "of the program whose numbers these are; see below" },
        { 0, "adapters", VL_OPT_TEXT, &ask.list, "FILE",
          "names of sequences that occur often, a line each: name, tabulator, letters" },
        { 0, "force", VL_OPT_FLAG, &ask.force, NULL, "replace files that exist" },
        { 'b', "bank", VL_OPT_TEXT, &bank, "BANK",
          "SAMPLE or SAMPLE/ACQUISITION of this bank, or all of it" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (json && ask.form) return vl_usage(me, "either --json or -O");
    if (argc == rest && vl_names_in_bank(bank, "")) {
        if (ask.form || ask.name || ask.list || ask.rules || strcmp(ask.out, "-"))
            return vl_usage(me, "of a whole bank there is a table, or --json, to standard output");
        return vl_qc_bank(bank, json);
    }
    if (argc - rest != 1) return vl_usage(me, argc == rest ? "no store" : "one store at a time");
    if (json) ask.form = "json";
    if (print(bank, argv[rest], &ask, note, &err)) return vl_report(&err);
    if (*note) vl_say(stderr, "vial: %s: %s", argv[rest], note);
    return EX_OK;
}

const vl_command vl_command_qc = {
    "qc",
    "[-O F] [-o OUT] STORE | -b BANK [SAMPLE]",
    "prints how good the data of a store is, as counted when it came in",
    "Of reads and alignments nothing is read again: these are tables of the store, under /qc. What a store "
    "of "
    "an earlier\n"
    "version lacks is said; ingest the data again to have it. Of spectra it is made of columns of the store "
    "and "
    "of the\n"
    "peaks of up to 400 MS1 spectra; docs/spectra-qc.md says what the numbers are, form mzqc is mzQC 1.0 of "
    "HUPO-PSI.\n"
    "Form fastqc is a folder a mate with FastQC's fastqc_data.txt and summary.txt, by the rules of its "
    "version 0.11.9,\n"
    "all that --rules may name so far. It says of sequences that occur often which of a list they look like: "
    "of\n"
    "--adapters, else of FastQC's own list where it is installed, else of the adapters that are counted. "
    "Form json is\n"
    "fastp's report, as far as it is of reads before its filters: totals, copies, fragments by the overlap "
    "of mates and\n"
    "what lies behind them, mean quality, GC and N by position. Form multiqc is all that MultiQC reads, in "
    "one folder.\n"
    "Of alignments, json is all that was counted of them (docs/json.schema.json), multiqc files of flagstat "
    "and "
    "idxstats.\n"
    "With a bank, limits of its section [qc] make a store yellow or red: q30_min = 85 75 is yellow below 85 "
    "and "
    "red\n"
    "below 75, adapter_max = 5 yellow above 5. Without SAMPLE all its stores are listed with their measures, "
    "tab-\n"
    "separated, red and yellow ones first, or as JSON, an object a line.\n"
    "Examples:\n"
    "  vial qc S1.h5\n"
    "  vial qc --json S1.h5 > S1.fastp.json\n"
    "  vial qc -b /data/bank\n"
    "  vial qc -b /data/bank S1 -O multiqc -o qc/ && multiqc qc/\n",
    run,
    list_forms
};
