"""Shapes of what plugins and the node table pass to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np

IntArray: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"
FloatArray: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.float64]]"
BoolArray: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.bool_]]"
Rows: TypeAlias = "slice | IntArray"
"""Which rows of the node table, in which order."""

ALL_ROWS = slice(None)
