/* The schema of alignments (alignments.h). */
#include "formats/alignments/alignments.h"

/* What tells most of a record's letters: where it lies, and how (codec anchor). */
static const int where[] = { VL_AL_PLACE, VL_AL_CIGAR, -1 };

static const vl_field fields[VL_AL_NFIELD] = {
    [VL_AL_PLACE] = { .path = "alignments/place",
                      .type = VL_I64,
                      .shape = VL_RAGGED,
                      .table = VL_AT_ALIGNMENT,
                      .use = VL_USE_PLACE,
                      .unit = "",
                      .missing = "-1",
                      .doc = "eight numbers a row, as role names them; contigs are numbers of the header's "
                             "list, positions count from 0, name is a row of alignments/name",
                      .ref = VL_REF_ROW,
                      .ref_to = VL_AT_NAME,
                      .ref_step = VL_PLACE_N,
                      .role = "contig position span flag mate_contig mate_position template_length name" },
    [VL_AL_MAPQ] = { "alignments/mapq", VL_U8, VL_FIXED, VL_AT_ALIGNMENT, VL_USE_NUMBER, "Phred", "255",
                     "mapping quality", .brief = true },
    [VL_AL_CIGAR] = { "alignments/cigar", VL_U32, VL_RAGGED, VL_AT_ALIGNMENT, VL_USE_NUMBER, "", "empty",
                      "operations, length << 4 | code: 0 to 9 are M I D N S H P = X B", .brief = true },
    [VL_AL_NAME] = { "alignments/name", VL_U8, VL_RAGGED, VL_AT_NAME, VL_USE_TEXT, "", "",
                     "name of the template, once for records that lie near each other", 0, 0, 0 },
    [VL_AL_BASE] = { .path = "alignments/base",
                     .type = VL_U8,
                     .shape = VL_RAGGED,
                     .table = VL_AT_ALIGNMENT,
                     .use = VL_USE_BASE,
                     .unit = "letter",
                     .missing = "empty",
                     .doc = "bases as they stand in the record, on the contig's strand",
                     .guide = where },
    [VL_AL_QUALITY] = { "alignments/quality", VL_U8, VL_RAGGED, VL_AT_ALIGNMENT, VL_USE_QUALITY, "Phred",
                        "255", "base qualities", .offset_of = 1 + VL_AL_BASE },
    [VL_AL_TAGS] = { "alignments/tags", VL_U8, VL_RAGGED, VL_AT_ALIGNMENT, VL_USE_TEXT, "", "empty",
                     "tags in their order, between blanks, with their types; values are in columns tag/", 0,
                     0, 0 },
    [VL_AL_ODD] = { "alignments/odd", VL_U8, VL_RAGGED, VL_AT_ALIGNMENT, VL_USE_TEXT, "", "empty",
                    "what the other columns do not say of the record", 0, 0, 0 },
    [VL_AL_HEADER] = { "alignments/header", VL_U8, VL_STREAM, VL_AT_ALIGNMENT, VL_USE_TEXT, "", "empty",
                       "the header as it was: lines of SAM, or that of BAM", 0, 0, 0 },
};

static const char *const tables[] = { "alignment", "name" };
static const char *const counters[VL_AC_N] = { "n_no_quality", "n_odd_fields", "no_final_newline" };

const vl_schema vl_alignments_schema = { .kind = "alignments",
                                         .version = 1,
                                         .ntable = 2,
                                         .table = tables,
                                         .nfield = VL_AL_NFIELD,
                                         .field = fields,
                                         .ncounter = VL_AC_N,
                                         .counter = counters };

const vl_bam_fields vl_alignments_fields = { VL_AT_ALIGNMENT, VL_AL_BASE, VL_AL_TAGS, VL_AL_NFIELD, true };

const vl_way vl_alignments_way = { .lead = VL_AT_ALIGNMENT,
                                   .step = 1,
                                   .weigh = VL_AL_BASE,
                                   .follow = VL_AT_NAME,
                                   .by = 1 + VL_AL_PLACE,
                                   .at = -1,
                                   .head = 1 + VL_AL_HEADER,
                                   .added = true };
