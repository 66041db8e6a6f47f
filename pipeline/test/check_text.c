/*
 * Checks the letters and notations of text from anywhere: UTF-8 against Unicode's table 3-7, what hides,
 * JSON against a JSON reader, TSV fields by reading them back; that no name and no id can forge a line of
 * an error or of what we print.
 *
 * Suites: formats. Also: asan.
 */
#include "check.h"
#include "formats/letter.h"
#include "formats/text.h"
#include "pipeline/run/say.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the letter at p. Source: Unicode 15, table 3-7, "Well-Formed UTF-8 Byte Sequences", row by row. */
static size_t table_3_7(const uint8_t *p, size_t n)
{
    static const struct {
        uint8_t first[2], second[2], n;
    } row[] = {
        { { 0x00, 0x7f }, { 0 }, 1 },          { { 0xc2, 0xdf }, { 0x80, 0xbf }, 2 },
        { { 0xe0, 0xe0 }, { 0xa0, 0xbf }, 3 }, { { 0xe1, 0xec }, { 0x80, 0xbf }, 3 },
        { { 0xed, 0xed }, { 0x80, 0x9f }, 3 }, { { 0xee, 0xef }, { 0x80, 0xbf }, 3 },
        { { 0xf0, 0xf0 }, { 0x90, 0xbf }, 4 }, { { 0xf1, 0xf3 }, { 0x80, 0xbf }, 4 },
        { { 0xf4, 0xf4 }, { 0x80, 0x8f }, 4 },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        if (p[0] < row[i].first[0] || p[0] > row[i].first[1]) continue;
        if (row[i].n > n || (row[i].n > 1 && (p[1] < row[i].second[0] || p[1] > row[i].second[1]))) return 0;
        for (size_t k = 2; k < row[i].n; k++)
            if (p[k] < 0x80 || p[k] > 0xbf) return 0;
        return row[i].n;
    }
    return 0;
}

static void check_letters(void)
{
    uint32_t c, wrong = 0;
    for (uint32_t all = 0; all < 1u << 24; all++) { /* a fourth byte that may follow, and may not */
        const uint8_t p[4] = { (uint8_t)(all >> 16), (uint8_t)(all >> 8), (uint8_t)all,
                               all & 1 ? 0x80 : 'x' };
        for (size_t n = all % 3 ? 4 : 1; n <= 4; n++) wrong += vl_letter(p, n, &c) != table_3_7(p, n);
    }
    CHECK(!wrong, "%u sequences of bytes are taken otherwise than in Unicode's table", wrong);
    for (uint32_t letter = 0; letter <= 0x10ffff; letter++) {
        uint8_t p[4];
        const size_t n = vl_letter_put(letter, p), back = vl_letter(p, n, &c);
        const bool surrogate = letter >= 0xd800 && letter < 0xe000;
        wrong += surrogate ? back != 0 || c != VL_LETTER_BAD : back != n || c != letter;
    }
    CHECK(!wrong, "%u code points do not come back", wrong);
}

static void check_hidden(void)
{
    static const uint32_t hidden[] = { 0,      '\n',    0x1b,    0x7f,    0x9b,    0xad,   0x34f,
                                       0x61c,  0x180e,  0x200b,  0x200d,  0x200f,  0x2028, 0x202e,
                                       0x2060, 0x2066,  0x3164,  0xfe0f,  0xfeff,  0xfff9, 0xfdd0,
                                       0xffff, 0x1ffff, 0xe0041, 0xe01ef, 0x10ffff };
    static const uint32_t seen[] = {
        ' ', '~', 0xa0, 0xe9, 0x4e2d, 0x202f, 0x2010, 0xfffd, 0x1f600, 0x10fffd
    };
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        CHECK(vl_letter_hidden(hidden[i]), "U+%04X hides", hidden[i]);
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
        CHECK(!vl_letter_hidden(seen[i]), "U+%04X is seen", seen[i]);
}

/* Only letters that are seen, all of them UTF-8. */
static bool is_open(const void *text, size_t n)
{
    uint32_t c;
    for (const uint8_t *p = text; n;) {
        const size_t len = vl_letter(p, n, &c);
        if (!len || vl_letter_hidden(c)) return false;
        p += len;
        n -= len;
    }
    return true;
}

/* Bytes with many ends of letters, controls, quotes and hidden letters among them. */
static size_t draw(uint64_t *seed, uint8_t *bytes, size_t most)
{
    static const char *const part[] = { "\xe2\x80\xae",
                                        "\xe2\x80\x8b",
                                        "\xc2\xad",
                                        "\xf3\xa0\x81\x81",
                                        "\xc3\xa9",
                                        "\xf0\x9f\x98\x80",
                                        "\"",
                                        "\\",
                                        "\n",
                                        "\r\n",
                                        "\t",
                                        "\x1b[2J",
                                        "a",
                                        "plain" };
    size_t n = 0;
    while (n + 8 < most) {
        const uint64_t r = check_random(seed);
        const char *const s = part[r / 4 % (sizeof part / sizeof *part)];
        if (r % 16 == 0) break;
        if (r % 4) memcpy(bytes + n, s, strlen(s)), n += strlen(s);
        else bytes[n++] = (uint8_t)(r >> 32);
    }
    return n;
}

