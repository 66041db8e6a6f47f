/*
 * The expressions of --where -> a condition in SQL with '?' for every literal (listing.h).
 *
 *     expr   = and { OR and }            and    = not { AND not }          not  = NOT not | first
 *     first  = '(' expr ')' | test
 *     test   = NAME op LITERAL | NAME [NOT] LIKE LITERAL | NAME [NOT] IN '(' LITERAL { ',' LITERAL } ')'
 *            | NAME IS [NOT] NULL        op     = '=' '!=' '<>' '<' '<=' '>' '>='
 *     NAME and LITERAL: where_words.h
 *
 * Nothing of the expression's text goes into the SQL: names of columns and measures come from tables, names
 * of facts and literals are bound. The condition speaks of the listing's tables: sample s, acquisition a,
 * store st, donor d.
 *
 * What is missing (a fact that a sample does not have, an unknown donor) is SQL's NULL: no test on it holds,
 * its negation neither. Therefore NOT is carried down to the tests, where it turns < into >= and so on.
 *
 * A fact is a row of table fact, of the sample (acquisition_id 0) or of the acquisition; a test holds if it
 * holds for one of them. It is asked in one of two ways: by a list of acquisitions that the index (name,
 * value) gives at once, or row by row. When all rows must pass one test for equality, that one gives the list
 * (or the sample, or the donor) and all others go row by row. Else tests that may pick few rows give lists.
 *
 * A measure (out/measure.h) is a number in the JSON of column measures; a fact of its name hides it.
 *
 * Values of facts are text; SQLite compares text with a number as numbers if the whole text is one, and else
 * holds text to be greater than all numbers.
 */
#include "pipeline/bank/catalog/listing.h"

#include "formats/buf.h"
#include "pipeline/bank/catalog/where_names.h"
#include "pipeline/bank/catalog/where_words.h"
#include "pipeline/bank/fact_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MOST_DEPTH = 100,
    MOST_NEST = 20,
    MOST_TEST = 300,
    MOST_VALUE = 10000,
    MOST_IN = 2000,
    MOST_PATTERN = 1000
};

typedef struct parser {
    vl_where *out;
    vl_catalog *catalog; /* that knows the facts; NULL: any name is one */
    vl_words words;
    vl_buf sql;
    int depth, ntest, cvalue;
    int key; /* number of the test that picks the rows; 0: none, or not known yet */
    vl_err *err;
} parser;

typedef enum holds { FACT_TEXT, COLUMN_TEXT, COLUMN_NUMBER, COLUMN_TIME } holds;

typedef struct column {
    const char *name, *sql;
    holds holds;
} column;

static const column columns[] = {
    { "sample", "s.name", COLUMN_TEXT },
    { "donor", "d.name", COLUMN_TEXT },
    { "acquisition", "a.name", COLUMN_TEXT },
    { "kind", "a.kind", COLUMN_TEXT },
    { "profile", "st.profile", COLUMN_TEXT },
    { "rows", "st.rows", COLUMN_NUMBER },
    { "bytes", "st.bytes", COLUMN_NUMBER },
    { "bytes_in", "st.bytes_in", COLUMN_NUMBER },
    { "digest", "st.digest", COLUMN_TEXT },
    { "published", "st.published_at", COLUMN_TIME },
    { "verified", "iif(st.verify_failed IS NULL, st.verified_at, NULL)", COLUMN_TIME },
    { "state", "st.state", COLUMN_TEXT },
};
enum { NCOLUMN = sizeof columns / sizeof *columns };

/* ---- SQL and values ---- */

static void put(parser *p, const char *sql) { vl_buf_append(&p->sql, sql, strlen(sql), p->err); }

