/*
 * The log: one line an event (evidence.h).
 *
 *     2026-11-22T08:30:00Z info published sample=S1 path="/seq/run 7/S1.fastq.gz"
 *     {"time":"2026-11-22T08:30:00Z","level":"info","event":"published","sample":"S1"}
 *
 * The file reports/vial.log is opened anew for each line, so that logrotate may move it, and a line is one
 * write() behind O_APPEND, so that lines of several processes do not mix. Text from outside cannot end a line
 * or look like another value: controls are escaped as in JSON, and values with blanks, quotes or '=' stand in
 * quotes. What cannot go where it should goes to standard error. A log never stops the work: no error.
 */
#include "pipeline/bank/evidence.h"
#include "pipeline/run/say.h"
#include "formats/letter.h"
#include "formats/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

static const char *const level_name[] = {
    [VL_LOG_INFO] = "info", [VL_LOG_WARNING] = "warning", [VL_LOG_ERROR] = "error"
};

/* Text from anywhere, as in JSON: with quotes or without. */
static vl_code put(vl_buf *line, const char *text, bool quoted, vl_err *err)
{
    return quoted ? vl_text_json(line, text, strlen(text), err)
                  : vl_text_json_inside(line, text, strlen(text), err);
}

/* May stand in a line of text without quotes: then it is one word that hides nothing. */
static bool is_word(const char *text)
{
    if (!*text) return false;
    for (size_t left = strlen(text), step; left; text += step, left -= step) {
        uint32_t c;
        step = vl_letter(text, left, &c);
        if (!step || c == ' ' || c == '"' || c == '\\' || c == '=' || vl_letter_hidden(c)) return false;
    }
    return true;
}

static vl_code put_pair(vl_buf *line, bool json, const char *name, const char *value, vl_err *err)
{
    const bool number = *name == '#';
    name += number;
    vl_text_add(line, json ? "," : " ", err);
    put(line, name, json || !is_word(name), err);
    vl_text_add(line, json ? ":" : "=", err);
    return put(line, value, !number && (json || !is_word(value)), err);
}

/* The line up to the pairs. syslog has a time and a level of its own, so text for it is without. */
static vl_code put_head(vl_buf *line, const vl_bank *bank, vl_log_level level, const char *event, vl_err *err)
{
    char now[32], head[96];
    vl_bank_time(vl_bank_now(), now);
    if (bank->log_json)
        snprintf(head, sizeof head, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":", now, level_name[level]);
    else if (bank->log_to == VL_LOG_SYSLOG) head[0] = 0;
    else snprintf(head, sizeof head, "%s %s ", now, level_name[level]);
    vl_text_add(line, head, err);
    return put(line, event, bank->log_json, err);
}

/* The file to append to; -1 if it cannot be had. */
static int open_file(const vl_bank *bank)
{
    char path[VL_BANK_PATH];
    vl_err err = VL_ERR_INIT;
    if (vl_bank_path(bank, path, &err, "reports")) return -1;
    if (vl_bank_make_folder(bank, path, &err)) return -1;
    if (vl_bank_path(bank, path, &err, "reports/vial.log")) return -1;
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
}

static bool write_line(int fd, const vl_buf *line)
{
    ssize_t n;
    do n = write(fd, line->data, line->len);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)line->len;
}

/* Who writes the file anew, without what was said of a withdrawn sample, holds it alone, and another has its
 * name then. Where nobody can lock, lines are written all the same. */
static int open_locked(const vl_bank *bank)
{
    char path[VL_BANK_PATH];
    vl_err err = VL_ERR_INIT;
    struct stat mine, named;
    for (int tries = 0; tries < 100; tries++) {
        const int fd = open_file(bank);
        if (fd < 0 || flock(fd, LOCK_SH) || vl_bank_path(bank, path, &err, "reports/vial.log") ||
            fstat(fd, &mine) || (!stat(path, &named) && named.st_ino == mine.st_ino))
            return fd;
        close(fd);
    }
    return -1;
}

static bool append_to_file(const vl_bank *bank, const vl_buf *line)
{
    const int fd = open_locked(bank);
    if (fd < 0) return false;
    const bool done = write_line(fd, line);
    return !close(fd) && done;
}

static void send_line(const vl_bank *bank, vl_log_level level, const vl_buf *line)
{
    static const int priority[] = {
        [VL_LOG_INFO] = LOG_INFO, [VL_LOG_WARNING] = LOG_WARNING, [VL_LOG_ERROR] = LOG_ERR
    };
    if (bank->log_to == VL_LOG_SYSLOG) {
        openlog("vial", LOG_PID, LOG_DAEMON);
        syslog(priority[level], "%.*s", (int)line->len - 1, (const char *)line->data);
        closelog();
        return;
    }
    if (bank->log_to == VL_LOG_FILE && append_to_file(bank, line)) return;
    write_line(STDERR_FILENO, line); /* nothing is left to do if that fails */
}

/* A value of NULL leaves its pair out. */
void vl_log(const vl_bank *bank, vl_log_level level, const char *event, ...)
{
    vl_err err = VL_ERR_INIT;
    vl_buf line = { 0 };
    if (bank->log_to == VL_LOG_OFF) return;
    put_head(&line, bank, level, event, &err);
    va_list args;
    va_start(args, event);
    for (const char *name; (name = va_arg(args, const char *));) {
        const char *const value = va_arg(args, const char *);
        if (value) put_pair(&line, bank->log_json, name, value, &err);
    }
    va_end(args);
    vl_text_add(&line, bank->log_json ? "}\n" : "\n", &err);
    if (!err.code) send_line(bank, level, &line);
    else vl_say(stderr, "vial: log: %s: %s", event, err.what);
    vl_buf_free(&line);
}
