/*
 * mzML: mass spectra as XML, the peaks as base64 of compressed arrays (PSI, mzML 1.1).
 *
 * The format vl_mzml turns a document into a spectra store (spectra.h). What other layers need is on top;
 * below it is what the files mzml*.c say to each other.
 */
#ifndef VL_MZML_H
#define VL_MZML_H

#include "formats/format.h"
#include "formats/redeflate/redeflate.h"
#include "formats/redeflate/zlib_stream.h"
#include "formats/sha.h"
#include "formats/spectra/spectra.h"
#include "formats/spectra/xml.h"

extern const vl_format vl_mzml;
struct vl_outside; /* formats/spectra/outside.h */
struct vl_outside_entry;

/*
 * Appends the encoded text of one array, as it stood between <binary> and </binary>.
 *
 * recipe   VL_RECIPE_..., with its level
 * payload  [n] bytes of its piece, little-endian
 * kept     [nkept] its row of array/kept
 *
 * Errors: VL_ESTORE no such recipe; VL_ENOMEM.
 */
vl_code vl_mzml_array_text(uint8_t recipe, const uint8_t *payload, size_t n, const uint8_t *kept,
                           size_t nkept, vl_buf *out, vl_err *err);

/*
 * Appends the values of one array as doubles: numbers are widened, numpress and the like decoded.
 *
 * coding   of its column (spectra.h, CODING); "" or NULL: plain numbers of its type
 * type     of that column
 * payload  [n] bytes of its piece, little-endian
 *
 * Errors: VL_EFORMAT the bytes do not decode; VL_EUNSUP no numbers (text, codings that are only kept);
 * VL_ENOMEM.
 */
vl_code vl_array_decode(const char *coding, vl_type type, const uint8_t *payload, size_t n, vl_buf *f64_out,
                        vl_err *err);

/* ---- what a document says of arrays, in its own words (mzml_words.c) ---- */

enum { VL_MZML_UO = 1 << 30 }; /* added to the number of a term of UO; MS: is not marked */

/* One array: text [n] in vl_mzml_words.text. */
typedef struct vl_mzml_word {
    uint32_t kind, unit;                 /* terms; 0: none */
    size_t name, nname, symbol, nsymbol; /* of what is no standard array, and the unit's; UTF-8 */
} vl_mzml_word;
typedef struct vl_mzml_words { /* reused */
    vl_buf text;
    vl_mzml_word *array; /* owned; [n] in the order of the record */
    size_t n, cap;
} vl_mzml_words;
/* Its referenceableParamGroups. */
typedef struct vl_mzml_groups {
    vl_buf head; /* owned: what stands before the first record */
    vl_xml_text *texts;
    vl_xml_encoding encoding;
    struct vl_mzml_group {
        vl_xml_span id, inside;
    } * group; /* owned */
    size_t n, cap;
} vl_mzml_groups;
/* head is taken over. VL_EFORMAT: it is no XML. */
vl_code vl_mzml_groups_read(vl_mzml_groups *g, vl_buf *head, vl_err *err);
void vl_mzml_groups_free(vl_mzml_groups *g);
/* Of the arrays of a record [n] as it stands in the skeleton. VL_EFORMAT: it is no XML. */
vl_code vl_mzml_words_read(const vl_mzml_groups *g, const uint8_t *record, size_t n, vl_mzml_words *out,
                           vl_err *err);
void vl_mzml_words_free(vl_mzml_words *w);
/* Seconds of a time in this unit (a term, 0: none is said); NaN where the unit is none of time. Of minutes,
 * 60 times the decimal number that it is, as 0.03 is 1.8; single: it was a float of 32 bits, the product of
 * which is exact. */
double vl_mzml_seconds(uint32_t unit, double time, bool single);

/* ---- from here on: between the files mzml*.c ---- */

/* mzml_terms.c: controlled vocabulary. A term is the number of its accession; MS: is not marked. */
enum { VL_MZ_UO = 1 << 30, VL_MZ_IMS = 1 << 29 };

typedef struct vl_mz_param { /* a cvParam */
    uint32_t term, unit;     /* 0: none, or a vocabulary that is none of ours */
    vl_xml_span value, name; /* borrowed; at is NULL if the attribute is missing */
} vl_mz_param;

