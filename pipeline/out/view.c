/* View (view.h): opens the store, lets its kind find the rows, and moves them through plan, print and emit. */
#include "pipeline/out/view.h"

#include "pipeline/run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct view {
    vl_viewer v;
    const vl_question *question;
    vl_store *store;
    vl_output *out;
    vl_load *load; /* owned; [nload] */
    int nload;
} view;

static vl_code plan(void *self, vl_slot *slot, vl_err *err)
{
    view *const w = self;
    vl_load *const load = slot->body;
    load->n = load->skip = 0;
    load->text.len = 0;
    if (w->v.rows.at < w->v.rows.n && w->question->plan(&w->v, load, err)) return err->code;
    slot->end = w->v.rows.at == w->v.rows.n;
    return VL_OK;
}

static vl_code print(void *self, vl_slot *slot, vl_err *err)
{
    const view *const w = self;
    vl_load *const load = slot->body;
    if (!load->n || w->question->load(&w->v, load, err)) return err->code;
    return w->v.form->print(&w->v, load, err);
}

static vl_code emit(void *self, vl_slot *slot, vl_err *err)
{
    view *const w = self;
    const vl_load *const load = slot->body;
    return vl_output_write(w->out, load->text.data, load->text.len, err);
}

/* ---- what is asked ---- */

/* Appends a word to a list in words: "a", "a, b". */
static void list(char *text, size_t n, const char *word)
{
    const size_t used = strlen(text);
    snprintf(text + used, n - used, "%s%s", used ? ", " : "", word);
}

/* An option that no question of this kind has: whose it is. */
static vl_code wrong_kind(const vl_kind *kind, const char *name, vl_err *err)
{
    char owners[128] = "";
    for (int i = 0; vl_kinds[i]; i++)
        if (vl_opt_find(vl_kinds[i]->question->option, name)) list(owners, sizeof owners, vl_kinds[i]->rows);
    return vl_fail(err, VL_EARG, "--%s asks for %s, the store holds %s", name, owners, kind->rows);
}

static vl_code take_options(vl_viewer *v, vl_err *err)
{
    static const vl_given none = { .n = 0 };
    const vl_question *const q = v->kind->question;
    const vl_given *const given = v->ask->given ? v->ask->given : &none;
    for (int i = 0; i < given->n; i++)
        if (!vl_opt_find(q->option, given->option[i].name))
            return wrong_kind(v->kind, given->option[i].name, err);
    if (!(v->asked = calloc(1, q->size + 1))) return vl_fail(err, VL_ENOMEM, "no memory for a question");
    if (q->defaults) q->defaults(v->asked);
    return vl_opt_set_all(q->option, v->asked, given, err);
}

/* The form of that name; columns are of one that takes them. */
static vl_code choose_form(vl_viewer *v, vl_err *err)
{
    const vl_form *const *const form = v->kind->question->form;
    char known[128] = "";
    for (int i = 0; form[i]; i++) {
        const bool fits =
            v->ask->form ? !strcmp(form[i]->name, v->ask->form) : !v->ask->columns || form[i]->columns;
        if (fits && !v->form) v->form = form[i];
        list(known, sizeof known, form[i]->name);
    }
    if (!v->form)
        return vl_fail(err, VL_EARG, "%s are printed as %s, not as '%.40s'", v->kind->rows, known,
                       v->ask->form);
    if (v->ask->columns && !v->form->columns) return vl_fail(err, VL_EARG, "--columns goes with -O tsv");
    return VL_OK;
}

static vl_code want_field(vl_viewer *v, int field, vl_err *err)
{
    const vl_columns *const c = vl_reader_columns(v->r);
    if (field < c->nprogram) return VL_OK;
    if (!v->want && vl_reader_want(v->r, NULL, 0, &v->want, err)) return err->code;
    for (int f = 0; f < c->nprogram; f++) v->want[f] = true;
    v->want[field] = true;
    return VL_OK;
}

