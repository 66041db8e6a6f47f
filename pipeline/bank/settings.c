/*
 * bank.ini: made by `vial init`, read by everything else. Sections in brackets, "name = value" lines,
 * comments after ';' or '#' at the start of a line or after " ;". What is not known is an error with its
 * line, all of them at once, with the nearest name: a slip of the hand in a setting must not go unnoticed.
 */
#include "pipeline/bank/bank.h"

#include "pipeline/bank/sheet/sheet_value.h"
#include "pipeline/out/measure.h"
#include "pipeline/run/say.h"
#include "pipeline/store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char first_settings[] =
    "; Settings of this bank. What stands behind a ';' is a comment; what is left out has the value shown in "
    "comments.\n"
    "; Sizes: 512M, 2G, 1T.  Times: 90s, 10m, 6h, 30d.\n"
    "\n"
    "[bank]\n"
    ";name = Platform A          ; else the folder's name\n"
    "%s\n"
    ";profile = compact          ; speed against size: 'vial help ingest' lists them\n"
    ";sites = sites.vcf.gz       ; sites where persons differ, of which letters are counted: 'vial help "
    "same'\n"
    ";originals = off            ; files that are packed, to be given back as they were: now, night or off\n"
    "\n"
    "[batch]\n"
    ";threads = 16               ; divided among the items that run at once; else all cores\n"
    ";jobs = 8                   ; items at once; else one for two threads, small ones one for each\n"
    ";max_memory = 64G           ; for all items together; else no limit\n"
    ";timeout = 12h              ; for one item; else none\n"
    ";reserve = 1G               ; disk space that items leave free\n"
    ";empty = accept             ; samples without reads: accept (a store of no rows) or refuse\n"
    "\n"
    "[nightly]\n"
    ";deadline = 6h              ; no item is started later than this after the start; else none\n"
    ";verify = 30d               ; every store is verified once in this time\n"
    "\n"
    "[tidy]\n"
    ";superseded = 30d           ; old stores are kept so long\n"
    ";quarantine = 365d          ; and what was said about refused items\n"
    "\n"
    "[log]\n"
    ";to = file                  ; file (reports/vial.log), syslog, stderr or off\n"
    ";format = text              ; text or json\n"
    "\n"
    "[metrics]\n"
    ";file = reports/vial.prom   ; for the node exporter's textfile collector\n"
    "\n"
    "[qc]\n"
    ";q30_min = 85 75            ; less and a sample is yellow, less than the second: red ('vial help qc')\n"
    ";adapter_max = 5            ; more and it is yellow; no sample is red by this\n"
    "\n"
    "; A folder that `vial nightly` looks into; as many as there are instruments.\n"
    ";[inbox novaseq]\n"
    ";path = /data/novaseq\n"
    ";match = S*                 ; else every file of a format that vial reads, by content\n"
    ";sheet = *.csv              ; instead of match: sample sheets that are dropped there\n"
    ";complete = CopyComplete.txt ; a run folder is taken when this file is in it\n"
    ";settle = 10m               ; and no file has changed for so long\n"
    ";sample = ^([^_]+)_         ; regular expression with one group; else the name up to _S1_, _R1, _1\n"
    ";lanes = apart              ; apart: each lane of a library is an acquisition; join: all are one\n"
    ";index = leave              ; leave: index reads (_I1, _I2) stay where they are; take: an acquisition "
    "more\n"
    ";profile = compact\n";

/* ---- values ---- */

static bool parse_size(const char *text, double *out)
{
    char *end = NULL;
    double v = strtod(text, &end);
    if (end == text || !(v >= 0)) return false;
    static const char units[] = "kmgt";
    const char low = (char)(*end | 32), *const unit = *end ? strchr(units, low) : NULL;
    if (unit) {
        v *= pow(1024, (double)(unit - units) + 1);
        end++;
    }
    if (*end == 'i') end++;
    if (*end == 'B') end++;
    *out = v;
    return !*end && v < 9e18;
}

