"""CustomResourceDefinitions and the objects of the kinds that they define."""

import pytest

from tests.world import World
from webapp.api.resources import CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES
from webapp.apimachinery.schema import GroupVersionResource
from webapp.apimachinery.status import Conflict, Invalid, NotFound, StatusError

CRON_TABS = GroupVersionResource("stable.example.com", "v1", "crontabs")


@pytest.fixture
def world():
    return World()


def make_definition(**changes):
    """A definition of CronTabs with a schema, a default, columns, status and scale."""
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "properties": {
                    "spec": {
                        "type": "object",
                        "required": ["cronSpec"],
                        "properties": {
                            "cronSpec": {"type": "string", "pattern": r"^(\d+|\*)(/\d+)?( .+){4}$"},
                            "image": {"type": "string", "default": "cron:1"},
                            "replicas": {"type": "integer", "minimum": 1, "maximum": 10},
                        },
                    },
                    "status": {
                        "type": "object",
                        "properties": {
                            "replicas": {"type": "integer"},
                            "labelSelector": {"type": "string"},
                        },
                    },
                },
            }
        },
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.labelSelector",
            },
        },
        "additionalPrinterColumns": [
            {"name": "Spec", "type": "string", "jsonPath": ".spec.cronSpec"},
            {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"},
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        ],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "crontabs.stable.example.com"},
        "spec": {
            "group": "stable.example.com",
            "scope": "Namespaced",
            "names": {
                "plural": "crontabs",
                "singular": "crontab",
                "kind": "CronTab",
                "shortNames": ["ct"],
            },
            "versions": [version],
            **changes,
        },
    }


def make_cron_tab(name="mine", **spec):
    return {
        "apiVersion": "stable.example.com/v1",
        "kind": "CronTab",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"cronSpec": "* * * * */5", **spec},
    }


def define(world, **changes):
    world.cluster.admin.create(CUSTOM_RESOURCE_DEFINITIONS, "", make_definition(**changes))
    world.settle()


def create(world, obj):
    return world.cluster.admin.create(CRON_TABS, "default", obj)


def definition_of(world, name="crontabs.stable.example.com"):
    return world.cluster.admin.get(CUSTOM_RESOURCE_DEFINITIONS, "", name)


def test_a_definition_is_established_and_its_kind_is_served(world):
    """Names are accepted, the kind is established, and objects can be made; before, they cannot."""
    with pytest.raises(NotFound):
        world.cluster.admin.list(CRON_TABS)

    define(world)

    status = definition_of(world)["status"]
    assert [(item["type"], item["status"], item["reason"]) for item in status["conditions"]] == [
        ("NamesAccepted", "True", "NoConflicts"),
        ("Established", "True", "InitialNamesAccepted"),
    ]
    assert status["acceptedNames"]["listKind"] == "CronTabList"
    assert status["storedVersions"] == ["v1"]
    made = create(world, make_cron_tab())
    assert made["spec"]["image"] == "cron:1"
    assert made["metadata"]["generation"] == 1


def test_objects_that_break_the_schema_are_refused(world):
    """Every mistake is named with its field, in upstream's words."""
    define(world)

    with pytest.raises(Invalid) as refusal:
        create(world, make_cron_tab(cronSpec="* * * *", replicas=15))
    assert refusal.value.message == (
        'CronTab.stable.example.com "mine" is invalid: ['
        'spec.cronSpec: Invalid value: "* * * *": spec.cronSpec in body should match '
        r"'^(\d+|\*)(/\d+)?( .+){4}$', "
        "spec.replicas: Invalid value: 15: "
        "spec.replicas in body should be less than or equal to 10]"
    )
    with pytest.raises(Invalid) as refusal:
        create(world, make_cron_tab(replicas="many"))
    assert (
        'spec.replicas: Invalid value: "string": '
        'spec.replicas in body must be of type integer: "string"'
    ) in refusal.value.message


def test_a_second_definition_cannot_take_names_in_use(world):
    """It stays unserved, and says which name is taken, until the name is free."""
    define(world)
    names = {"plural": "tabs", "singular": "tab", "kind": "CronTab", "listKind": "TabList"}
    other = make_definition(names=names)
    other["metadata"]["name"] = "tabs.stable.example.com"
    world.cluster.admin.create(CUSTOM_RESOURCE_DEFINITIONS, "", other)
    world.settle()

    conditions = definition_of(world, "tabs.stable.example.com")["status"]["conditions"]
    assert [(item["status"], item["reason"], item["message"]) for item in conditions] == [
        ("False", "KindConflict", '"CronTab" is already in use'),
        ("False", "NotAccepted", "not all names are accepted"),
    ]
    world.cluster.admin.delete(CUSTOM_RESOURCE_DEFINITIONS, "", "crontabs.stable.example.com")
    world.run_for(seconds=10)
    conditions = definition_of(world, "tabs.stable.example.com")["status"]["conditions"]
    assert [item["status"] for item in conditions] == ["True", "True"]


def test_deleting_a_definition_deletes_its_objects_first(world):
    """The objects go, then the definition, then the kind is not served any more."""
    define(world)
    create(world, make_cron_tab("one"))
    create(world, make_cron_tab("two"))

    world.cluster.admin.delete(CUSTOM_RESOURCE_DEFINITIONS, "", "crontabs.stable.example.com")
    world.run_for(seconds=10)

    with pytest.raises(NotFound):
        definition_of(world)
    with pytest.raises(NotFound):
        world.cluster.admin.list(CRON_TABS)


