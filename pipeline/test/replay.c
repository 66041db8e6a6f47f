/*
 * Runs a corpus through a fuzz target, so that what fuzzing found is a test like any other, in every build:
 * replay FILE-OR-FOLDER... Each input ends where its memory ends, so that reading behind it is seen.
 */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static int npassed, nfailed;

static int run_file(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)where;
    if (kind == FTW_D) return 0;
    const size_t n = kind == FTW_F ? (size_t)st->st_size : 0;
    FILE *const file = fopen(path, "rb");
    uint8_t *const bytes = malloc(n ? n : 1);
    if (file && bytes && fread(bytes, 1, n, file) == n) {
        LLVMFuzzerTestOneInput(bytes, n);
        npassed++;
    } else {
        printf("%s: cannot be read\n", path);
        nfailed++;
    }
    if (file) fclose(file);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        printf("%s\n", argv[i]); /* the last one printed is the one that died */
        fflush(stdout);
        nftw(argv[i], run_file, 16, 0);
    }
    printf("%d passed, %d failed\n", npassed, nfailed);
    return nfailed || !npassed;
}
