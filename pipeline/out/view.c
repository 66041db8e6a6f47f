/* View (view.h): opens the store, lets its kind find the rows, and moves them through plan, unpack,
 * print and emit. */
#include "pipeline/out/view.h"

#include "pipeline/io/names.h"
#include "pipeline/out/view_order.h"
#include "pipeline/run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What one slot carries: loads whose rows lie within vl_question.span, so that rows here and there do not
 * cost a turn each, and their chunks are no more than those of neighbours. */
typedef struct bunch {
    vl_load *load; /* owned; [nload], of which n are filled */
    int n, nload;
    vl_work work;
    vl_buf text;
    vl_buf ends;   /* u64 of each row: where its text ends; only where rows are put in another order */
    vl_buf packed; /* the same as it goes out, if that is packed */
} bunch;

typedef struct view {
    vl_viewer v;
    const vl_question *question;
    vl_store *store;
    vl_output *out;
    vl_view_order *order; /* owned; NULL: rows are printed as they stand */
    bunch *bunch;         /* owned; [nbunch] */
    int nbunch;
    bool near; /* all rows lie near each other */
} view;

/* One load more; those there stay where they are while others work with them. */
static vl_code add_load(view *w, bunch *b, vl_load **out, vl_err *err)
{
    if (b->n == b->nload) {
        vl_load *const p = realloc(b->load, ((size_t)b->nload + 1) * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for rows");
        b->load = p;
        b->load[b->nload] = (vl_load){ .n = 0 };
        if (vl_plan_init(&b->load[b->nload++].plan, w->v.r, err)) return err->code;
    }
    *out = &b->load[b->n++];
    (*out)->n = (*out)->skip = 0;
    (*out)->work = &w->v.work;
    return VL_OK;
}

/* The next rows, `most` at most, and those behind them as long as no more than a gap lies between. */
static vl_code take_rows(view *w, size_t most, vl_load *load, vl_err *err)
{
    vl_rows *const rows = &w->v.rows;
    uint64_t first = vl_rows_next(rows), end;
    load->first = first;
    load->picked.n = 0;
    do {
        const size_t n = vl_rows_take(rows, most - (size_t)(first - load->first), &first);
        if (vl_rows_append(&load->picked, first, n, err)) return err->code;
        end = first + n;
        first = vl_rows_next(rows);
    } while (first != UINT64_MAX && first >= end && first - end <= w->question->gap &&
             first - load->first < most);
    load->n = (size_t)(end - load->first);
    return VL_OK;
}

/* The next load, of at most *left elements, from which its own are taken off. */
static vl_code pick(view *w, vl_load *load, uint64_t *left, vl_err *err)
{
    const vl_rows before = w->v.rows;
    uint64_t elements = 0;
    if (take_rows(w, w->question->block, load, err) || !w->question->weigh) return err->code;
    size_t n = load->n;
    if (w->question->weigh(&w->v, load->first, *left, &n, &elements, err)) return err->code;
    *left -= elements < *left ? elements : *left;
    if (n == load->n) return VL_OK;
    w->v.rows.at = before.at;
    w->v.rows.done = before.done;
    return take_rows(w, n, load, err);
}

static vl_code plan(void *self, vl_slot *slot, vl_err *err)
{
    enum { MOST = 256, ELEMENTS = 1 << 20 };
    view *const w = self;
    bunch *const b = slot->body;
    const vl_rows *const rows = &w->v.rows;
    uint64_t last = 0, left = ELEMENTS;
    b->n = 0;
    b->text.len = 0;
    while (rows->at < rows->n && b->n < MOST && left) {
        const uint64_t next = vl_rows_next(rows);
        vl_load *load = NULL;
        if (!b->n) last = next + (w->question->span ? w->question->span : 1);
        if (next >= last) break;
        if (w->near) vl_reader_brief(w->v.r, vl_rows_share(rows, next, w->question->block));
        if (add_load(w, b, &load, err) || pick(w, load, &left, err)) return err->code;
        if (w->near) vl_reader_brief(w->v.r, vl_rows_share(rows, next, load->n));
        if (w->question->plan(&w->v, load, err)) return err->code;
    }
    slot->end = rows->at == rows->n;
    return VL_OK;
}

/* The rows of a load that are asked for. */
static vl_code print_picked(const view *w, vl_load *load, vl_buf *ends, vl_err *err)
{
    const size_t skip = load->skip;
    for (size_t i = 0; i < load->picked.n && !err->code; i++) {
        uint8_t end[8];
        load->skip = skip + (size_t)(load->picked.run[i].first - load->first);
        load->n = (size_t)load->picked.run[i].n;
        if (w->v.form->print(&w->v, load, err) || !w->order) continue;
        vl_put_le64(end, load->text.len);
        vl_buf_append(ends, end, sizeof end, err);
    }
    return err->code;
}

static vl_code unpack(void *self, vl_slot *slot, vl_err *err)
{
    const view *const w = self;
    bunch *const b = slot->body;
    for (int i = 0; i < b->n; i++) vl_reader_unpack(w->v.r, &b->load[i].plan, &b->work);
    return err->code;
}

/* Behind this what a batch needs is unpacked, as all before it have passed: nobody waits for a chunk that
 * another is at. */
static vl_code settle(void *self, vl_slot *slot, vl_err *err)
{
    (void)self, (void)slot;
    return err->code;
}

static vl_code print(void *self, vl_slot *slot, vl_err *err)
{
    const view *const w = self;
    bunch *const b = slot->body;
    b->ends.len = 0;
    for (int i = 0; i < b->n && !err->code; i++) {
        vl_load *const load = &b->load[i];
        load->work = &b->work;
        vl_buf_swap(&load->text, &b->text);
        if (!w->question->load(&w->v, load, err)) print_picked(w, load, &b->ends, err);
        vl_buf_swap(&load->text, &b->text);
    }
    b->packed.len = 0;
    if (!err->code && !w->order && vl_output_packs(w->out)) vl_output_pack(w->out, &b->text, &b->packed, err);
    return err->code;
}

static vl_code emit(void *self, vl_slot *slot, vl_err *err)
{
    view *const w = self;
    bunch *const b = slot->body;
    if (w->order) return vl_view_order_add(w->order, &b->text, &b->ends, err);
    if (w->v.form->follow && w->v.form->follow(&w->v, b->load, b->n, &b->text, err)) return err->code;
    const vl_buf *const bytes = vl_output_packs(w->out) ? &b->packed : &b->text;
    return vl_output_write(w->out, bytes->data, bytes->len, err);
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
    if (v->ask->nmore && !q->more)
        return vl_fail(err, VL_EARG, "one store at a time; of %s there is nothing to ask by '%.80s'",
                       v->kind->rows, v->ask->more[0]);
    const vl_given *const given = v->ask->given ? v->ask->given : &none;
    for (int i = 0; i < given->n; i++)
        if (!vl_opt_find(q->option, given->option[i].name))
            return wrong_kind(v->kind, given->option[i].name, err);
    if (!(v->asked = calloc(1, q->size + 1))) return vl_fail(err, VL_ENOMEM, "no memory for a question");
    if (q->defaults) q->defaults(v->asked);
    v->question = q;
    if (vl_opt_set_all(q->option, v->asked, given, err)) return err->code;
    if (q->other && q->is_other(v->asked)) v->question = q->other;
    return VL_OK;
}

/* Is the file's name that of one which the form's writer makes? */
static bool promises_writer(const char *path, const vl_form *form)
{
    const char *const promised = vl_output_promises(path);
    return promised && form->writer && !strcmp(promised, form->writer->name);
}

/* Does the output's name end as the form is called: x.json, x.npy.zst? */
static bool is_called(const char *path, const char *form)
{
    const char *const base = vl_name_base(path);
    const size_t n = vl_name_split(base).packed, len = strlen(form);
    return n > len && base[n - len - 1] == '.' && !strncasecmp(base + n - len, form, len);
}

/* The form of that name, or of the output's; columns are of one that takes them. */
static vl_code choose_form(vl_viewer *v, vl_err *err)
{
    const vl_form *const *const form = v->question->form;
    const vl_format *const format = vl_name_split(vl_name_base(v->ask->out)).format;
    char known[128] = "";
    for (int i = 0; form[i] && !v->ask->form && !v->ask->columns; i++)
        if (promises_writer(v->ask->out, form[i]) ||
            (!v->form &&
             (format ? !strcmp(form[i]->name, format->name) : is_called(v->ask->out, form[i]->name))))
            v->form = form[i];
    for (int i = 0; form[i]; i++) {
        const bool fits =
            v->ask->form ? !strcmp(form[i]->name, v->ask->form) : !v->ask->columns || form[i]->columns;
        if (fits && !v->form) v->form = form[i];
        list(known, sizeof known, form[i]->name);
    }
    if (!v->form)
        return vl_fail(err, VL_EARG, "%s are printed as %s, not as '%.40s'",
                       vl_question_rows(v->kind, v->question), known, v->ask->form);
    if (v->ask->columns && !v->form->columns) return vl_fail(err, VL_EARG, "--columns goes with -O tsv");
    if (v->ask->reference && !v->form->writer) return vl_fail(err, VL_EARG, "--reference goes with -O cram");
    return VL_OK;
}

/* Fields [from, to) are read as well as those of the program. */
static vl_code want_fields(vl_viewer *v, int from, int to, vl_err *err)
{
    const vl_columns *const c = vl_reader_columns(v->r);
    if (to <= c->nprogram) return VL_OK;
    if (!v->want && vl_reader_want(v->r, NULL, 0, &v->want, err)) return err->code;
    for (int f = 0; f < c->nprogram; f++) v->want[f] = VL_WANT_ROWS;
    for (int f = from; f < to; f++) v->want[f] = VL_WANT_ROWS;
    return VL_OK;
}

static vl_code choose_columns(vl_viewer *v, vl_err *err)
{
    for (const char *p = v->ask->columns ? v->ask->columns : v->question->usual; *p;) {
        const size_t n = strcspn(p, ",");
        if (v->ncolumn == VL_VIEW_COLUMNS)
            return vl_fail(err, VL_EARG, "more than %d columns", VL_VIEW_COLUMNS);
        vl_chosen *const c = &v->column[v->ncolumn++];
        if (vl_view_find_column(v, p, n, c, err) || (!c->own && want_fields(v, c->field, c->field + 1, err)))
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
    if (vl_store_look(&w->store, ask->store, err) || vl_kind_of(&v->kind, w->store, err)) return err->code;
    if (take_options(v, err) || choose_form(v, err)) return err->code;
    if (vl_reader_open(&v->r, w->store, v->kind->schema, v->kind->old, err)) return err->code;
    if (choose_columns(v, err)) return err->code;
    if (v->form->whole && want_fields(v, 0, vl_reader_columns(v->r)->schema->nfield, err)) return err->code;
    w->question = v->question;
    return w->question->open(v, err);
}

static vl_code move(view *w, int threads, vl_err *err)
{
    const vl_stage stage[] = { { "plan", VL_ORDERED, plan, w },
                               { "unpack", VL_PARALLEL, unpack, w },
                               { "settle", VL_ORDERED, settle, w },
                               { "print", VL_PARALLEL, print, w },
                               { "emit", VL_ORDERED, emit, w } };
    vl_slot *const slot = calloc((size_t)w->nbunch, sizeof *slot);
    if (!slot) return vl_fail(err, VL_ENOMEM, "no memory for %d slots", w->nbunch);
    for (int i = 0; i < w->nbunch; i++) slot[i].body = &w->bunch[i];
    vl_run(stage, (int)(sizeof stage / sizeof *stage), slot, w->nbunch, threads, NULL, err);
    free(slot);
    return err->code;
}

static vl_code make_bunches(view *w, int threads, vl_err *err)
{
    w->nbunch = vl_slots_for(threads);
    w->bunch = calloc((size_t)w->nbunch, sizeof *w->bunch);
    return w->bunch ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for %d slots", w->nbunch);
}

static vl_code put(view *w, vl_code (*print_text)(vl_viewer *v, vl_buf *text, vl_err *err), vl_err *err)
{
    vl_buf text = { 0 };
    if (print_text && !print_text(&w->v, &text, err)) vl_output_put(w->out, &text, err);
    vl_buf_free(&text);
    return err->code;
}

/* Rows in an order of their own: as many at a time as fit in memory, read as they stand. */
static vl_code move_in_order(view *w, int threads, vl_err *err)
{
    if (vl_view_order_open(&w->order, &w->v, err)) return err->code;
    while (!vl_view_order_next(w->order, &w->v.rows, err) && w->v.rows.n)
        if (move(w, threads, err) || vl_view_order_put(w->order, w->out, err)) break;
    return err->code;
}

/* A few rows that one slot takes all of: of their chunks nothing else is wanted. */
static bool are_few(const view *w)
{
    enum { FEW = 1000 };
    const vl_rows *const rows = &w->v.rows;
    if (!rows->n || vl_rows_count(rows) > FEW) return false;
    const uint64_t first = rows->run->first, end = rows->run[rows->n - 1].first + rows->run[rows->n - 1].n;
    return rows->n == 1 || (end - first <= w->question->span && end - first <= FEW);
}

static vl_code print_rows(view *w, const vl_view *ask, vl_err *err)
{
    if (put(w, w->v.form->head, err)) return err->code;
    w->near = !w->v.order && vl_rows_near(&w->v.rows);
    if (!w->v.order) vl_reader_once(w->v.r, are_few(w));
    if (w->v.order ? move_in_order(w, ask->threads, err) : move(w, ask->threads, err)) return err->code;
    return put(w, w->v.form->tail, err);
}

static vl_code print_count(view *w, vl_err *err)
{
    vl_buf text = { 0 };
    const uint64_t n = w->v.order ? w->v.norder : vl_rows_count(&w->v.rows);
    if (!vl_text_u64(&text, n, err) && !vl_text_add(&text, "\n", err)) vl_output_put(w->out, &text, err);
    vl_buf_free(&text);
    return err->code;
}

/* Both files of a form that has two are whole before either has its name; the first is of use alone least. */
static vl_code commit(view *w, vl_err *err)
{
    vl_output *const beside = w->v.beside;
    if (!beside) return vl_output_commit(w->out, err);
    if (vl_output_settle(w->out, err) || vl_output_settle(beside, err) || vl_output_commit(beside, err))
        return err->code;
    if (vl_output_commit(w->out, err)) vl_output_withdraw(beside);
    return err->code;
}

static vl_code print_all(view *w, const vl_view *ask, vl_err *err)
{
    const bool none = !w->v.rows.n;
    if (ask->count ? print_count(w, err) : print_rows(w, ask, err)) return err->code;
    if (none && !ask->count && w->question->missed && w->question->missed(&w->v, err)) return err->code;
    return commit(w, err);
}

/* A file that its form's writer makes. */
static vl_code open_written(view *w, const vl_writer *writer, vl_err *err)
{
    const vl_view *const ask = w->v.ask;
    const char *const promised = vl_output_promises(ask->out);
    if (promised && strcmp(promised, writer->name) != 0) {
        vl_fail(err, VL_EARG, "promises %s, and %s was asked for", promised, writer->name);
        return vl_err_file(err, ask->out);
    }
    if (!vl_output_open_as(&w->out, ask->out, VL_PACK_WRITER, ask->force, err))
        vl_output_set_writer(w->out, writer, ask->reference);
    return err->code;
}

/* A file that stands beside another: NAME.imzML and NAME.ibd. */
static vl_code open_two(view *w, vl_err *err)
{
    const vl_view *const ask = w->v.ask;
    const char *const form = w->v.form->name, *const ending = w->v.form->beside;
    const size_t n = strlen(ask->out), len = strlen(form);
    char *second = NULL;
    if (n <= len || ask->out[n - len - 1] != '.' || strcasecmp(ask->out + n - len, form) != 0)
        return vl_fail(err, VL_EARG, "%s is two files: -o NAME.%s writes NAME%s beside it", form, form,
                       ending);
    if (asprintf(&second, "%.*s%s", (int)(n - len - 1), ask->out, ending) < 0)
        return vl_fail(err, VL_ENOMEM, "no memory for a file name");
    if (!vl_output_open_as(&w->out, ask->out, VL_PACK_PLAIN, ask->force, err) &&
        !vl_output_open_as(&w->v.beside, second, VL_PACK_PLAIN, ask->force, err) &&
        !(vl_output_is_file(w->out) && vl_output_is_file(w->v.beside)))
        vl_fail(err, VL_EARG, "%s is written to plain files only", form);
    w->v.out = w->out;
    free(second);
    return err->code;
}

static vl_code open_output(view *w, vl_err *err)
{
    const vl_view *const ask = w->v.ask;
    if (w->v.form->beside && !ask->count) return open_two(w, err);
    if (w->v.form->writer && !ask->count) return open_written(w, w->v.form->writer, err);
    const bool by_name = ask->count || vl_output_promises(ask->out);
    if (!vl_output_open_as(&w->out, ask->out, by_name ? VL_PACK_BY_NAME : w->v.form->packing, ask->force,
                           err))
        vl_output_set_level(w->out, ask->level);
    return err->code;
}

static void free_bunch(const view *w, bunch *b)
{
    for (int i = 0; i < b->nload; i++) {
        vl_load *const load = &b->load[i];
        vl_plan_free(w->v.r, &load->plan);
        free(load->picked.run);
        if (load->own && w->question->drop) w->question->drop(load);
        vl_buf_free(&load->text);
    }
    vl_work_free(&b->work);
    vl_buf_free(&b->text);
    vl_buf_free(&b->ends);
    vl_buf_free(&b->packed);
    free(b->load);
}

vl_code vl_view_run(const vl_view *ask, char note[VL_VIEW_NOTE], vl_err *err)
{
    view w = { 0 };
    note[0] = 0;
    if (open_store(&w, ask, err)) {
        if (err->code != VL_EARG) vl_err_file(err, ask->store);
        goto out;
    }
    if (make_bunches(&w, ask->threads, err) || open_output(&w, err)) goto out;
    if (print_all(&w, ask, err)) vl_err_file(err, ask->store);
    else if (w.question->note) w.question->note(&w.v, note);
out:
    for (int i = 0; w.bunch && i < w.nbunch; i++) free_bunch(&w, &w.bunch[i]);
    free(w.bunch);
    vl_output_close(w.out);
    vl_output_close(w.v.beside);
    if (w.question) w.question->close(&w.v);
    free(w.v.asked);
    free(w.v.want);
    free(w.v.rows.run);
    free(w.v.order);
    vl_view_order_close(w.order);
    vl_work_free(&w.v.work);
    vl_reader_close(w.v.r);
    vl_store_close(w.store);
    return err->code;
}