def test_an_object_with_a_finalizer_keeps_its_definition(world):
    """Clearing away waits for it and says so; nothing is lost."""
    define(world)
    held = make_cron_tab()
    held["metadata"]["finalizers"] = ["example.com/wait"]
    create(world, held)
    world.cluster.admin.delete(CUSTOM_RESOURCE_DEFINITIONS, "", "crontabs.stable.example.com")
    world.run_for(seconds=30)

    terminating = definition_of(world)["status"]["conditions"][-1]
    assert (terminating["type"], terminating["reason"]) == (
        "Terminating",
        "InstanceDeletionInProgress",
    )
    patch = {"metadata": {"finalizers": None}}
    world.cluster.admin.patch(CRON_TABS, "default", "mine", patch)
    world.run_for(seconds=10)
    with pytest.raises(NotFound):
        definition_of(world)


def test_status_and_spec_are_written_separately(world):
    """Writing the object keeps the status, writing the status keeps the spec and the generation."""
    define(world)
    made = create(world, {**make_cron_tab(), "status": {"replicas": 5}})
    assert "status" not in made

    changed = {**made, "status": {"replicas": 3}, "spec": {"cronSpec": "1 2 3 4 5"}}
    world.cluster.admin.update(CRON_TABS, changed, "status")

    obj = world.cluster.admin.get(CRON_TABS, "default", "mine")
    assert obj["status"] == {"replicas": 3}
    assert obj["spec"]["cronSpec"] == "* * * * */5"
    assert obj["metadata"]["generation"] == 1


def test_scale_reads_and_writes_the_paths_of_the_definition(world):
    """What ``kubectl scale`` asks for."""
    define(world)
    create(world, make_cron_tab(replicas=2))
    admin = world.cluster.admin

    admin.patch(CRON_TABS, "default", "mine", {"spec": {"replicas": 7}}, subresource="scale")

    assert admin.get(CRON_TABS, "default", "mine")["spec"]["replicas"] == 7


def test_versions_show_the_same_objects(world):
    """Stored as one version, served as both."""
    (storage,) = make_definition()["spec"]["versions"]
    define(world, versions=[{**storage, "name": "v1beta1", "storage": False}, storage])
    create(world, make_cron_tab())

    old = GroupVersionResource("stable.example.com", "v1beta1", "crontabs")
    seen = world.cluster.admin.get(old, "default", "mine")
    assert seen["apiVersion"] == "stable.example.com/v1beta1"
    assert seen["spec"]["cronSpec"] == "* * * * */5"


def test_owners_and_namespaces_treat_custom_objects_as_any_other(world):
    """The garbage collector follows their owner references, a deleted Namespace takes them along."""
    define(world)
    owner = create(world, make_cron_tab("owner"))
    child = make_cron_tab("child")
    child["metadata"]["ownerReferences"] = [
        {
            "apiVersion": "stable.example.com/v1",
            "kind": "CronTab",
            "name": "owner",
            "uid": owner["metadata"]["uid"],
        }
    ]
    create(world, child)
    admin = world.cluster.admin
    admin.create(
        NAMESPACES, "", {"metadata": {"name": "lab"}, "kind": "Namespace", "apiVersion": "v1"}
    )
    elsewhere = make_cron_tab()
    elsewhere["metadata"]["namespace"] = "lab"
    admin.create(CRON_TABS, "lab", elsewhere)
    world.settle()

    admin.delete(CRON_TABS, "default", "owner")
    admin.delete(NAMESPACES, "", "lab")
    world.run_for(seconds=60)

    assert admin.list(CRON_TABS) == []
    with pytest.raises(NotFound):
        admin.get(NAMESPACES, "", "lab")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param(
            {"group": "example"},
            'spec.group: Invalid value: "example": should be a domain with at least one dot',
            id="group without a dot",
        ),
        pytest.param(
            {"scope": "Galaxy"},
            'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"',
            id="unknown scope",
        ),
        pytest.param(
            {"names": {"plural": "tabs", "kind": "CronTab"}},
            'metadata.name: Invalid value: "crontabs.stable.example.com": '
            'must be spec.names.plural+"."+spec.group',
            id="name and names differ",
        ),
        pytest.param(
            {"versions": [{"name": "v1", "served": True, "storage": True}]},
            "spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required",
            id="no schema",
        ),
    ],
)
def test_broken_definitions_are_refused(world, change, problem):
    """The refusal names the field; nothing is stored."""
    with pytest.raises(StatusError) as refusal:
        define(world, **change)
    assert problem in refusal.value.message
    assert world.cluster.admin.list(CUSTOM_RESOURCE_DEFINITIONS) == []


def test_schemas_must_be_structural(world):
    """A field without a type is refused where it stands."""
    definition = make_definition()
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["image"] = {"minLength": 1}

    with pytest.raises(Invalid) as refusal:
        world.cluster.admin.create(CUSTOM_RESOURCE_DEFINITIONS, "", definition)
    assert (
        "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[image].type: "
        "Required value: must not be empty for specified object fields"
    ) in refusal.value.message


def test_scope_and_kind_never_change(world):
    """Objects exist under them."""
    define(world)
    with pytest.raises(Invalid) as refusal:
        world.cluster.admin.patch(
            CUSTOM_RESOURCE_DEFINITIONS,
            "",
            "crontabs.stable.example.com",
            {"spec": {"scope": "Cluster"}},
        )
    assert 'spec.scope: Invalid value: "Cluster": field is immutable' in refusal.value.message


def test_a_stale_version_of_an_object_is_refused(world):
    """Optimistic concurrency holds for custom objects too."""
    define(world)
    made = create(world, make_cron_tab())
    world.cluster.admin.update(CRON_TABS, {**made, "spec": {"cronSpec": "1 1 1 1 1"}})

    with pytest.raises(Conflict):
        world.cluster.admin.update(CRON_TABS, {**made, "spec": {"cronSpec": "2 2 2 2 2"}})