static bool parse_span(const char *text, double *out)
{
    char *end = NULL;
    const double v = strtod(text, &end);
    if (end == text || !(v >= 0)) return false;
    double unit = 1;
    if (*end == 'm') unit = 60;
    else if (*end == 'h') unit = 3600;
    else if (*end == 'd') unit = 86400;
    else if (*end && *end != 's') return false;
    *out = v * unit;
    return !*end || !end[1];
}

static bool set_text(char **to, const char *value)
{
    free(*to);
    return (*to = strdup(value)) != NULL;
}

static bool set_choice(bool *to, const char *value, const char *no, const char *yes)
{
    *to = !strcmp(value, yes);
    return *to || !strcmp(value, no);
}

static bool set_count(int *to, const char *value)
{
    char *end = NULL;
    const long v = strtol(value, &end, 10);
    if (end == value || *end || v < 1 || v > 500) return false;
    *to = (int)v;
    return true;
}

/* ---- sections ---- */

/* NULL: taken. Else what is wrong with it. */
static const char *set_batch(vl_bank *b, const char *name, const char *value)
{
    double v = 0;
    if (!strcmp(name, "threads")) return set_count(&b->threads, value) ? NULL : "is no number from 1 to 500";
    if (!strcmp(name, "jobs")) return set_count(&b->jobs, value) ? NULL : "is no number from 1 to 500";
    if (!strcmp(name, "timeout"))
        return parse_span(value, &b->timeout) ? NULL : "is no time such as 90s, 10m, 6h";
    if (!strcmp(name, "empty"))
        return set_choice(&b->refuse_empty, value, "accept", "refuse") ? NULL : "is not accept or refuse";
    if (strcmp(name, "max_memory") && strcmp(name, "reserve")) return "is not a setting of [batch]";
    if (!parse_size(value, &v)) return "is no size such as 512M or 2G";
    if (*name == 'm') b->max_memory = (uint64_t)v;
    else b->reserve = (uint64_t)v;
    return NULL;
}

static const char *set_days(double *days, const char *value)
{
    double v = 0;
    if (!parse_span(value, &v)) return "is no time such as 6h or 30d";
    *days = v / 86400;
    return NULL;
}

static const char *set_nightly(vl_bank *b, const char *name, const char *value)
{
    if (!strcmp(name, "deadline")) return parse_span(value, &b->deadline) ? NULL : "is no time such as 6h";
    if (!strcmp(name, "verify")) return set_days(&b->verify_days, value);
    return "is not a setting of [nightly]";
}

static const char *set_log(vl_bank *b, const char *name, const char *value)
{
    static const char *const to[] = { "stderr", "file", "syslog", "off" };
    if (!strcmp(name, "format")) {
        b->log_json = !strcmp(value, "json");
        return b->log_json || !strcmp(value, "text") ? NULL : "is neither text nor json";
    }
    if (strcmp(name, "to")) return "is not a setting of [log]";
    for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
        if (strcmp(value, to[i])) continue;
        b->log_to = (vl_log_to)i;
        return NULL;
    }
    return "is none of file, syslog, stderr, off";
}

static const char no_profile[] = "is none of " VL_PROFILE_NAMES(", ");

/* Relative to the bank. */
static const char *set_sites(vl_bank *b, const char *value)
{
    free(b->sites);
    b->sites = NULL;
    if (*value == '/') return set_text(&b->sites, value) ? NULL : "finds no memory";
    return asprintf(&b->sites, "%s/%s", b->root, value) < 0 ? (b->sites = NULL, "finds no memory") : NULL;
}

