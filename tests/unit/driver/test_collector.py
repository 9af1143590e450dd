"""When Python's cyclic collector runs."""

from __future__ import annotations

import gc

from webapp.driver.collector import YOUNG_OBJECTS, Collector


def test_many_young_objects_are_collected_before_the_second_is_over():
    """So that no single collection takes long; a few wait."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        collector = Collector()
        gc.collect()
        few = [[] for _ in range(YOUNG_OBJECTS // 10)]
        collector.between_slices()
        waiting = gc.get_count()[0]
        many = [[] for _ in range(YOUNG_OBJECTS)]
        collector.between_slices()

        assert waiting >= len(few)
        assert gc.get_count()[0] < len(many) // 10
    finally:
        if was_enabled:
            gc.enable()
