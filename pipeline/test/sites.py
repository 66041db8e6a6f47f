"""
Letters upon sites, counted as alignments come in: against a count of the records by hand and, where it is
installed, samtools mpileup; for any number of threads, any order of the list, contigs with and without chr;
what a list must not be.

Suites: cmd alignments. Also: asan.
"""
import gzip
import json
import shutil
import subprocess

import h5py

from json_shapes import fits
from persons import Genome, Person, Site, called_of, counted, sam
from vialtest import DATA, OK, USAGE, check_refusal, main, of_threads, run


def made(t, f, text, sites, *more, name="s.h5"):
    f.clear(name)
    f.write("s.sam", text)
    done = run("ingest", "--profile", "portable", "--sites", sites, "-o", f / name, f / "s.sam", *more)
    t.check(done.code == OK, f"ingest {sites} {more}", done.err)
    return done.err


def kept(f, name="s.h5"):
    """What the store has, as somebody sees it who has no vial: {site: counts}."""
    with h5py.File(f / name) as s:
        g = s["qc/sites"]
        contigs = bytes(g["contig"][:]).decode().splitlines()
        letters, rows = g["letter"][:].tobytes().decode(), zip(g["place"][:].tolist(), g["count"][:].tolist())
        digest = g.attrs["digest"]
        return {Site(contigs[p[0]], p[1], letters[2 * i], letters[2 * i + 1]): c
                for i, (p, c) in enumerate(rows)}, digest.decode() if isinstance(digest, bytes) else digest


