"""The files of the tree as the tidy tests see it."""
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What the build and a running server leave behind, and data that is not ours to style.
SKIPPED = {".git", "build", "clew-data", "__pycache__", "node_modules", "corpus"}


class Tree:
    def __init__(self, root=ROOT):
        self.root = pathlib.Path(root)
        self.files = sorted(self._walk(self.root))
        layers = self.root / "layers.json"
        self.layers = json.loads(layers.read_text()) if layers.exists() else {}
        self.rooms = self.layers.get("rooms", {})
        # The client library: a house of its own.
        self.client = self.layers.get("client", {"folders": [], "system": [], "rooms_that_may_include_it": []})
        exceptions = self.root / "tests/tidy/exceptions.json"
        self.exceptions = json.loads(exceptions.read_text()) if exceptions.exists() else {}

    def _walk(self, folder):
        for entry in folder.iterdir():
            if entry.name in SKIPPED or entry.is_symlink():
                continue
            if entry.is_dir():
                yield from self._walk(entry)
            else:
                yield entry.relative_to(self.root).as_posix()

    def text(self, name):
        return (self.root / name).read_text(encoding="utf-8", errors="replace")

    def lines(self, name):
        return self.text(name).splitlines()

    def under(self, folders, suffixes):
        """Files below the folders ("" is everything) whose name ends in one of the suffixes."""
        folders = tuple(f and f + "/" for f in folders)
        return [f for f in self.files if f.startswith(folders) and f.endswith(tuple(suffixes))]


def room_of(name):
    """The room a file of src/ is in, or None."""
    parts = name.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "src" else None


def finish(problems, what):
    """Prints the problems; the exit code of a tidy program."""
    for problem in problems:
        print(problem)
    print(f"{what}: {len(problems)} problem{'' if len(problems) == 1 else 's'}")
    return 1 if problems else 0
