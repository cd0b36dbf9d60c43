"""The protocol: what a statistician writes before results are seen."""

from locoreg.emulation.protocol.load import (
    LoadedProtocol,
    example_names,
    example_path,
    read_example,
    read_protocol,
)
from locoreg.emulation.protocol.model import TrialProtocol

__all__ = [
    "LoadedProtocol",
    "TrialProtocol",
    "example_names",
    "example_path",
    "read_example",
    "read_protocol",
]
