"""Who asks and may they: tokens, roles, impersonation, reviews."""

import pytest

from tests.unit.apiserver.harness import ADMIN, CONFIG_MAPS, PODS, Api, make_config_map
from webapp.apimachinery.wire import UserInfo
from webapp.apiserver.config import APIServerConfig
from webapp.trace.facts import RequestDenied

ANN = UserInfo("ann", ("devs",))
RBAC = "/apis/rbac.authorization.k8s.io/v1"
ROLES = f"{RBAC}/namespaces/default/roles"
BINDINGS = f"{RBAC}/namespaces/default/rolebindings"
REVIEWS = "/apis/authorization.k8s.io/v1"
TOKEN_REQUEST = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}


def allow(api, subject, rules, name="r"):
    api.post(
        ROLES,
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": name},
            "rules": rules,
        },
    )
    api.post(
        BINDINGS,
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": name},
            "subjects": [subject],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        },
    )


USER_ANN = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "ann"}


def test_nobody_without_credentials(sim):
    """Requests that prove nothing are not let in."""
    api = Api(sim)
    api.user = None

    status = api.refused(401, "GET", PODS)

    assert (status["reason"], status["message"]) == ("Unauthorized", "Unauthorized")
    assert api.facts(RequestDenied)[-1].code == 401


def test_anonymous_when_allowed(sim):
    """Anonymous requests are judged as system:anonymous."""
    api = Api(sim, APIServerConfig(anonymous=True))
    api.user = None

    status = api.refused(403, "GET", PODS)
    assert status["message"] == (
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" '
        'in the namespace "default"'
    )
    assert api.get("/version")


def test_static_token(sim):
    """A bearer token names a user."""
    api = Api(sim, APIServerConfig(tokens={"s3cret": ADMIN}))
    api.user = None

    assert api.get(PODS, headers={"authorization": "Bearer s3cret"})["items"] == []
    api.refused(401, "GET", PODS, headers={"authorization": "Bearer wrong"})


def test_service_account_token_until_it_expires(api):
    """The token subresource issues what authentication accepts for its time."""
    answer = api.post("/api/v1/namespaces/default/serviceaccounts/default/token", TOKEN_REQUEST)
    headers = {"authorization": f"Bearer {answer['status']['token']}"}
    api.user = None

    status = api.refused(403, "GET", PODS, headers=headers)
    assert 'User "system:serviceaccount:default:default" cannot list' in status["message"]

    api.sim.run_for(3_600_000)
    api.refused(401, "GET", PODS, headers=headers)


def test_token_dies_with_its_account(api):
    """A recreated account is another one."""
    answer = api.post("/api/v1/namespaces/default/serviceaccounts/default/token", TOKEN_REQUEST)
    api.delete("/api/v1/namespaces/default/serviceaccounts/default")
    api.user = None

    api.refused(401, "GET", PODS, headers={"authorization": f"Bearer {answer['status']['token']}"})


def test_short_tokens_are_invalid(api):
    """Ten minutes are the least."""
    body = {**TOKEN_REQUEST, "spec": {"expirationSeconds": 60}}

    status = api.refused(
        422, "POST", "/api/v1/namespaces/default/serviceaccounts/default/token", body
    )

    assert "may not specify a duration less than 10 minutes" in status["message"]


def test_role_allows_in_its_namespace_and_for_its_verbs(api):
    """A Role with list allows list, there and nowhere else; the change counts at once."""
    api.refused(403, "GET", PODS, user=ANN)

    allow(api, USER_ANN, [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}])

    api.get(PODS, user=ANN)
    status = api.refused(403, "GET", f"{PODS}/x", user=ANN)
    assert status["message"] == (
        'pods "x" is forbidden: User "ann" cannot get resource "pods" in API group "" in the namespace "default"'
    )
    api.refused(403, "GET", "/api/v1/namespaces/kube-system/pods", user=ANN)
    api.delete(f"{BINDINGS}/r")
    api.refused(403, "GET", PODS, user=ANN)


