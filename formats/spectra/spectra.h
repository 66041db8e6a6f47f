/*
 * The spectra store: what mass spectra and chromatograms look like as tables.
 *
 * Five tables. Rows of spectrum and chromatogram point at their rows of array (array_at, array_count); rows
 * of precursor and selected_ion point at their parent. The peaks themselves are pieces of columns that the
 * data names:
 *
 *     spectra/CLASS/KIND[_UNIT][.CODING]   spectra/ms1_centroid/mz, spectra/msn_profile/mz.numpress_linear
 *     chromatograms/KIND[_UNIT][.CODING]   chromatograms/time, chromatograms/time_s
 *
 * CLASS   ms1_ or msn_ with centroid, profile or unknown; other where there is no MS level (UV and the like)
 * KIND    mz, intensity, charge ...; ms_1234567 for arrays that have no short name here; nonstandard
 * UNIT    only where it is not the usual one of the kind: chromatograms/time is in minutes, time_s in seconds
 * CODING  only where the column is u8 and holds encoded bytes: numpress_linear, numpress_pic, numpress_slof,
 *         dictionary (of floats), dictionary_int, float16, text (NUL-terminated strings), ms_1234567 (a
 *         compression or a type that we keep as it is), bytes (the same, and no term says which)
 *
 * Paths are for people. What an array is stands in the column's role (the name of its term: "m/z array"),
 * unit and coding, which the store's schema keeps; nobody reads them out of a path.
 *
 * All text of the document but the content of its <binary> elements is the stream source/skeleton. A row of
 * array has what gives that content back, letter for letter: where it goes, and a recipe.
 */
#ifndef VL_SPECTRA_H
#define VL_SPECTRA_H

#include "formats/schema.h"

enum { VL_SPT_SPECTRUM, VL_SPT_CHROMATOGRAM, VL_SPT_PRECURSOR, VL_SPT_SELECTED_ION, VL_SPT_ARRAY, VL_SPT_N };

/* Numbers of the fields; the table in spectra.c says what they mean. */
enum {
    VL_SP_ID,
    VL_SP_MS_LEVEL,
    VL_SP_TIME,
    VL_SP_POLARITY,
    VL_SP_CENTROID,
    VL_SP_TIC,
    VL_SP_BASE_PEAK_MZ,
    VL_SP_BASE_PEAK_INTENSITY,
    VL_SP_SCAN_LOW,
    VL_SP_SCAN_HIGH,
    VL_SP_MOBILITY,
    VL_SP_INJECTION_TIME,
    VL_SP_FAIMS,
    VL_SP_X,
    VL_SP_Y,
    VL_SP_Z,
    VL_SP_ARRAY_LENGTH,
    VL_SP_TEXT_AT,
    VL_SP_TEXT_LENGTH,
    VL_SP_ARRAY_AT,
    VL_SP_ARRAY_COUNT,

    VL_SP_CHROM_ID,
    VL_SP_CHROM_KIND,
    VL_SP_CHROM_PRECURSOR_MZ,
    VL_SP_CHROM_PRODUCT_MZ,
    VL_SP_CHROM_ARRAY_LENGTH,
    VL_SP_CHROM_TEXT_AT,
    VL_SP_CHROM_TEXT_LENGTH,
    VL_SP_CHROM_ARRAY_AT,
    VL_SP_CHROM_ARRAY_COUNT,

    VL_SP_PREC_SPECTRUM,
    VL_SP_PREC_TARGET,
    VL_SP_PREC_LOWER,
    VL_SP_PREC_UPPER,
    VL_SP_PREC_COLLISION_ENERGY,

    VL_SP_ION_SPECTRUM,
    VL_SP_ION_PRECURSOR,
    VL_SP_ION_MZ,
    VL_SP_ION_CHARGE,
    VL_SP_ION_INTENSITY,
    VL_SP_ION_POSSIBLE,

    VL_SP_ARR_COLUMN,
    VL_SP_ARR_START,
    VL_SP_ARR_LENGTH,
    VL_SP_ARR_TEXT_AT,
    VL_SP_ARR_RECIPE,
    VL_SP_ARR_HASH,
    VL_SP_ARR_KEPT,

