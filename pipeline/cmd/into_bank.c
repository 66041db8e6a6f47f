/* vial ingest -b BANK: a sheet, or one acquisition, into a bank. */
#include "pipeline/cmd/into_bank.h"

#include "pipeline/cmd/check_sheet.h"

#include "pipeline/bank/case_twins.h"
#include "pipeline/bank/intake/deposit.h"
#include "pipeline/bank/intake/intake.h"
#include "pipeline/bank/keep.h"
#include "pipeline/bank/intake/receipt.h"
#include "pipeline/bank/sheet/sheet.h"
#include "pipeline/in/twice.h"
#include "pipeline/io/names.h"
#include "pipeline/io/sniff.h"
#include "pipeline/io/source.h"
#include "pipeline/run/say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

bool vl_parse_part(const char *text, int *part, int *parts)
{
    char end;
    return sscanf(text, "%d/%d%c", part, parts, &end) == 2 && *part >= 1 && *part <= *parts &&
           *parts <= 1000000;
}

bool vl_names_in_bank(const char *bank_path, const char *name)
{
    const char *const set = getenv("VIAL_BANK");
    return bank_path || (set && *set && access(name, F_OK));
}

vl_code vl_name_store(const char *bank_path, const char *name, char path[VL_BANK_PATH], vl_err *err)
{
    vl_bank bank = { 0 };
    if (!vl_names_in_bank(bank_path, name)) {
        if (strlen(name) >= VL_BANK_PATH) return vl_fail(err, VL_EARG, "the path is too long");
        memcpy(path, name, strlen(name) + 1);
        return VL_OK;
    }
    if (!vl_bank_open(&bank, bank_path, err)) vl_keep_find(&bank, name, NULL, path, err);
    vl_bank_close(&bank);
    return err->code;
}

/* ---- items ---- */

static int tell_sheet_errors(const vl_sheet *sheet, const char *path)
{
    for (size_t i = 0; i < sheet->nerror; i++) {
        const vl_sheet_error *const e = &sheet->error[i];
        char column[32] = "";
        if (e->column) snprintf(column, sizeof column, ", column %" PRIu32, e->column);
        vl_say(stderr, "vial: %s: line %" PRIu32 "%s: %s", path, e->line, column, e->what);
    }
    vl_say(stderr, "vial: %s: %zu error%s; nothing was started", path, sheet->nerror, vl_s(sheet->nerror));
    return EX_DATAERR;
}

static vl_code add_item(const vl_into_bank *ask, vl_inputs *inputs, vl_items *items, vl_err *err)
{
    char name[256];
    vl_inputs_acquisition(inputs, name);
    vl_item *const item = vl_items_add(items, err);
    if (!item) return err->code;
    const char *const acquisition = ask->acquisition && *ask->acquisition ? ask->acquisition : name;
    const char *const wrong = vl_item_bad_name(acquisition);
    if (wrong) return vl_fail(err, VL_EARG, "acquisition '%.100s': %s", acquisition, wrong);
    item->sample = strdup(ask->sample);
    item->acquisition = strdup(acquisition);
    if (!item->sample || !item->acquisition) return vl_fail(err, VL_ENOMEM, "no memory for an item");
    vl_inputs_name_roles(inputs);
    item->inputs = *inputs;
    *inputs = (vl_inputs){ 0 };
    return VL_OK;
}

/* Two rows of files are mates when both are of a format that has mates, and they are the only ones or their
 * names say so. */
static vl_code are_mates(const vl_into_bank *ask, const vl_inputs *a, const vl_inputs *b, bool *mates,
                         vl_err *err)
{
    const char *const one = a->file[0].path, *const two = b->file[0].path;
    const vl_mates say = vl_name_mates(one, two);
    const vl_format *format[2] = { NULL };
    *mates = false;
    if (vl_given_find(ask->given, "interleaved") || vl_inputs_nstream(a) > 1 || vl_inputs_nstream(b) > 1)
        return VL_OK;
    if (say == VL_MATES_NO || (say == VL_MATES_MAYBE && ask->nfile > 2)) return VL_OK;
    if (vl_look_format(one, &format[0], err) || vl_look_format(two, &format[1], err)) return err->code;
    *mates = format[0] && format[0]->mates && format[1] && format[1]->mates;
    return VL_OK;
}