def pileup(f, text, sites):
    """The same by samtools: {place: letters}."""
    f.write("s.sam", text)
    f.write("s.bed", "".join(f"{s.contig}\t{s.place}\t{s.place + 1}\n" for s in sites).encode())
    args = ["samtools", "mpileup", *"-A -B -x -q20 -Q13 -d0 --ff 0x704 -l".split(), f / "s.bed"]
    out = subprocess.run([*args, f / "s.sam"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                         text=True).stdout
    found = {}
    for line in out.splitlines():
        contig, place, _, _, text, *_ = line.split("\t")
        i, seen = 0, ""
        while i < len(text):
            if text[i] == "^":
                i += 2
            elif text[i] in "+-":
                n = 0
                i += 1
                while text[i].isdigit():
                    n, i = 10 * n + int(text[i]), i + 1
                i += n
            else:
                seen, i = seen + text[i].upper(), i + 1
        found[contig, int(place) - 1] = seen
    return found


def counts(t, f):
    genome = Genome(t.random)
    for n in range(3):
        text = sam(t.random, Person(t.random, genome), prefix=("", "chr", "")[n], equals=n == 2)
        f.write("sites.vcf", genome.vcf())
        said = made(t, f, text, f / "sites.vcf")
        want = f"sites = {len(genome.sites)} of {len(genome.sites)} on 2 contigs"
        t.check(want in said and ("without chr" in said) == (n == 1), "said", said)
        got, digest = kept(f)
        want = dict(zip(genome.sites, counted(text, genome.sites, ("", "chr", "")[n])))
        t.check(got == want, f"counts, {n}", [x for x in want.items() if got[x[0]] != x[1]][:3])
        t.check(sum(map(sum, want.values())) > 5000, "there are some")
        if n == 0 and shutil.which("samtools"):
            seen = pileup(f, text, genome.sites)
            bad = [s for s, c in want.items()
                   if c != [seen.get(s[:2], "").count(s.ref), seen.get(s[:2], "").count(s.alt),
                            sum(1 for x in seen.get(s[:2], "") if x in "ACGT" and x not in (s.ref, s.alt))]]
            t.check(not bad, "samtools counts the same", bad[:3])
        said = json.loads(run("qc", "--json", f / "s.h5").out)
        fits(t, "qc", json.dumps(said), "qc_alignments")
        called = sum(1 for c in want.values() if called_of(*c))
        t.check(said["sites"] == {"digest": digest, "n": len(want), "called": called} and called > 100, "qc",
                f"{said['sites']}, not {called}")
        t.check(f"{called}\n" in run("qc", f / "s.h5").out.decode(), "qc as text")
        done = run("verify", f / "s.h5")
        t.check(done.code == OK, "verify", done.err)
        done = run("export", "-o", "-", f / "s.h5")
        t.check(done.out == text, "export")


def same_for_all(t, f):
    """Threads, the order of the list, its form, the order of records."""
    genome = Genome(t.random)
    text = sam(t.random, Person(t.random, genome))
    f.write("sites.vcf", genome.vcf())
    made(t, f, text, f / "sites.vcf", "-@1")
    one, digest = f.read("s.h5"), kept(f)[1]
    for threads in of_threads(2, 3):
        made(t, f, text, f / "sites.vcf", f"-@{threads}", "--force")
        t.check(f.read("s.h5") == one, f"the same store with {threads} threads")
    mixed = genome.sites[:]
    t.random.shuffle(mixed)
    forms = {"mixed.vcf": genome.vcf(mixed), "t.tsv": genome.table(mixed),
             "z.vcf.gz": gzip.compress(genome.vcf(mixed)),
             "crlf.tsv": genome.table(mixed).replace(b"\n", b"\r\n")[:-2],
             "chr.tsv": genome.table([s._replace(contig="chr" + s.contig) for s in mixed]),
             "small.tsv": genome.table([s._replace(ref=s.ref.lower()) for s in mixed])}
    for name, form in forms.items():
        f.write(name, form)
        made(t, f, text, f / name)
        t.check(kept(f) == (dict(zip(genome.sites, counted(text, genome.sites))), digest), f"as {name}")
        if name != "chr.tsv":
            t.check(f.read("s.h5") == one, f"the same store as {name}")
    lines = text.splitlines(True)
    body = lines[5:]
    t.random.shuffle(body)
    text = b"".join(lines[:5] + body).replace(b"SO:coordinate", b"SO:unsorted")
    made(t, f, text, f / "t.tsv")
    t.check(list(kept(f)[0].values()) == counted(text, genome.sites), "unsorted records")


def few(t, f):
    """No record, no contig of the list, other kinds, records that are passed over."""
    genome = Genome(t.random)
    f.write("other.tsv", b"9\t5\tA\tC\n")
    head = b"@SQ\tSN:1\tLN:50000\nr\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n"
    said = made(t, f, head, f / "other.tsv")
    t.check("sites = 0 of 1 on 0 contigs" in said, "no contig of the list", said)
    t.check(kept(f)[0] == {Site("9", 4, "A", "C"): [0, 0, 0]}, "counts of nothing")
    more = ["1\t7\t.\tAC\tA\t.\t.\t.", "1\t8\t.\tA\tC,G\t.\t.\t.", "1\t9\t.\tA\t.\t.\t.\t.",
            "1\t9\t.\tA\t<DEL>\t.\t.\t.", "1\t9\t.\tN\tA\t.\t.\t.", "1\t9\t.\tA\ta\t.\t.\t."]
    f.write("more.vcf", genome.vcf(more=more))
    said = made(t, f, head, f / "more.vcf")
    t.check("sites_passed_over = 6" in said, "passed over", said)
    f.write("r.fq", b"@a\nACGT\n+\nIIII\n")
    done = run("ingest", "--sites", f / "other.tsv", "-o", f / "r.h5", f / "r.fq")
    check_refusal(t, "reads", done, ["--sites"], (USAGE,))
    done = run("ingest", "-o", f / "plain.h5", f / "s.sam")
    with h5py.File(f / "plain.h5") as s:
        t.check(done.code == OK and "qc/sites" not in s, "without a list there is none")


def wrong(t, f):
    f.write("s.sam", b"@SQ\tSN:1\tLN:50000\n")
    lists = {b"": ["holds no site"], b"#\n\n": ["holds no site"],
             b"1\t5\tAC\tA\n": ["none of 1 records"],
             b"1\t5\tA\tC\n1 6 A C\n": ["line 2", "has 1 column,", "expected 4"],
             b"1\t5\tA\tC\tG\n": ["line 1", "has 5 columns"],
             b"1\t0\tA\tC\n": ["line 1", "'0'"], b"1\t-1\tA\tC\n": ["line 1", "'-1'"],
             b"1\t\tA\tC\n": ["line 1", "''"], b"1\t99999999999999999999999\tA\tC\n": ["line 1"],
             b"a b\t5\tA\tC\n": ["line 1", "no name"], b"\t5\tA\tC\n": ["line 1", "no name"],
             b"x" * 300 + b"\t5\tA\tC\n": ["line 1", "no name"],
             b"1\t5\tA\tC\n2\t5\tA\tC\nchr1\t5\tA\tG\n": ["line 3", "1:5 stands in line 1"],
             b"##fileformat=VCFv4.2\n1\t5\tA\tC\n": ["line 2", "has 4 columns", "VCF"],
             b"BAM\1\xff\x1b[31m\n": ["line 1", "has 1 column"],
             gzip.compress(b"1\t5\tA\tC\n")[:-3]: [],
             "".join(f"1\t{i}\tA\tC\n" for i in range(1, 2 + (1 << 20))).encode():
                 ["line 1048577", "more than 1048576 sites"]}
    for text, parts in lists.items():
        f.write("list", text)
        done = run("ingest", "--sites", f / "list", "-o", f / "s.h5", f / "s.sam")
        check_refusal(t, f"list {text[:40]}", done, ["list: ", *parts])
    done = run("ingest", "--sites", f / "nosuch", "-o", f / "s.h5", f / "s.sam")
    check_refusal(t, "no file", done, ["nosuch"], (66,))
    t.check("s.h5" not in f.names(), "no store", f.names())


if __name__ == "__main__":
    main(counts, same_for_all, few, wrong)