vl_code vl_mz_read_param(const vl_xml *x, vl_mz_param *out, vl_err *err);
bool vl_mz_double(vl_xml_span text, double *out); /* a decimal number, INF or NaN; false: something else */
/* The same so many times: 0.03 times 60 is 1.8, which the product of doubles is not. */
bool vl_mz_times(vl_xml_span text, unsigned factor, double *out);
bool vl_mz_uint(vl_xml_span text, uint64_t *out);
bool vl_mz_native_id_term(uint32_t term);
bool vl_mz_chromatogram_term(uint32_t term);

/* Peaks are coded twice: an outer compression of the bytes that an inner coding makes of the numbers. */
typedef enum vl_mz_outer { VL_MZ_STORED, VL_MZ_ZLIB, VL_MZ_ZSTD, VL_MZ_SHUFFLE_ZSTD } vl_mz_outer;
typedef enum vl_mz_inner {
    VL_MZ_PLAIN,
    VL_MZ_LINEAR,
    VL_MZ_PIC,
    VL_MZ_SLOF,
    VL_MZ_DICTIONARY,
    VL_MZ_OTHER /* kept as bytes */
} vl_mz_inner;
typedef enum vl_mz_number {
    VL_MZ_UNTYPED,
    VL_MZ_I4,
    VL_MZ_I8,
    VL_MZ_F2,
    VL_MZ_F4,
    VL_MZ_F8,
    VL_MZ_TEXT
} vl_mz_number;
/* Bytes of one; 0: not known. */
static inline size_t vl_mz_width(vl_mz_number number)
{
    static const uint8_t width[] = { [VL_MZ_UNTYPED] = 0, [VL_MZ_I4] = 4, [VL_MZ_I8] = 8,  [VL_MZ_F2] = 2,
                                     [VL_MZ_F4] = 4,      [VL_MZ_F8] = 8, [VL_MZ_TEXT] = 1 };
    return width[number];
}

typedef struct vl_mz_array { /* a binaryDataArray as it is read */
    uint32_t kind;           /* term, 0 none */
    uint32_t unit;
    uint32_t coding; /* term of the inner coding, to name it; 0: none is known */
    uint32_t
        strange; /* a term that says none of all this: of a newer vocabulary, it may be a coding or type */
    bool coded;  /* a term says how it is compressed */
    vl_mz_outer outer;
    vl_mz_inner inner;
    vl_mz_number number;
    bool network;            /* elements are big-endian (mzXML) */
    bool big;                /* they are, and its row is to say so, as others may not be (mzData) */
    uint32_t second;         /* kind of another array whose elements stand behind each one of this; 0: none */
    uint64_t nvalue;         /* expected */
    uint64_t encoded_length; /* letters; of network order bytes, before base64; UINT64_MAX: not said */
    vl_xml_span text; /* between <binary> and </binary>; borrowed from the block; at NULL: no element */
    bool markup;      /* with comments, CDATA or references in it */
    uint64_t text_at; /* in the skeleton */
    const struct vl_outside_entry *outside; /* where it is; NULL: in the document (outside.h) */
} vl_mz_array;

/* Takes what the term says about the array. VL_EUNSUP where its peaks lie outside, and nobody brought
 * them. */
vl_code vl_mz_array_param(vl_mz_array *a, const vl_mz_param *p, vl_err *err);

typedef enum vl_mz_class { /* what the arrays are of; the first part of a column's path */
                           VL_MZ_OTHER_SPECTRUM,
                           VL_MZ_MS1_CENTROID,
                           VL_MZ_MS1_PROFILE,
                           VL_MZ_MS1_UNKNOWN,
                           VL_MZ_MSN_CENTROID,
                           VL_MZ_MSN_PROFILE,
                           VL_MZ_MSN_UNKNOWN,
                           VL_MZ_CHROMATOGRAM
} vl_mz_class;

/* The column of an array. */
void vl_mz_column(const vl_mz_array *a, vl_mz_class class, vl_piece_column *out);
/* The role that the name of a kind [n], in the path of a column, stands for: "m/z array" of "mz" and of
 * "mz_uo_0000221"; "" if none is known. For stores of version 1 only, which say it nowhere else. */
