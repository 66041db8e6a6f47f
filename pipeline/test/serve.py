"""
vial serve: tickets and data of htsget as it is specified (1.3), to samtools and to requests of our own; what
nobody may see or take for whole; names that are none, requests that are none.

Suites: view alignments. Also: asan.
"""
import contextlib
import http.client
import json
import os
import random
import socket
import subprocess
import urllib.parse

from alignmodel import CONTIGS, SAMTOOLS, draw, made, samtools
from banktest import Bank
from containers import gunzip
from vialtest import NOINPUT, OK, USAGE, VIAL, main, run


@contextlib.contextmanager
def served(t, *args, lines=1):
    """The addresses that it prints. It is stopped at the end, if it has not ended."""
    p = subprocess.Popen([VIAL, "serve", *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    at = [p.stdout.readline().decode().strip() for _ in range(lines)]
    t.check(all(a.startswith("http://127.0.0.1:") for a in at), "serve", f"prints {at}")
    try:
        yield at, p
    finally:
        p.terminate()
        p.communicate(timeout=60)


def get(address, method="GET"):
    """Status, type and bytes; None for bytes that did not come to their end."""
    url = urllib.parse.urlsplit(address)
    c = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    c.request(method, url.path + ("?" + url.query if url.query else ""))
    answer = c.getresponse()
    try:
        body = answer.read()
    except http.client.IncompleteRead:
        body = None
    c.close()
    return answer.status, answer.headers["Content-Type"], body


def ticket(t, what, address):
    status, kind, body = get(address)
    t.check(status == 200 and kind.startswith("application/vnd.ga4gh.htsget.v1."), what, f"{status} {kind}")
    said = json.loads(body)["htsget"]
    t.check(said["format"] == "BAM" and len(said["urls"]) == 1, what, f"{said}")
    return said["urls"][0]


def records(t, what, address):
    """The text of the BAM that a ticket leads to."""
    status, _, body = get(ticket(t, what, address)["url"])
    t.check(status == 200 and body is not None, what, f"{status}, {body is None}")
    return gunzip(body or b"")


def stores(t, f):
    made(t, f, draw(random.Random(8), 3000), store="S1.h5")
    return f / "S1.h5"


def answers(t, f):
    """Regions, the header, all of it: as vial view prints them."""
    store = stores(t, f)
    with served(t, store) as ((at,), _):
        t.check(at.endswith("/reads/S1"), "address", at)
        for what, query, args in (
                ("all", "", ()), ("all, format", "?format=BAM", ()),
                ("contig", "?referenceName=chr1", ("chr1",)),
                ("region", "?format=BAM&referenceName=chr2&start=99&end=5000", ("chr2:100-5000",)),
                ("from there", "?referenceName=chr2&start=60000", ("chr2:60001-",)),
                ("up to there", "?referenceName=chr2&end=700", ("chr2:1-700",)),
                ("colons", "?referenceName=HLA%3AA%2A01%3A01&start=5&end=400", ("{HLA:A*01:01}:6-400",)),
                ("no contig", "?referenceName=*", ("*",)), ("header", "?class=header", ("-H",)),
                ("what is not known", "?fields=QNAME,FLAG&tags=NM&referenceName=last", ("last",))):
            done = run("view", "-O", "bam", store, *args)
            t.check(done.code == OK and records(t, what, at + query) == gunzip(done.out), what,
                    "is not what view prints")


def samtools_reads(t, f):
    if not SAMTOOLS or samtools("view", "-c", "http://127.0.0.1:1/") is not None:
        return t.skip("no samtools")
    store = stores(t, f)
    for once in range(2):
        with served(t, "--once", store) as ((at,), p):
            query = ["?referenceName=chr2&start=999&end=20000", ""][once]
            theirs = samtools("view", "-h", "--no-PG", at + query)
            if theirs is None:
                return t.skip("samtools reads no addresses here")
            ours = run("view", store, *([] if once else ["chr2:1000-20000"])).out
            t.check(theirs == ours, f"samtools {query}", f"{len(theirs)} bytes, view {len(ours)}")
            t.check(p.wait(60) == OK, "once", f"exit code {p.returncode}")


def refusals(t, f):
    store = stores(t, f)
    with served(t, store) as ((at,), _):
        base = at[:at.index("/reads")]
        for what, address, status, word in (
                ("another store", f"{base}/reads/S2", 404, "NotFound"),
                ("a way out", f"{base}/reads/..%2FS1", 404, "NotFound"),
                ("another endpoint", f"{base}/variants/S1", 404, "NotFound"),
                ("nothing", base + "/", 404, "NotFound"),
                ("another format", at + "?format=CRAM", 400, "UnsupportedFormat"),
                ("no such contig", at + "?referenceName=chrX", 400, "InvalidInput"),
                ("a place on none", at + "?start=5", 400, "InvalidInput"),
                ("an end before its start", at + "?referenceName=chr1&start=9&end=9", 400, "InvalidInput"),
                ("no place", at + "?referenceName=chr1&start=-1", 400, "InvalidInput"),
                ("no name", at + "?referenceName=%zz", 400, "InvalidInput"),
                ("a long name", at + "?referenceName=" + "c" * 300, 400, "InvalidInput"),
                ("a long place", at + "?referenceName=chr1&start=" + "0" * 300, 400, "InvalidInput"),
                ("too far", at + "?referenceName=chr1&start=99999999999999999999", 400, "InvalidInput")):
            got, _, body = get(address)
            t.check(got == status and json.loads(body)["htsget"]["error"] == word, what, f"{got} {body}")
        t.check(get(at, "POST")[0] == 400, "POST", "is answered")
        for raw in (b"\r\n\r\n", b"GET\r\n\r\n", b"GET / FTP/1\r\n\r\n", b"GET /%zz HTTP/1.1\r\n\r\n",
                    b"GET /%00 HTTP/1.1\r\n\r\n", b"\0" * 100, b"x" * 40000,
                    b"GET /" + b"y" * 3000 + b" HTTP/1.1\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", urllib.parse.urlsplit(at).port), 60) as s:
                with contextlib.suppress(OSError):
                    s.sendall(raw)
                    s.shutdown(socket.SHUT_WR)
                    said = s.recv(4096)
                    t.check(said.startswith(b"HTTP/1.1 400 "), f"{raw[:20]}", f"{said[:60]}")
        t.check(records(t, "afterwards", at + "?referenceName=chr1"), "afterwards", "nothing")
    for args, code in (((), USAGE), (("--port", 70000, store), USAGE), ((f / "none.h5",), NOINPUT)):
        t.check(run("serve", *args).code == code, f"serve {args}")


def never_whole(t, f):
    """A store that is damaged where the data lies: a ticket, and data without its end."""
    store = stores(t, f)
    data = bytearray(f.read("S1.h5"))
    for at in range(len(data) // 2, len(data) // 2 + 2000, 50):
        data[at] ^= 0x55
    os.unlink(store)
    f.write("S1.h5", data)
    printed = run("view", "-O", "bam", store)
    if not t.check(printed.code, "view of the damaged store", "says nothing"):
        return
    with served(t, store) as ((at,), _):
        status, _, body = get(at.replace("/reads", "/data/reads"))
        t.check(body is None or status >= 400, "damaged", f"{status}, whole, {len(body or b'')} bytes")


def strangers(t, f):
    """Another user of the machine is refused; nothing listens on other addresses."""
    store = stores(t, f)
    with served(t, store) as ((at,), _):
        port = urllib.parse.urlsplit(at).port
        known = []
        with contextlib.suppress(socket.gaierror):  # a machine need not know its own name
            known = socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)
        for other in {a[4][0] for a in known} - {"127.0.0.1"} | {"127.0.0.2"}:
            with contextlib.suppress(OSError), socket.create_connection((other, port), 5):
                t.check(False, "strangers", f"{other} is listened on")
        if os.geteuid():
            return t.skip("only root can be another user")
        code = f"import http.client as h; c = h.HTTPConnection('127.0.0.1', {port}); " \
               "c.request('GET', '/reads/S1'); print(c.getresponse().status)"
        done = subprocess.run(["/usr/bin/python3", "-c", code], capture_output=True, user=65534, cwd="/")
        t.check(done.stdout == b"403\n", "another user", f"{done.stdout} {done.stderr[-200:]}")


def of_bank(t, f):
    bank = Bank(f)
    made(t, f, draw(random.Random(9), 500), store="S1.h5")
    done = run("ingest", "-q", "-b", bank.path, "--sample", "P1", "--acquisition", "A1", f / "x.bam")
    t.check(done.code == OK, "ingest", done.err)
    with served(t, "-b", bank.path) as ((at,), _):
        t.check(at.endswith("/reads/SAMPLE"), "address of a bank", at)
        for name in ("P1", "P1/A1"):
            what = f"bank, {name}"
            ours = run("view", "-O", "bam", f / "S1.h5", CONTIGS[0][0]).out
            t.check(records(t, what, at.replace("SAMPLE", name) + "?referenceName=" + CONTIGS[0][0]) ==
                    gunzip(ours), what, "is not what view prints")
        t.check(get(at.replace("SAMPLE", "P2"))[0] == 404, "bank, P2")
        t.check(get(at.replace("SAMPLE", "..%2F..%2Fetc"))[0] == 404, "bank, a way out")


if __name__ == "__main__":
    main(answers, samtools_reads, refusals, never_whole, strangers, of_bank)
