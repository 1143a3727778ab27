"""Verify a liftgate audit pack, with Python 3.9 or newer and nothing else.

Checks that the pack is whole, its entries are in the ledger of the checkpoint (RFC 6962), files of
runs as recorded, signatures of trusted keys (Ed25519, RFC 8032; DSSE), keys of one person stay so.
Checkpoint and trust file are its maker's: give your own. Exits 0 sound, 2 wrong use, 3 unsound.
"""

import argparse
import base64
import hashlib
import json
import zipfile
from datetime import datetime

LARGEST, MOST_FILES = 2 << 30, 100_000
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, BASE = -121665 * pow(121666, P - 2, P) % P, (4 * pow(5, P - 2, P) % P).to_bytes(32, "little")


def point(data):
    """Decompress 32 bytes to extended coordinates (RFC 8032, 5.1.3), or return None."""
    number = int.from_bytes(data, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def add(p, q):
    """Add two points (RFC 8032, 5.1.4)."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n, p):
    """Multiply a point by a number."""
    q = (0, 1, 1, 0)
    while n:
        q, p, n = add(q, p) if n & 1 else q, add(p, p), n >> 1
    return q


def ed25519(public, signature, message):
    """Whether a signature is right (RFC 8032, 5.1.7)."""
    a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or len(public) != 32 or len(signature) != 64:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    p, q = times(s, point(BASE)), add(r, times(h, a))
    return all((p[i] * q[2] - q[i] * p[2]) % P == 0 for i in (0, 1))


def expect(true, message):
    """Stop at the first thing that is wrong."""
    if not true:
        raise ValueError(message)


def sha256(data):
    """Return a digest as entries name it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def read_all(pack):
    """Return name -> bytes of everything but the manifest, each as the manifest says."""
    infos, names = pack.infolist(), pack.namelist()
    expect(len(set(names)) == len(names) <= MOST_FILES, "a name occurs twice, or too many files")
    for one in infos:
        odd = set(one.filename.split("/")) & {"", ".", ".."} or set(one.filename) & set("\\:\0")
        expect(not odd, f"unsafe name {one.filename!r}")
        swells = one.file_size > 1000 * one.compress_size + 1000
        expect(not swells, f"{one.filename}: too large when unpacked")
    expect(sum(one.file_size for one in infos) <= LARGEST, "too large when unpacked")
    manifest = json.loads(pack.read("manifest.json"))
    expect(manifest["liftgate"] == 1 and manifest["kind"] == "audit-pack", "no audit pack")
    for name in sorted(set(names) ^ {*manifest["files"], "manifest.json"}):
        expect(False, f"{name}: {'not in the manifest' if name in names else 'missing'}")
    found = {}
    for name, digest in manifest["files"].items():
        found[name] = pack.read(name)
        expect(sha256(found[name]) == digest, f"{name}: altered")
    return manifest, found


def notes(text):
    """Return the checkpoints of a text: (body, origin, size, root, signature lines)."""
    lines, found = text.split("\n"), []
    while lines:
        if not lines[0].strip():
            lines.pop(0)
        elif lines[0].startswith("\u2014 "):
            found[-1][4].append(lines.pop(0).split(" ")[1:])
        else:
            body, lines = lines[:4], lines[4:]
            text, root = "\n".join(body) + "\n", base64.b64decode(body[2])
            found.append((text, body[0], int(body[1]), root, []))
    return found


def root_of(leaf, index, size, path):
    """Return where an audit path leads (RFC 9162, 2.1.3.2)."""
    place, last, node = index, size - 1, leaf
    for sibling in map(bytes.fromhex, path):
        expect(last, "a path is too long")
        if place & 1 or place == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        place, last = place >> 1, last >> 1
    return None if last else node


def read_entries(found, proofs, size, root):
    """Return sequence -> entry, each proven to be in the ledger of the checkpoint."""
    entries = {}
    for name in sorted(name for name in found if name.startswith("entries/")):
        entry, leaf = json.loads(found[name]), hashlib.sha256(b"\x00" + found[name]).digest()
        number, path = entry["sequence"], proofs[str(entry["sequence"])]
        right = 0 < number <= size and root_of(leaf, number - 1, size, path) == root
        expect(right, f"{name}: not in the ledger of the checkpoint")
        entries[number] = {**entry, "leaf": "sha256:" + leaf.hex()}
    return entries


def check_files(entries, found):
    """Check the files of runs against the entries that recorded them, and those that count them."""
    recorded = {}
    for body in (e["body"] for e in entries.values() if e["kind"] == "run.finished"):
        recorded.update({f"runs/{body['id']}/{n}": d for n, d in body["files"].items()})
    files = {name: sha256(data) for name, data in found.items() if name.startswith("runs/")}
    for name in sorted({**recorded, **files}):
        expect(files.get(name) == recorded.get(name), f"{name}: missing, or not as recorded")
    locks = [e["body"]["study_digest"] for e in entries.values() if e["kind"][:6] == "study."]
    for body in (e["body"] for e in entries.values() if e["kind"] == "decision"):
        expect(body["study_digest"] in locks, "the lock is missing that a decision rests on")
        for name, digest in body["rows"]["files"].items():
            expect(files.get(f"runs/{name}") == digest, f"{name}: missing, a decision counts it")
    return len(files)


def signed_by(envelope, keys):
    """Return payload and the trusted keys that signed an envelope."""
    kind, payload = envelope["payloadType"], base64.b64decode(envelope["payload"])
    message, names = b"DSSEv1 %d %s %d " % (len(kind), kind.encode(), len(payload)) + payload, {}
    for one in envelope["signatures"]:
        key = keys.get(one["keyid"])
        if key:
            right = ed25519(base64.b64decode(key["public"]), base64.b64decode(one["sig"]), message)
            expect(right, f"a signature in the name of {key['name']} is not its")
            names[key["id"]] = key
    return json.loads(payload), list(names.values())


def read_trust(data):
    """Return id -> key of a trust file, each version signed by owners of the one before."""
    keys, owners, quorum, last = {}, [], 1, "sha256:" + "0" * 64
    for number, envelope in enumerate(json.loads(data)["versions"], 1):
        new = json.loads(base64.b64decode(envelope["payload"]))
        now = {k["id"]: {**k, "of": (k.get("person") or k["name"]).casefold()} for k in new["keys"]}
        wrong = [k for n, k in now.items() if sha256(base64.b64decode(k["public"]))[7:] != n]
        if number == 1:
            keys, owners, quorum = now, new["owners"], new["quorum"]
        signers = signed_by(envelope, {i: keys[i] for i in owners if i in keys})[1]
        order = not wrong and (new["previous"], new["version"]) == (last, number)
        by = {k["of"] for k in signers if counts(k, datetime.fromisoformat(new["time"]))}
        expect(order and len(by) >= max(quorum, 1), f"trust file: version {number} is not in order")
        whose = keys.keys() <= now.keys() and {(k["of"], now[n]["of"]) for n, k in keys.items()}
        expect(whose and len(dict(whose)) == len(whose), f"trust file: version {number} parts keys")
        keys, owners, quorum = now, new["owners"], new["quorum"]
        last = sha256(base64.b64decode(envelope["payload"]))
    return keys


def counts(key, time):
    """Whether what a key signed at a time counts."""
    texts = key["valid_from"], key["valid_until"], key["revoked_at"] or key["valid_until"]
    since, until, revoked = map(datetime.fromisoformat, texts)
    return since <= time < min(until, revoked)


def check_statements(entries, keys):
    """Check every signed statement; return a line for each."""
    said, times = [], {n: datetime.fromisoformat(one["time"]) for n, one in entries.items()}
    for number, entry in sorted(one for one in entries.items() if one[1]["kind"] == "statement"):
        latest = max(time for n, time in times.items() if n <= number)
        statement, signers = signed_by(entry["body"]["envelope"], keys)
        subject = statement["subject"][-1]
        about = entries.get(int(subject["name"].split()[-1]), {})
        right = about.get("leaf") == "sha256:" + subject["digest"]["sha256"]
        expect(right, f"entry {number}: about an entry that is not there")
        for key in signers:
            expect(counts(key, latest), f"entry {number}: {key['name']}'s key did not count then")
        other = [f" ({k['of']})" if k["of"] != k["name"].casefold() else "" for k in signers]
        names = ", ".join(k["name"] + who for k, who in zip(signers, other)) or "nobody trusted"
        said.append(f"entry {number}, about entry {about['sequence']}: signed by {names}")
    return said


def verify(path, checkpoint=None, trust=None):
    """Verify a pack; return what is to be said of it."""
    with zipfile.ZipFile(path) as pack:
        manifest, found = read_all(pack)
    body, origin, size, root, signatures = notes(found["checkpoint.txt"].decode())[0]
    kept = [(o, s, r) for _, o, s, r, _ in notes(checkpoint)] if checkpoint else None
    expect(kept is None or (origin, size, root) in kept, "checkpoint: not the one that you gave")
    entries = read_entries(found, json.loads(found["proofs.json"]), size, root)
    files = check_files(entries, found)
    keys = read_trust(trust or found.get("trust.json") or b'{"versions": []}')
    said = [f"Sound: {len(entries)} of {size} entries, {files} files, study {manifest['study']}"]
    for name, text in signatures:
        for key in (key for key in keys.values() if key["name"] == name):
            data, public = base64.b64decode(text), base64.b64decode(key["public"])
            if hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4] == data[:4]:
                expect(ed25519(public, data[4:], body.encode()), "checkpoint: a false signature")
                time = datetime.fromisoformat(body.split("\n")[3][5:])
                expect(counts(key, time), f"checkpoint: {name}'s key did not count then")
                said.append(f"checkpoint: signed by {name}")
    said += check_statements(entries, keys)
    own = [name for name, v in (("checkpoint", checkpoint), ("trust file", trust)) if not v]
    gaps = [f"the {name} is the pack's own: compare it with a copy" for name in own]
    return [*said, "Not covered:", *(f"- {gap}" for gap in gaps + manifest["not_covered"])]


def main():
    """Verify what is named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack")
    parser.add_argument("--against", dest="checkpoint", type=argparse.FileType("rb"))
    parser.add_argument("--trust", type=argparse.FileType("rb"))
    asked = parser.parse_args()
    kept, trust = (one.read() if one else None for one in (asked.checkpoint, asked.trust))
    try:
        lines = verify(asked.pack, kept and kept.decode(), trust)
    except Exception as error:
        said = f"Not sound: {error}\n".encode("ascii", "replace").decode()
        return parser.exit(2 if isinstance(error, OSError) else 3, said)
    text = "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines)
    return print(text.encode("ascii", "backslashreplace").decode())


if __name__ == "__main__":
    main()