void vl_mz_role_named(const char *name, size_t n, char role[VL_ROLE]);
/* The term of a role; 0 if it is none of ours. */
uint32_t vl_mz_role_term(const char *role);
/* The name of a kind for errors: "mz", "ms_1234567". */
void vl_mz_kind_name(uint32_t kind, char *name, size_t n);

/* mzml_recipe.c: what makes the compressed bytes again. */
enum { VL_MZ_ZSTD_TOP = 22, VL_MZ_PACK_MOST = INT32_MAX }; /* level; bytes that are compressed */
typedef struct vl_mz_packer { /* compressors, made when first needed; zero before */
    void *zlib[2], *zstd;     /* owned; zlib of memory levels 8 and 9 */
    vl_zlib_stream *own;      /* owned */
    vl_buf shuffled, packed;
} vl_mz_packer;
/* Appends what a recipe with a level makes of the bytes, before base64. want: NULL, or the bytes that should
 * come out; what does not begin them may then be left unfinished. VL_ESTORE: there is no such recipe. */
vl_code vl_mz_pack(vl_mz_packer *pk, unsigned recipe, vl_xml_span src, const vl_xml_span *want, vl_buf *out,
                   vl_err *err);
/* The same of zlib's levels by our own code. *made: false of other recipes, and where it cannot. */
vl_code vl_mz_pack_own(vl_mz_packer *pk, unsigned recipe, vl_xml_span src, const vl_xml_span *want,
                       vl_buf *out, bool *made, vl_err *err);
void vl_mz_packer_free(vl_mz_packer *pk);
/* Replaces out by the text of an array, as vl_mzml_array_text. A zlib stream is made by our own code, and by
 * zlib where that does not give the text of this hash (array/hash). *same: the text has it. */
vl_code vl_mz_text_again(vl_mz_packer *pk, uint8_t recipe, vl_xml_span plain, vl_xml_span kept, uint64_t hash,
                         vl_buf *out, bool *same, vl_err *err);
/* The same of the bytes of an array that is outside of its document: what the letters would stand for. */
vl_code vl_mz_bytes_again(vl_mz_packer *pk, uint8_t recipe, vl_xml_span plain, vl_xml_span kept,
                          uint64_t hash, vl_buf *out, bool *same, vl_err *err);
/* What VL_RECIPE_REDEFLATE keeps: bytes before the description, and how long a stream it may make. */
enum { VL_MZ_REMADE_HEAD = 2 + VL_DEFLATE_ROW };
size_t vl_mz_remade_most(size_t n);
/* Appends the zlib stream of the bytes that these [n] kept ones say. VL_ESTORE: they say none. */
vl_code vl_mz_remake(const uint8_t *kept, size_t n, vl_xml_span src, vl_buf *out, vl_err *err);
vl_code vl_mz_base64(vl_xml_span src, vl_buf *out, vl_err *err); /* appends */

/* mzml_prove.c: which recipe makes an array again. */
typedef struct vl_mz_prover { /* zero at first, but for searches */
    vl_mz_packer packer;
    uint8_t last[4];     /* the recipe that made the last array, of each sort of compression */
    uint32_t nfailed[4]; /* arrays since then that nothing made */
    bool remade;         /* the last zlib stream was described */
    unsigned searches;   /* for its maker, that are left */
    uint8_t row[VL_DEFLATE_ROW];
    vl_buf again, description, kept, outside;
} vl_mz_prover;
typedef struct vl_mz_proof {
    uint8_t recipe;
    vl_xml_span kept; /* the row of array/kept, where the recipe keeps something; borrowed */
} vl_mz_proof;
/* whole: all of packed was used to make payload; width: bytes of an element. */
vl_code vl_mz_prove(vl_mz_prover *pr, const vl_mz_array *a, size_t width, bool whole, vl_xml_span packed,
                    vl_xml_span payload, vl_mz_proof *out, vl_err *err);
void vl_mz_prover_free(vl_mz_prover *pr);