/* Room for one more value; NULL: err is set. */
static vl_where *add_value(parser *p)
{
    vl_where *const w = p->out;
    if (w->nvalue == MOST_VALUE) {
        vl_words_wrong(&p->words, p->words.word.at, "more values than 10000");
        return NULL;
    }
    if (w->nvalue == p->cvalue) {
        p->cvalue = 2 * p->cvalue + 16;
        void *const more = realloc(w->value, (size_t)p->cvalue * sizeof *w->value);
        if (!more) {
            vl_fail(p->err, VL_ENOMEM, "no memory for the expression");
            return NULL;
        }
        w->value = more;
    }
    memset(&w->value[w->nvalue++], 0, sizeof *w->value);
    return w;
}

static vl_code add_text(parser *p, const char *text)
{
    vl_where *const w = add_value(p);
    if (!w) return p->err->code;
    char *const copy = w->value[w->nvalue - 1].text = strdup(text);
    return copy ? VL_OK : vl_fail(p->err, VL_ENOMEM, "no memory for the expression");
}

static vl_code add_number(parser *p, const char *text)
{
    char *end = NULL;
    vl_where *const w = add_value(p);
    if (!w) return p->err->code;
    errno = 0;
    const long long whole = strtoll(text, &end, 10);
    w->value[w->nvalue - 1].integer = !*end && !errno;
    w->value[w->nvalue - 1].whole = whole;
    w->value[w->nvalue - 1].number = strtod(text, NULL);
    return VL_OK;
}

/* "2026-11-22", "2026-11-22T08:30", "2026-11-22 08:30:00Z" -> seconds since 1970; UTC. */
static bool parse_time(const char *text, char seconds[32])
{
    static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S",
                                         "%Y-%m-%d %H:%M:%S" };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm tm = { 0 };
        _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"")
            const char *const end = strptime(text, forms[i], &tm);
        _Pragma("GCC diagnostic pop") if (!end || strcmp(end, *end == 'Z' ? "Z" : "")) continue;
        const int day = tm.tm_mday;
        snprintf(seconds, 32, "%lld", (long long)timegm(&tm));
        return tm.tm_mday == day; /* no 31 February */
    }
    return false;
}

/* ---- tests ---- */

typedef enum how { EQUAL, DIFFERENT, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, LIKE, IN, IS_NULL } how;

typedef struct literal {
    char *text; /* owned; as written */
    bool number;
} literal;

typedef struct test {
    const column *column;  /* NULL: a fact */
    struct column measure; /* a measure is a column, too */
    char measure_sql[VL_WHERE_MEASURE];
    char *name; /* owned; of the fact */
    how how;
    bool negated;
    literal *literal; /* owned */
    size_t nliteral;
} test;

static const char *const sign_of[] = { " = ", " <> ", " < ", " <= ", " > ", " >= " };

static how opposite(how h)
{
    static const how other[] = { DIFFERENT, EQUAL, GREATER_EQUAL, GREATER, LESS_EQUAL, LESS };
    return other[h];
}

/* "(?, ?, ?)" for the literals that are numbers, or those that are not; binds them. */
static void put_list(parser *p, const test *t, bool number)
{
    const char *before = "(";
    for (size_t i = 0; i < t->nliteral && !p->err->code; i++) {
        if (t->literal[i].number != number) continue;
        put(p, before);
        put(p, "?");
        before = ", ";
        if (number) add_number(p, t->literal[i].text);
        else add_text(p, t->literal[i].text);
    }
    put(p, ")");
}

/* A fact's value that is text is greater than any number; this keeps it out. */
static void put_is_number(parser *p, const char *value)
{
    put(p, " AND ");
    put(p, value);
    put(p, " <= CAST(9e999 AS NUMERIC)");
}