def test_group_subjects_and_resource_names(api):
    """A rule may name objects, a subject may be a group."""
    rule = {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "verbs": ["get"],
        "resourceNames": ["a"],
    }
    allow(api, {**USER_ANN, "kind": "Group", "name": "devs"}, [rule])
    api.config_map("a")

    api.get(f"{CONFIG_MAPS}/a", user=ANN)
    api.refused(403, "GET", f"{CONFIG_MAPS}/b", user=ANN)


def test_subresource_wildcard(api):
    """*/scale allows the scale of every resource, not the resource."""
    allow(api, USER_ANN, [{"apiGroups": ["*"], "resources": ["*/scale"], "verbs": ["get"]}])

    path = "/apis/apps/v1/namespaces/default/deployments/web"
    api.refused(404, "GET", f"{path}/scale", user=ANN)
    api.refused(403, "GET", path, user=ANN)


def test_cluster_scope_and_group_in_the_refusal(api):
    """The message names group and scope as upstream does."""
    status = api.refused(403, "GET", "/apis/storage.k8s.io/v1/storageclasses", user=ANN)

    assert status["message"] == (
        'storageclasses.storage.k8s.io is forbidden: User "ann" cannot list resource "storageclasses" in API '
        'group "storage.k8s.io" at the cluster scope'
    )
    assert status["details"] == {"group": "storage.k8s.io", "kind": "storageclasses"}


def test_unknown_paths_are_judged_too(api):
    """Discovery is open to everyone known, other paths are not."""
    api.get("/apis", user=ANN)

    status = api.refused(403, "GET", "/metrics", user=ANN)
    assert status["message"] == 'forbidden: User "ann" cannot get path "/metrics"'


def test_impersonation_needs_permission(api):
    """An admin may act as ann, ann may not act as an admin."""
    status = api.refused(403, "GET", PODS, headers={"impersonate-user": "ann"})
    assert 'User "ann" cannot list' in status["message"]

    status = api.refused(403, "GET", PODS, user=ANN, headers={"impersonate-user": "root"})
    assert status["message"] == (
        'users "root" is forbidden: User "ann" cannot impersonate resource "users" in API group "" '
        "at the cluster scope"
    )


def test_can_i(api):
    """auth can-i asks by a review that is not stored."""
    attributes = {"verb": "list", "resource": "pods", "namespace": "default"}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    path = f"{REVIEWS}/selfsubjectaccessreviews"

    assert api.post(path, body)["status"] == {"allowed": True}
    assert api.post(path, body, user=ANN)["status"] == {"allowed": False}

    allow(api, USER_ANN, [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}])
    status = api.post(path, body, user=ANN)["status"]
    assert status == {"allowed": True, "reason": "RBAC: allowed by RoleBinding r → Role r"}


def test_reviews_about_others(api):
    """SubjectAccessReview asks for somebody else."""
    spec = {
        "user": "ann",
        "resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "default"},
    }
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}

    assert api.post(f"{REVIEWS}/subjectaccessreviews", body)["status"]["allowed"] is False
    local = f"{REVIEWS}/namespaces/default/localsubjectaccessreviews"
    assert (
        api.post(local, {**body, "kind": "LocalSubjectAccessReview"})["status"]["allowed"] is False
    )


def test_what_may_i(api):
    """auth can-i --list shows the rules."""
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": "default"},
    }

    status = api.post(f"{REVIEWS}/selfsubjectrulesreviews", body, user=ANN)["status"]

    assert status["incomplete"] is False
    assert any("selfsubjectaccessreviews" in rule["resources"] for rule in status["resourceRules"])
    assert any("/version" in rule["nonResourceURLs"] for rule in status["nonResourceRules"])


