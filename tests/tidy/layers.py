#!/usr/bin/env python3
"""Includes against layers.json: which room may know which (DESIGN 2)."""
import re
import sys

from tree import Tree, finish, room_of

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
ANGLED = re.compile(r"^\s*#\s*include\s+<([^>]+)>")


def broken_arrows(tree):
    for name in tree.under(["src"], [".h", ".cc"]):
        room = room_of(name)
        allowed = set(tree.rooms.get(room, {}).get("may", [])) | {room}
        for number, line in enumerate(tree.lines(name), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            included = match[1]
            target = included.split("/")[0]
            if target == "clew" and room in tree.client["rooms_that_may_include_it"]:
                continue
            if not (tree.root / "src" / included).exists():
                if "/" not in included and (tree.root / name).parent.joinpath(included).exists():
                    yield f'{name}:{number}: includes "{included}": write the path from src/, "{room}/{included}"'
                elif target in tree.rooms:
                    yield f'{name}:{number}: includes "{included}", which is not there'
            elif target not in allowed:
                yield (f"{name}:{number}: {room} -> {target} is not an arrow of layers.json"
                       f" ({name} includes src/{included})")


def client_house(tree):
    """The client includes its own headers, the standard library and the system, and nobody else; its public headers only
    public ones. What is for users of another library includes that one: only_if_included."""
    by_choice = tree.client.get("only_if_included", {})
    for name in tree.under(tree.client["folders"], [".h", ".cc"]):
        is_test = name.endswith(("_test.cc", "_for_test.h", "_fuzz.cc"))
        chosen = sum(by_choice.values(), []) if is_test else by_choice.get(name, [])
        for number, line in enumerate(tree.lines(name), 1):
            own, other = INCLUDE.match(line), ANGLED.match(line)
            if own and not (tree.root / "include" / own[1]).exists() and (
                    name.startswith("include/") or not (tree.root / "client" / own[1]).exists()):
                yield f'{name}:{number}: includes "{own[1]}", which is neither in include/ nor in client/'
            if other and "/" in other[1] and other[1].split("/")[0] not in tree.client["system"] + chosen and not (
                    is_test and other[1].startswith(("gtest/", "gmock/"))):
                yield f"{name}:{number}: includes <{other[1]}>: the client has libc, pthreads and C++ only"


def room_list(tree):
    """Each folder of src is a room, each room a folder; arrows point to lower rows."""
    folders = {room_of(f) for f in tree.under(["src"], [""])} - {None}
    for room in sorted(folders - set(tree.rooms)):
        yield f"src/{room}: this folder is not a room of layers.json"
    for room in sorted(set(tree.rooms) - folders):
        yield f"layers.json: room '{room}' has no folder src/{room}"
    for room, entry in tree.rooms.items():
        for target in entry["may"]:
            if target not in tree.rooms:
                yield f"layers.json: {room} -> {target}: there is no room '{target}'"
            elif tree.rooms[target]["row"] >= entry["row"]:
                yield f"layers.json: {room} -> {target} does not point to a lower row"


def problems(tree):
    return [*room_list(tree), *broken_arrows(tree), *client_house(tree)]


if __name__ == "__main__":
    sys.exit(finish(problems(Tree()), "layers"))
