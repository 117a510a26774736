"""Builds a tree of real source of about a given number of lines, from what every machine that can
build this project has: the sources of its own dependencies, Python's library, the C headers."""

import os
import shutil
import sysconfig
from pathlib import Path

ENDINGS = {".rs", ".py", ".c", ".h", ".cpp", ".hpp", ".js", ".mjs", ".ts", ".tsx", ".go", ".java", ".rb", ".php"}


def roots(project: Path):
    yield project / "web" / "node_modules"
    yield Path(sysconfig.get_path("stdlib"))
    yield Path("/usr/include")
    cargo = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    yield from sorted((cargo / "registry" / "src").glob("*"))


def sources(root: Path):
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in {".git", "dist", "__pycache__"})
        for name in sorted(files):
            path = Path(folder, name)
            if path.suffix in ENDINGS and not name.endswith(".min.js") and path.is_file() and not path.is_symlink():
                size = path.stat().st_size
                if 200 < size < 300_000:
                    yield path


def build(project: Path, target: Path, lines: int) -> int:
    """Copies whole files, each root in turn by its share, until there are enough lines."""
    found = [(root, list(sources(root))) for root in roots(project) if root.is_dir()]
    share = lines // max(1, len(found))
    total = 0
    for number, (root, files) in enumerate(found):
        # The last root gives what the others could not.
        wanted = share if number + 1 < len(found) else lines - total
        taken = 0
        for path in files:
            if taken >= wanted:
                break
            text = path.read_bytes()
            count = text.count(b"\n")
            # A few very long lines are machine output, which is not what is measured.
            if count == 0 or len(text) / count > 120:
                continue
            copy = target / f"part{number}" / path.relative_to(root).as_posix().replace("node_modules", "packages")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            taken += count
        total += taken
    return total
