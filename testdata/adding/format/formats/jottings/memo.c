/* MEMO: a toy format of jottings: "MEMO" first, then texts with | behind each. */
#include "formats/jottings/jottings.h"

#include <string.h>

typedef struct how {
    bool no_final;
} how;

static int probe(const uint8_t *bytes, size_t n) { return n >= 4 && !memcmp(bytes, "MEMO", 4) ? 90 : 0; }

static vl_code open(void *head, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                    const bool *whole, bool *more, vl_err *err)
{
    (void)head, (void)ask, (void)bytes, (void)n, (void)whole, (void)more, (void)err;
    return VL_OK;
}

static vl_code cut(const void *head, const uint8_t *bytes, size_t n, bool last, uint64_t most, vl_cut *out,
                   vl_err *err)
{
    (void)head, (void)err;
    return vl_jottings_cut('|', bytes, n, last, most, out);
}

static vl_code parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err)
{
    (void)head;
    return vl_jottings_parse('|', in, out, err);
}

static vl_code join(const void *head, void *tail, const vl_block *in, vl_batch *batch, vl_err *err)
{
    (void)head, (void)tail, (void)in, (void)batch, (void)err;
    return VL_OK;
}

static vl_code finish(const void *head, void *tail, vl_facts *facts, vl_err *err)
{
    (void)head, (void)tail, (void)facts, (void)err;
    return VL_OK;
}

static vl_code unfinish(void *state, const vl_facts *facts, const uint64_t *counter, int ntext, vl_way *way,
                        vl_err *err)
{
    (void)facts, (void)ntext, (void)err;
    ((how *)state)->no_final = counter[VL_NC_NO_FINAL];
    *way = (vl_way){ 0, 1, VL_NT_TEXT, -1, -1 };
    return VL_OK;
}

static vl_code print(const void *state, const vl_batch *batch, bool last, vl_buf *out, vl_err *err)
{
    return vl_jottings_print('|', ((const how *)state)->no_final, batch, last, out, err);
}

static void close(void *head, void *tail) { (void)head, (void)tail; }

const vl_format vl_memo = { .name = "memo",
                            .title = "MEMO",
                            .doc = "a toy: texts with | behind each",
                            .ending = { ".memo" },
                            .schema = &vl_jottings_schema,
                            .block = 1 << 16,
                            .max_record = 1 << 20,
                            .max_stream = 1,
                            .probe = probe,
                            .open = open,
                            .cut = cut,
                            .parse = parse,
                            .join = join,
                            .finish = finish,
                            .print_size = sizeof(how),
                            .unfinish = unfinish,
                            .print = print,
                            .close = close };