static const char *set_bank(vl_bank *b, const char *name, const char *value)
{
    vl_profile profile;
    if (!strcmp(name, "sites")) return set_sites(b, value);
    if (!strcmp(name, "name")) return set_text(&b->name, value) ? NULL : "finds no memory";
    if (!strcmp(name, "shared"))
        return set_choice(&b->shared, value, "no", "yes") ? NULL : "is neither yes nor no";
    if (!strcmp(name, "originals"))
        return vl_originals_find(value, &b->originals) ? NULL : "is not " VL_ORIGINALS_NAMES(" or ");
    if (strcmp(name, "profile")) return "is not a setting of [bank]";
    if (!vl_profile_find(value, &profile)) return no_profile;
    return set_text(&b->profile, value) ? NULL : "finds no memory";
}

static const char *set_inbox(vl_inbox *in, const char *name, const char *value)
{
    const struct {
        const char *name;
        char **to;
    } texts[] = { { "path", &in->path },         { "match", &in->match },   { "sheet", &in->sheet },
                  { "complete", &in->complete }, { "sample", &in->sample }, { "profile", &in->profile } };
    vl_profile profile;
    if (!strcmp(name, "lanes"))
        return set_choice(&in->join_lanes, value, "apart", "join") ? NULL : "is neither apart nor join";
    if (!strcmp(name, "index"))
        return set_choice(&in->take_index, value, "leave", "take") ? NULL : "is neither leave nor take";
    if (!strcmp(name, "settle"))
        return parse_span(value, &in->settle) ? NULL : "is no time such as 90s, 10m, 6h";
    if (!strcmp(name, "profile") && !vl_profile_find(value, &profile)) return no_profile;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!strcmp(name, texts[i].name)) return set_text(texts[i].to, value) ? NULL : "finds no memory";
    return "is not a setting of [inbox ...]";
}

/* "85 75" or "85": beyond the first yellow, beyond the second, which is further off, red. */
static bool parse_limit(const char *text, vl_limit *limit)
{
    char *end = NULL, *last = NULL;
    limit->yellow = strtod(text, &end);
    if (end == text || !isfinite(limit->yellow)) return false;
    end += strspn(end, " \t");
    if (!*end) return true;
    limit->red = strtod(end, &last);
    if (last == end || *last || !isfinite(limit->red)) return false;
    return limit->most ? limit->red >= limit->yellow : limit->red <= limit->yellow;
}

static const char *set_qc(vl_bank *b, const char *name, const char *value)
{
    vl_limit limit;
    int at = 0;
    if (!vl_limit_find(name, &limit)) return "is not a setting of [qc]";
    if (!parse_limit(value, &limit))
        return limit.most ? "is no limit such as 5, or 5 10: yellow above 5, red above 10"
                          : "is no limit such as 85, or 85 75: yellow below 85, red below 75";
    while (at < b->nlimit && (b->limit[at].most != limit.most || strcmp(b->limit[at].name, limit.name))) at++;
    if (at == b->nlimit) {
        vl_limit *const more = realloc(b->limit, (size_t)(b->nlimit + 1) * sizeof *more);
        if (!more) return "finds no memory";
        b->limit = more;
        b->nlimit++;
    }
    b->limit[at] = limit;
    return NULL;
}

static const char *set_one(vl_bank *b, const char *section, const char *name, const char *value)
{
    if (!strncmp(section, "inbox ", 6)) return set_inbox(&b->inbox[b->ninbox - 1], name, value);
    if (!strcmp(section, "bank")) return set_bank(b, name, value);
    if (!strcmp(section, "batch")) return set_batch(b, name, value);
    if (!strcmp(section, "nightly")) return set_nightly(b, name, value);
    if (!strcmp(section, "log")) return set_log(b, name, value);
    if (!strcmp(section, "qc")) return set_qc(b, name, value);
    if (!strcmp(section, "tidy") && !strcmp(name, "superseded"))
        return set_days(&b->keep_superseded_days, value);
    if (!strcmp(section, "tidy") && !strcmp(name, "quarantine"))
        return set_days(&b->keep_quarantine_days, value);
    if (!strcmp(section, "metrics") && !strcmp(name, "file"))
        return set_text(&b->metrics, value) ? NULL : "finds no memory";
    if (*section == '?') return NULL; /* what the section is called was said */
    return *section ? "is not a setting of its section" : "stands before any [section]";
}