/* The files of argument i, and of the next if those are their mates. *taken: arguments. */
static vl_code gather(const vl_into_bank *ask, int i, vl_inputs *inputs, int *taken, vl_err *err)
{
    bool mates = false;
    vl_inputs next = { 0 };
    *taken = 1;
    if (vl_source_gather(ask->file[i], 0, inputs, err) || i + 1 == ask->nfile) return err->code;
    if (!vl_source_gather(ask->file[i + 1], 0, &next, err) && !are_mates(ask, inputs, &next, &mates, err) &&
        mates) {
        *taken = 2;
        vl_source_gather(ask->file[i + 1], 1, inputs, err);
    }
    vl_inputs_free(&next);
    return err->code;
}

/* A file that two items name is one too many. */
static vl_code refuse_twice(const vl_items *items, vl_err *err)
{
    vl_inputs all = { 0 };
    for (size_t i = 0; i < items->n; i++)
        for (size_t k = 0; k < items->item[i].inputs.n && !err->code; k++)
            vl_inputs_add(&all, 0, items->item[i].inputs.file[k].path, err);
    if (!err->code) vl_refuse_twice(&all, err);
    vl_inputs_free(&all);
    return err->code;
}

static vl_code items_from_files(const vl_into_bank *ask, vl_items *items, vl_err *err)
{
    const char *const wrong = vl_item_bad_name(ask->sample);
    if (wrong) return vl_fail(err, VL_EARG, "sample '%.100s': %s", ask->sample, wrong);
    for (int i = 0, taken = 0; i < ask->nfile; i += taken) {
        vl_inputs inputs = { 0 };
        if (!gather(ask, i, &inputs, &taken, err)) add_item(ask, &inputs, items, err);
        vl_inputs_free(&inputs);
        if (err->code) return err->code;
    }
    if (items->n > 1 && ask->acquisition && *ask->acquisition)
        return vl_fail(err, VL_EARG, "--acquisition names one, the files hold %zu", items->n);
    return refuse_twice(items, err);
}

/* A line for each id that differs by case only, the first few. */
typedef struct twins_told {
    const char *sheet; /* NULL: files of the command line */
    uint64_t n;
} twins_told;

static void tell_twin(void *to, const char *id, const char *other, bool in_bank)
{
    enum { MOST = 10 };
    twins_told *const told = to;
    if (told->n++ < MOST)
        vl_say(stderr, "vial: %s%ssample '%s': %s '%s' differs by case only; they stay two samples",
               told->sheet ? told->sheet : "", told->sheet ? ": " : "", id,
               in_bank ? "the bank's" : "the sheet's", other);
    else if (told->n == MOST + 1) vl_say(stderr, "vial: more ids differ by case only");
}

/* No error of its own: what cannot be asked now fails in the run. */
static void tell_twins(const vl_into_bank *ask, const vl_bank *bank, const vl_items *items)
{
    vl_err err = VL_ERR_INIT;
    vl_catalog *c = NULL;
    twins_told told = { .sheet = ask->sheet };
    if (bank && vl_catalog_open(&c, bank, false, &err)) vl_err_clear(&err);
    vl_case_twins(items, c, tell_twin, &told, &err);
    vl_catalog_close(c);
}

/* ---- the intake ---- */

static vl_code run_here(vl_intake *in, vl_intake_sum *sum, vl_err *err)
{
    vl_catalog_job job = { .what = "ingest", .started_at = vl_bank_now() };
    uint64_t recovered = 0;
    if (vl_keep_open(in->bank, &in->catalog, err) ||
        vl_intake_recover(in->bank, in->catalog, &recovered, err) ||
        vl_catalog_start_job(in->catalog, &job, &in->job, err))
        return err->code;
    vl_intake_run(in, sum, err);
    vl_err why = VL_ERR_INIT;
    vl_intake_sum_job(sum, &job);
    vl_catalog_end_job(in->catalog, in->job, &job, &why);
    if (!err->code) *err = why;
    return err->code;
}

