/*
 * Checks the file of the catalogue: versions, damage, statements that are kept, several processes at once,
 * and users who may only read.
 *
 * Suites: bank. Also: asan.
 */
#include "pipeline/test/catalog_made.h"
#include "pipeline/test/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static vl_code open_code(bool write, vl_err *err)
{
    vl_catalog *c = NULL;
    vl_err_clear(err);
    const vl_code code = vl_catalog_open(&c, &catalog_bank, write, err);
    vl_catalog_close(c);
    return code;
}

static void run_sql(const char *file, const char *sql)
{
    sqlite3 *db = NULL;
    char *what = NULL;
    if (sqlite3_open(file, &db) || sqlite3_exec(db, sql, NULL, NULL, &what)) {
        printf("%s\n", what ? what : "open");
        abort();
    }
    sqlite3_close(db);
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0664);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd)) abort();
}

static void check_versions(void)
{
    vl_err err = VL_ERR_INIT;
    struct stat st;
    CHECK(open_code(false, &err) == VL_ENOIN && strstr(err.what, "vial catalog rebuild"), "missing: %s",
          err.what);
    CHECK(access("catalog.db", F_OK), "reading makes no file");
    write_file("catalog.db", "", 0);
    CHECK(open_code(false, &err) == VL_ECONFIG, "version 0 to read: %s", err.what);
    vl_catalog *c = open_catalog(true);
    CHECK(vl_catalog_is_new(c) && ask_whole(c, "PRAGMA user_version") == 5, "from version 0");
    CHECK(ask_whole(c, "PRAGMA synchronous") == 2 && ask_whole(c, "PRAGMA foreign_keys") == 1, "settings");
    char text[16384];
    CHECK(!strcmp(ask_text(c, "PRAGMA journal_mode", text), "wal;"), "%s", text);
    vl_catalog_close(c);
    c = open_catalog(true);
    CHECK(!vl_catalog_is_new(c), "not new the second time");
    vl_catalog_close(c);
    CHECK(!open_code(false, &err), "reading: %s", err.what);
    run_sql("catalog.db",
            "ALTER TABLE store DROP COLUMN healed_at; ALTER TABLE job DROP COLUMN healed;"
            "ALTER TABLE store DROP COLUMN measures; DROP INDEX store_original;"
            "ALTER TABLE store DROP COLUMN original; DROP INDEX refusal_input; ALTER TABLE refusal DROP "
            "COLUMN bytes; ALTER TABLE refusal "
            "DROP COLUMN mtime_ns; ALTER TABLE refusal DROP COLUMN version; INSERT INTO receipt "
            "VALUES('r', 1); PRAGMA user_version = 1");
    CHECK(!open_code(false, &err), "an older one to read: %s", err.what);
    c = open_catalog(false);
    CHECK(ask_whole(c, "PRAGMA user_version") == 5 &&
              ask_whole(c, "SELECT count(mtime_ns) FROM refusal") == 0 &&
              ask_whole(c, "SELECT count(*) FROM receipt") == 1,
          "from version 1, nothing lost");
    vl_catalog_close(c);
    run_sql("catalog.db", "ALTER TABLE store DROP COLUMN healed_at; ALTER TABLE job DROP COLUMN healed; "
                          "ALTER TABLE store DROP COLUMN measures; DROP INDEX store_original; "
                          "ALTER TABLE store DROP COLUMN original; PRAGMA user_version = 2");
    CHECK(!open_code(false, &err), "version 2 can be read: %s", err.what);
    run_sql("catalog.db", "PRAGMA user_version = 99");
    CHECK(open_code(true, &err) == VL_ECONFIG && strstr(err.what, "99"), "newer: %s", err.what);
    CHECK(open_code(false, &err) == VL_ECONFIG && strstr(err.what, "99"), "newer, to read: %s", err.what);
    remove_catalog();
    run_sql("catalog.db", "CREATE TABLE theirs(a); PRAGMA user_version = 1");
    CHECK(open_code(true, &err) == VL_ESTORE && open_code(false, &err) == VL_ESTORE, "theirs: %s", err.what);
    run_sql("catalog.db", "PRAGMA user_version = 0");
    CHECK(open_code(true, &err) == VL_ESTORE, "theirs of version 0: %s", err.what);
    remove_catalog();
    umask(077);
    catalog_bank.shared = true;
    c = open_catalog(true);
    CHECK(!stat("catalog.db", &st) && (st.st_mode & 0777) == 0660, "mode %o", st.st_mode);
    vl_catalog_close(c);
    catalog_bank.shared = false;
    umask(022);
    remove_catalog();
}