/* The sections, and the settings of each; inboxes have names. */
static const char *const known[][2] = {
    { "bank", "name shared profile sites originals" },
    { "batch", "threads jobs max_memory timeout reserve empty" },
    { "nightly", "deadline verify" },
    { "tidy", "superseded quarantine" },
    { "log", "to format" },
    { "metrics", "file" },
    { "qc", NULL }, /* what kinds have: measure.h */
    { "inbox", "path match sheet complete settle sample lanes index profile" },
};
enum { NKNOWN = sizeof known / sizeof *known, NAME = 32 };

static const char *open_section(vl_bank *b, const char *section)
{
    for (int i = 0; i < NKNOWN - 1; i++)
        if (!strcmp(section, known[i][0])) return NULL;
    if (strncmp(section, "inbox ", 6) || !section[6]) return "is not a section; an inbox is [inbox NAME]";
    for (int i = 0; i < b->ninbox; i++)
        if (!strcmp(b->inbox[i].name, section + 6)) return "is an inbox that stood here before";
    vl_inbox *const in = realloc(b->inbox, (size_t)(b->ninbox + 1) * sizeof *in);
    if (!in) return "finds no memory";
    b->inbox = in;
    in[b->ninbox] = (vl_inbox){ .settle = 600, .name = strdup(section + 6) };
    return in[b->ninbox++].name ? NULL : "finds no memory";
}

/* ---- the file ---- */

static char *trim(char *text)
{
    while (*text == ' ' || *text == '\t') text++;
    size_t n = strlen(text);
    while (n && strchr(" \t\r", text[n - 1])) text[--n] = 0;
    return text;
}

enum { LIMITS = 2048 }; /* letters of the names of all limits */

/* The settings of a section, in a list. */
static const char *names_of(int section, char room[LIMITS])
{
    if (!known[section][1]) vl_limit_names(room, LIMITS);
    return known[section][1] ? known[section][1] : room;
}

/* The nearest of the names in a list, if it is nearer than those before. */
static void try_names(const char *list, const char *wanted, unsigned *far, char name[NAME])
{
    char word[NAME];
    for (int n = 0; sscanf(list, " %31s%n", word, &n) == 1; list += n) {
        const unsigned d = vl_word_distance(word, wanted);
        if (d >= *far) continue;
        *far = d;
        memcpy(name, word, NAME);
    }
}

/* What is not known: "; nearest: profile", "; it is one of [batch]", or "". section NULL: of a section. */
static void say_nearest(const char *section, const char *wanted, char text[96])
{
    char name[NAME] = "", other[NAME] = "", room[LIMITS];
    unsigned far = (unsigned)(2 + strlen(wanted) / 4), none = 1;
    const bool inbox = section && !strncmp(section, "inbox ", 6);
    text[0] = 0;
    if (strlen(wanted) >= NAME) return;
    for (int i = 0; i < NKNOWN; i++) {
        if (!section) try_names(known[i][0], wanted, &far, name);
        else if (!strcmp(inbox ? "inbox" : section, known[i][0]))
            try_names(names_of(i, room), wanted, &far, name);
        else if (!*other) {
            try_names(names_of(i, room), wanted, &none, other); /* the very name */
            if (*other) snprintf(other, NAME, "%s", known[i][0]);
        }
    }
    if (*name) snprintf(text, 96, "; nearest: %s", name);
    else if (*other)
        snprintf(text, 96, "; it is one of [%s%s]", other, strcmp(other, "inbox") ? "" : " NAME");
}

static vl_code bad_line(vl_err *err, uint64_t line, const char *what, const char *why)
{
    vl_fail(err, VL_ECONFIG, "'%.100s' %s", what, why);
    err->line = line;
    return err->code;
}

