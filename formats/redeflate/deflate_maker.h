/*
 * Makers of deflate streams, as far as their choices can be told in advance: which tokens, where blocks end,
 * and how a block is coded. Three rules that are mixed freely; each is followed by a state machine that is
 * told what the maker did, so that it goes on from there after a choice that no rule told.
 *
 * Row. What a maker's name stands for never changes under one version of rows: descriptions are kept for as
 * long as stores are.
 *
 *     byte  0  version of rows, 1
 *           1  how tokens are chosen: vl_deflate_family
 *           2  level, which chooses the family's table of numbers
 *           3  window bits, 9 to 15
 *           4  hash bits, 8 to 16, of families that have a choice
 *           5  where blocks end: vl_deflate_ends
 *           6  how they are coded: vl_deflate_coding
 *           7  what a flush does: vl_deflate_flush
 */
#ifndef VL_DEFLATE_MAKER_H
#define VL_DEFLATE_MAKER_H

#include "formats/redeflate/deflate_code.h"

enum { VL_DEFLATE_ROW = 8, VL_DEFLATE_ROWS_VERSION = 1 };

typedef enum vl_deflate_family {
    VL_MAKES_LITERALS,   /* zlib's Z_HUFFMAN_ONLY, level 0, and all that is stored */
    VL_MAKES_RUNS,       /* zlib's Z_RLE: distance 1 only */
    VL_MAKES_ZLIB,       /* levels 1 to 9: also gzip, pigz, Java, Python, and bgzip without libdeflate */
    VL_MAKES_FILTERED,   /* zlib's Z_FILTERED, levels 4 to 9 */
    VL_MAKES_LIBDEFLATE, /* 1.10 to 1.18, levels 1 to 9: also bgzip with it */
    VL_MAKES_CHROMIUM,   /* zlib as Chromium, Node 20 and pako 3 have it: another hash; levels 1 to 9 */
    VL_MAKES_ISAL,       /* ISA-L 2.30, levels 0 to 3, given all at once; hash bits 14: its stateless calls */
    VL_MAKES_IGZIP,      /* the same, given a MiB at a time */
    VL_MAKES_ISAL_OLDER, /* as Intel's GKL has it, and so GATK and Picard: levels 0 to 2 */
    VL_MAKES_LIBDEFLATE_OLDER, /* 1.0 to 1.8, levels 1 to 7: bgzip and samtools of these years */
    VL_MAKES_LEAST_COST,  /* who seeks the cheapest way: libdeflate 10 to 12, zopfli, 7-Zip; levels 1 to 9 */
    VL_MAKES_ZLIB_MEDIUM, /* zlib as Intel had it, levels 4 to 6: GATK and Picard too */
    VL_DEFLATE_FAMILIES
} vl_deflate_family;

typedef enum vl_deflate_ends {
    VL_ENDS_NEVER,           /* but with the text; 1 to 15: when 2^n - 1 tokens are there, as zlib's */
    VL_ENDS_LIKE_GZIP = 16,  /* 32767 tokens, or at a multiple of 4096 when that looks good */
    VL_ENDS_LIKE_LIBDEFLATE, /* when tokens are of other kinds than before */
    VL_ENDS_LIKE_ISAL,       /* when a buffer of 2^10 is full; then of 2^14 and up to 2^17 */
    VL_ENDS_ISAL_LARGEST = VL_ENDS_LIKE_ISAL + 4,
    VL_ENDS_LIKE_LIBDEFLATE_OLDER,
    VL_DEFLATE_ENDS
} vl_deflate_ends;

typedef enum vl_deflate_coding {
    VL_CODES_LIKE_ZLIB,
    VL_CODES_STATIC, /* zlib's Z_FIXED */
    VL_CODES_LIKE_LIBDEFLATE,
    VL_CODES_LIKE_ISAL,
    VL_CODES_ISAL_DEFAULT, /* of its level 0: always the same */
    VL_DEFLATE_CODINGS
} vl_deflate_coding;

