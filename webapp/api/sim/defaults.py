"""What the API server fills in for the simulation's own kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.api.defaulting import fill, map_spec

if TYPE_CHECKING:
    from webapp.apimachinery.meta import JSONObject


def _default_clock(spec: JSONObject) -> JSONObject:
    return fill(spec, {"paused": False, "speed": 1})


default_clock = map_spec(_default_clock)
