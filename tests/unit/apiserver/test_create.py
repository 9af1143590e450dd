"""POST: naming, filling in, refusing."""

from tests.unit.apiserver.harness import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    PODS,
    SERVICES,
    Api,
    make_config_map,
    make_deployment,
    make_pod,
    make_service,
)
from webapp.apimachinery.wire import Request, UserInfo
from webapp.trace.facts import (
    ObjectStored,
    RequestAdmitted,
    RequestAuthenticated,
    RequestAuthorized,
    RequestReceived,
    SpecRejected,
    SpecValidated,
)


def test_new_object_gets_uid_version_and_creation_time(api):
    """A created object carries what only the server knows."""
    stored = api.config_map("settings", {"a": "b"})

    metadata = stored["metadata"]
    assert metadata["uid"]
    assert metadata["namespace"] == "default"
    assert int(metadata["resourceVersion"]) == api.server.revision
    assert metadata["creationTimestamp"].endswith("Z")


def test_generated_name_has_five_letters_more(api):
    """generateName becomes a name with a random suffix."""
    body = make_config_map("x")
    body["metadata"] = {"generateName": "batch-"}

    first, second = api.post(CONFIG_MAPS, body), api.post(CONFIG_MAPS, body)

    assert len(first["metadata"]["name"]) == len("batch-") + 5
    assert first["metadata"]["name"] != second["metadata"]["name"]


def test_taken_name_is_a_conflict(api):
    """The second object of a name is refused in upstream's words."""
    api.post(DEPLOYMENTS, make_deployment("web"))

    status = api.refused(409, "POST", DEPLOYMENTS, make_deployment("web"))

    assert status["reason"] == "AlreadyExists"
    assert status["message"] == 'deployments.apps "web" already exists'
    assert status["details"] == {"name": "web", "group": "apps", "kind": "deployments"}


def test_missing_namespace_is_not_found(api):
    """Nothing can be created in a Namespace that is not there."""
    status = api.refused(404, "POST", "/api/v1/namespaces/nope/pods", make_pod())

    assert status["message"] == 'namespaces "nope" not found'


def test_other_namespace_in_the_body_is_refused(api):
    """Path and body must name the same Namespace."""
    body = make_config_map("x", namespace="other")

    status = api.refused(400, "POST", CONFIG_MAPS, body)

    assert status["message"] == (
        "the namespace of the provided object does not match the namespace sent on the request"
    )


def test_resource_version_on_a_new_object_is_refused(api):
    """A new object must not claim a version."""
    status = api.refused(500, "POST", CONFIG_MAPS, make_config_map("x", resourceVersion="5"))

    assert status["message"] == "resourceVersion should not be set on objects to be created"
    assert status["reason"] == ""


def test_strict_validation_names_every_unknown_field(api):
    """fieldValidation=Strict refuses unknown and duplicate fields in the decoder's words."""
    body = make_pod()
    body["spec"]["containers"][0]["imagee"] = "x"
    body["spec"]["replcas"] = 3

    status = api.refused(400, "POST", PODS, body, "fieldValidation=Strict")

    assert status["message"] == (
        'Pod in version "v1" cannot be handled as a Pod: strict decoding error: '
        'unknown field "spec.containers[0].imagee", unknown field "spec.replcas"'
    )


def test_lenient_validation_warns_and_drops_unknown_fields(api):
    """fieldValidation=Warn stores the known part and warns about each unknown field."""
    body = make_pod()
    body["spec"]["replcas"] = 3

    answer = api.send("POST", PODS, body, "fieldValidation=Warn")

    assert answer.status_code == 201
    assert answer.warnings == ('unknown field "spec.replcas"',)
    assert "replcas" not in answer.body["spec"]


def test_ignored_validation_is_silent(api):
    """fieldValidation=Ignore drops unknown fields without a word."""
    body = make_pod()
    body["spec"]["replcas"] = 3

    answer = api.send("POST", PODS, body, "fieldValidation=Ignore")

    assert answer.status_code == 201
    assert answer.warnings == ()


def test_wrong_type_is_a_bad_request(api):
    """A text where a number belongs is refused whatever fieldValidation says."""
    body = make_deployment()
    body["spec"]["replicas"] = "three"

    status = api.refused(400, "POST", DEPLOYMENTS, body, "fieldValidation=Ignore")

    assert status["message"] == (
        'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string '
        "into Go struct field DeploymentSpec.spec.replicas of type int32"
    )


