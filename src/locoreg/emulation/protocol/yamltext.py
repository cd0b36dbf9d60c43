"""Read YAML so that every value knows its line, and a word is never taken for something else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from locoreg.core.errors import DesignError
from locoreg.emulation.protocol.faults import Path, path_text

MOST_CHARACTERS = 1_000_000
MOST_NODES = 20_000
DEEPEST = 30
_TAGS = ("map", "seq", "str", "null", "bool", "int", "float", "timestamp", "merge", "value")
_NULLS = ("", "~", "null", "Null", "NULL")
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# YAML 1.1 takes these for true and false, YAML 1.2 for texts.
_DOUBTFUL = ("yes", "no", "on", "off", "y", "n")
# 007 is a code and stays text.
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"[-+]?(([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value begins, counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Document:
    """Values of a YAML text and where they stand.

    Attributes
    ----------
    name : str
        Name of the text, for messages.
    value : object
        Dicts, lists, texts, numbers, truth values, None. Dates stay texts.
    places : dict
        Line and column of the value, or of the key where there is one, by path.
    """

    name: str
    value: Any = None
    places: dict[Path, Place] = field(default_factory=dict)

    def fail(self, node: yaml.Node, message: str, *, hint: str | None = None) -> DesignError:
        """Return an error at a node."""
        line = node.start_mark.line + 1
        return DesignError(f"{self.name}, line {line}: {message}.", hint=hint)


def read_document(text: str, *, name: str) -> Document:
    """Read a YAML text.

    Parameters
    ----------
    text : str
        One document.
    name : str
        Its name, for messages.

    Returns
    -------
    Document
        Values and their places.

    Raises
    ------
    DesignError
        If it is not YAML, is empty, holds a key twice or a tag such as ``!!python/object``.
    """
    if len(text) > MOST_CHARACTERS:
        raise DesignError(f"{name} is too long for a protocol: {len(text):,} characters.")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error)
        raise DesignError(f"{name}{where}: not valid YAML ({problem}).") from None
    except (RecursionError, ValueError) as error:
        raise DesignError(f"{name} is not valid YAML ({error}).") from None
    if root is None:
        raise DesignError(f"{name} is empty.")
    document = Document(name)
    document.value = _value(root, (), document)
    return document


def _value(node: yaml.Node, path: Path, document: Document) -> Any:
    mark = node.start_mark
    document.places.setdefault(path, Place(mark.line + 1, mark.column + 1))
    if len(document.places) > MOST_NODES or len(path) > DEEPEST:
        raise document.fail(node, "the references (*) make it grow beyond reason")
    if node.tag.rpartition(":")[2] not in _TAGS:
        raise document.fail(node, f"the tag {node.tag} is not allowed", hint="write plain values.")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, i), document) for i, item in enumerate(node.value)]
    return _scalar(node, document)


def _mapping(node: yaml.MappingNode, path: Path, document: Document) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, item in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise document.fail(key, "a key must be a text")
        here = (*path, key.value)
        if key.value in out:
            first = document.places[here].line
            raise document.fail(
                key,
                f"the key {path_text(here)} stands there twice, first in line {first}",
                hint="take one of them out.",
            )
        document.places[here] = Place(key.start_mark.line + 1, key.start_mark.column + 1)
        out[key.value] = _value(item, here, document)
    return out


def _scalar(node: yaml.Node, document: Document) -> Any:
    text: str = node.value
    if not isinstance(node, yaml.ScalarNode) or node.style is not None:
        return text
    if text in _NULLS:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if text.casefold() in _DOUBTFUL:
        raise document.fail(
            node,
            f"{text} is true or false for some readers of YAML and a text for others",
            hint=f'write true or false, or "{text}" in quotes.',
        )
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _DECIMAL.match(text) else text
