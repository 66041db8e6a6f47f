/*
 * Checks the output: a file has its name only when it is whole, and takes nobody else's.
 * Suites: io. Also: asan.
 */
#include "pipeline/io/output.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int npassed, nfailed;
#define CHECK(ok, about) check((ok), #ok, __LINE__, (about))

static void check(bool ok, const char *text, int line, const char *about)
{
    if (ok) npassed++;
    else {
        nfailed++;
        printf("%s:%d: %s: %s\n", __FILE__, line, about, text);
    }
}

static void write_small(const char *path, const char *text)
{
    FILE *const file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file)) abort();
}

static bool holds(const char *path, const char *text)
{
    char bytes[64] = { 0 };
    const int fd = open(path, O_RDONLY);
    if (fd < 0) return !text;
    const ssize_t n = read(fd, bytes, sizeof bytes - 1);
    close(fd);
    return text && n == (ssize_t)strlen(text) && !memcmp(bytes, text, (size_t)n);
}

/* Writes text; returns the code of the first call that failed. */
static vl_code put_out(const char *path, const char *text, bool force, bool commit)
{
    vl_err err = VL_ERR_INIT;
    vl_output *out = NULL;
    if (!vl_output_open(&out, path, force, &err) && !vl_output_write(out, text, strlen(text), &err) && commit)
        vl_output_commit(out, &err);
    vl_output_close(out);
    return err.code;
}

static void check_output(void)
{
    vl_err err = VL_ERR_INIT;
    vl_output *out = NULL;
    umask(027);
    CHECK(!put_out("out", "one", false, false) && holds("out", NULL), "not committed");
    CHECK(!put_out("out", "one", false, true) && holds("out", "one"), "commit");
    struct stat st;
    CHECK(!stat("out", &st) && (st.st_mode & 0777) == 0640, "mode");
    CHECK(put_out("out", "two", false, true) == VL_EEXIST && holds("out", "one"), "exists");
    CHECK(!put_out("out", "two", true, true) && holds("out", "two"), "force");
    CHECK(!symlink("out", "link") && !put_out("link", "three", true, true) && holds("out", "three"), "link");
    CHECK(!vl_output_open(&out, "late", false, &err) && !vl_output_write(out, "mine", 4, &err), "open");
    write_small("late", "theirs");
    CHECK(vl_output_commit(out, &err) == VL_EEXIST && holds("late", "theirs") && vl_output_bytes(out) == 4,
          "race");
    vl_output_close(out);
    CHECK(put_out("nofolder/x", "", false, true) == VL_EEXIST && put_out(".", "", true, true) == VL_EEXIST,
          "folder");
    CHECK(put_out("", "", true, true) == VL_EEXIST && put_out("out/", "", true, true) == VL_EEXIST,
          "no name");
    CHECK(!put_out("/dev/null", "text", false, true), "device");
    CHECK(put_out("/dev/full", "text", false, true) == VL_EIO, "device full");
    char temp[32];
    snprintf(temp, sizeof temp, ".busy.part-%ld", (long)getpid());
    write_small(temp, "x");
    CHECK(put_out("busy", "text", false, true) == VL_EEXIST && holds(temp, "x"), "temporary name taken");
    unlink(temp);
    if (mkfifo("fifo", 0600)) abort();
    const int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    err = (vl_err)VL_ERR_INIT;
    CHECK(!vl_output_open(&out, "fifo", false, &err) && !vl_output_write(out, "text", 4, &err), "fifo");
    close(reader);
    CHECK(vl_output_write(out, "text", 4, &err) == VL_ECLOSED && strstr(err.what, "pipe closed by reader"),
          err.what);
    vl_output_close(out);
    CHECK(!strcmp(vl_output_promises("a.fq.gz"), "gzip") && !strcmp(vl_output_promises("a.BGZ"), "BGZF") &&
              !vl_output_promises("gz") && !vl_output_promises(".gz") && !vl_output_promises("d/.gz") &&
              !vl_output_promises("-") && !strcmp(vl_output_promises("a.bz2"), "bzip2"),
          "names");
    CHECK(put_out("a.xz", "text", false, true) == VL_EARG && access("a.xz", F_OK),
          "a name that cannot be kept");
    CHECK(system("test -z \"$(ls -A | grep part-)\"") == 0, "temporary files are left");
}

/* Two files that belong together, and bytes of theirs that are known late. */
static void check_two(void)
{
    vl_err err = VL_ERR_INIT;
    vl_output *out = NULL, *beside = NULL;
    char seen[3] = { 0 };
    CHECK(!vl_output_open(&out, "doc", false, &err) && !vl_output_open(&beside, "doc.b", false, &err),
          "open");
    CHECK(vl_output_is_file(out) && !vl_output_write(out, "a__d", 4, &err) &&
              !vl_output_patch(out, 1, "bc", 2, &err) && !vl_output_write(out, "e", 1, &err) &&
              !vl_output_look(out, 2, seen, 2, &err) && !strcmp(seen, "cd"),
          err.what);
    CHECK(!vl_output_settle(out, &err) && !vl_output_settle(beside, &err) && holds("doc", NULL), "settled");
    CHECK(!vl_output_commit(beside, &err) && holds("doc.b", "") && holds("doc", NULL), "the first");
    write_small("doc", "theirs");
    CHECK(vl_output_commit(out, &err) == VL_EEXIST && holds("doc", "theirs"), "the other is there");
    vl_output_withdraw(beside);
    CHECK(holds("doc.b", NULL), "withdrawn");
    vl_output_close(beside);
    vl_output_close(out);
    err = (vl_err)VL_ERR_INIT;
    CHECK(!vl_output_open(&out, "doc", true, &err) && !vl_output_write(out, "ab", 2, &err) &&
              vl_output_look(out, 1, seen, 2, &err) == VL_EIO,
          "behind the end");
    vl_output_withdraw(out);
    CHECK(holds("doc", "theirs"), "not committed");
    vl_output_close(out);
    err = (vl_err)VL_ERR_INIT;
    CHECK(!vl_output_open(&out, "/dev/null", true, &err) && !vl_output_is_file(out), "device");
    vl_output_close(out);
    CHECK(system("test -z \"$(ls -A | grep part-)\"") == 0, "temporary files are left");
}

int main(void)
{
    char folder[] = "/tmp/check_output.XXXXXX";
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(folder) || chdir(folder)) return 1;
    check_output();
    check_two();
    char remove[64];
    snprintf(remove, sizeof remove, "rm -rf %s", folder);
    if (chdir("/") || system(remove)) nfailed++;
    printf("%d passed, %d failed\n", npassed, nfailed);
    return nfailed != 0;
}
