"""The gate keeps foreign pages out on loopback, and strangers out where there are tokens."""

from __future__ import annotations

import pytest

from webapp.apimachinery.wire import UserInfo

PODS = "/api/v1/namespaces/default/pods"


def test_foreign_host_name_is_refused(ask):
    """A name that merely resolves to this machine (DNS rebinding) gets nothing."""
    assert ask("GET", PODS, Host="evil.example.com").code == 403


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1"])
def test_own_host_names_are_accepted(ask, host):
    """The ways in which people write this machine's address work."""
    assert ask("GET", PODS, Host=host).code == 200


def test_write_from_a_page_of_another_origin_is_refused(ask, world):
    """A foreign page may not post a manifest behind the user's back."""
    reply = ask("POST", PODS, b"{}", Origin="https://evil.example.com")

    assert reply.code == 403
    assert world.requests == []


def test_cross_site_write_without_origin_is_refused(ask):
    """Sec-Fetch-Site tells what the Origin header leaves out."""
    assert ask("POST", PODS, b"{}", Sec_Fetch_Site="cross-site").code == 403


def test_write_from_the_own_page_is_accepted(ask):
    """The page itself may write."""
    reply = ask("POST", PODS, b"{}", Origin="http://127.0.0.1", Sec_Fetch_Site="same-origin")

    assert reply.code == 201


class TestWithTokens:
    """Where tokens are set, everybody must show one."""

    @pytest.fixture
    def tokens(self):
        return {"sesame-street": UserInfo("ada", ("dev",))}

    def test_bearer_token_names_the_user(self, ask, world):
        """The header that client libraries send."""
        ask("GET", PODS, Authorization="Bearer sesame-street")

        assert world.requests[0].user == UserInfo("ada", ("dev",))
        assert "authorization" not in world.requests[0].headers

    def test_token_in_the_path_names_the_user(self, ask, world):
        """kubectl sends no header over http, so its server URL carries the token."""
        assert ask("GET", f"/as/sesame-street{PODS}").code == 200
        assert world.requests[0].path == PODS
        assert world.requests[0].user == UserInfo("ada", ("dev",))

    def test_page_asks_for_a_token(self, ask):
        """Without one, the page is a form."""
        reply = ask("GET", "/")

        assert reply.code == 401
        assert b'name="token"' in reply.body

    def test_login_sets_a_cookie_that_names_the_user(self, ask, world):
        """The token of the address bar becomes a cookie that scripts cannot read."""
        login = ask("GET", "/?token=sesame-street")
        cookie = login.headers["set-cookie"]
        ask("GET", PODS, Cookie=cookie.partition(";")[0])

        assert login.code == 303
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert world.requests[0].user == UserInfo("ada", ("dev",))

    def test_page_below_the_path_token_logs_in_too(self, ask):
        """Opening the kubeconfig's URL in a browser opens the page."""
        reply = ask("GET", "/as/sesame-street/")

        assert (reply.code, reply.headers["location"]) == (303, "/")
        assert "sesame-street" in reply.headers["set-cookie"]

    def test_unknown_token_is_left_to_the_api_server(self, ask, world):
        """It may be a ServiceAccount's, which only the API server knows."""
        ask("GET", PODS, Authorization="Bearer something-else")

        assert world.requests[0].user is None
        assert world.requests[0].headers["authorization"] == "Bearer something-else"

    def test_live_stream_and_metrics_need_a_token(self, ask):
        """Nothing but health answers without one."""
        assert ask("GET", "/socket.io/?EIO=4").code == 401
        assert ask("GET", "/metrics").code == 401
        assert ask("GET", "/healthz").code == 200