static vl_code choose_columns(vl_viewer *v, vl_err *err)
{
    for (const char *p = v->ask->columns ? v->ask->columns : v->kind->question->usual; *p;) {
        const size_t n = strcspn(p, ",");
        if (v->ncolumn == VL_VIEW_COLUMNS)
            return vl_fail(err, VL_EARG, "more than %d columns", VL_VIEW_COLUMNS);
        vl_chosen *const c = &v->column[v->ncolumn++];
        if (vl_view_find_column(v, p, n, c, err) || (!c->own && want_field(v, c->field, err)))
            return err->code;
        p += n + (p[n] == ',');
    }
    return v->ncolumn ? VL_OK : vl_fail(err, VL_EARG, "no columns");
}

/* ---- the whole ---- */

static vl_code open_store(view *w, const vl_view *ask, vl_err *err)
{
    vl_viewer *const v = &w->v;
    v->ask = ask;
    if (vl_store_open(&w->store, ask->store, err) || vl_kind_of(&v->kind, w->store, err)) return err->code;
    if (take_options(v, err) || choose_form(v, err)) return err->code;
    if (vl_reader_open(&v->r, w->store, v->kind->schema, v->kind->old, err)) return err->code;
    if (choose_columns(v, err)) return err->code;
    w->question = v->kind->question;
    return w->question->open(v, err);
}

static vl_code move(view *w, int threads, vl_err *err)
{
    const vl_stage stage[] = { { "plan", VL_ORDERED, plan, w },
                               { "print", VL_PARALLEL, print, w },
                               { "emit", VL_ORDERED, emit, w } };
    vl_slot *const slot = calloc((size_t)w->nload, sizeof *slot);
    if (!slot) return vl_fail(err, VL_ENOMEM, "no memory for %d slots", w->nload);
    for (int i = 0; i < w->nload; i++) slot[i].body = &w->load[i];
    vl_run(stage, 3, slot, w->nload, threads, NULL, err);
    free(slot);
    return err->code;
}

static vl_code make_loads(view *w, int threads, vl_err *err)
{
    w->nload = vl_slots_for(threads);
    w->load = calloc((size_t)w->nload, sizeof *w->load);
    if (!w->load) return vl_fail(err, VL_ENOMEM, "no memory for %d slots", w->nload);
    for (int i = 0; i < w->nload; i++)
        if (vl_plan_init(&w->load[i].plan, w->v.r, err)) return err->code;
    return VL_OK;
}

static vl_code put(view *w, vl_code (*print_text)(vl_viewer *v, vl_buf *text, vl_err *err), vl_err *err)
{
    vl_buf text = { 0 };
    if (print_text && !print_text(&w->v, &text, err)) vl_output_write(w->out, text.data, text.len, err);
    vl_buf_free(&text);
    return err->code;
}

static vl_code print_all(view *w, const vl_view *ask, vl_err *err)
{
    if (put(w, w->v.form->head, err) || move(w, ask->threads, err)) return err->code;
    if (!w->v.rows.n && w->question->missed && w->question->missed(&w->v, err)) return err->code;
    return put(w, w->v.form->tail, err) ? err->code : vl_output_commit(w->out, err);
}

static void free_loads(view *w)
{
    for (int i = 0; w->load && i < w->nload; i++) {
        vl_load *const load = &w->load[i];
        vl_plan_free(w->v.r, &load->plan);
        if (load->own && w->question->drop) w->question->drop(load);
        vl_buf_free(&load->text);
        vl_work_free(&load->work);
    }
    free(w->load);
}

vl_code vl_view_run(const vl_view *ask, char note[VL_VIEW_NOTE], vl_err *err)
{
    view w = { 0 };
    note[0] = 0;
    if (open_store(&w, ask, err)) {
        if (err->code != VL_EARG) vl_err_file(err, ask->store);
        goto out;
    }
    if (make_loads(&w, ask->threads, err) || vl_output_open(&w.out, ask->out, ask->force, err)) goto out;
    if (print_all(&w, ask, err)) vl_err_file(err, ask->store);
    else if (w.question->note) w.question->note(&w.v, note);
out:
    free_loads(&w);
    vl_output_close(w.out);
    if (w.question) w.question->close(&w.v);
    free(w.v.asked);
    free(w.v.want);
    free(w.v.rows.run);
    vl_work_free(&w.v.work);
    vl_reader_close(w.v.r);
    vl_store_close(w.store);
    return err->code;
}
