/*
 * Checks queries in SQL that users write: what they may not do, when they are stopped, and how rows are
 * printed.
 *
 * Suites: bank. Also: asan.
 */
#include "pipeline/test/catalog_made.h"
#include "pipeline/test/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static vl_code query(vl_catalog *c, const char *sql, vl_list_as as, char text[16384], vl_err *err)
{
    FILE *const out = fmemopen(text, 16384, "w");
    if (!out) abort();
    text[0] = 0;
    vl_err_clear(err);
    vl_sql(c, sql, as, out, err);
    fclose(out);
    return err->code;
}

static void check_refused_queries(vl_catalog *c)
{
    static const char *const refused[] = {
        "",
        ";",
        "-- nothing",
        "INSERT INTO donor(name) VALUES('x')",
        "UPDATE sample SET name = 'x'",
        "DELETE FROM sample",
        "WITH x(a) AS (SELECT 1) INSERT INTO donor(name) SELECT a FROM x",
        "INSERT INTO donor(name) VALUES('x') RETURNING name",
        "REPLACE INTO receipt VALUES('a', 1)",
        "DROP TABLE sample",
        "CREATE TABLE x(a)",
        "CREATE TEMP TABLE x AS SELECT 1",
        "CREATE VIRTUAL TABLE x USING fts5(a)",
        "ALTER TABLE sample ADD COLUMN x",
        "ATTACH 'other.db' AS other",
        "ATTACH ':memory:' AS other",
        "DETACH main",
        "PRAGMA writable_schema = 1",
        "PRAGMA user_version",
        "PRAGMA journal_mode = DELETE",
        "SELECT * FROM pragma_user_version",
        "SELECT * FROM pragma_database_list",
        "VACUUM",
        "VACUUM INTO 'copy.db'",
        "ANALYZE",
        "REINDEX",
        "BEGIN",
        "BEGIN IMMEDIATE",
        "COMMIT",
        "SAVEPOINT x",
        "SELECT load_extension('x.so')",
        "SELECT LOAD_EXTENSION('x.so', 'y')",
        "SELECT writefile('x', 'y')",
        "SELECT readfile('/etc/passwd')",
        "SELECT edit('x')",
        "SELECT fts3_tokenizer('simple')",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE sample",
        "SELECT 1;; garbage",
        "SELECT 1 garbage more",
        "SELECT nosuch FROM sample",
        "SELEC 1",
        "SELECT 'open",
        "SELECT length(zeroblob(500000000))",
        "SELECT abs(-9223372036854775808)",
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        vl_err err = VL_ERR_INIT;
        char text[16384];
        CHECK(query(c, refused[i], VL_LIST_TSV, text, &err) == VL_EARG, "%s: code %d, %s, %s", refused[i],
              err.code, err.what, text);
    }
    vl_err err = VL_ERR_INIT;
    char text[16384];
    CHECK(access("copy.db", F_OK) && access("other.db", F_OK) && access("x", F_OK), "no file was made");
    CHECK(query(c, "SELECT nosuch FROM sample", VL_LIST_TSV, text, &err) && strstr(err.what, "column 8: "),
          "%s", err.what);
}

static void check_endless_queries(vl_catalog *c)
{
    static const char *const endless[] = {
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n",
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n WHERE x < 0",
        "WITH RECURSIVE n(x) AS (VALUES(1) UNION SELECT x+1 FROM n LIMIT 99999) SELECT sum(1) FROM n, n",
    };
    setenv("VIAL_QUERY_MS", "200", 1);
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        vl_err err = VL_ERR_INIT;
        char text[16384];
        CHECK(query(c, endless[i], VL_LIST_JSON, text, &err) == VL_EARG &&
                  strstr(err.what, "stopped after 0.2 s"),
              "%s: %s", endless[i], err.what);
    }
    unsetenv("VIAL_QUERY_MS");
}

static void check_queries(void)
{
    vl_catalog *const w = open_catalog(true);
    make_small(w);
    vl_catalog *const c = open_catalog(false);
    vl_err err = VL_ERR_INIT;
    char text[16384];
    for (int i = 0; i < 2; i++) { /* read only, and on the writer's connection */
        vl_catalog *const on = i ? w : c;
        check_refused_queries(on);
        CHECK(!query(on, " -- which\n SELECT name, name FROM sample /* all */ ORDER BY 1 ; ; -- end\n",
                     VL_LIST_TSV, text, &err) &&
                  !strcmp(text, "name\tname\n007\t007\nA\tA\nB\tB\n"),
              "TSV: %s%s", err.what, text);
    }
    CHECK(!query(c,
                 "SELECT NULL AS a, x'00ff' AS b, 1.5 AS c, 'x' AS a, 9e999 AS d, CAST(x'61ff' AS TEXT) AS e",
                 VL_LIST_JSON, text, &err) &&
              !strcmp(text, "{\"a\": null, \"b\": \"00ff\", \"c\": 1.5, \"a_2\": \"x\", \"d\": null, "
                            "\"e\": \"a\\uFFFD\"}\n"),
          "JSON: %s%s", err.what, text);
    CHECK(!query(c, "SELECT NULL AS a, x'00ff' AS b, 'x' || char(9) || char(10) AS c", VL_LIST_TSV, text,
                 &err) &&
              !strcmp(text, "a\tb\tc\n\t00ff\tx\\t\\n\n"),
          "TSV: %s%s", err.what, text);
    CHECK(!query(c, "WITH x(n, t) AS (VALUES(1, 'long text'), (200, '')) SELECT * FROM x", VL_LIST_TEXT, text,
                 &err) &&
              !strcmp(text, "  n  t\n  1  long text\n200  \n"),
          "text: %s%s", err.what, text);
    CHECK(
        !query(
            c,
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 1000) SELECT sum(x) FROM n",
            VL_LIST_TSV, text, &err) &&
            !strcmp(text, "sum(x)\n500500\n"),
        "recursion: %s%s", err.what, text);
    check_endless_queries(c);
    json_t *const record = record_of("Y", 1, NULL, "", 0, NULL);
    CHECK(vl_catalog_put(c, record, &err), "a catalogue opened to read is not written");
    json_decref(record);
    put_new(w, record_of("Z", 1, "D", "", 0, NULL), "writing goes on after queries");
    vl_catalog_close(c);
    vl_catalog_close(w);
    remove_catalog();
}

int main(void)
{
    catalog_bank.root = check_enter("check_queries");
    check_queries();
    return check_leave();
}
