/*
 * mz5: the tables of an mzML as an HDF5 file (Wilhelm et al., Mol. Cell. Proteomics 2012; ProteoWizard). What
 * the files mz5*.c say to each other.
 *
 *     CVReference, CVParam, UserParam, RefParam   terms, and all params of the document in rows
 *     SpectrumMetaData, SpectrumListBinaryData    a row a spectrum; params of its two arrays
 *     SpectrumIndex                               where the peaks of each end in SpectrumMZ and
 *                                                 SpectrumIntensity; m/z as steps from peak to peak
 *     ChromatogramList and so on                  the same of chromatograms ("ChomatogramTime" is no slip
 *     here)
 *
 * Params of an element are ranges of rows; references are numbers of rows, UINT32_MAX none.
 */
#ifndef VL_MZ5_H
#define VL_MZ5_H

#include "formats/buf.h"
#include "pipeline/store/foreign_rows.h"

typedef struct vl_mz5_params { /* rows from..to - 1 of CVParam, UserParam, RefParam */
    uint32_t cv[2], user[2], group[2];
} vl_mz5_params;
typedef struct vl_mz5_cv { /* ControlledVocabulary */
    const char *uri, *name, *id, *version;
} vl_mz5_cv;
typedef struct vl_mz5_term { /* CVReference */
    const char *name, *prefix;
    uint32_t accession;
} vl_mz5_term;
typedef struct vl_mz5_param { /* CVParam */
    char value[129];
    uint32_t term, unit; /* of CVReference */
} vl_mz5_param;
typedef struct vl_mz5_user { /* UserParam */
    char name[257], value[129], type[65];
    uint32_t unit;
} vl_mz5_user;
typedef struct vl_mz5_named { /* SourceFiles, Samples, Software, ParamGroups: what each has of these */
    const char *id, *name, *location, *version;
    vl_mz5_params params;
} vl_mz5_named;
typedef struct vl_mz5_component {
    vl_mz5_params params;
    uint32_t order;
} vl_mz5_component;
typedef struct vl_mz5_instrument { /* InstrumentConfiguration */
    const char *id;
    vl_mz5_params params;
    vl_foreign_rows component[3]; /* sources, analyzers, detectors */
    uint32_t software;
} vl_mz5_instrument;
typedef struct vl_mz5_method {
    vl_mz5_params params;
    uint32_t software, order;
} vl_mz5_method;
typedef struct vl_mz5_processing { /* DataProcessing */
    const char *id;
    vl_foreign_rows method;
} vl_mz5_processing;
typedef struct vl_mz5_run {
    const char *id, *start;
    vl_mz5_params params;
    uint32_t spectra_processing, chromatogram_processing, instrument, file, sample;
} vl_mz5_run;
typedef struct vl_mz5_scan {
    const char *external;
    vl_mz5_params params;
    vl_foreign_rows window;
    uint32_t instrument, file, spectrum;
} vl_mz5_scan;
typedef struct vl_mz5_precursor {
    const char *external;
    vl_mz5_params activation, isolation;
    vl_foreign_rows ion;
    uint32_t spectrum, file;
} vl_mz5_precursor;
typedef struct vl_mz5_spectrum { /* SpectrumMetaData */
    const char *id, *spot;
    vl_mz5_params params, scans;
    vl_foreign_rows scan, precursor, product;
    uint32_t processing, file;
} vl_mz5_spectrum;
typedef struct vl_mz5_chromatogram { /* ChromatogramList */
    const char *id;
    vl_mz5_params params, product;
    vl_mz5_precursor precursor;
    uint32_t processing;
} vl_mz5_chromatogram;
typedef struct vl_mz5_binary { /* SpectrumListBinaryData, ChromatogramListBinaryData */
    vl_mz5_params params[2];
    uint32_t processing[2];
} vl_mz5_binary;
typedef struct vl_mz5_about { /* FileInformation */
    uint16_t major, minor, steps;
} vl_mz5_about;

typedef struct vl_mz5 {
    vl_foreign *file;      /* owned */
    vl_foreign_pool *pool; /* owned: all that is below */
    vl_mz5_about about;
    vl_foreign_rows cv, term, param, user, group_of, content, contact, source, group, sample, software,
        instrument, processing, run;
    vl_foreign_rows record[2], binary[2]; /* spectra, chromatograms */
    const double *end[2];                 /* [record]: where its peaks end */
    vl_buf ends[2], values;               /* owned: those; doubles of an array */
} vl_mz5;

/* mz5_tables.c: reads all but the peaks. VL_EFORMAT: it is no mz5, or a damaged one. */
vl_code vl_mz5_open(vl_mz5 *z, const char *path, vl_err *err);
void vl_mz5_close(vl_mz5 *z);
/* Peaks of record i of a sort. */
uint64_t vl_mz5_count(const vl_mz5 *z, int sort, size_t i);
/* Values of array a (0 m/z or time, 1 intensity) of record i of a sort, in z->values. VL_EFORMAT: the file
 * is damaged there. */
vl_code vl_mz5_values(vl_mz5 *z, int sort, size_t i, int a, vl_err *err);

/* mz5_text.c: as mzML 1.1, each array as 64-bit floats that nothing compresses. */
vl_code vl_mz5_put_head(const vl_mz5 *z, vl_buf *t, vl_err *err);           /* up to <run>, with its tag */
vl_code vl_mz5_put_list(const vl_mz5 *z, int sort, vl_buf *t, vl_err *err); /* the tag of a list */
vl_code vl_mz5_put_record(vl_mz5 *z, int sort, size_t i, vl_buf *t, vl_err *err);

#endif
