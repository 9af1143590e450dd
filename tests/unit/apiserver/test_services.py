"""Services: addresses and ports are claimed and given back."""

from ipaddress import ip_address, ip_network

from tests.unit.apiserver.harness import SERVICES, Api, make_service
from webapp.apiserver.config import APIServerConfig


def test_cluster_ip_comes_from_the_range(api):
    """A Service without wishes gets one address of the primary family."""
    spec = api.post(SERVICES, make_service())["spec"]

    assert ip_address(spec["clusterIP"]) in ip_network("10.96.0.0/12")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"]) == (["IPv4"], "SingleStack")
    assert spec["internalTrafficPolicy"] == "Cluster"


def test_chosen_address_can_be_had_once(api):
    """The second Service is told that the address is taken; after the first has gone it is free."""
    api.post(SERVICES, make_service("a", clusterIP="10.96.0.10"))

    status = api.refused(422, "POST", SERVICES, make_service("b", clusterIP="10.96.0.10"))
    assert status["message"] == (
        'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP '
        "10.96.0.10: provided IP is already allocated"
    )

    api.delete(f"{SERVICES}/a")
    api.post(SERVICES, make_service("b", clusterIP="10.96.0.10"))


def test_address_outside_the_range_is_refused(api):
    """The refusal names the range."""
    status = api.refused(422, "POST", SERVICES, make_service(clusterIP="192.168.1.1"))

    assert "The range of valid IPs is 10.96.0.0/12" in status["message"]


def test_headless_service_has_no_address(api):
    """clusterIP None stays None."""
    spec = api.post(SERVICES, make_service(clusterIP="None"))["spec"]

    assert (spec["clusterIP"], spec["clusterIPs"]) == ("None", ["None"])


def test_node_port_is_drawn_from_the_upper_band(api):
    """Ports nobody chose leave the lower band to those who choose."""
    port = api.post(SERVICES, make_service(type="NodePort"))["spec"]["ports"][0]["nodePort"]

    assert 30086 <= port <= 32767


def test_taken_node_port_is_refused(api):
    """A NodePort belongs to one Service."""
    ports = [{"port": 80, "nodePort": 30080}]
    api.post(SERVICES, make_service("a", type="NodePort", ports=ports))

    status = api.refused(422, "POST", SERVICES, make_service("b", type="NodePort", ports=ports))

    assert status["message"] == (
        'Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 30080: '
        "provided port is already allocated"
    )


def test_node_port_outside_the_range_is_refused(api):
    """The refusal names the range."""
    body = make_service(type="NodePort", ports=[{"port": 80, "nodePort": 80}])

    message = api.refused(422, "POST", SERVICES, body)["message"]

    assert (
        "provided port is not in the valid range. The range of valid ports is 30000-32767"
        in message
    )


def test_update_keeps_address_and_ports(api):
    """What the client leaves out of a PUT is carried over."""
    old = api.post(SERVICES, make_service(type="NodePort"))
    body = make_service(type="NodePort")
    body["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]

    new = api.ok("PUT", f"{SERVICES}/web", body)

    assert new["spec"]["clusterIP"] == old["spec"]["clusterIP"]
    assert new["spec"]["ports"][0]["nodePort"] == old["spec"]["ports"][0]["nodePort"]


def test_becoming_a_cluster_ip_service_frees_the_node_port(api):
    """The port can be had by another Service afterwards."""
    ports = [{"port": 80, "nodePort": 30080}]
    api.post(SERVICES, make_service("a", type="NodePort", ports=ports))

    changed = api.patch(f"{SERVICES}/a", {"spec": {"type": "ClusterIP"}})

    assert "nodePort" not in changed["spec"]["ports"][0]
    api.post(SERVICES, make_service("b", type="NodePort", ports=ports))


def test_refused_service_claims_nothing(api):
    """A Service that breaks other rules leaves its address free."""
    body = make_service("Bad_Name", clusterIP="10.96.0.10")
    api.refused(422, "POST", SERVICES, body)

    api.post(SERVICES, make_service("good", clusterIP="10.96.0.10"))


def test_two_families_when_the_cluster_has_them(sim):
    """PreferDualStack gets an address of each family."""
    api = Api(sim, APIServerConfig(service_cidrs=("10.96.0.0/12", "fd00:10:96::/112")))

    spec = api.post(SERVICES, make_service(ipFamilyPolicy="PreferDualStack"))["spec"]

    assert spec["ipFamilies"] == ["IPv4", "IPv6"]
    assert ip_address(spec["clusterIPs"][1]) in ip_network("fd00:10:96::/112")


def test_the_clusters_own_service_is_there(api):
    """kubernetes has the first address."""
    assert api.get(f"{SERVICES}/kubernetes")["spec"]["clusterIP"] == "10.96.0.1"


def test_changed_address_is_refused_even_without_the_list(api):
    """Changing ``clusterIP`` alone means the first of ``clusterIPs`` too, and neither may change."""
    api.post(SERVICES, make_service("a"))

    status = api.refused(
        422,
        "PATCH",
        f"{SERVICES}/a",
        {"spec": {"clusterIP": "10.96.7.7"}},
        headers={"content-type": "application/merge-patch+json"},
    )

    assert status["message"] == (
        'Service "a" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.7.7"]: '
        "may not change once set"
    )