static void put_in(parser *p, const test *t, const char *value)
{
    const bool cast = !t->column;
    size_t nnumber = 0;
    for (size_t i = 0; i < t->nliteral; i++) nnumber += t->literal[i].number;
    put(p, t->negated ? "NOT (" : "(");
    if (nnumber < t->nliteral) {
        put(p, value);
        put(p, " IN ");
        put_list(p, t, false);
    }
    if (nnumber && nnumber < t->nliteral) put(p, " OR ");
    if (nnumber) {
        put(p, cast ? "CAST(" : "");
        put(p, value);
        put(p, cast ? " AS NUMERIC) IN " : " IN ");
        put_list(p, t, true);
        if (cast) put_is_number(p, value);
    }
    put(p, ")");
}

/* The test of a value, which is never NULL when it is a fact's. */
static void put_condition(parser *p, const test *t, const char *value)
{
    const literal *const l = t->literal;
    const bool time = t->column && t->column->holds == COLUMN_TIME;
    if (t->how == IN) {
        put_in(p, t, value);
    } else if (t->how == LIKE) {
        put(p, time ? "strftime('%Y-%m-%dT%H:%M:%SZ', " : "");
        put(p, value);
        put(p, time ? ", 'unixepoch')" : "");
        put(p, t->negated ? " NOT LIKE ?" : " LIKE ?");
        add_text(p, l->text);
    } else {
        const how h = t->negated ? opposite(t->how) : t->how;
        put(p, value);
        put(p, sign_of[h]);
        put(p, l->number && !t->column ? "CAST(? AS NUMERIC)" : "?");
        if (l->number) add_number(p, l->text);
        else add_text(p, l->text);
        if (l->number && !t->column && h >= LESS) put_is_number(p, value);
    }
}

static void put_column_test(parser *p, const test *t)
{
    if (t->how != IS_NULL) {
        put_condition(p, t, t->column->sql);
        return;
    }
    put(p, t->column->sql);
    put(p, t->negated ? " IS NOT NULL" : " IS NULL");
}

/* How few rows pass a test: of one sample, of one donor, with one value of a fact; 0: who knows. */
static int rank_of(const test *t)
{
    const bool equal = t->how == IN ? !t->negated : t->how == (t->negated ? DIFFERENT : EQUAL);
    if (!equal || t->literal[0].number) return 0;
    return !t->column ? 1 : t->column == &columns[0] ? 3 : t->column == &columns[1] ? 2 : 0;
}

static bool picks_few(const test *t)
{
    if (t->how == IS_NULL) return false;
    if (t->how == LIKE || t->how == IN) return !t->negated;
    return t->how != (t->negated ? EQUAL : DIFFERENT);
}

static void put_fact_test(parser *p, const test *t)
{
    if (p->key ? p->ntest == p->key : picks_few(t))
        put(p,
            "a.acquisition_id IN (SELECT x.acquisition_id FROM fact f CROSS JOIN acquisition x"
            " ON x.sample_id = f.sample_id AND f.acquisition_id IN (0, x.acquisition_id) WHERE f.name = ?");
    else {
        put(p, t->how == IS_NULL && !t->negated ? "NOT " : "");
        put(p, "EXISTS (SELECT 1 FROM fact f WHERE f.sample_id = s.sample_id"
               " AND f.acquisition_id IN (0, a.acquisition_id) AND f.name = ?");
    }
    add_text(p, t->name);
    if (t->how != IS_NULL) {
        put(p, " AND ");
        put_condition(p, t, "f.value");
    }
    put(p, ")");
}

/* ---- the parser ---- */

/* What a column cannot hold is a mistake; a number for a column of text is taken as it is written. */
static vl_code fit_literal(parser *p, const test *t, literal *l)
{
    char seconds[32];
    const holds what = t->column ? t->column->holds : FACT_TEXT;
    if (what == COLUMN_TEXT || t->how == LIKE) l->number = false;
    else if (what == COLUMN_NUMBER && !l->number) return vl_words_expected(&p->words, "a number");
    else if (what == COLUMN_TIME && !l->number) {
        if (!parse_time(l->text, seconds))
            return vl_words_expected(&p->words, "a time like '2026-11-22' or '2026-11-22T08:30:00Z'");
        free(l->text);
        l->text = strdup(seconds);
        l->number = true;
        if (!l->text) return vl_fail(p->err, VL_ENOMEM, "no memory for the expression");
    }
    return VL_OK;
}