/* mz_weave.c: big-endian elements of one array, or of two in turns, and arrays of little-endian ones. n:
 * elements of each array; width: 4 or 8 bytes. */
enum { VL_MZ_WOVEN_MOST = 2 };
void vl_mz_unweave(const uint8_t *src, size_t n, size_t width, int narray,
                   uint8_t *const out[VL_MZ_WOVEN_MOST]);
void vl_mz_weave(const uint8_t *const in[VL_MZ_WOVEN_MOST], size_t n, size_t width, int narray, uint8_t *out);

/* mzml_decode.c */
/* Values in a dictionary coding of n bytes; the errors of decoding it. out NULL: only counts; else the plain
 * elements, *width bytes each. */
vl_code vl_mz_dictionary(const uint8_t *src, size_t n, vl_buf *out, size_t *count, size_t *width,
                         vl_err *err);

/* mzml_array.c: text to piece and row. */
typedef struct vl_mz_coder vl_mz_coder;
vl_code vl_mz_coder_open(vl_mz_coder **out, vl_err *err);
void vl_mz_coder_close(vl_mz_coder *c); /* NULL is fine */
/* Adds piece and row of one array to the batch. Errors do not say of which spectrum. */
vl_code vl_mz_array_push(vl_mz_coder *c, const vl_mz_array *a, vl_mz_class class, vl_batch *batch,
                         vl_err *err);

/* The row of a piece of the batch, whose text is this, in the skeleton at text_at. */
vl_code vl_mz_push_row(uint64_t text_at, size_t piece, vl_xml_span text, const vl_mz_proof *proof,
                       vl_batch *batch, vl_err *err);

/* What may be asked of it. */
typedef struct vl_mz_asked {
    int exact; /* changes nothing any more */
} vl_mz_asked;

/* mzml_head.c: what stands before the run. */
typedef struct vl_mz_group { /* a referenceableParamGroup */
    vl_xml_span id;
    vl_mz_param *param; /* owned */
    size_t nparam, cparam;
} vl_mz_group;
typedef struct vl_mz_head {
    vl_buf text;        /* owned: copy of the head, which the spans below point into */
    vl_xml_text *texts; /* owned: values that are not as they stand in it */
    vl_xml_encoding encoding;
    vl_mz_group *group; /* owned */
    size_t ngroup, cgroup;
    vl_facts facts; /* found there */
    bool cut_short; /* as of vl_ask */
    bool outside;   /* arrays may lie outside of the document */
    char uuid[64];  /* what it says of the file beside it (IMS:1000080), and of that file's hash */
    uint32_t hash_term;
    char hash[72];
} vl_mz_head;

int vl_mz_probe(const uint8_t *bytes, size_t n);
vl_code vl_mz_open(void *head, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                   const bool *whole, bool *more, vl_err *err);
/* The same of a head of one document some of whose arrays may be outside. */
vl_code vl_mz_open_head(vl_mz_head *head, vl_xml_span bytes, bool whole, bool outside, bool *more,
                        vl_err *err);
void vl_mz_head_free(vl_mz_head *head);
const vl_mz_group *vl_mz_find_group(const vl_mz_head *head, vl_xml_span id); /* NULL if there is none */

/* mzml_element.c: elements by name. */
typedef enum vl_mz_element {
    VL_MZ_ANY, /* of no interest */
    /* the spine: what may be open between two records */
    VL_MZ_INDEXED,
    VL_MZ_MZML,
    VL_MZ_RUN,
    VL_MZ_SPECTRA,
    VL_MZ_CHROMATOGRAMS,
    VL_MZ_INDEX_LIST,
    VL_MZ_INDEX,
    VL_MZ_SPINE_END,
    /* records, and what matters in them */
    VL_MZ_SPECTRUM,
    VL_MZ_CHROM,
    VL_MZ_DESCRIPTION, /* of a spectrum, in mzML 1.0: its terms */
    VL_MZ_SCAN,
    VL_MZ_SCAN_WINDOW,
    VL_MZ_PRECURSOR,
    VL_MZ_PRODUCT,
    VL_MZ_ISOLATION,
    VL_MZ_SELECTED_ION,
    VL_MZ_ACTIVATION,
    VL_MZ_ARRAY,
    VL_MZ_BINARY,
    VL_MZ_CV_PARAM,
    VL_MZ_GROUP_REF,
    /* the index */
    VL_MZ_OFFSET,
    VL_MZ_INDEX_AT,
    VL_MZ_CHECKSUM
} vl_mz_element;
/* VL_MZ_ANY for a name of no interest; "element" for that. */
vl_mz_element vl_mz_element_of(vl_xml_span name);
const char *vl_mz_element_name(vl_mz_element what);

