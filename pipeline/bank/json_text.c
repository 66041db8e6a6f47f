/* JSON text of any bytes (json_text.h). */
#include "pipeline/bank/json_text.h"

#include "formats/text.h"

#include <string.h>

json_t *vl_json_text(const char *text)
{
    vl_err err = VL_ERR_INIT;
    vl_buf good = { 0 };
    vl_text_utf8(&good, text, strlen(text), &err);
    json_t *const made = err.code ? NULL : json_stringn(good.data ? (const char *)good.data : "", good.len);
    vl_buf_free(&good);
    return made;
}