static vl_code run_task(vl_intake *in, const vl_into_bank *ask, int task, int tasks, vl_intake_sum *sum,
                        vl_err *err)
{
    const double started = vl_bank_now();
    vl_bank_settle_mask(in->bank);
    if (!(in->receipt = vl_receipt_new(err))) return err->code;
    vl_receipt_part(in->items, task, tasks);
    vl_intake_run(in, sum, err);
    vl_err why = VL_ERR_INIT;
    vl_receipt_write(in->bank, in->receipt, ask->sheet, task, tasks, started, sum, &why);
    if (!err->code) *err = why;
    return err->code;
}

static int run_intake(const vl_into_bank *ask, const vl_bank *bank, vl_items *items)
{
    int task = 0, tasks = 0;
    char options[VL_OPTIONS];
    vl_intake_sum sum = { 0 };
    vl_err err = VL_ERR_INIT;
    vl_given_print(ask->given, options, sizeof options);
    vl_intake in = { .bank = bank,
                     .items = items,
                     .sheet = ask->sheet,
                     .profile = ask->profile,
                     .threads = ask->threads,
                     .jobs = ask->jobs,
                     .max_memory = ask->max_memory,
                     .supersede = ask->supersede,
                     .mates_as_given = ask->mates_as_given,
                     .same_data = ask->same_data,
                     .reference = ask->reference,
                     .sites = ask->sites,
                     .originals = ask->originals,
                     .correct = ask->correct,
                     .options = options,
                     .quiet = ask->quiet,
                     .progress = ask->progress };
    if (ask->task && vl_parse_part(ask->task, &task, &tasks)) run_task(&in, ask, task, tasks, &sum, &err);
    else run_here(&in, &sum, &err);
    vl_catalog_close(in.catalog);
    json_decref(in.receipt);
    if (!ask->quiet || sum.exit_code) vl_intake_tell(&sum);
    return err.code ? vl_report(&err) : sum.exit_code;
}

static vl_code read_sheet(const vl_into_bank *ask, vl_sheet *sheet, vl_err *err)
{
    return ask->correct ? vl_sheet_read_correcting(sheet, ask->sheet, err)
                        : vl_sheet_read(sheet, ask->sheet, err);
}

int vl_ingest_into_bank(const vl_command *me, const vl_into_bank *ask)
{
    vl_bank bank = { 0 };
    vl_sheet sheet = { 0 };
    vl_items one = { 0 };
    vl_err err = VL_ERR_INIT;
    int code = EX_OK, part, parts;
    if (ask->task && (!ask->sheet || !vl_parse_part(ask->task, &part, &parts)))
        return vl_usage(me, "--task N/M goes with --sheet, N from 1 to M");
    if (ask->correct && !ask->sheet) return vl_usage(me, "--correct goes with --sheet");
    if (ask->reference && access(ask->reference, R_OK)) { /* before it costs each item its place */
        vl_fail_open(&err, ask->reference, errno);
        vl_err_file(&err, ask->reference);
        return vl_report(&err);
    }
    if (ask->check && !ask->sheet) return vl_usage(me, "--check goes with --sheet");
    if (ask->json && !ask->check) return vl_usage(me, "--json goes with --check");
    const bool asks = !ask->check || ask->bank || getenv("VIAL_BANK"); /* a sheet alone needs no bank */
    if ((asks && vl_bank_open(&bank, ask->bank, &err)) ||
        (ask->sheet ? read_sheet(ask, &sheet, &err) : items_from_files(ask, &one, &err)))
        code = vl_report(&err);
    else if (sheet.nerror) code = tell_sheet_errors(&sheet, ask->sheet);
    else tell_twins(ask, asks ? &bank : NULL, ask->sheet ? &sheet.items : &one);
    if (ask->check && !err.code) code = vl_check_sheet(ask, asks ? &bank : NULL, &sheet);
    else if (!code) code = run_intake(ask, &bank, ask->sheet ? &sheet.items : &one);
    vl_items_free(&one);
    vl_sheet_free(&sheet);
    vl_bank_close(&bank);
    return code;
}