static vl_code parse_literal(parser *p, test *t)
{
    if (p->words.word.is != VL_WORD_TEXT && p->words.word.is != VL_WORD_NUMBER)
        return vl_words_expected(&p->words, "a number or 'text'");
    if (t->nliteral == MOST_IN)
        return vl_words_wrong(&p->words, p->words.word.at, "more than 2000 values in one list");
    literal *const more = realloc(t->literal, (t->nliteral + 1) * sizeof *more);
    if (!more) return vl_fail(p->err, VL_ENOMEM, "no memory for the expression");
    t->literal = more;
    if (t->how == LIKE && strlen(p->words.word.text) > MOST_PATTERN)
        return vl_words_wrong(&p->words, p->words.word.at, "a pattern longer than 1000 bytes");
    more[t->nliteral] = (literal){ p->words.word.text, p->words.word.is == VL_WORD_NUMBER };
    p->words.word.text = NULL;
    if (fit_literal(p, t, &more[t->nliteral++])) return p->err->code;
    return vl_words_next(&p->words);
}

static vl_code parse_list(parser *p, test *t)
{
    if (!vl_words_at(&p->words, VL_WORD_MARK, "(")) return vl_words_expected(&p->words, "( behind IN");
    do {
        if (vl_words_next(&p->words) || parse_literal(p, t)) return p->err->code;
    } while (vl_words_at(&p->words, VL_WORD_MARK, ","));
    return vl_words_at(&p->words, VL_WORD_MARK, ")") ? vl_words_next(&p->words)
                                                     : vl_words_expected(&p->words, ", or )");
}

static vl_code parse_is(parser *p, test *t)
{
    t->how = IS_NULL;
    if (vl_words_next(&p->words)) return p->err->code;
    if (vl_words_at(&p->words, VL_WORD_KEY, "NOT")) {
        t->negated = !t->negated;
        if (vl_words_next(&p->words)) return p->err->code;
    }
    return vl_words_at(&p->words, VL_WORD_KEY, "NULL") ? vl_words_next(&p->words)
                                                       : vl_words_expected(&p->words, "NULL");
}

/* What follows the name of a test. */
static vl_code parse_rest(parser *p, test *t)
{
    static const char *const marks[] = { "=", "!=", "<", "<=", ">", ">=", "<>" };
    if (vl_words_at(&p->words, VL_WORD_KEY, "IS")) return parse_is(p, t);
    for (int i = 0; i < 7; i++) {
        if (!vl_words_at(&p->words, VL_WORD_MARK, marks[i])) continue;
        t->how = i == 6 ? DIFFERENT : (how)i;
        return vl_words_next(&p->words) ? p->err->code : parse_literal(p, t);
    }
    if (vl_words_at(&p->words, VL_WORD_KEY, "NOT")) {
        t->negated = !t->negated;
        if (vl_words_next(&p->words)) return p->err->code;
    }
    if (!vl_words_at(&p->words, VL_WORD_KEY, "LIKE") && !vl_words_at(&p->words, VL_WORD_KEY, "IN"))
        return vl_words_expected(&p->words, "= != < <= > >= LIKE, IN or IS");
    t->how = vl_words_at(&p->words, VL_WORD_KEY, "LIKE") ? LIKE : IN;
    if (vl_words_next(&p->words)) return p->err->code;
    return t->how == LIKE ? parse_literal(p, t) : parse_list(p, t);
}

/* The column of that name, in any case, or as a sheet may title it: [Bytes in]; NULL: none. */
static const column *find_column(const char *name)
{
    char folded[16]; /* longer than the names of columns */
    if (strlen(name) >= sizeof folded) return NULL;
    vl_fact_fold(name, strlen(name), folded);
    for (size_t i = 0; i < NCOLUMN; i++)
        if (!strcmp(columns[i].name, folded)) return &columns[i];
    return NULL;
}

