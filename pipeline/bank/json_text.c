/* JSON text of any bytes (json_text.h). */
#include "pipeline/bank/json_text.h"

#include "formats/buf.h"
#include "pipeline/bank/letter.h"

json_t *vl_json_text(const char *text)
{
    vl_err err = VL_ERR_INIT;
    vl_buf good = { 0 };
    while (*text && !err.code) {
        const char *const from = text;
        if (vl_letter(&text) == VL_LETTER_BAD) vl_buf_append(&good, VL_LETTER_BAD_TEXT, 3, &err);
        else vl_buf_append(&good, from, (size_t)(text - from), &err);
    }
    json_t *const made = err.code ? NULL : json_stringn(good.data ? (const char *)good.data : "", good.len);
    vl_buf_free(&good);
    return made;
}
