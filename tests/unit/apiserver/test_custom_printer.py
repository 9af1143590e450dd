"""Tables of custom objects."""

from webapp.apimachinery.scheme import CustomKind
from webapp.apiserver.printers.custom import custom_printer

NOW_MS = 1_790_000_000_000
OBJ = {
    "metadata": {"name": "mine", "creationTimestamp": "2026-09-21T14:12:20Z"},
    "spec": {"size": 3, "on": True, "tags": ["a"], "due": "soon", "ratio": 0.5},
}


def column(name, kind, path):
    return {"name": name, "type": kind, "jsonPath": path}


def row(*columns):
    return custom_printer(CustomKind({}, "MineList", columns)).row(OBJ, NOW_MS)


def test_without_columns_of_its_own_a_kind_shows_names_and_ages():
    """As ``kubectl get`` does for any custom kind."""
    printer = custom_printer(CustomKind({}, "MineList"))

    assert [item.name for item in printer.columns] == ["Name", "Age"]
    assert printer.row(OBJ, NOW_MS) == ["mine", "60s"]


def test_cells_follow_their_columns_types():
    """Whole numbers, texts of lists, truth values, ages; what is missing or of another type is empty."""
    assert row(
        column("Size", "integer", ".spec.size"),
        column("On", "boolean", ".spec.on"),
        column("Tags", "string", ".spec.tags"),
        column("Ratio", "number", ".spec.ratio"),
        column("Age", "date", ".metadata.creationTimestamp"),
        column("Due", "date", ".spec.due"),
        column("None", "string", ".spec.missing"),
        column("Wrong", "integer", ".spec.tags"),
    ) == ["mine", 3, True, '["a"]', 0.5, "60s", "<invalid>", None, None]
