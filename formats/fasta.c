/* FASTA, the way in (fasta.h). */
#include "formats/fasta.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

/* What a letter is in upper case, for the digest; 0: it is no letter of a sequence. */
static const uint8_t upper[256] = {
    ['A'] = 'A', ['C'] = 'C', ['G'] = 'G', ['T'] = 'T', ['U'] = 'U', ['N'] = 'N', ['R'] = 'R', ['Y'] = 'Y',
    ['S'] = 'S', ['W'] = 'W', ['K'] = 'K', ['M'] = 'M', ['B'] = 'B', ['D'] = 'D', ['H'] = 'H', ['V'] = 'V',
    ['a'] = 'A', ['c'] = 'C', ['g'] = 'G', ['t'] = 'T', ['u'] = 'U', ['n'] = 'N', ['r'] = 'R', ['y'] = 'Y',
    ['s'] = 'S', ['w'] = 'W', ['k'] = 'K', ['m'] = 'M', ['b'] = 'B', ['d'] = 'D', ['h'] = 'H', ['v'] = 'V',
    ['X'] = 'X', ['x'] = 'X', ['*'] = '*', ['-'] = '-'
};
/* And what it is to reads. */
static const uint8_t plain[256] = { ['A'] = 'A', ['C'] = 'C', ['G'] = 'G', ['T'] = 'T', ['U'] = 'T' };

static bool is_blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\r'; }

static vl_code wrong(const vl_fasta *f, uint64_t byte, vl_err *err)
{
    err->line = f->line + 1;
    return vl_err_at(err, NULL, byte, VL_NOWHERE);
}

static vl_fasta_sequence *last_of(const vl_fasta *f)
{
    return (vl_fasta_sequence *)(void *)(f->sequence.data + f->sequence.len) - 1;
}

static vl_code end_sequence(vl_fasta *f, vl_err *err)
{
    if (f->sequence.len && !EVP_DigestFinal_ex(f->md5, last_of(f)->md5, NULL))
        return vl_fail(err, VL_ENOMEM, "MD5 failed");
    return VL_OK;
}

static vl_code begin_sequence(vl_fasta *f, vl_err *err)
{
    const vl_fasta_sequence next = { .name = f->name.len };
    if (end_sequence(f, err) || vl_buf_append(&f->sequence, &next, sizeof next, err)) return err->code;
    if (!f->md5) f->md5 = EVP_MD_CTX_new();
    if (!f->md5 || !EVP_DigestInit_ex(f->md5, EVP_md5(), NULL)) return vl_fail(err, VL_ENOMEM, "MD5 failed");
    return VL_OK;
}

/* A piece of a name line: up to the first blank it is the name. */
static vl_code take_name(vl_fasta *f, const uint8_t *p, size_t n, vl_err *err)
{
    size_t len = 0;
    while (len < n && !is_blank(p[len])) len++;
    if (len < n) f->state = VL_FASTA_IN_TITLE;
    last_of(f)->name_len += len;
    return vl_buf_append(&f->name, p, len, err);
}

static vl_code no_letter(const vl_fasta *f, const uint8_t *p, size_t i, vl_err *err)
{
    const char *const hint = p[i] > 32 && p[i] < 127 ? "" : " (not a text of letters?)";
    vl_fail(err, VL_EFORMAT, "0x%02x is no letter of a nucleotide%s", p[i], hint);
    return wrong(f, f->byte + i, err);
}

/* A piece of a line of letters, without its line break. */
static vl_code take_letters(vl_fasta *f, const uint8_t *p, size_t n, vl_err *err)
{
    if (f->most && n > f->most - f->letter.len)
        return vl_fail(err, VL_EUNSUP, "more than %" PRIu64 " letters", f->most);
    if (vl_buf_grow(&f->letter, n, err)) return err->code;
    uint8_t *const to = f->letter.data + f->letter.len;
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        to[k] = upper[p[i]];
        if (to[k]) k++;
        else if (!is_blank(p[i])) return no_letter(f, p, i, err);
    }
    if (!EVP_DigestUpdate(f->md5, to, k)) return vl_fail(err, VL_ENOMEM, "MD5 failed");
    uint8_t any = 0;
    for (size_t i = 0; i < k; i++) {
        any |= plain[to[i]];
        to[i] = plain[to[i]] ? plain[to[i]] : 'N';
    }
    f->usable |= any != 0;
    f->letter.len += k;
    last_of(f)->length += k;
    return VL_OK;
}

/* A piece of a line without its line break; the first of its line where nothing is known of it yet. */
static vl_code take_piece(vl_fasta *f, const uint8_t *p, size_t n, vl_err *err)
{
    if (f->state == VL_FASTA_LINE_START && *p == '>') {
        f->state = VL_FASTA_IN_NAME;
        return begin_sequence(f, err) || n == 1 ? err->code : take_name(f, p + 1, n - 1, err);
    }
    if (f->state == VL_FASTA_IN_NAME) return take_name(f, p, n, err);
    if (f->state == VL_FASTA_IN_TITLE) return VL_OK;
    f->state = VL_FASTA_IN_LETTERS;
    if (f->sequence.len) return take_letters(f, p, n, err);
    size_t i = 0;
    while (i < n && is_blank(p[i])) i++;
    if (i == n) return VL_OK;
    vl_fail(err, VL_EFORMAT, "begins with 0x%02x, FASTA begins with '>'", p[i]);
    return wrong(f, f->byte + i, err);
}

static vl_code end_line(vl_fasta *f, vl_err *err)
{
    const bool named = f->state != VL_FASTA_IN_NAME && f->state != VL_FASTA_IN_TITLE;
    if (!named && !last_of(f)->name_len) {
        vl_fail(err, VL_EFORMAT, "a sequence without a name");
        return wrong(f, f->byte, err);
    }
    f->state = VL_FASTA_LINE_START;
    f->line++;
    return VL_OK;
}

vl_code vl_fasta_take(vl_fasta *f, const uint8_t *bytes, size_t n, vl_err *err)
{
    while (n) {
        const uint8_t *const stop = memchr(bytes, '\n', n);
        const size_t len = stop ? (size_t)(stop - bytes) : n, step = len + (stop != NULL);
        if (len && take_piece(f, bytes, len, err)) return err->code;
        f->byte += len;
        if (stop && end_line(f, err)) return err->code;
        f->byte += step - len;
        bytes += step;
        n -= step;
    }
    return VL_OK;
}

vl_code vl_fasta_end(vl_fasta *f, vl_err *err)
{
    if (f->state != VL_FASTA_LINE_START && end_line(f, err)) return err->code;
    if (!f->sequence.len) return vl_fail(err, VL_EFORMAT, "no sequence: FASTA begins with '>'");
    if (!f->usable)
        return vl_fail(err, VL_EFORMAT, "%zu letters, and none of them is A, C, G or T", f->letter.len);
    return end_sequence(f, err);
}

void vl_fasta_free(vl_fasta *f)
{
    vl_buf_free(&f->letter);
    vl_buf_free(&f->sequence);
    vl_buf_free(&f->name);
    EVP_MD_CTX_free(f->md5);
    *f = (vl_fasta){ 0 };
}