static void check_damage(void)
{
    vl_err err = VL_ERR_INIT;
    vl_catalog *c;
    uint8_t junk[8192];
    uint64_t n = 0;
    for (size_t i = 0; i < sizeof junk; i++) junk[i] = (uint8_t)check_mix(i);
    write_file("catalog.db", junk, sizeof junk);
    CHECK(open_code(true, &err) == VL_ESTORE && strstr(err.what, "vial catalog rebuild"), "junk: %s",
          err.what);
    CHECK(open_code(false, &err) == VL_ESTORE, "junk to read: %s", err.what);
    remove_catalog();
    c = open_catalog(true);
    make_small(c);
    vl_catalog_close(c);
    const int fd = open("catalog.db", O_WRONLY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) abort();
    for (off_t at = 4096; at + 8192 <= st.st_size; at += 8192)
        if (pwrite(fd, junk, sizeof junk, at) != sizeof junk) abort();
    close(fd);
    c = open_catalog(false);
    FILE *const out = fopen("/dev/null", "w");
    vl_err_clear(&err);
    CHECK(out &&
              vl_list(c, &(vl_list_ask){ .bank = &catalog_bank, .as = VL_LIST_JSON }, out, &n, &err) ==
                  VL_ESTORE &&
              strstr(err.what, "vial catalog rebuild"),
          "damaged pages: %s", err.what);
    if (out) fclose(out);
    vl_catalog_close(c);
    remove_catalog();
    c = open_catalog(true);
    vl_catalog_close(c);
    run_sql("catalog.db", "DROP TABLE fact");
    c = open_catalog(true);
    json_t *const record = record_of("S1", 1, NULL, "'a': 'b'", 0, NULL);
    vl_err_clear(&err);
    CHECK(vl_catalog_put(c, record, &err) == VL_ESTORE && strstr(err.what, "vial catalog rebuild"),
          "no table: %s", err.what);
    json_decref(record);
    vl_catalog_close(c);
    remove_catalog();
}

/* A statement is kept, and free again however its rows were left. */
static void check_asking(void)
{
    enum { MANY = 200 };
    static char text[MANY][40];
    static const char rows[] = "SELECT name FROM sample ORDER BY name";
    const vl_sql_value v[] = { vl_sql_text("S1"), vl_sql_whole(7), vl_sql_real(0.5), vl_sql_text(NULL) };
    vl_err err = VL_ERR_INIT;
    vl_catalog *const c = open_catalog(true);
    make_small(c);
    sqlite3_stmt *q = vl_sql_ask(c, "SELECT ? || ?, ?, ?", v, 4, &err);
    CHECK(vl_sql_row(c, q, &err) && !strcmp(vl_sql_column(q, 0), "S17") &&
              !strcmp(vl_sql_column(q, 1), "0.5") && !strcmp(vl_sql_column(q, 2), "") &&
              !vl_sql_row(c, q, &err) && !err.code,
          "values of all types: %s", err.what);
    for (int leave = 0; leave < 2; leave++) { /* in the middle, and at the end */
        int n = 0;
        for (q = vl_sql_ask(c, rows, NULL, 0, &err); (n < 1 || leave) && vl_sql_row(c, q, &err);) n++;
        CHECK(n > leave && !err.code, "%d rows: %s", n, err.what);
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(text[i], sizeof text[i], "SELECT %d", i);
        CHECK((int)vl_sql_number(c, text[i], NULL, 0, -1, &err) == i, "statement %d: %s", i, err.what);
    }
    CHECK((int)vl_sql_number(c, "SELECT NULL", NULL, 0, -1, &err) == -1, "NULL is no number");
    CHECK((int)vl_sql_number(c, "SELECT 1 WHERE 0", NULL, 0, -1, &err) == -1 && !err.code,
          "no row is no number");
    CHECK(!vl_sql_ask(c, "SELECT gone FROM sample", NULL, 0, &err) && err.code == VL_ESTORE, "%s", err.what);
    q = vl_sql_ask(c, rows, NULL, 0, &err);
    CHECK(q && !vl_sql_row(c, q, &err) && !vl_sql_row(c, NULL, &err), "no rows after an error");
    vl_catalog_close(c);
    remove_catalog();
}