    VL_SP_SKELETON,
    VL_SP_NFIELD
};

enum { VL_SP_NO_POSITION = INT32_MIN };
enum { VL_SP_CHARGES = 16 }; /* that an ion may have, at most */

/* Counters: odd but legal things. */
enum {
    VL_SPC_NOT_UTF8,       /* bytes that are not UTF-8 */
    VL_SPC_ENCODED_LENGTH, /* encodedLength attributes that do not say the number of letters */
    VL_SPC_NOT_A_NUMBER,   /* values of known terms that are no number, or do not fit: absent in the tables */
    VL_SPC_TIME_WITHOUT_UNIT, /* scan start times whose unit is unknown: absent in the tables */
    VL_SPC_KEPT_STREAM,       /* arrays whose compressed bytes are kept, as we cannot make them again */
    VL_SPC_KEPT_TEXT,         /* arrays whose text is kept */
    VL_SPC_PROVEN,            /* arrays that a compressor makes again; of stores before: that were tried */
    VL_SPC_ARRAY_LENGTH,      /* arrays of another number of values than the document says */
    VL_SPC_UNKNOWN_ARRAY,     /* arrays kept as bytes, of a type or coding that is not known */
    VL_SPC_N
};

/* Recipes: how the text of an array is made from the bytes of its piece (all little-endian; of a store made
 * from mzXML big-endian, and in turns with those of the next row where that is VL_RECIPE_WOVEN). For those
 * with a level, the number is the base plus the level. */
enum {
    VL_RECIPE_EMPTY = 0,       /* no text */
    VL_RECIPE_BASE64 = 1,      /* base64 of the bytes */
    VL_RECIPE_KEPT_STREAM = 2, /* base64 of array/kept; the piece is what it decompresses to */
    VL_RECIPE_KEPT_TEXT = 3,   /* array/kept itself; the piece is what it decodes to */
    VL_RECIPE_WOVEN = 4, /* none of its own: its elements stand behind those of the row before, in turns */
    VL_RECIPE_BIG4 = 5,  /* base64 of the bytes, each element of 4 turned round: it is big-endian (mzData) */
    VL_RECIPE_BIG8 = 6,  /* of 8 bytes */
    VL_RECIPE_ZLIB = 16, /* + level 0..9: base64 of zlib's deflate of the bytes, window 15, memory level 8 */
    VL_RECIPE_ZSTD = 32, /* + level 1..22: base64 of one zstd frame of the bytes, made in one call */
    VL_RECIPE_SHUFFLE4_ZSTD = 64, /* + level: the same, the bytes shuffled first as elements of 4 bytes */
    VL_RECIPE_SHUFFLE8_ZSTD = 96, /* + level: of 8 bytes */
    VL_RECIPE_ZLIB_MEMORY9 = 128, /* + level 0..9: as VL_RECIPE_ZLIB, but memory level 9, as Perl has it */
    VL_RECIPE_REDEFLATE = 160,    /* base64 of a zlib stream of the bytes (RFC 1950) by any other maker;
                                   * array/kept: its first two bytes, the maker's row [8], and what its
                                   * deflate has beside that (formats/redeflate/redeflate.h) */
    VL_RECIPE_DECIMAL = 161,      /* lines of decimal numbers, of this array and of those of the next rows
                                   * that are VL_RECIPE_WOVEN; array/kept: how they look (mgf_peaks.c) */
    VL_RECIPE_OUTSIDE = 162,   /* no text, but the next bytes of the file beside the document; array/kept: the
                                   * recipe whose letters would stand for them, LEB128 of a number of bytes
                                   * before them, these, and what that recipe keeps (outside.h) */
    VL_RECIPE_ELSEWHERE = 163, /* no text: bytes there that another row gives, or in data sets around it */
    VL_RECIPE_LITERAL = 164    /* no array: its bytes are the next ones of the file beside the document */
};

extern const vl_schema vl_spectra_schema;
extern const vl_schema_1 vl_spectra_1;

#endif
