/*
 * Rows that are lanes of one acquisition (sheet_part.h): their files follow each other in the order of the
 * rows.
 *
 * In nf-core's sheets rows of a sample are the lanes, or repeated runs, of one library, which its pipelines
 * join: so do we, unless the sheet has a column "lane" (as for pipelines that keep them apart) or
 * "acquisition". Everywhere else rows that name the same acquisition are its lanes if each names another one
 * in a column "lane"; without that it is a mistake.
 */
#include "pipeline/bank/sheet/sheet_part.h"
#include "pipeline/io/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LANES = 10000 };

bool vl_sheet_is_lane(const vl_sheet_reader *r, const char *path)
{
    const vl_format *const format = vl_name_split(vl_name_base(path)).format;
    return r->joins && (!format || format->mates);
}

/* Is word one of those in the list "a; b; c"? */
static bool is_listed(const char *list, const char *word)
{
    const size_t n = strlen(word);
    for (const char *p = list; p; p = strstr(p, "; ") ? strstr(p, "; ") + 2 : NULL)
        if (!strncmp(p, word, n) && (!p[n] || !strncmp(p + n, "; ", 2))) return true;
    return false;
}

bool vl_sheet_may_join(const vl_sheet_reader *r, const vl_item *item, const vl_sheet_seen *run, bool given)
{
    if (vl_sheet_is_lane(r, vl_sheet_cell_of(r, VL_SHEET_FILE_1)->text)) return true;
    const char *const mine = vl_details_get(&item->about_acquisition, "lane");
    if (!given || !mine) return false;
    if (run->nth == VL_SHEET_NO_ITEM) return true; /* its row has errors: nothing of this sheet is taken */
    const char *const theirs = vl_details_get(&r->sheet->items.item[run->nth].about_acquisition, "lane");
    return theirs && !is_listed(theirs, mine);
}

static bool same_text(const char *a, const char *b) { return a && b ? !strcmp(a, b) : a == b; }

void vl_sheet_check_lane(vl_sheet_reader *r, const vl_item *item, const vl_sheet_seen *run)
{
    if (run->nth == VL_SHEET_NO_ITEM) return;
    const vl_item *const first = &r->sheet->items.item[run->nth];
    const vl_csv_cell *const mates = vl_sheet_cell_of(r, VL_SHEET_FILE_2);
    const vl_sheet_shown sample = vl_sheet_show(item->sample);
    if ((mates->len > 0) != (vl_inputs_nstream(&first->inputs) > 1))
        vl_sheet_wrong(r, mates->line, r->at[VL_SHEET_FILE_2],
                       "this lane of sample \"%s\" has %s, the one in line %u has %s", sample.text,
                       mates->len ? "second mates" : "no second mates", first->line,
                       mates->len ? "none" : "some");
    if (!same_text(item->profile, first->profile))
        vl_sheet_wrong(r, item->line, r->at[VL_SHEET_PROFILE],
                       "lanes of one acquisition share a profile; line %u has another", first->line);
    if (!item->options != !first->options)
        vl_sheet_wrong(r, item->line, r->at[VL_SHEET_INTERLEAVED],
                       "lanes of one acquisition are all interleaved, or none; line %u is other",
                       first->line);
    if (vl_inputs_count(&first->inputs, 0) >= MOST_LANES)
        vl_sheet_wrong(r, item->line, 0, "more than %d rows are lanes of one acquisition", MOST_LANES);
}

/* Details that differ stand behind each other: lane "1; 2". */
static void add_details(vl_sheet_reader *r, vl_details *to, const vl_details *from, bool list)
{
    for (size_t i = 0; i < from->n && !r->err->code; i++) {
        const vl_detail *const d = &from->detail[i];
        const char *const was = vl_details_get(to, d->name), *const had = was && *was ? was : NULL;
        char *both = NULL;
        if (had && (!list || !*d->value || is_listed(had, d->value))) continue;
        if (had && asprintf(&both, "%s; %s", had, d->value) < 0) {
            vl_fail(r->err, VL_ENOMEM, "no memory for details of lanes");
            return;
        }
        vl_details_set(to, d->name, both ? both : d->value, r->err);
        free(both);
    }
}

void vl_sheet_join_lane(vl_sheet_reader *r, const vl_item *item, const vl_sheet_seen *run)
{
    if (run->nth == VL_SHEET_NO_ITEM) return;
    vl_item *const first = &r->sheet->items.item[run->nth];
    for (size_t i = 0; i < item->inputs.n && !r->err->code; i++)
        vl_inputs_add(&first->inputs, item->inputs.file[i].stream, item->inputs.file[i].path, r->err);
    vl_inputs_name_roles(&first->inputs);
    add_details(r, &first->about_sample, &item->about_sample, false);
    add_details(r, &first->about_acquisition, &item->about_acquisition, true);
}

/* What is joined without a name is called after what its files have in common, else after the sample. */
void vl_sheet_name_joined(vl_sheet_reader *r)
{
    char name[256];
    for (size_t i = 0; r->joins && i < r->sheet->items.n && !r->err->code; i++) {
        vl_item *const item = &r->sheet->items.item[i];
        if (vl_inputs_count(&item->inputs, 0) < 2) continue;
        const bool common = vl_inputs_acquisition(&item->inputs, name) && !vl_item_bad_name(name);
        const char *const text = common ? name : item->sample;
        char *const copy = vl_sheet_copy(r, text, strlen(text));
        if (!copy) return;
        free(item->acquisition);
        item->acquisition = copy;
    }
}