typedef enum vl_deflate_flush {
    VL_FLUSH_KEEPS,   /* what came before stays in reach, and what was put into the hash */
    VL_FLUSH_FORGETS, /* a window that is empty: zlib's Z_FULL_FLUSH */
    VL_FLUSH_PRIMES,  /* a new maker, for which the last 32 KiB are a dictionary: pigz */
    VL_DEFLATE_FLUSHES
} vl_deflate_flush;

typedef struct vl_deflate_row {
    uint8_t version, family, level, window_bits, hash_bits, ends, coding, flush;
} vl_deflate_row;

static inline bool vl_is_isal(const vl_deflate_row *row)
{
    return row->family >= VL_MAKES_ISAL && row->family <= VL_MAKES_ISAL_OLDER;
}

/* Blocks of whom have their codes before their tokens. */
static inline bool vl_is_planned(const vl_deflate_row *row) { return row->family == VL_MAKES_LEAST_COST; }

/* And those codes are said by what they are likely to be (guess); else by those of the block before. */
static inline bool vl_is_guessed(const vl_deflate_row *row) { return vl_is_planned(row) && row->level > 2; }

/* VL_EUNSUP: a row that this program does not know. */
vl_code vl_deflate_row_read(vl_deflate_row *row, const uint8_t bytes[VL_DEFLATE_ROW], vl_err *err);
void vl_deflate_row_write(const vl_deflate_row *row, uint8_t bytes[VL_DEFLATE_ROW]);

/* ---- tokens ---- */

enum { VL_PLAN_MOST = 1 << 20, VL_LEAST_COST_LEVELS = 9 };
typedef struct vl_deflate_parser vl_deflate_parser;

typedef struct vl_deflate_parse {
    size_t bytes; /* of the state */
    /* Begins at span.before, with what lies before as its window. The state is zeroed. False: no memory. */
    bool (*begin)(vl_deflate_parser *p);
    void (*close)(vl_deflate_parser *p); /* frees what begin has beside the state; NULL: nothing */
    /* A block of n bytes begins, of which the codes are known; not NULL: they are said before the tokens, and
     * the maker has to know them. n is VL_PLAN_MOST at most. VL_ENOMEM. */
    vl_code (*plan)(vl_deflate_parser *p, size_t at, size_t n, const vl_deflate_head *head, vl_err *err);
    /* With plan, and before it: the codes that the block is likely to have. VL_ENOMEM. */
    vl_code (*guess)(vl_deflate_parser *p, size_t at, size_t n, vl_deflate_head *head, vl_err *err);
    /* With plan: of 16 kinds of what it tells at `at`, by how likely it is right. */
    unsigned (*doubt)(const vl_deflate_parser *p, size_t at);
    /* The token that the maker takes at `at`, which is before `end`. */
    vl_token (*next)(vl_deflate_parser *p, size_t at);
    /* It took this one, told or not. */
    void (*took)(vl_deflate_parser *p, size_t at, vl_token token);
    /* Both for as many of the n tokens from *at on as are those that it tells; returns how many. The text has
     * the bytes of all n. It has then been asked for the next too, which is *told and is still to be taken,
     * unless there were n. NULL: one by one. */
    size_t (*agree)(vl_deflate_parser *p, size_t *at, const vl_token *token, size_t n, vl_token *told);
    /* Tells and takes n tokens, or those up to `stop`; returns how many. NULL: one by one. */
    size_t (*tell)(vl_deflate_parser *p, size_t *at, size_t stop, vl_token *token, size_t n);
    /* What it sees ends at p->end now, where it ended at `at` before. */
    void (*flushed)(vl_deflate_parser *p, size_t at);
    /* A block begins; NULL: nothing follows from that. */
    void (*begin_block)(vl_deflate_parser *p, size_t at);
    /* Not 0 when what comes at `at` is known already, so that no block ends before it; NULL: never. 2: and
     * the literal before it is one in place of a match of VL_ENDS_LONG bytes. */
    unsigned (*holds)(const vl_deflate_parser *p, size_t at);
} vl_deflate_parse;