static vl_code read_line(vl_bank *b, char *text, uint64_t number, char section[256], vl_err *err)
{
    char *const line = trim(text), near[96], why[240];
    const char *wrong = NULL;
    if (!*line || *line == ';' || *line == '#') return VL_OK;
    if (*line == '[') {
        char *const end = strchr(line, ']');
        if (!end || end[1] || end - line > 250) return bad_line(err, number, line, "is no [section]");
        *end = 0;
        snprintf(section, 256, "%.250s", trim(line + 1));
        if (!(wrong = open_section(b, section))) return VL_OK;
        say_nearest(NULL, section, near);
        snprintf(why, sizeof why, "%s%s", wrong, strncmp(wrong, "is not", 6) ? "" : near);
        bad_line(err, number, section, why);
        snprintf(section, 256, "?");
        return err->code;
    }
    char *const equals = strchr(line, '=');
    if (!equals) return bad_line(err, number, line, "is neither a [section] nor 'name = value'");
    *equals = 0;
    const char *const name = trim(line);
    char *value = equals + 1;
    char *const comment = strstr(value, " ;");
    if (comment) *comment = 0;
    value = trim(value);
    if (!*value) return bad_line(err, number, name, "has no value");
    if (!(wrong = set_one(b, section, name, value))) return VL_OK;
    say_nearest(section, name, near);
    snprintf(why, sizeof why, "%s%s", wrong, strncmp(wrong, "is not a", 8) ? "" : near);
    return bad_line(err, number, strncmp(wrong, "is no ", 6) && strncmp(wrong, "is none", 7) ? name : value,
                    why);
}

/* One more error: those before it are said, the last one is the caller's to say. */
static void take_error(vl_err *err, vl_err *more, const char *path)
{
    if (!more->code) return;
    vl_err_file(more, path);
    if (err->code) vl_say_error(err);
    *err = *more;
    vl_err_clear(more);
}

static void check_inboxes(const vl_bank *b, const char *path, vl_err *err)
{
    vl_err one = VL_ERR_INIT;
    for (int i = 0; i < b->ninbox; i++) {
        const vl_inbox *const in = &b->inbox[i];
        if (!in->path) vl_fail(&one, VL_ECONFIG, "[inbox %s] has no path", in->name);
        else if (in->match && in->sheet)
            vl_fail(&one, VL_ECONFIG, "[inbox %s] has match and sheet", in->name);
        take_error(err, &one, path);
    }
}

static vl_code read_settings(vl_bank *b, const char *path, vl_err *err)
{
    char *text = NULL, section[256] = "";
    size_t room = 0;
    uint64_t number = 0;
    FILE *const f = fopen(path, "re");
    if (!f) {
        vl_fail_errno(err, errno == ENOENT ? VL_ENOIN : VL_EIO, errno, "no bank: cannot open its settings");
        return vl_err_file(err, path);
    }
    vl_err one = VL_ERR_INIT;
    while (getline(&text, &room, f) >= 0) {
        text[strcspn(text, "\n")] = 0;
        read_line(b, text, ++number, section, &one);
        take_error(err, &one, path);
    }
    if (ferror(f)) vl_fail_errno(&one, VL_EIO, errno, "cannot read");
    take_error(err, &one, path);
    free(text);
    fclose(f);
    check_inboxes(b, path, err);
    return err->code;
}

vl_code vl_bank_open(vl_bank *bank, const char *path, vl_err *err)
{
    char file[VL_BANK_PATH];
    *bank = (vl_bank){ .reserve = UINT64_C(1) << 30,
                       .verify_days = 30,
                       .keep_superseded_days = 30,
                       .keep_quarantine_days = 365,
                       .log_to = VL_LOG_FILE };
    if (!path) path = getenv("VIAL_BANK");
    if (!path || !*path)
        return vl_fail(err, VL_EARG, "no bank is named: use -b BANK or the environment VIAL_BANK");
    if (!(bank->root = realpath(path, NULL))) {
        vl_fail_errno(err, VL_ENOIN, errno, "no bank");
        return vl_err_file(err, path);
    }
    struct stat st; /* a bank of the days before the setting is shared as its folders are */
    bank->shared = !stat(bank->root, &st) && (st.st_mode & S_IWGRP);
    const char *const slash = strrchr(bank->root, '/');
    if (!set_text(&bank->name, slash && slash[1] ? slash + 1 : "bank") ||
        !set_text(&bank->profile, vl_profile_name(VL_COMPACT)))
        return vl_fail(err, VL_ENOMEM, "no memory to open a bank");
    if (vl_bank_path(bank, file, err, "bank.ini")) return err->code;
    return read_settings(bank, file, err);
}

