/*
 * MGF, Mascot generic format: peak lists as text, one block a fragment spectrum.
 *
 *     KEY=VALUE              before the first block: of all of them (CHARGE)
 *     BEGIN IONS
 *     TITLE=... PEPMASS=m/z [intensity [charge]] CHARGE=2+ and 3+ RTINSECONDS=25 SCANS=3 MSLEVEL=2
 *     100.5 73 [charge]      peaks
 *     END IONS
 *
 * Lines that begin with # ; ! or / are comments. A store has the columns of one made from mzML (spectra.h):
 * id is the TITLE, with " scan=N" behind where SCANS says a number that the TITLE does not; without both it
 * is "index=N". Spectra are of MS level 2 unless MSLEVEL says another, and centroids, as peak lists are.
 *
 * The skeleton is all text but the lines of peaks. Those come back by the digits that their numbers have
 * (VL_RECIPE_DECIMAL), tried at once; where that gives another text, the text is kept. This is what the files
 * mgf*.c say to each other.
 */
#ifndef VL_MGF_H
#define VL_MGF_H

#include "formats/spectra/mzml.h"

extern const vl_format vl_mgf;

/* mgf_parse.c */
enum { VL_MGF_CHARGES = VL_SP_CHARGES };
typedef struct vl_mgf_charges {
    int8_t charge[VL_MGF_CHARGES];
    uint8_t n;
    int8_t polarity; /* of their signs; 0: they have none */
} vl_mgf_charges;
/* "2+", "2+ and 3+", "-1", "2,3"; false: something else is in it. */
bool vl_mgf_read_charges(vl_xml_span text, vl_mgf_charges *out);

typedef struct vl_mgf_head {
    vl_mgf_charges charges; /* of blocks that do not say */
} vl_mgf_head;

/* A line: without its end; the next begins at at. */
typedef struct vl_mgf_line {
    vl_xml_span text; /* blanks at its ends left out */
    size_t from, at;
    enum {
        VL_MGF_BLANK,
        VL_MGF_COMMENT,
        VL_MGF_BEGIN,
        VL_MGF_END,
        VL_MGF_KEY,
        VL_MGF_PEAK,
        VL_MGF_WORDS
    } what;
} vl_mgf_line;
vl_mgf_line vl_mgf_next_line(const uint8_t *bytes, size_t n, size_t at);

vl_code vl_mgf_parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err);

/* mgf_peaks.c: lines of peaks, from the first to the last of a block, are arrays and back. */
enum { VL_MGF_COLUMNS = 3 };
typedef struct vl_mgf_peaks {      /* room that stays */
    vl_buf number[VL_MGF_COLUMNS]; /* f64 */
    vl_buf text;
} vl_mgf_peaks;
/* Adds pieces and rows of arrays: m/z, intensity where lines have more than one number, charge where all have
 * a third and it is one. Errors have the place in the text. */
vl_code vl_mgf_peaks_push(vl_mgf_peaks *room, vl_xml_span text, uint64_t text_at, vl_mz_class class,
                          vl_batch *out, uint64_t *npeak, vl_err *err);
void vl_mgf_peaks_free(vl_mgf_peaks *room);
vl_code vl_mgf_print(const void *how, const vl_batch *batch, bool last, vl_buf *out, vl_err *err);

#endif
