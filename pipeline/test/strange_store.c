/*
 * Makes a store of reads as another year's program might: with columns that this one does not know, and
 * without one that it knows. `strange_store FILE.h5 [WHERE NAME VALUE]...`. Its two reads and what stands in
 * them is what strange_store.py looks for. Notes that are given take the place of those that it would have: a
 * store whose checksums are right, and which lies (hostile.py).
 */
#include "formats/reads/reads.h"
#include "pipeline/in/lay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { XX = VL_RD_PLUS, SCORE, MOVES, PLACE, NFIELD }; /* all but plus, and four more */

static vl_field fields[NFIELD];

static void make_schema(void)
{
    memcpy(fields, vl_reads_schema.field, VL_RD_PLUS * sizeof *fields);
    fields[XX] = (vl_field){
        .path = "reads/XX", .type = VL_U8, .shape = VL_RAGGED, .unit = "", .missing = "", .doc = "a tag"
    };
    fields[SCORE] = (vl_field){ .path = "reads/score",
                                .type = VL_F32,
                                .use = VL_USE_NUMBER,
                                .unit = "bits",
                                .missing = "NaN",
                                .doc = "",
                                .role = "how good it is" };
    fields[MOVES] = (vl_field){ .path = "reads/moves",
                                .type = VL_I16,
                                .shape = VL_RAGGED,
                                .use = VL_USE_NUMBER,
                                .unit = "",
                                .missing = "",
                                .doc = "" };
    fields[PLACE] = (vl_field){ .path = "place/at",
                                .type = VL_U64,
                                .table = 2,
                                .use = VL_USE_NUMBER,
                                .unit = "",
                                .missing = "",
                                .doc = "",
                                .ref = VL_REF_ROW };
}

static vl_code fill(vl_batch *b, vl_err *err)
{
    static const int16_t moves[3] = { -7, 0, 300 };
    static const float score = 12.5f;
    static const uint64_t one = 1;
    const uint32_t nan = 0x7fc00000;
    for (int i = 0; i < 2; i++) {
        if (vl_push_row(b, VL_RD_NAME, i ? "b" : "a", 1, err) || vl_push_row(b, VL_RD_COMMENT, "", 0, err) ||
            vl_push_row(b, VL_RD_BASE, "ACGT", 4, err) || vl_push_row(b, VL_RD_QUALITY, "\1\2\3\4", 4, err) ||
            vl_push_row(b, XX, "tag\tof a", i ? 0 : 8, err) || vl_push_row(b, MOVES, moves, i ? 0 : 3, err) ||
            vl_push(b, SCORE, i ? (const void *)&nan : &score, err))
            return err->code;
        b->nrow[VL_RT_READ]++;
        b->nrow[VL_RT_NAME]++;
    }
    b->nrow[2] = 1;
    return vl_push(b, PLACE, &one, err);
}

static char **given; /* where, name, value of each; ends with NULL */

static bool is_given(const char *where, const char *name)
{
    for (char **g = given; *g; g += 3)
        if (!strcmp(g[0], where) && !strcmp(g[1], name)) return true;
    return false;
}

/* As a number if it is one. */
static vl_code put_given(vl_store *st, char **g, vl_err *err)
{
    char *end = NULL;
    const uint64_t number = strtoull(g[2], &end, 10);
    if (*g[2] && !*end) return vl_store_note_u64(st, g[0], g[1], number, err);
    return vl_store_note(st, g[0], g[1], g[2], err);
}

static vl_code note(vl_store *st, vl_lay *lay, vl_err *err)
{
    static const char *const notes[][3] = {
        { "/", "vial.format", "store" },
        { "/", "vial.kind", "reads" },
        { "/", "vial.schema", "reads 9" },
        { "/", "vial.profile", "compact" },
        { "/", "vial.writer", "9.0.0" },
        { "/", "vial.sample", "" },
        { "/", "vial.acquisition", "" },
        { "/", "vial.lossless", "1" },
        { "source", "layout", "single" },
        { "source", "mate_mark", "" },
        { "source", "line_end_1", "lf" },
        { "source/0", "format", "fastq" },
        { "source", "text_xxh3_128_1", "d6c2b45575c07a9df21145db5835c245" },
        { "source/0", "name", "x.fq" },
    };
    static const struct {
        const char *where, *name;
        uint64_t value;
    } numbers[] = { { "/", "vial.version", VL_STORE_VERSION },
                    { "/", "n_row", 2 },
                    { "/", "n_name", 2 },
                    { "/", "n_place", 1 },
                    { "source", "n_file", 1 } };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!is_given(numbers[i].where, numbers[i].name) &&
            vl_store_note_u64(st, numbers[i].where, numbers[i].name, numbers[i].value, err))
            return err->code;
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        if (!is_given(notes[i][0], notes[i][1]) &&
            vl_store_note(st, notes[i][0], notes[i][1], notes[i][2], err))
            return err->code;
    for (char **g = given; *g; g += 3)
        if (put_given(st, g, err)) return err->code;
    return vl_lay_note(lay, st, err);
}

int main(int argc, char **argv)
{
    static const char *const tables[] = { "read", "name", "place" };
    const vl_schema schema = {
        .kind = "reads", .version = 9, .ntable = 3, .table = tables, .nfield = NFIELD, .field = fields
    };
    vl_err err = VL_ERR_INIT;
    vl_store *st = NULL;
    vl_lay *lay = NULL;
    vl_batch batch = { 0 };
    vl_chunks chunks = { 0 };
    vl_work work = { 0 };
    char line[640];
    if (argc < 2 || argc % 3 != 2) return 2;
    given = argv + 2;
    vl_kernels_init(&vl_k, vl_isa_from_env());
    make_schema();
    if (vl_store_create(&st, argv[1], VL_COMPACT, true, &err) ||
        vl_lay_open(&lay, &schema, VL_COMPACT, NULL, &err) || vl_batch_init(&batch, &schema, &err) ||
        fill(&batch, &err) || vl_lay_batch(lay, &batch, &chunks, &err) || vl_lay_end(lay, &chunks, &err))
        goto out;
    for (size_t i = 0; i < chunks.n; i++)
        if (vl_chunk_pack(&chunks.chunk[i], NULL, VL_COMPACT, &work, &err) ||
            vl_store_append(st, &chunks.chunk[i], &work, &err))
            goto out;
    if (!note(st, lay, &err) && !vl_store_seal(st, 1, &err)) vl_store_publish(st, &err);
out:
    vl_err_print(&err, line, sizeof line);
    if (err.code) fprintf(stderr, "strange_store: %s\n", line);
    vl_chunks_free(&chunks);
    vl_batch_free(&batch);
    vl_lay_close(lay);
    vl_store_close(st);
    vl_work_free(&work);
    return err.code != 0;
}
