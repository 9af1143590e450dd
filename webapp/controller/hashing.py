"""Hashes that end up in names and labels: FNV-1a, written in the alphabet of generated names. Pure.

Models:
    staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go SafeEncodeString
"""

from __future__ import annotations

_SAFE_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_FNV_OFFSET = 2166136261
_FNV_PRIME = 16777619


def safe_hash(data: bytes) -> str:
    """Up to ten letters and digits that stand for ``data``."""
    value = _FNV_OFFSET
    for byte in data:
        value = ((value ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return "".join(_SAFE_ALPHABET[ord(digit) % len(_SAFE_ALPHABET)] for digit in str(value))