static void check_json(const uint8_t *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    vl_buf made = { 0 }, good = { 0 };
    vl_text_json(&made, bytes, n, &err);
    vl_text_utf8(&good, bytes, n, &err);
    json_t *const read = json_loadb((char *)made.data, made.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    CHECK(!err.code && is_open(made.data, made.len), "JSON of %zu bytes is seen", n);
    CHECK(read && json_string_length(read) == good.len &&
              (!good.len || !memcmp(json_string_value(read), good.data, good.len)),
          "JSON of %zu bytes reads back: %.*s", n, (int)made.len, (char *)made.data);
    json_decref(read);
    vl_buf_free(&made);
    vl_buf_free(&good);
}

static size_t unescape(const uint8_t *p, size_t n, uint8_t *out)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] != '\\') {
            out[len++] = p[i];
        } else if (p[++i] == 'x') {
            out[len++] = (uint8_t)(vl_hex_digit((char)p[i + 1]) << 4 | vl_hex_digit((char)p[i + 2]));
            i += 2;
        } else {
            out[len++] = p[i] == 'n' ? '\n' : p[i] == 't' ? '\t' : p[i] == 'r' ? '\r' : p[i];
        }
    }
    return len;
}

static void check_field(const uint8_t *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    vl_buf made = { 0 };
    uint8_t back[4096];
    if (!n) return; /* nothing is written, and there is no buffer */
    vl_text_listed(&made, bytes, n, &err);
    CHECK(!err.code && is_open(made.data, made.len), "a field of %zu bytes is seen", n);
    CHECK(unescape(made.data, made.len, back) == n && !memcmp(back, bytes, n),
          "a field of %zu bytes reads back: %.*s", n, (int)made.len, (char *)made.data);
    made.len = 0;
    vl_text_field(&made, bytes, n, &err);
    CHECK(!memchr(made.data, '\t', made.len) && !memchr(made.data, '\n', made.len) &&
              unescape(made.data, made.len, back) == n && !memcmp(back, bytes, n),
          "a field of data of %zu bytes reads back", n);
    vl_buf_free(&made);
}

static void check_notations(void)
{
    uint64_t seed = 5;
    uint8_t bytes[512];
    for (int i = 0; i < 3000; i++) {
        const size_t n = draw(&seed, bytes, sizeof bytes);
        check_json(bytes, n);
        check_field(bytes, n);
    }
    for (int c = 0; c < 256; c++) {
        bytes[0] = (uint8_t)c;
        check_json(bytes, 1);
        check_field(bytes, 1);
    }
}

/* One line for any name and any text of a document, of any length. */
static void check_errors(void)
{
    uint64_t seed = 6;
    char name[512], id[512], line[2048];
    for (int i = 0; i < 2000; i++) {
        vl_err err = VL_ERR_INIT;
        name[draw(&seed, (uint8_t *)name, sizeof name)] = 0;
        id[draw(&seed, (uint8_t *)id, sizeof id)] = 0;
        vl_fail(&err, VL_EFORMAT, "spectrum '%s': no array", id);
        vl_err_at(&err, name, 7, 8);
        for (size_t room = 1; room <= sizeof line; room = room * 3 + 1) {
            vl_err_print(&err, line, room);
            if (!CHECK(strlen(line) < room && is_open(line, strlen(line)), "an error: %s", line)) return;
        }
    }
    vl_err err = VL_ERR_INIT;
    vl_fail(&err, VL_EFORMAT, "spectrum 'a\nvial: all is well\xe2\x80\xae'");
    vl_err_file(&err, "run\xe9\r.mzML");
    vl_err_print(&err, line, sizeof line);
    CHECK(!strcmp(line, "run\\xe9\\r.mzML: spectrum 'a\\nvial: all is well\\xe2\\x80\\xae'"), "escaped: %s",
          line);
}

/* What is too long for an error is cut between two letters. */
static void check_cuts(void)
{
    char long_text[1024] = "";
    for (int pad = 0; pad < 4; pad++) {
        vl_err err = VL_ERR_INIT;
        memset(long_text, 'x', (size_t)pad);
        for (size_t at = (size_t)pad; at + 4 < sizeof long_text; at += 3)
            memcpy(long_text + at, "\xe4\xb8\xad", 4);
        vl_fail(&err, VL_EFORMAT, "%s", long_text);
        vl_err_file(&err, long_text);
        CHECK(is_open(err.what, strlen(err.what)) && strlen(err.what) > sizeof err.what - 4,
              "what, %d before it", pad);
        CHECK(is_open(err.file, strlen(err.file)) && strlen(err.file) > sizeof err.file - 4,
              "file, %d before it", pad);
    }
}

static void check_say(void)
{
    char *text = NULL;
    size_t n = 0;
    FILE *const to = open_memstream(&text, &n);
    if (!to) abort();
    vl_say(to, "vial: %s: refused", "a\nvial: b: published\x1b[1A");
    fclose(to);
    CHECK(!strcmp(text, "vial: a\\nvial: b: published\\x1b[1A: refused\n"), "one line: %s", text);
    free(text);
}

static void check_hex(void)
{
    char hex[9];
    vl_hex("\x00\x9f\xab\xff", 4, hex);
    CHECK(!strcmp(hex, "009fabff"), "hex: %s", hex);
    for (int c = 0; c < 256; c++) {
        const char *const all = "0123456789abcdefABCDEF", *const at = c ? strchr(all, c) : NULL;
        const int value = !at ? -1 : at - all < 16 ? (int)(at - all) : (int)(at - all) - 6;
        CHECK(vl_hex_digit((char)c) == value, "digit %d", c);
    }
}

int main(void)
{
    check_letters();
    check_hidden();
    check_notations();
    check_errors();
    check_cuts();
    check_say();
    check_hex();
    return check_end();
}
