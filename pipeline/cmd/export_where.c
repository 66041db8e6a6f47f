/*
 * vial export --where: all stores of a bank for which an expression holds, under the names of their inputs
 * (exporting.h). Each is the work of a process of its own, as in each.h: a damaged store costs the others
 * nothing.
 */
#include "pipeline/cmd/exporting.h"

#include "pipeline/bank/catalog/table.h"
#include "pipeline/bank/hand_out.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/run/guard.h"
#include "pipeline/run/say.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

typedef struct turn {
    const vl_export_where *ask;
    const vl_handed *store;
    size_t number, of;
} turn;

vl_code vl_make_folders(char *path, vl_err *err)
{
    for (char *at = path + 1; (at = strchr(at, '/')); at++) {
        *at = 0;
        const bool failed = mkdir(path, 0777) && errno != EEXIST;
        if (failed) {
            vl_fail_errno(err, errno == EACCES ? VL_EPERM : VL_EIO, errno, "cannot make the folder");
            vl_err_file(err, path);
        }
        *at = '/';
        if (failed) return err->code;
    }
    return VL_OK;
}

/* In a process of its own. */
static int hand_over(const turn *t)
{
    char path[2][VL_BANK_PATH], what[80];
    vl_err err = t->store->wrong;
    vl_export ask = t->ask->how;
    if (err.code) return vl_err_file(&err, t->store->store), vl_report(&err);
    for (int k = 0; k < 2; k++) {
        if (!t->store->file[k]) continue;
        const int n = snprintf(path[k], VL_BANK_PATH, "%s/%s", t->ask->folder, t->store->file[k]);
        if (n >= VL_BANK_PATH) vl_fail(&err, VL_EARG, "the path is too long");
        if (err.code || vl_make_folders(path[k], &err)) return vl_report(&err);
        ask.out[k] = path[k];
    }
    snprintf(what, sizeof what, "%zu/%zu %.40s", t->number, t->of, t->store->sample);
    ask.store = t->store->store;
    ask.what = what;
    return vl_export_one(&ask, false);
}

static int take_turn(void *argument) { return vl_finish(hand_over(argument)); }

static int hand_out(const vl_export_where *ask, const vl_hand_out *plan)
{
    int worst = EX_OK;
    size_t good = 0;
    for (size_t i = 0; i < plan->n; i++) {
        turn t = { ask, &plan->one[i], i + 1, plan->n };
        const int code = vl_guard(take_turn, &t);
        worst = vl_exit_worse(worst, code);
        good += code == EX_OK;
    }
    if (!ask->quiet)
        vl_say(stderr, "vial: %zu store%s: %zu exported to %s, %zu not", plan->n, vl_s(plan->n), good,
               ask->folder, plan->n - good);
    return worst;
}

/* Which store becomes which file. */
static int list(const vl_hand_out *plan)
{
    vl_err err = VL_ERR_INIT;
    vl_table t = { 0 };
    int worst = EX_OK;
    if (vl_table_open(&t, stdout, VL_LIST_TSV, 3, &err)) return vl_report(&err);
    memcpy(t.name, (const char *[]){ "sample", "acquisition", "file" }, 3 * sizeof *t.name);
    for (size_t i = 0; i < plan->n && !err.code; i++) {
        const vl_handed *const h = &plan->one[i];
        vl_err wrong = h->wrong;
        if (wrong.code) {
            vl_err_file(&wrong, h->store);
            worst = vl_exit_worse(worst, vl_report(&wrong));
        }
        for (int k = 0; k < 2 && !err.code; k++)
            if (h->file[k]) vl_table_put(&t, (const char *[]){ h->sample, h->acquisition, h->file[k] }, &err);
    }
    if (!err.code) vl_table_settle(&t, &err);
    vl_table_close(&t);
    return err.code ? vl_report(&err) : worst;
}

int vl_export_all(const vl_export_where *ask)
{
    vl_err err = VL_ERR_INIT;
    vl_bank bank = { 0 };
    vl_catalog *c = NULL;
    vl_hand_out plan = { 0 };
    int code = EX_OK;
    if (!vl_bank_open(&bank, ask->bank, &err) && !vl_catalog_open(&c, &bank, false, &err))
        vl_hand_out_plan(&bank, c, ask->expr, &plan, &err);
    vl_catalog_close(c);
    if (!err.code) code = ask->dry ? list(&plan) : hand_out(ask, &plan);
    vl_hand_out_free(&plan);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : code;
}