/* mzml_record.c: one spectrum or chromatogram. */
typedef struct vl_mz_record { /* the one being read; its rows are made when it ends */
    vl_mz_element what;       /* VL_MZ_SPECTRUM or VL_MZ_CHROM; VL_MZ_ANY between records */
    vl_xml_span id;
    size_t from;      /* of its tag in the block */
    uint64_t text_at; /* and in the skeleton */
    uint64_t array_length;
    bool no_length; /* each array says how long it is, and nothing else does: before mzML 1.0 */
    uint64_t ms_level;
    int8_t polarity;
    uint8_t centroid;
    uint32_t kind; /* of a chromatogram */
    double time, tic, base_mz, base_intensity, low, high, mobility, injection, faims;
    int32_t position[3]; /* x, y, z of a pixel */
    unsigned nscan, nwindow;
    bool in_precursor;
    double target, lower, upper, energy; /* the precursor being read */
    double ion_mz, ion_intensity;        /* the selected ion */
    int8_t ion_charge;
    uint8_t npossible;
    int8_t possible[VL_SP_CHARGES];  /* charges that it may have */
    double precursor_mz, product_mz; /* a chromatogram's */
    vl_mz_array *array;              /* owned */
    size_t narray, carray;
} vl_mz_record;

/* Nothing is known yet; its arrays' memory stays. */
void vl_mz_record_reset(vl_mz_record *r, vl_mz_element what, vl_xml_span id, size_t from, uint64_t text_at);
/* Adds an array of as many values as the record says. */
vl_code vl_mz_record_array(vl_mz_record *r, const vl_xml *x, vl_err *err);
/* An attribute that must be a number where it is there. */
vl_code vl_mz_uint_attr(const vl_xml *x, const char *name, uint64_t *out, bool *there, vl_err *err);
vl_code vl_mz_record_begin(vl_mz_record *r, const vl_xml *x, vl_mz_element what, vl_xml_span id,
                           uint64_t text_at, vl_err *err);
/* Elements inside the record: begin and end of one, a param of the element in, whose parent is above. */
vl_code vl_mz_record_open(vl_mz_record *r, const vl_xml *x, vl_mz_element what, vl_err *err);
vl_code vl_mz_record_close(vl_mz_record *r, vl_mz_element what, vl_batch *out, vl_err *err);
vl_code vl_mz_record_param(vl_mz_record *r, const vl_mz_param *p, vl_mz_element in, vl_mz_element above,
                           vl_batch *out, vl_err *err);
/* The row of a spectrum, whose arrays begin at this row, and whose text ends where the skeleton does. */
vl_code vl_mz_push_spectrum(const vl_mz_record *r, uint64_t array_at, vl_batch *out, vl_err *err);
/* All is read, and the skeleton is complete to the end of its tag: the rows. */
vl_code vl_mz_record_end(vl_mz_record *r, const vl_xml *x, vl_mz_coder *coder, vl_batch *out, vl_err *err);

/* mzml_print.c */
vl_code vl_mz_unfinish(void *how, const vl_facts *facts, const uint64_t *counter, int ntext, vl_way *way,
                       vl_err *err);
vl_code vl_mz_print(const void *how, const vl_batch *batch, bool last, vl_buf *out, vl_err *err);
vl_code vl_mz_print_values(const void *how, const vl_batch *batch, bool last, vl_buf *out, vl_buf *odd,
                           vl_err *err);

/* mz_print.c */
/* Appends the text of n rows of arrays from row on; room: that stays from text to text. */
typedef vl_code vl_mz_put_text(const vl_batch *b, size_t row, size_t n, vl_buf *room, vl_buf *out,
                               vl_err *err);