extern const vl_deflate_parse vl_parse_literals, vl_parse_runs, vl_parse_zlib, vl_parse_zlib_fast,
    vl_parse_zlib_medium, vl_parse_libdeflate, vl_parse_libdeflate_fast, vl_parse_isal, vl_parse_isal_map,
    vl_parse_least_cost;

/* One maker at work on one text. */
struct vl_deflate_parser {
    vl_deflate_row row;
    const uint8_t *text; /* borrowed */
    size_t start, n;     /* span.before, and all bytes of the text */
    size_t end;          /* what the maker can see: up to the next flush or the end */
    const vl_deflate_parse *parse;
    void *state; /* owned */
};

/* end: where the first flush is, or the text's end. VL_ENOMEM. */
vl_code vl_deflate_parser_open(vl_deflate_parser *p, const vl_deflate_row *row, const vl_deflate_text *span,
                               size_t end, vl_err *err);
void vl_deflate_parser_close(vl_deflate_parser *p);

/* agree and tell of a maker, of its own next and took. */
static inline __attribute__((always_inline)) size_t
vl_agree_by(vl_deflate_parser *p, size_t *at, const vl_token *token, size_t n, vl_token *told,
            vl_token (*next)(vl_deflate_parser *, size_t),
            void (*took)(vl_deflate_parser *, size_t, vl_token))
{
    size_t i = 0, here = *at;
    for (; i < n; i++) {
        *told = next(p, here);
        if (*told != token[i]) break;
        took(p, here, token[i]);
        here += vl_token_length(token[i]);
    }
    *at = here;
    return i;
}

static inline __attribute__((always_inline)) size_t
vl_tell_by(vl_deflate_parser *p, size_t *at, size_t stop, vl_token *token, size_t n,
           vl_token (*next)(vl_deflate_parser *, size_t), void (*took)(vl_deflate_parser *, size_t, vl_token))
{
    size_t i = 0, here = *at;
    for (; i < n && here < stop; i++) {
        token[i] = next(p, here);
        took(p, here, token[i]);
        here += vl_token_length(token[i]);
    }
    *at = here;
    return i;
}

/* Equal plain bytes at `at` and `from` before it, up to most. */
static inline unsigned vl_equal_bytes(const uint8_t *text, size_t at, size_t from, unsigned most)
{
    unsigned n = 0;
    for (; n + 8 <= most; n += 8) {
        uint64_t a, b;
        memcpy(&a, text + at + n, 8);
        memcpy(&b, text + from + n, 8);
        if (a == b) continue;
        const uint64_t differs = a ^ b;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        return n + (unsigned)__builtin_clzll(differs) / 8;
#else
        return n + (unsigned)__builtin_ctzll(differs) / 8;
#endif
    }
    while (n < most && text[at + n] == text[from + n]) n++;
    return n;
}

/* ---- where blocks end ---- */

enum { VL_ENDS_LONG = 9, VL_ENDS_KINDS = 10 }; /* of tokens, that libdeflate tells apart */
typedef struct vl_block_ends {
    uint8_t rule, level;
    bool full;               /* it has ended though there may be no more text */
    size_t begin, ntoken;    /* of the block */
    size_t end;              /* what the maker sees */
    size_t nmatch, distance; /* gzip: matches, and the bits of their distances */
    size_t units, most;      /* ISA-L: of its buffer, that are full; that there are */
    bool open;               /* a literal is the last, and the next shares its unit if it is one too */
    uint32_t old[VL_ENDS_KINDS], new[VL_ENDS_KINDS], nold, nnew; /* libdeflate: tokens of each kind */
} vl_block_ends;

/* end: what the maker sees. */
void vl_block_ends_begin(vl_block_ends *e, const vl_deflate_row *row, size_t at, size_t end);
/* True when the block ends behind this token, at `at`, though there is more text. holds: what is next is
 * known already. */
