/*
 * Checks the reading of FASTA: letters, names, lengths and digests, in pieces of any size; and the place of
 * what is wrong.
 *
 * Suites: formats reads. Also: asan.
 */
#include "formats/letter.h"
#include "formats/fasta.h"
#include "pipeline/test/check.h"

#include <string.h>

static const size_t pieces[] = { 1, 2, 3, 7, 1 << 20 };
enum { NPIECES = sizeof pieces / sizeof *pieces };

static vl_code read_text(vl_fasta *f, const char *text, size_t n, size_t piece, vl_err *err)
{
    for (size_t at = 0; at < n; at += piece) {
        const size_t left = n - at;
        if (vl_fasta_take(f, (const uint8_t *)text + at, left < piece ? left : piece, err)) return err->code;
    }
    return vl_fasta_end(f, err);
}

static void check_good(void)
{
    static const struct {
        const char *text, *letters, *last_name, *last_md5;
        size_t sequences, last_length;
    } good[] = {
        { ">a\nACGT\n", "ACGT", "a", "f1f8f4bf413b16ad135722aa4591043e", 1, 4 },
        { ">a\nacgt", "ACGT", "a", "f1f8f4bf413b16ad135722aa4591043e", 1, 4 },
        { "\n\r\n>a title >x\r\nAC\r\n\r\ng T\t\r\n", "ACGT", "a", "f1f8f4bf413b16ad135722aa4591043e", 1, 4 },
        { ">a\nACGT\n>b\tx\nRYKM*-\nuAC\n", "ACGTNNNNNNTAC", "b", "6de50823c23976661a78f0a3f0bc810c", 2, 9 },
        { ">a\nACGT\n>nothing", "ACGT", "nothing", "d41d8cd98f00b204e9800998ecf8427e", 2, 0 },
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        for (size_t p = 0; p < NPIECES; p++) {
            vl_fasta f = { 0 };
            vl_err err = VL_ERR_INIT;
            char md5[33] = "";
            const char *const text = good[i].text;
            CHECK(!read_text(&f, text, strlen(text), pieces[p], &err), "%zu, %zu: %s", i, p, err.what);
            const size_t n = f.sequence.len / sizeof(vl_fasta_sequence);
            const vl_fasta_sequence *const s = (const vl_fasta_sequence *)(const void *)f.sequence.data;
            CHECK(n == good[i].sequences, "%zu, %zu: %zu sequences", i, p, n);
            CHECK(f.letter.len == strlen(good[i].letters) &&
                      !memcmp(f.letter.data, good[i].letters, f.letter.len),
                  "%zu, %zu: %.*s", i, p, (int)f.letter.len, (const char *)f.letter.data);
            if (n) vl_hex(s[n - 1].md5, 16, md5);
            CHECK(n && s[n - 1].length == good[i].last_length && !strcmp(md5, good[i].last_md5) &&
                      s[n - 1].name_len == strlen(good[i].last_name) &&
                      !memcmp(f.name.data + s[n - 1].name, good[i].last_name, s[n - 1].name_len),
                  "%zu, %zu: the last sequence; its digest is %s", i, p, md5);
            vl_fasta_free(&f);
        }
    }
}

static void check_bad(void)
{
    static const struct {
        const char *text;
        size_t n;
        const char *what;
        uint64_t byte, line; /* VL_NOWHERE: none is said */
    } bad[] = {
        { "", 0, "no sequence", VL_NOWHERE, VL_NOWHERE },
        { "\n \n", 3, "no sequence", VL_NOWHERE, VL_NOWHERE },
        { "@r1\nACGT\n", 9, "begins with 0x40", 0, 1 },
        { "\n  ACGT\n", 8, "begins with 0x41", 3, 2 },
        { ">a\nACGT\nACQT\n", 13, "0x51 is no letter", 10, 3 },
        { ">a\nAC1T\n", 8, "0x31 is no letter", 5, 2 },
        { ">a\nAC\0T\n", 8, "not a text", 5, 2 },
        { ">a\nAC>T\n", 8, "0x3e is no letter", 5, 2 },
        { ">a\nACGT\n>\nACGT\n", 15, "without a name", 9, 3 },
        { "> a\nACGT\n", 9, "without a name", 3, 1 },
        { ">", 1, "without a name", 1, 1 },
        { ">a\nNNNNRR\n", 10, "6 letters, and none", VL_NOWHERE, VL_NOWHERE },
        { ">a\n", 3, "0 letters, and none", VL_NOWHERE, VL_NOWHERE },
        { ">a\nACGTACGTACGT\n", 16, "more than 11 letters", VL_NOWHERE, VL_NOWHERE },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (size_t p = 0; p < NPIECES; p++) {
            vl_fasta f = { .most = 11 };
            vl_err err = VL_ERR_INIT;
            CHECK(read_text(&f, bad[i].text, bad[i].n, pieces[p], &err), "%zu is taken", i);
            CHECK(strstr(err.what, bad[i].what), "%zu: %s", i, err.what);
            CHECK(err.offset == bad[i].byte && err.line == bad[i].line,
                  "%zu, pieces of %zu: byte %lld, line %lld", i, pieces[p], (long long)err.offset,
                  (long long)err.line);
            vl_fasta_free(&f);
        }
    }
}

int main(void)
{
    check_good();
    check_bad();
    return check_end();
}
