/* What the files of this folder share: one spectrum with its peaks, ready to be printed. */
#ifndef VL_SPECTRA_VIEW_H
#define VL_SPECTRA_VIEW_H

#include "formats/spectra/spectra.h"
#include "pipeline/out/view.h"
#include "pipeline/spectra/mass_record.h"
#include "pipeline/spectra/spectra_index.h"
#include "pipeline/spectra/spectra_pairs.h"

/* Precursors and their ions, whole in memory: sorted by spectrum. */
typedef struct vl_ions {
    size_t nprecursor, nion;
    vl_buf precursor_of, target, lower, upper, energy; /* raw elements */
    vl_buf ion_of, of_precursor, mz, charge, intensity, possible_end, possible;
} vl_ions;

/* The first selected ion of a spectrum whose m/z is known, or its isolation target; NaN and 0 where unknown.
 */
typedef struct vl_parent {
    double mz, intensity;
    int charge;
    size_t chosen, ion, ion_end; /* rows of ions: that it is of (ion_end: of none), those of the spectrum */
    size_t precursor, precursor_end; /* the same of precursors */
} vl_parent;
/* Whether any ion of a spectrum, or without ions any target, is within so many Th of mz. */
bool vl_has_precursor(const vl_ions *ions, uint64_t spectrum, double mz, double within);
/* Whether an isolation window of a spectrum has this m/z. */
bool vl_isolates(const vl_ions *ions, uint64_t spectrum, double mz);
/* Whether an ion of a spectrum has so many charges, or may have, of whichever sign. */
bool vl_has_charge(const vl_ions *ions, uint64_t spectrum, int charge);
/* Whether a collision energy of a spectrum lies in range, both ends included. */
bool vl_has_energy(const vl_ions *ions, uint64_t spectrum, const double range[2]);
vl_parent vl_parent_of(const vl_ions *ions, uint64_t spectrum);
/* The same of its precursor in this row alone. */
void vl_parent_in(const vl_ions *ions, size_t precursor, vl_parent *parent);

/* What may be asked. */
typedef struct vl_spectra_asked {
    uint64_t index[2];        /* the same as rows */
    const char *id;           /* NULL: any */
    uint64_t scan;            /* VL_NOWHERE: any */
    int ms_level;             /* 0: any */
    double time[2];           /* s; NaN: any, and spectra without a time */
    double mz[2];             /* peaks to print, Th */
    double precursor;         /* Th; NaN: any */
    double isolation;         /* Th; NaN: any */
    double energy[2];         /* eV; NaN: any */
    double mobility[2];       /* as the document has it; NaN: any */
    int polarity;             /* 0: any, 1: positive, 2: negative */
    int charge;               /* of an ion, without sign; 0: any */
    double faims;             /* compensation voltage, V; NaN: any */
    const char *pixel;        /* "X,Y" or "X,Y,Z"; NULL: any */
    const char *tolerance;    /* "10ppm", "0.02" */
    const char *chromatogram; /* its id, or "all"; NULL: spectra are asked for */
} vl_spectra_asked;

/* viewer->own */
typedef struct vl_spectra_own {
    vl_ions ions;
    double within; /* of the precursor, Th */
    int32_t pixel[3];
    int npixel;         /* coordinates that are asked for */
    bool cut;           /* not all peaks are printed */
    bool mzml;          /* texts of spectra are elements of mzML */
    const char *prefix; /* of the ids that such a text refers to by a number; NULL: it says ids, or nothing */
    /* mzML of spectra that came from another format; set by its head */
    bool made;
    const char *said; /* the text of a spectrum says more than its columns (spectra_said.c); of others it says
                         their number, and this is before it in their ids. NULL: it does not */
    bool titled;      /* ids are titles, which mzML has beside its own ids */
    uint64_t printed;
    vl_pairs_found pairs;        /* set by the head of forms of peaks */
    uint64_t bytes;              /* that such a form has printed behind its head */
    struct vl_mzxml_made *mzxml; /* owned; spectra_mzxml.h */
    struct vl_mzml_index *index; /* owned; mzml_index.h */
    struct vl_imzml_made *imzml; /* owned; spectra_imzml.h */
} vl_spectra_own;

/* load->own */
typedef struct vl_spectra_load {
    vl_record_run run;
    vl_buf mz, intensity;             /* doubles of the spectrum being printed; peaks outside --mz are gone */
    bool single_mz, single_intensity; /* they came from floats of 32 bits */
    bool no_mz, no_intensity;         /* there is such an array, of which nobody can read the numbers */
    vl_buf marks, beside;             /* of the form; empty before it prints */
} vl_spectra_load;

static inline const vl_spectra_asked *vl_spectra_asked_of(const vl_viewer *v) { return v->asked; }
static inline const vl_ions *vl_ions_of(const vl_viewer *v)
{
    return &((const vl_spectra_own *)v->own)->ions;
}

/* A coordinate of spectrum i's pixel: field VL_SP_X, Y or Z; VL_SP_NO_POSITION. */
static inline int32_t vl_position_at(const vl_batch *b, int field, size_t i)
{
    return (int32_t)vl_le32(b->col[field].data.data + 4 * i);
}

extern const vl_question vl_spectra_question;
extern const vl_form vl_spectra_mzml, vl_spectra_mgf, vl_spectra_json, vl_spectra_mzxml, vl_spectra_numpy,
    vl_spectra_imzml;
extern const vl_view_column vl_spectra_columns[];

/* Peaks of spectrum i of the load into its mz and intensity. */
vl_code vl_load_peaks(const vl_viewer *v, vl_load *load, size_t i, vl_err *err);
size_t vl_peak_count(const vl_load *load);

#endif