/* A name that is no column may be a measure. */
static vl_code find_measure(parser *p, test *t)
{
    if (t->column || !p->catalog) return VL_OK;
    if (vl_where_measure(p->catalog, t->name, t->measure_sql, p->err) || !*t->measure_sql)
        return p->err->code;
    t->measure = (column){ t->name, t->measure_sql, COLUMN_NUMBER };
    t->column = &t->measure;
    return VL_OK;
}

/* A name that is no column is a fact, which the bank has. at: of the name. */
static vl_code find_fact(parser *p, test *t, const char *at)
{
    const char *name[NCOLUMN + 1] = { NULL };
    char wrong[VL_WHERE_WRONG] = "";
    if (t->column || !p->catalog) return VL_OK;
    for (size_t i = 0; i < NCOLUMN; i++) name[i] = columns[i].name;
    if (vl_where_fact(p->catalog, name, &t->name, wrong, p->err)) return p->err->code;
    return *wrong ? vl_words_wrong(&p->words, at, wrong) : VL_OK;
}

static vl_code parse_test(parser *p, bool negated, int *rank)
{
    test t = { .negated = negated };
    if (p->words.word.is != VL_WORD_NAME) return vl_words_expected(&p->words, "a name");
    if (++p->ntest > MOST_TEST) return vl_words_wrong(&p->words, p->words.word.at, "more than 300 tests");
    const char *const at = p->words.word.at;
    t.column = find_column(p->words.word.text);
    t.name = p->words.word.text;
    p->words.word.text = NULL;
    if (!find_measure(p, &t) && !vl_words_next(&p->words) && !parse_rest(p, &t) && !find_fact(p, &t, at)) {
        if (t.column) put_column_test(p, &t);
        else put_fact_test(p, &t);
        *rank = rank_of(&t);
    }
    for (size_t i = 0; i < t.nliteral; i++) free(t.literal[i].text);
    free(t.literal);
    free(t.name);
    return p->err->code;
}

/*
 * SQLite's parser has a stack of 100 entries, so the SQL has only the parentheses it needs: around what is
 * joined by OR in what is joined by AND, or the other way round. Under a NOT, AND becomes OR and OR AND.
 */
typedef enum joint { ALONE, BY_AND, BY_OR } joint;
typedef struct shape {
    joint by;      /* what joins the outermost terms */
    int nest;      /* parentheses in each other */
    int key, rank; /* number of a test for equality that all rows must pass, and how good it is; 0: none */
} shape;

static vl_code parse_joined(parser *p, bool by_or, bool negated, shape *out);

static vl_code parse_first(parser *p, bool negated, shape *out)
{
    if (!vl_words_at(&p->words, VL_WORD_MARK, "(")) {
        *out = (shape){ .key = p->ntest + 1 };
        return parse_test(p, negated, &out->rank);
    }
    if (vl_words_next(&p->words) || parse_joined(p, true, negated, out)) return p->err->code;
    return vl_words_at(&p->words, VL_WORD_MARK, ")") ? vl_words_next(&p->words)
                                                     : vl_words_expected(&p->words, "AND, OR or )");
}

static vl_code parse_not(parser *p, bool negated, shape *out)
{
    for (; vl_words_at(&p->words, VL_WORD_KEY, "NOT"); negated = !negated)
        if (vl_words_next(&p->words)) return p->err->code;
    if (p->depth == MOST_DEPTH)
        return vl_words_wrong(&p->words, p->words.word.at, "more than 100 parentheses in each other");
    p->depth++;
    parse_first(p, negated, out);
    p->depth--;
    return p->err->code;
}

