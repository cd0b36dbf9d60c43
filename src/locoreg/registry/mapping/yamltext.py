"""YAML as maps need it: texts stay texts, keys stand once, every value knows its line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from locoreg.core.errors import DesignError

MOST_CHARACTERS = 4_000_000
MOST_NODES = 100_000
DEEPEST = 40
KNOWN_TAGS = ("map", "seq", "str", "null", "bool", "int", "float", "timestamp", "merge", "value")
NULLS = ("", "~", "null", "Null", "NULL")
Path = tuple[str | int, ...]


@dataclass(slots=True)
class Tree:
    """Values of a YAML text and where they stand.

    Attributes
    ----------
    value : dict, list, str or None
        Plain scalars stay text: ``No`` is no boolean and ``007`` no number.
    lines : dict
        Line of each path.
    nodes : int
        Values visited.
    """

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    nodes: int = 0

    def place(self, path: Path) -> str:
        """Return ``line 12, files[0].tables[1].columns.sex``."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        line = self.lines.get(known, 1)
        return f"line {line}, {path_text(path)}" if path else f"line {line}"


def path_text(path: Path) -> str:
    """Return a path to a key: ``files[0].tables[1].columns.sex``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_yaml(text: str, *, name: str) -> Tree:
    """Read a YAML text.

    Parameters
    ----------
    text : str
        One document.
    name : str
        Name for messages.

    Returns
    -------
    Tree
        Values and their lines.

    Raises
    ------
    DesignError
        If it is not YAML, holds a key twice, or grows beyond reason through its references.
    """
    if len(text) > MOST_CHARACTERS:
        raise DesignError(f"{name} is too long for a map: {len(text):,} characters.")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error)
        raise DesignError(f"{name}{line} is not YAML: {problem}.") from None
    except (RecursionError, ValueError) as error:
        raise DesignError(f"{name} is not YAML: {error}.") from None
    if root is None:
        raise DesignError(f"{name} is empty.")
    tree = Tree()
    tree.value = _value(root, (), tree, name)
    return tree


def _value(node: yaml.Node, path: Path, tree: Tree, name: str) -> Any:
    line = node.start_mark.line + 1
    tree.nodes += 1
    tree.lines.setdefault(path, line)
    if tree.nodes > MOST_NODES or len(path) > DEEPEST:
        raise DesignError(f"{name}, line {line}: references (*) make the map grow beyond reason.")
    if node.tag.rpartition(":")[2] not in KNOWN_TAGS:
        raise DesignError(f"{name}, line {line}: the tag {node.tag} has no meaning in a map.")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, tree, name)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, i), tree, name) for i, item in enumerate(node.value)]
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return None if plain and node.value in NULLS else node.value


def _mapping(node: yaml.MappingNode, path: Path, tree: Tree, name: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, item in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise DesignError(f"{name}, line {line}: a key must be a text.")
        if key.value in out:
            place = path_text((*path, key.value))
            raise DesignError(f"{name}, line {line}: the key {place} stands twice.")
        tree.lines[(*path, key.value)] = line
        out[key.value] = _value(item, (*path, key.value), tree, name)
    return out