/* The batch as text: skeleton, and what put makes of the rows. */
vl_code vl_mz_print_woven(const vl_batch *b, vl_mz_put_text *put, vl_buf *out, vl_err *err);

/* mzml_mend.c */
typedef struct vl_mz_place { /* of a record */
    uint64_t hash;           /* of its id; 0: none */
    uint64_t at;
    bool taken; /* an entry of the index has it */
} vl_mz_place;
typedef struct vl_mz_mend { /* zero at first */
    vl_mz_place *place;     /* owned; [cplace] by hash */
    size_t nplace, cplace;
    vl_buf held;       /* text of which no whole token has come */
    uint64_t done;     /* bytes that came out */
    uint64_t hashed;   /* as far as sha1 has got */
    uint64_t index_at; /* where <indexList> came out */
    uint64_t index;    /* being read: 0 spectra, 1 chromatograms */
    SHA_CTX sha1;
    bool odd, begun, summed; /* some array is not as it was; a token was read; the checksum has been made */
} vl_mz_mend;
vl_code vl_mz_mend_text(void *state, bool odd, bool last, vl_buf *text, vl_err *err);
void vl_mz_mend_free(void *state);

/* mzml_parse.c */
vl_code vl_mz_parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err);
/* The same of a text some of whose arrays are outside; NULL: none. */
vl_code vl_mz_parse_text(const void *head, const vl_block *in, struct vl_outside *outside, vl_batch *out,
                         vl_err *err);

/* mz_attr.c */
/* A number where the attribute is there; what is none leaves it absent and is counted. */
vl_code vl_mz_take_number(const vl_xml *x, const char *name, double *to, vl_batch *out, vl_err *err);
/* The same of whole numbers from 0 to most. */
vl_code vl_mz_take_whole(const vl_xml *x, const char *name, uint64_t most, uint64_t *to, vl_batch *out,
                         vl_err *err);
/* "scan=7" into id [room] of a record that has a number alone, the value of its attribute. */
vl_code vl_mz_make_id(const vl_xml *x, const char *element, const char *attribute, vl_xml_span value,
                      char *id, size_t room, vl_err *err);

/* mz_text.c */
/* The block from *copied up to here to the skeleton. */
vl_code vl_mz_copy(const vl_xml *x, size_t *copied, size_t to, vl_batch *out, vl_err *err);
/* The encoded text of an array, whose element of this name has begun, and its end tag, if it has one. */
vl_code vl_mz_take_text(vl_xml *x, const char *name, bool empty, vl_mz_array *a, size_t *copied,
                        vl_batch *out, vl_err *err);
/* x is at an end tag of another name; at text where only blanks may be. */
vl_code vl_mz_wrong_end(const vl_xml *x, vl_xml_span expected, vl_err *err);
vl_code vl_mz_refuse_text(const vl_xml *x, vl_err *err);

/* mz_sum.c: a document's word on itself, and what is true. */
typedef struct vl_mz_sum { /* SHA-1 of all up to the end of a start tag */
    bool seen;
    bool done; /* the digest is final, or none is possible */
    SHA_CTX sha1;
    uint8_t digest[20];
    char said[48]; /* cut off where it cannot be one */
} vl_mz_sum;
void vl_mz_sum_begin(vl_mz_sum *s, bool possible);
void vl_mz_sum_add(vl_mz_sum *s, const uint8_t *bytes, size_t n);
/* The tag ends behind these bytes; text is what it holds. */
void vl_mz_sum_take(vl_mz_sum *s, const uint8_t *bytes, size_t n, vl_xml_span text);
const char *vl_mz_sum_fact(const vl_mz_sum *s); /* ok, absent, placeholder, mismatch */
/* The fact of a count: said is UINT64_MAX where nothing is, UINT64_MAX - 1 where it is no number. */
void vl_mz_count_fact(vl_facts *facts, const char *name, bool seen, uint64_t said, uint64_t found);

/* mzml_join.c */
vl_code vl_mz_join(const void *head, void *tail, const vl_block *in, vl_batch *batch, vl_err *err);
vl_code vl_mz_finish(const void *head, void *tail, vl_facts *facts, vl_err *err);

#endif