def test_unknown_field_validation_is_invalid(api):
    """The parameter has three values."""
    status = api.refused(422, "POST", CONFIG_MAPS, make_config_map("x"), "fieldValidation=Maybe")

    assert "fieldValidation: Unsupported value" in status["message"]


def test_broken_json_is_a_bad_request(api):
    """A body that cannot be decoded is a Status, not a crash."""
    assert api.refused(400, "POST", PODS, b"{")["reason"] == "BadRequest"


def test_unknown_media_type_is_refused(api):
    """Bodies come as JSON or YAML."""
    status = api.refused(415, "POST", PODS, b"<pod/>", headers={"content-type": "application/xml"})

    assert status["reason"] == "UnsupportedMediaType"


def test_other_kind_in_the_body_is_refused(api):
    """A Deployment cannot be posted to Pods."""
    status = api.refused(400, "POST", PODS, make_deployment())

    assert status["message"] == (
        "the API version in the data (apps/v1) does not match the expected API version (v1)"
    )


def test_dry_run_stores_nothing(api):
    """dryRun=All does everything but the storing."""
    before = api.server.revision

    answer = api.post(PODS, make_pod(), "dryRun=All")

    assert answer["spec"]["priority"] == 0
    assert api.server.revision == before
    api.refused(404, "GET", f"{PODS}/web")


def test_creator_is_recorded_as_field_manager(api):
    """Without fieldManager the program's name owns the fields."""
    entry = api.config_map("x", {"a": "b"})["metadata"]["managedFields"][0]

    assert (entry["manager"], entry["operation"]) == ("kubectl", "Update")
    assert "f:a" in entry["fieldsV1"]["f:data"]


def test_each_gate_leaves_a_fact(api):
    """A Pod posted by a person is followed through steps 2 to 4, and all facts name it and its cause."""
    pod = api.pod()

    records = [r for r in api.recorder.records if r.fact.subject and r.fact.subject.kind == "Pod"]
    kinds = [type(record.fact) for record in records]
    assert kinds == [
        RequestReceived,
        RequestAuthenticated,
        RequestAuthorized,
        RequestAdmitted,
        SpecValidated,
        ObjectStored,
    ]
    assert {record.fact.subject.uid for record in records} == {pod["metadata"]["uid"]}
    assert {record.cause for record in records[1:]} == {records[0].seq}
    assert records[2].fact.rule == "ClusterRoleBinding cluster-admin → ClusterRole cluster-admin"
    assert ("defaults", "spec.restartPolicy = Always") in records[3].fact.changes
    assert ("Priority", "spec.priority = 0") in records[3].fact.changes


def test_refused_object_leaves_its_reason(api):
    """An invalid object ends with SpecRejected and the client's message."""
    body = make_config_map("Not_A_Name")

    status = api.refused(422, "POST", CONFIG_MAPS, body)

    assert api.facts(SpecRejected)[-1].message == status["message"]
    assert status["details"]["causes"][0]["field"] == "metadata.name"


def test_components_writes_are_stored_without_noise(api):
    """A component's Event leaves ObjectStored alone; its Pod is followed through all gates."""
    component = UserInfo("system:kube-controller-manager")
    before = api.recorder.last_seq

    def send(path, body):
        request = Request("POST", path, {}, {}, body, component, "kube-controller-manager")
        return api.server.handle(request)

    involved = {"kind": "Pod", "name": "web", "namespace": "default"}
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e"},
        "involvedObject": involved,
    }
    assert send("/api/v1/namespaces/default/events", event).status_code == 201
    kinds = [type(r.fact) for r in api.recorder.records if r.seq > before]
    assert kinds == [ObjectStored]

    assert send(PODS, make_pod()).status_code == 201
    received = api.facts(RequestReceived)[-1]
    assert (received.actor, received.user) == ("kube-controller-manager", component.name)
    assert received.duration_ms >= 1
    assert api.facts(ObjectStored)[-1].actor == "kube-controller-manager"


def test_equal_seeds_give_equal_objects(sim):
    """Names, UIDs, addresses and token volumes are drawn from the run's streams."""

    def make(api):
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        api.post("/api/v1/namespaces/default/serviceaccounts", account)
        service = api.post(SERVICES, make_service(type="NodePort"))
        return service, api.pod()

    assert make(Api(sim)) == make(Api(sim))


def test_new_node_is_tainted_until_it_is_ready(api):
    """Nothing is scheduled on a Node before somebody has seen it ready."""
    node = api.post(
        "/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}
    )

    assert node["spec"]["taints"] == [
        {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
    ]
