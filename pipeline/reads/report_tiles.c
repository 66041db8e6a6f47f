/* The map of the tiles of a flow cell (reads_report.h): how far each is from the mean of all, by position. */
#include "pipeline/reads/reads_report.h"

#include <stdio.h>
#include <stdlib.h>

/* "1101", -2.5, "40-44" */
static void put_row(vl_html *h, uint32_t tile, const double *off, const vl_fq_tile_map *m)
{
    char text[48], number[32];
    size_t low = 0, high = 0;
    for (size_t i = 0; i < m->ngroup; i++) {
        if (off[i] < off[low]) low = i;
        if (off[i] > off[high]) high = i;
    }
    vl_html_put(h, "<tr>");
    snprintf(text, sizeof text, "%u", (unsigned)tile);
    vl_html_element(h, "th scope=\"row\"", text);
    for (int side = 0; side < 2; side++) {
        const vl_fq_group g = m->group[side ? high : low];
        vl_html_cell(h, side ? "highest" : "lowest", "num", vl_show_number(off[side ? high : low], number));
        if (g.first == g.last) snprintf(text, sizeof text, "%zu", g.first + 1);
        else snprintf(text, sizeof text, "%zu\xe2\x80\x93%zu", g.first + 1, g.last + 1);
        vl_html_cell(h, "at", "num", text);
    }
    vl_html_put(h, "</tr>\n");
}

static void put_numbers(vl_html *h, const char *caption, const uint32_t *tile, const vl_fq_tile_map *m)
{
    vl_html_put(h, "<details><summary>The numbers</summary>\n<table class=\"numbers\"><caption>");
    vl_html_text(h, caption);
    vl_html_put(
        h, "</caption>\n<thead><tr><th scope=\"col\">tile</th><th scope=\"col\">lowest</th>"
           "<th scope=\"col\">at</th><th scope=\"col\">highest</th><th scope=\"col\">at</th></tr></thead>"
           "\n<tbody>\n");
    for (size_t t = 0; t < m->ntile; t++) put_row(h, tile[t], m->off + t * m->ngroup, m);
    vl_html_put(h, "</tbody></table></details>\n");
}

void vl_report_tiles(vl_reads_page *p, const vl_reads_qc *qc)
{
    vl_fq_tile_map m;
    char text[96];
    double edge[VL_FQ_GROUPS + 1];
    const vl_fq fq = { .qc = qc };
    if (vl_fq_tile_map_of(&fq, &m, p->err) || !m.ntile || !m.ngroup) return;
    uint32_t *const tile = calloc(m.ntile, sizeof *tile);
    if (!tile) {
        vl_fail(p->err, VL_ENOMEM, "no memory for %zu tiles", m.ntile);
        free(m.off);
        return;
    }
    for (size_t t = 0; t < m.ntile; t++) tile[t] = (uint32_t)vl_qc_at(qc, VL_QT_TILE, t, 0, 0);
    for (size_t i = 0; i < m.ngroup; i++) edge[i] = (double)m.group[i].first + 0.5;
    edge[m.ngroup] = (double)m.group[m.ngroup - 1].last + 1.5;
    const vl_heat heat = { .caption = vl_report_caption(qc, "Quality by tile and position", text),
                           .title = "Map: how far the mean quality of each tile of the flow cell is from the "
                                    "mean of all tiles, by position in the read",
                           .x = "position",
                           .y = "tile",
                           .unit = "Phred",
                           .nrow = m.ntile,
                           .ncol = m.ngroup,
                           .row = tile,
                           .edge = edge,
                           .value = m.off,
                           .limit = { 1, 2, 5, 10 } };
    vl_svg_heat_open(p->h, &heat);
    put_numbers(p->h, heat.caption, tile, &m);
    vl_svg_heat_close(p->h);
    free(tile);
    free(m.off);
}
