"""What people and the page itself open: the page, the kubeconfig, explanations, the journal.

Every answer carries a strict Content-Security-Policy: scripts and styles come from this server's own
files only, and nothing may frame the page.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from flask import Blueprint, Response, g, render_template, request
from werkzeug.exceptions import HTTPException

from webapp.apimachinery.status import BadRequest, Forbidden, NotFound, StatusError
from webapp.http.access import PREFIX_KEY
from webapp.http.assets import read_tags
from webapp.http.codec import USER_KEY, status_line
from webapp.http.kubeconfig import make_kubeconfig

if TYPE_CHECKING:
    from flask import Flask

    from webapp.apimachinery.wire import UserInfo
    from webapp.driver.driver import SimulationDriver
    from webapp.http.assets import WebRoot

LAST_PORT = 65535
ADMINS = "system:masters"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}';"
    " img-src 'self' data:; font-src 'self'; connect-src 'self' ws://{host} wss://{host};"
    " worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
DOCUMENTED_ERRORS = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})


class Explainer(Protocol):
    """What knows why a Pod is where it is: the cluster."""

    def explain_pod(self, namespace: str, name: str) -> dict[str, Any] | None:
        """A Pod's nine steps and the scheduler's verdicts."""

    def explain_reach(
        self, source: str, destination: str, namespace: str, port: int, protocol: str
    ) -> dict[str, Any]:
        """Whether ends can talk to one another; without them, the matrix of a namespace.

        Raises:
            StatusError: There is no such end.
        """

    def look_inside(self, node: str, uid: str) -> dict[str, Any] | None:
        """Memory, processor time, probes and volumes of a Pod at this moment."""


def make_pages(driver: SimulationDriver, explainer: Explainer, web_root: WebRoot) -> Blueprint:
    """The routes below ``/`` that are not the API's."""
    pages = Blueprint("pages", __name__, template_folder=str(web_root.templates))

    @pages.get("/")
    def index() -> tuple[str, int]:
        tags = read_tags(web_root.dist)
        if tags is None:
            return render_template("not_built.html"), HTTPStatus.SERVICE_UNAVAILABLE
        return render_template(
            "index.html", tags=tags, nonce=g.nonce, failure=driver.failure
        ), HTTPStatus.OK

    @pages.get("/kubeconfig")
    def kubeconfig() -> Response:
        server = request.host_url.rstrip("/") + request.script_root + request.environ[PREFIX_KEY]
        return Response(
            make_kubeconfig(server),
            mimetype="application/yaml",
            headers={"Content-Disposition": 'attachment; filename="podarium.kubeconfig"'},
        )

    @pages.get("/explain/pods/<namespace>/<name>")
    def explain(namespace: str, name: str) -> tuple[dict[str, Any], int]:
        explanation = explainer.explain_pod(namespace, name)
        if explanation is None:
            return NotFound.of("", "pods", name).status(), HTTPStatus.NOT_FOUND
        return explanation, HTTPStatus.OK

    @pages.get("/inside/pods/<node>/<uid>")
    def inside(node: str, uid: str) -> tuple[dict[str, Any], int]:
        found = explainer.look_inside(node, uid)
        if found is None:
            return NotFound.of("", "pods", uid).status(), HTTPStatus.NOT_FOUND
        return found, HTTPStatus.OK

    @pages.get("/explain/reach")
    def explain_reach() -> tuple[dict[str, Any], int]:
        asked = request.args
        port = asked.get("port", "0")
        try:
            if not port.isdecimal() or int(port) > LAST_PORT:
                raise BadRequest(f"port is a number up to {LAST_PORT}")
            found = explainer.explain_reach(
                asked.get("from", ""),
                asked.get("to", ""),
                asked.get("namespace", "default"),
                int(port),
                asked.get("protocol", "TCP"),
            )
        except StatusError as error:
            return error.status(), error.code
        return found, HTTPStatus.OK

    @pages.get("/journal")
    def journal() -> Response | tuple[dict[str, Any], int]:
        user: UserInfo | None = request.environ.get(USER_KEY)
        if user is None or ADMINS not in user.groups:
            # It holds every body that anybody sent, Secrets included.
            refusal = Forbidden("only cluster admins download the journal")
            return refusal.status(), refusal.code
        return Response(
            driver.journal_bytes(),
            mimetype="application/vnd.sqlite3",
            headers={"Content-Disposition": 'attachment; filename="journal.sqlite3"'},
        )

    return pages


def secure(app: Flask) -> None:
    """Give every answer of ``app`` its security headers, and people readable errors."""

    @app.before_request
    def draw_nonce() -> None:
        g.nonce = secrets.token_urlsafe(16)

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        policy = _POLICY.format(nonce=g.get("nonce", ""), host=request.host)
        headers.setdefault("Content-Security-Policy", policy)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if request.path.startswith("/static/assets/"):
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            headers.setdefault("Cache-Control", "no-cache")
        return response

    @app.errorhandler(HTTPException)
    def show_error(error: HTTPException) -> tuple[str, int]:
        code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
        return render_template("error.html", title=status_line(code), text=error.description), code