void vl_bank_close(vl_bank *bank)
{
    for (int i = 0; i < bank->ninbox; i++) {
        vl_inbox *const in = &bank->inbox[i];
        char *const texts[] = { in->name,     in->path,   in->match,  in->sheet,
                                in->complete, in->sample, in->profile };
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) free(texts[k]);
    }
    free(bank->inbox);
    free(bank->limit);
    free(bank->root);
    free(bank->name);
    free(bank->profile);
    free(bank->sites);
    free(bank->metrics);
    *bank = (vl_bank){ 0 };
}

/* ---- init ---- */

static vl_code check_empty(const char *path, vl_err *err)
{
    DIR *const dir = opendir(path);
    if (!dir) return vl_fail_errno(err, VL_EEXIST, errno, "cannot make a bank here"), vl_err_file(err, path);
    for (const struct dirent *e; (e = readdir(dir));)
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) {
            vl_fail(err, VL_EEXIST, "is not empty (it holds %.60s); a bank needs a folder of its own",
                    e->d_name);
            break;
        }
    closedir(dir);
    return vl_err_file(err, path);
}

/* The root is the one folder whose mode is set; those below get theirs from it and from the umask. A folder
 * that was there before may be another's: then it must be as it has to be. */
static vl_code make_root(const char *path, bool shared, vl_err *err)
{
    struct stat st;
    if (mkdir(path, 0777) && errno != EEXIST)
        return vl_bank_cannot(path, errno, "cannot make the folder", err);
    if (check_empty(path, err)) return err->code;
    if (stat(path, &st)) return vl_bank_cannot(path, errno, "cannot make a bank", err);
    const mode_t mode = shared ? 02770 : st.st_mode & 02750, is = st.st_mode & 07777;
    if (is == mode || !chmod(path, mode)) return VL_OK;
    if (errno != EPERM) return vl_bank_cannot(path, errno, "cannot set the mode", err);
    const bool fits = shared ? (is & 02070) == 02070 : !(is & 027);
    if (fits) return VL_OK;
    vl_fail(err, VL_EPERM, "the folder is another's and has mode %04o; a %s bank needs %04o", (unsigned)is,
            shared ? "shared" : "private", (unsigned)mode);
    return vl_err_file(err, path);
}

vl_code vl_bank_init(const char *path, bool shared, vl_err *err)
{
    static const char *const folders[] = { "samples",    "ledger",   "cohorts", "journal",
                                           "quarantine", "receipts", "reports" };
    char text[VL_BANK_PATH], settings[sizeof first_settings + 100];
    vl_bank bank = { .shared = shared };
    vl_bank_settle_mask(&bank);
    if (make_root(path, shared, err)) return err->code;
    bank.root = realpath(path, NULL);
    if (!bank.root) return vl_bank_cannot(path, errno, "cannot make a bank", err);
    snprintf(settings, sizeof settings, first_settings,
             shared ? "shared = yes                ; its group writes it too"
                    : "shared = no                 ; yes: its group writes it too, see 'vial help init'");
    for (size_t i = 0; i < sizeof folders / sizeof *folders && !err->code; i++)
        if (!vl_bank_path(&bank, text, err, "%s", folders[i])) vl_bank_make_folder(&bank, text, err);
    if (!err->code && !vl_bank_path(&bank, text, err, "bank.ini"))
        vl_bank_write_file(text, settings, strlen(settings), err);
    free(bank.root);
    return err->code;
}