def test_who_am_i(api):
    """auth whoami answers user and groups."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}

    info = api.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", body, user=ANN)["status"][
        "userInfo"
    ]

    assert info == {"username": "ann", "groups": ["devs", "system:authenticated"]}


def test_token_review(api):
    """A token is looked into without being used."""
    answer = api.post("/api/v1/namespaces/default/serviceaccounts/default/token", TOKEN_REQUEST)
    path = "/apis/authentication.k8s.io/v1/tokenreviews"
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": answer["status"]["token"]},
    }

    status = api.post(path, body)["status"]
    assert status["user"]["username"] == "system:serviceaccount:default:default"

    body["spec"]["token"] = "x"
    assert api.post(path, body)["status"]["authenticated"] is False


@pytest.mark.parametrize("role", ["admin", "edit", "view"])
def test_people_roles(api, role):
    """view reads, edit and admin write; none of them in other Namespaces."""
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
    body = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "b"},
        "subjects": [USER_ANN],
        "roleRef": reference,
    }
    api.post(BINDINGS, body)

    api.get(PODS, user=ANN)
    code = api.send("POST", CONFIG_MAPS, make_config_map("x"), user=ANN).status_code
    assert code == (403 if role == "view" else 201)
    api.refused(403, "GET", "/api/v1/namespaces/kube-system/pods", user=ANN)


@pytest.mark.parametrize(
    ("user", "verb", "path"),
    [
        ("system:kube-scheduler", "POST", f"{PODS}/x/binding"),
        ("system:kube-controller-manager", "DELETE", f"{PODS}/x"),
        ("system:kube-proxy", "GET", "/apis/discovery.k8s.io/v1/endpointslices"),
    ],
)
def test_components_may_do_their_work(api, user, verb, path):
    """The built-in roles are enough for the components."""
    answer = api.send(verb, path, {}, user=UserInfo(user))

    assert answer.status_code != 403


MANAGE_ROLES = {
    "apiGroups": ["rbac.authorization.k8s.io"],
    "resources": ["roles", "rolebindings"],
    "verbs": ["create", "update", "patch", "get"],
}
READ_PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}


def make_role(name, *rules):
    return {"metadata": {"name": name}, "rules": list(rules)}


def make_binding(name, kind, role):
    return {
        "metadata": {"name": name},
        "subjects": [{"kind": "User", "name": "ann"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
    }


def test_roles_give_no_more_than_their_writer_holds(sim):
    """A role with rights that its writer lacks is refused, and the refusal names them."""
    api = Api(sim)
    allow(api, USER_ANN, [MANAGE_ROLES, READ_PODS])

    status = api.refused(
        403,
        "POST",
        ROLES,
        make_role("more", {**READ_PODS, "verbs": ["get", "delete", "patch"]}),
        user=ANN,
    )

    assert status["message"] == (
        'roles.rbac.authorization.k8s.io "more" is forbidden: user "ann" '
        '(groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not '
        'currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["delete" "patch"]}'
    )
    api.post(ROLES, make_role("same", READ_PODS), user=ANN)
    status = api.refused(
        403, "PUT", f"{ROLES}/same", make_role("same", {**READ_PODS, "verbs": ["*"]}), user=ANN
    )
    assert 'Verbs:["*"]' in status["message"]


def test_bindings_give_no_more_than_their_writer_holds(sim):
    """Binding a stronger role is refused; with the verb bind on that role it is allowed."""
    api = Api(sim)
    allow(api, USER_ANN, [MANAGE_ROLES])
    strong = make_binding("strong", "ClusterRole", "cluster-admin")

    status = api.refused(403, "POST", BINDINGS, strong, user=ANN)
    assert '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}' in status["message"]
    api.refused(404, "POST", BINDINGS, make_binding("none", "Role", "none"), user=ANN)
    bind = {
        "apiGroups": ["rbac.authorization.k8s.io"],
        "resources": ["clusterroles"],
        "resourceNames": ["cluster-admin"],
        "verbs": ["bind"],
    }
    allow(api, USER_ANN, [bind], "binder")
    api.post(BINDINGS, strong, user=ANN)


def test_groups_alone_cannot_be_impersonated(sim):
    """A group without a user is refused, not silently answered with the sender's own rights."""
    api = Api(sim)

    status = api.refused(400, "GET", PODS, headers={"impersonate-group": "devs"})

    assert "without impersonating a user" in status["message"]