bool vl_block_ends_after(vl_block_ends *e, size_t at, vl_token token, unsigned holds);
bool vl_libdeflate_ends_after(vl_block_ends *e, size_t at, vl_token token, unsigned holds);
size_t vl_libdeflate_ends_room(const vl_block_ends *e, size_t at);
void vl_libdeflate_ends_after_many(vl_block_ends *e, size_t at, const vl_token *token, size_t n, bool *early);
bool vl_isal_ends_after(vl_block_ends *e, size_t at, vl_token token, unsigned holds);
/* Units of ISA-L's buffer for a block; 0: the row says nothing of it. */
size_t vl_isal_units(const vl_deflate_row *row);
/* Whether it counts nothing but tokens, or matches and bytes. */
static inline bool vl_block_ends_counts(const vl_block_ends *e)
{
    return e->rule < VL_ENDS_LIKE_GZIP || (e->rule == VL_ENDS_LIKE_LIBDEFLATE && e->level == 1);
}
/* Many tokens at once, from `at` on, when it counts. *early: the block ended before the last of them. */
static inline void vl_block_ends_after_many(vl_block_ends *e, size_t at, const vl_token *token, size_t n,
                                            bool *early)
{
    const size_t most = e->rule ? ((size_t)1 << e->rule) - 1 : SIZE_MAX;
    if (!n) return;
    if (e->rule == VL_ENDS_LIKE_LIBDEFLATE) {
        vl_libdeflate_ends_after_many(e, at, token, n, early);
        return;
    }
    *early |= e->ntoken + n > most && e->ntoken < most + 1;
    e->ntoken += n;
    e->full = e->ntoken == most;
}
/* Tokens from `at` on until it may end; 0: it does not count. */
static inline size_t vl_block_ends_room(const vl_block_ends *e, size_t at)
{
    if (!vl_block_ends_counts(e)) return 0;
    if (e->rule == VL_ENDS_LIKE_LIBDEFLATE) return vl_libdeflate_ends_room(e, at);
    return e->rule ? ((size_t)1 << e->rule) - 1 - e->ntoken : SIZE_MAX;
}

/* True when a block that ends with the text is the last one; an empty one follows else. */
bool vl_block_is_last(const vl_block_ends *e);

/* ---- how blocks are coded ---- */

/* The type of a block of these symbols and, of a dynamic one, its codes. plain: bytes that it stands for. */
void vl_deflate_choose(const vl_deflate_row *row, const vl_deflate_counts *counts, size_t plain,
                       vl_deflate_head *head);
/* The header for the code lengths that are in head: nlit, ndist, lit, dist. */
void vl_deflate_spell(const vl_deflate_row *row, vl_deflate_head *head);

void vl_zlib_choose(const vl_deflate_row *row, const vl_deflate_counts *counts, size_t plain,
                    vl_deflate_head *head);
void vl_zlib_spell(vl_deflate_head *head);
void vl_libdeflate_choose(const vl_deflate_counts *counts, size_t plain, vl_deflate_head *head);
void vl_libdeflate_spell(vl_deflate_head *head);
void vl_isal_choose(const vl_deflate_row *row, const vl_deflate_counts *counts, vl_deflate_head *head);
void vl_isal_spell(const vl_deflate_row *row, vl_deflate_head *head);

/* Bits of a block's symbols in the codes of head; of its header. */
uint64_t vl_symbol_bits(const vl_deflate_counts *counts, const vl_deflate_head *head);
uint64_t vl_head_bits(const vl_deflate_head *head);

/* The maker is told a block's beginning, and then each token that it took; both with the rule of ends. */
static inline void vl_deflate_begin_block(vl_deflate_parser *p, vl_block_ends *e, size_t at)
{
    vl_block_ends_begin(e, &p->row, at, p->end);
    if (p->parse->begin_block) p->parse->begin_block(p, at);
}

static inline bool vl_deflate_took(vl_deflate_parser *p, vl_block_ends *e, size_t at, vl_token t)
{
    p->parse->took(p, at, t);
    const unsigned holds = p->parse->holds ? p->parse->holds(p, at + vl_token_length(t)) : 0;
    return vl_block_ends_after(e, at, t, holds);
}

#endif
