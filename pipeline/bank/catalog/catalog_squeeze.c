/* What was removed from the catalogue is in none of its bytes either (catalog.h). */
#include "pipeline/bank/catalog/sql.h"

vl_code vl_catalog_forget_surely(vl_catalog *c, vl_err *err)
{
    return vl_sql_script(c, "PRAGMA secure_delete = ON", "cannot write", err);
}

vl_code vl_catalog_squeeze(vl_catalog *c, vl_err *err)
{
    if (vl_sql_script(c, "VACUUM", "cannot write anew", err)) return err->code;
    if (vl_sql_number(c, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, 0, 1, err) > 0 && !err->code)
        vl_fail(err, VL_EBUSY, "somebody reads the catalogue: its log cannot be emptied; tidy again");
    return err->code;
}
