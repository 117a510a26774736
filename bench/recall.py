#!/usr/bin/env python3
"""How many of the definitions that universal-ctags finds does Code Reader find, too?

    recall.py FOLDER FACTS [--missing N] [--only LANGUAGE]

FOLDER is the repository, FACTS what `cargo run --release -p reader --example facts FOLDER` printed, or the
document that `code-reader export --format json` wrote. Functions, methods and types are compared by name, by coarse
kind and by the line of the name, which may differ by one. Files that Code Reader skipped are left out on both sides.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys

FUNCTIONS = {"function", "method", "func", "methodSpec", "procedure", "subroutine", "constructor", "singletonMethod",
             "generator", "getter", "setter", "trigger", "def"}
TYPES = {"class", "struct", "enum", "interface", "trait", "union", "typedef", "type", "talias", "alias", "protocol",
         "object", "table", "view", "annotation", "typealias", "record"}
OUR_FUNCTIONS = {"function", "method"}
OUR_TYPES = {"class", "struct", "enum", "interface", "trait", "type", "table"}
LANGUAGES = "Python,JavaScript,TypeScript,Rust,Go,Java,C,C++,C#,PHP,Ruby,Kotlin,Scala,Sh,SQL"


def coarse(tag):
    kind, language = tag["kind"], tag["language"]
    line = tag.get("pattern", "")
    if language == "PHP" and kind == "alias":
        return None
    if language == "TypeScript" and kind == "alias" and not re.search(r"\btype\s+" + re.escape(tag["name"]) + r"\s*(<|=|\$)", line):
        return None
    if language == "Kotlin" and kind == "method" and not re.search(r"\bfun\b", line):
        return None  # a parameter of a lambda
    if language == "Kotlin" and tag["name"] == "Companion" and not re.search(r"\bobject\s+Companion\b", line):
        return None  # a name that is not written
    if language == "JavaScript" and kind == "class" and not re.search(r"\bclass\b|\bfunction\b", line):
        return None
    if kind == "member":
        return "function" if language == "Python" else None
    if kind == "alias" and language in ("Ruby", "Sh"):
        return None
    if kind in FUNCTIONS:
        return "function"
    return "type" if kind in TYPES else None


def their_tags(folder, only):
    command = ["ctags", "-R", "--links=no", "--output-format=json", "--fields=+nKlzP", "--sort=no",
               "--languages=" + (only or LANGUAGES), "-f", "-", "."]
    output = subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout
    for line in output.decode("utf-8", "replace").splitlines():
        tag = json.loads(line)
        if tag.get("_type") == "tag" and "line" in tag:
            kind = coarse(tag)
            name = tag["name"]
            if kind and not re.match(r"(__anon|<|[Aa]nonymous\w*[0-9a-f]{8})", name):
                yield os.path.normpath(tag["path"]), plain(name), kind, tag["line"], tag["language"]


def plain(name):
    """Operators and destructors, which both sides write in their own way."""
    name = re.sub(r"^operator\s*(?=\W)", "", name).lstrip("~") or name
    return name.replace(" ", "")


def our_symbols(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        document = None  # a record a line, as the example prints them
    if document and "files" in document:
        read = {row["path"] for row in document["files"] if not row["skipped"]}
        return read, document["symbols"]
    read, symbols = set(), []
    for line in text.splitlines():
        record = json.loads(line)
        if not record["file"]["skipped"]:
            read.add(record["file"]["path"])
        symbols.extend(record["symbols"])
    return read, symbols


def name_line(symbol, lines):
    """The line of the name: decorators and attributes may stand above it."""
    word = re.compile(r"(?<!\w)" + re.escape(symbol["name"]) + r"(?!\w)")
    last = symbol["end_line"] if symbol["kind"] == "type" else symbol["start_line"] + 60
    for number in range(symbol["start_line"], min(symbol["end_line"], last) + 1):
        if number <= len(lines) and word.search(lines[number - 1]):
            yield number
    yield symbol["start_line"]


def index(folder, symbols):
    places = collections.defaultdict(set)
    texts = {}
    for symbol in symbols:
        kind = "function" if symbol["kind"] in OUR_FUNCTIONS else "type" if symbol["kind"] in OUR_TYPES else "other"
        path = symbol["path"]
        if path not in texts:
            with open(os.path.join(folder, path), encoding="utf-8", errors="replace") as file:
                texts[path] = file.read().split("\n")
        for number in name_line(symbol, texts[path]):
            places[path, plain(symbol["name"]), kind].add(number)
    return places


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("facts")
    parser.add_argument("--missing", type=int, default=0, help="show this many that are missing, per language")
    parser.add_argument("--only", help="one language, as ctags names it")
    options = parser.parse_args()
    read, symbols = our_symbols(options.facts)
    places = index(options.folder, symbols)
    found, missing = collections.Counter(), collections.defaultdict(list)
    for path, name, kind, line, language in their_tags(options.folder, options.only):
        if path not in read:
            continue
        lines = set(places.get((path, name, kind), ()))
        if language == "C#":
            lines |= places.get((path, name, "type"), set())  # a delegate is a method to ctags
        if language == "JavaScript" and kind == "type":
            # ctags calls a function that uses `this`, and a variable that holds an object, a class.
            lines |= places.get((path, name, "function"), set()) | places.get((path, name, "other"), set())
        if any(abs(line - ours) <= 1 for ours in lines):
            found[language] += 1
        else:
            missing[language].append(f"{path}:{line} {kind} {name}")
    worst = 1.0
    for language in sorted(set(found) | set(missing)):
        total = found[language] + len(missing[language])
        worst = min(worst, found[language] / total)
        print(f"{language:12} {found[language]:6} of {total:6}  {found[language] / total:.4f}")
        for line in missing[language][:options.missing]:
            print("    missing", line)
    return 0 if worst >= 0.97 else 1


if __name__ == "__main__":
    sys.exit(main())
