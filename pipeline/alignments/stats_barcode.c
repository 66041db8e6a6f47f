/*
 * Barcodes of first ends, letters and qualities by cycle (stats.h). How long those of a tag are the first one
 * says; longer ones are not counted. What is no letter is taken for what separates two of them, where the
 * first such stands; one elsewhere ends its barcode.
 */
#include "pipeline/alignments/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 256, NLETTER = 5 };

const char *const vl_stats_barcode_tags[VL_STATS_BARCODES][2] = {
    { "BC:Z", "QT:Z" }, { "CR:Z", "CY:Z" }, { "OX:Z", "BZ:Z" }, { "RX:Z", "QX:Z" }
};

void vl_stats_barcodes_init(vl_stats_barcode bc[VL_STATS_BARCODES], const vl_schema *schema)
{
    for (int i = 0; i < VL_STATS_BARCODES; i++) {
        bc[i] = (vl_stats_barcode){ .separator = -1, .best = -1 };
        for (int k = 0; k < 2; k++)
            bc[i].field[k] = vl_alignments_tag_field(schema, vl_stats_barcode_tags[i][k]);
    }
}

static vl_cell cell_of(const vl_batch *b, int field, size_t row)
{
    return field >= 0 && b->col[field].offset ? vl_row(&b->col[field], row) : (vl_cell){ NULL, 0 };
}

static vl_code begin(vl_stats_barcode *bc, size_t n, vl_err *err)
{
    bc->letter = calloc(n, sizeof *bc->letter);
    bc->quality = calloc(n, LEVELS * sizeof *bc->quality);
    bc->n = n;
    return bc->letter && bc->quality ? VL_OK
                                     : vl_fail(err, VL_ENOMEM, "no memory for barcodes of %zu letters", n);
}

/* False: it has something else where a letter should be. */
static bool add_letters(vl_stats_barcode *bc, vl_cell barcode)
{
    static const char letters[] = "ACGTN";
    for (size_t i = 0; i < barcode.n; i++) {
        const char *const p = memchr(letters, barcode.at[i], NLETTER);
        if (p) bc->letter[i][p - letters]++;
        else if (bc->separator < 0) bc->separator = (int64_t)i;
        else if (bc->separator != (int64_t)i) return false;
    }
    return true;
}

static void add_qualities(vl_stats_barcode *bc, vl_cell quality)
{
    for (size_t i = 0; i < quality.n; i++) {
        const int q = (int8_t)quality.at[i] - '!';
        if (q < 0) continue;
        bc->quality[i * LEVELS + (size_t)q]++;
        if (q > bc->best) bc->best = q;
    }
}

vl_code vl_stats_barcodes_add(vl_stats_barcode bc[VL_STATS_BARCODES], const vl_batch *b, size_t row,
                              vl_err *err)
{
    for (int i = 0; i < VL_STATS_BARCODES && !err->code; i++) {
        const vl_cell barcode = cell_of(b, bc[i].field[0], row);
        if (!barcode.n || (!bc[i].n && begin(&bc[i], barcode.n, err))) continue;
        if (barcode.n > bc[i].n || !add_letters(&bc[i], barcode)) continue;
        const vl_cell quality = cell_of(b, bc[i].field[1], row);
        if (quality.n == barcode.n) add_qualities(&bc[i], quality);
    }
    return err->code;
}

void vl_stats_barcodes_free(vl_stats_barcode bc[VL_STATS_BARCODES])
{
    for (int i = 0; i < VL_STATS_BARCODES; i++) {
        free(bc[i].letter);
        free(bc[i].quality);
    }
}