/* Parentheses around the SQL from `start`, if its terms are joined otherwise than those around it. */
static vl_code wrap(parser *p, size_t start, joint around, shape *s)
{
    if (s->by == ALONE || s->by == around) return p->err->code;
    if (++s->nest > MOST_NEST)
        return vl_words_wrong(&p->words, p->words.word.at,
                              "AND and OR change more than 20 times in each other");
    put(p, "()");
    if (p->err->code) return p->err->code;
    uint8_t *const text = p->sql.data + start;
    memmove(text + 1, text, p->sql.len - start - 2);
    text[0] = '(';
    return VL_OK;
}

static vl_code parse_joined(parser *p, bool by_or, bool negated, shape *out)
{
    const char *const word = by_or ? "OR" : "AND";
    const joint by = by_or != negated ? BY_OR : BY_AND;
    for (int n = 0;; n++) {
        shape one = { ALONE };
        const size_t start = p->sql.len;
        if (by_or ? parse_joined(p, false, negated, &one) : parse_not(p, negated, &one)) return p->err->code;
        const bool more = vl_words_at(&p->words, VL_WORD_KEY, word);
        if (!n && !more) {
            *out = one;
            return VL_OK;
        }
        if (wrap(p, start, by, &one)) return p->err->code;
        if (!n) *out = (shape){ .by = by };
        if (one.nest > out->nest) out->nest = one.nest;
        if (by == BY_AND && one.rank > out->rank) {
            out->key = one.key;
            out->rank = one.rank;
        }
        if (!more) return VL_OK;
        put(p, by == BY_OR ? " OR " : " AND ");
        if (vl_words_next(&p->words)) return p->err->code;
    }
}

/* key: of the tests, picks the rows; 0: none is known. */
static vl_code parse_all(vl_where *where, const char *expr, vl_catalog *c, int key, shape *all, vl_err *err)
{
    parser p = {
        .out = where, .catalog = c, .words = { .expr = expr, .at = expr, .err = err }, .key = key, .err = err
    };
    *all = (shape){ ALONE };
    put(&p, "(");
    if (!vl_words_next(&p.words) && !parse_joined(&p, true, false, all) && p.words.word.is != VL_WORD_END)
        vl_words_expected(&p.words, "AND or OR");
    put(&p, ")");
    vl_buf_append(&p.sql, "", 1, err);
    if (!err->code) where->sql = strdup((const char *)p.sql.data);
    if (!err->code && !where->sql) vl_fail(err, VL_ENOMEM, "no memory for the expression");
    free(p.words.word.text);
    vl_buf_free(&p.sql);
    if (err->code) vl_where_free(where);
    return err->code;
}

/* Which test picks the rows is known at the end, so the expression is read once more. */
vl_code vl_where_parse(vl_where *where, const char *expr, vl_catalog *c, vl_err *err)
{
    shape all;
    *where = (vl_where){ 0 };
    if (parse_all(where, expr, c, 0, &all, err) || !all.rank) return err->code;
    vl_where_free(where);
    return parse_all(where, expr, c, all.key, &all, err);
}

vl_code vl_where_bind(const vl_where *where, sqlite3_stmt *stmt, int first, vl_err *err)
{
    for (int i = 0; i < where->nvalue; i++) {
        const int at = first + i;
        const int bad = where->value[i].text
                            ? sqlite3_bind_text(stmt, at, where->value[i].text, -1, SQLITE_STATIC)
                        : where->value[i].integer ? sqlite3_bind_int64(stmt, at, where->value[i].whole)
                                                  : sqlite3_bind_double(stmt, at, where->value[i].number);
        if (bad)
            return vl_fail(err, VL_EBUG, "a value of the expression cannot be bound: %s",
                           sqlite3_errstr(bad));
    }
    return VL_OK;
}

void vl_where_free(vl_where *where)
{
    for (int i = 0; i < where->nvalue; i++) free(where->value[i].text);
    free(where->value);
    free(where->sql);
    *where = (vl_where){ 0 };
}