static void check_two(void)
{
    vl_err err = VL_ERR_INIT;
    char text[16384];
    setenv("VIAL_BUSY_MS", "150", 1);
    vl_catalog *const a = open_catalog(true), *const b = open_catalog(true), *const r = open_catalog(false);
    CHECK(!vl_catalog_begin(a, &err), "first writer: %s", err.what);
    put_new(a, record_of("S1", 1, NULL, "", 0, NULL), "put");
    CHECK(vl_catalog_begin(b, &err) == VL_EBUSY && strstr(err.what, "0.15 s"), "second writer: %s", err.what);
    vl_err_clear(&err);
    bool already = false;
    CHECK(vl_catalog_take_receipt(b, "r", 1, &already, &err) == VL_EBUSY, "a single statement: %s", err.what);
    vl_err_clear(&err);
    CHECK(ask_whole(r, "SELECT count(*) FROM sample") == 0,
          "readers do not wait, nor see what is not committed");
    CHECK(!vl_catalog_commit(a, &err) && ask_whole(r, "SELECT count(*) FROM sample") == 1, "committed");
    CHECK(!vl_catalog_begin(b, &err), "now the second: %s", err.what);
    put_new(b, record_of("S2", 1, NULL, "", 0, NULL), "put");
    CHECK(!vl_catalog_commit(b, &err) &&
              !strcmp(ask_text(a, "SELECT name FROM sample ORDER BY 1", text), "S1;S2;"),
          "%s", text);
    vl_catalog_close(a);
    vl_catalog_close(b);
    vl_catalog_close(r);
    remove_catalog();
    unsetenv("VIAL_BUSY_MS");
}

/* Several processes that open a new catalogue and write at once. */
static void check_race(void)
{
    enum { NPROC = 6, NEACH = 20 };
    pid_t pid[NPROC];
    fflush(stdout);
    for (int i = 0; i < NPROC; i++) {
        pid[i] = fork();
        if (pid[i]) continue;
        vl_err err = VL_ERR_INIT;
        vl_catalog *c = NULL;
        vl_catalog_open(&c, &catalog_bank, true, &err);
        for (int k = 0; k < NEACH && !err.code; k++) {
            char name[32];
            snprintf(name, sizeof name, "P%d-%d", i, k);
            json_t *const record = record_of(name, 1, "D", "'a': 'b'", 0, NULL);
            vl_catalog_put(c, record, &err);
            json_decref(record);
        }
        if (err.code) printf("process %d: %s\n", i, err.what);
        fflush(stdout);
        vl_catalog_close(c);
        _exit(err.code != VL_OK);
    }
    int bad = 0;
    for (int i = 0; i < NPROC; i++) {
        int status = 1;
        waitpid(pid[i], &status, 0);
        bad += status != 0;
    }
    vl_catalog *const c = open_catalog(false);
    CHECK(!bad && ask_whole(c, "SELECT count(*) FROM sample") == NPROC * NEACH &&
              ask_whole(c, "SELECT count(*) FROM donor") == 1,
          "%d processes failed, %lld samples", bad, ask_whole(c, "SELECT count(*) FROM sample"));
    vl_catalog_close(c);
    remove_catalog();
}

/* In a child without rights to write here; what it returns. */
static int as_reader(vl_code (*act)(void))
{
    int status = -1;
    fflush(stdout);
    const pid_t child = fork();
    if (!child) {
        if (!geteuid() && (setegid(65534) || seteuid(65534))) _exit(99);
        _exit((int)act());
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static vl_code read_it(void)
{
    vl_err err = VL_ERR_INIT;
    vl_catalog *c = NULL;
    char text[16384];
    if (!vl_catalog_open(&c, &catalog_bank, false, &err) &&
        list_stores(c, "B", NULL, VL_LIST_TSV, text, &err) != 1)
        vl_fail(&err, VL_EBUG, "not one line: %s", text);
    vl_catalog_close(c);
    return err.code;
}

static vl_code write_it(void)
{
    vl_err err = VL_ERR_INIT;
    return open_code(true, &err);
}

static void check_rights(void)
{
    if (!geteuid() && chown(".", 0, 65534)) abort();
    if (chmod(".", 02750)) abort();
    vl_catalog *c = open_catalog(true); /* its group may read */
    make_small(c);
    CHECK(as_reader(write_it) == VL_EPERM, "writing without rights");
    CHECK(as_reader(read_it) == VL_OK, "reading without rights beside a writer");
    vl_catalog_close(c);
    if (chmod(".", 0550)) abort();
    CHECK(as_reader(read_it) == VL_OK, "reading without rights when nobody writes");
    if (chmod(".", 0755)) abort();
    write_file("catalog.db-wal", "not empty", 9);
    if (chmod(".", 0555)) abort();
    CHECK(as_reader(read_it) == VL_ENOIN, "reading without rights what a writer left behind");
    if (chmod(".", 0755)) abort();
    remove_catalog();
    c = open_catalog(true);
    vl_catalog_close(c);
    if (chmod("catalog.db", 0)) abort();
    CHECK(as_reader(read_it) == VL_ENOIN, "no right to read");
    remove_catalog();
    if (chmod(".", 0700)) abort();
}

int main(void)
{
    catalog_bank.root = check_enter("check_catalog_files");
    check_versions();
    check_asking();
    check_damage();
    check_two();
    check_race();
    check_rights();
    return check_leave();
}
