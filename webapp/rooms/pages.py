"""The routes ``/rooms``: list, make, branch and delete rooms; in the shapes of ``webapp.live.history``.

Anybody who may come in may see which rooms there are and enter them, where RBAC judges; making and
deleting is for cluster admins (the group ``system:masters``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from flask import Blueprint, Response, request

from webapp.apimachinery.status import BadRequest, Forbidden, RequestEntityTooLarge, StatusError
from webapp.cluster.config import NETWORK_PLUGINS
from webapp.http.codec import USER_KEY
from webapp.http.pages import ADMINS
from webapp.live.history import NewRoom, RoomsView
from webapp.rooms.registry import MAX_ROOMS, MOST_NODES_WITH_ADDONS, Plan, Rooms
from webapp.settings import SettingsError, parse_speed

if TYPE_CHECKING:
    from webapp.apimachinery.wire import UserInfo

MAX_BODY_BYTES = 16 * 1024
MAX_NODES = 1000
MAX_SEED = 2**63
_DECODER = msgspec.json.Decoder(NewRoom)


def make_rooms(rooms: Rooms, default: Plan) -> Blueprint:
    """The routes.

    Args:
        rooms: The server's rooms.
        default: What a new room is made of where the request says nothing.
    """
    pages = Blueprint("rooms", __name__, url_prefix="/rooms")

    @pages.get("")
    def show() -> Response:
        view = RoomsView(
            rooms=[room.view() for room in rooms.rooms.values()],
            limit=MAX_ROOMS,
            may_manage=_may_manage(),
        )
        return _json(view)

    @pages.post("")
    def create() -> tuple[Response, int]:
        _require_admin()
        new = _read()
        if new.branch is not None:
            if any(
                value is not None for value in (new.nodes, new.network_plugin, new.seed, new.speed)
            ):
                raise BadRequest(
                    "a branch is made of what the other room is made of: give its name only"
                )
            room = rooms.branch(new.name, new.branch.room, new.branch.at)
        else:
            room = rooms.create(new.name, _plan(new, default))
        room.start()
        return _json(room.view()), 201

    @pages.delete("/<name>")
    def delete(name: str) -> dict[str, object]:
        _require_admin()
        rooms.delete(name)
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": {"name": name, "kind": "rooms"},
        }

    @pages.errorhandler(StatusError)
    def refuse(error: StatusError) -> tuple[dict[str, object], int]:
        return error.status(), error.code

    return pages


def _may_manage() -> bool:
    user: UserInfo | None = request.environ.get(USER_KEY)
    return user is not None and ADMINS in user.groups


def _require_admin() -> None:
    if not _may_manage():
        raise Forbidden("only cluster admins make and delete rooms")


def _read() -> NewRoom:
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge(f"Request entity too large: limit is {MAX_BODY_BYTES}")
    try:
        return _DECODER.decode(request.stream.read(MAX_BODY_BYTES + 1))
    except msgspec.MsgspecError as error:
        raise BadRequest(f"the room cannot be read: {error}") from error


def _plan(new: NewRoom, default: Plan) -> Plan:
    nodes = default.nodes if new.nodes is None else new.nodes
    seed = default.seed if new.seed is None else new.seed
    plugin = default.network_plugin if new.network_plugin is None else new.network_plugin
    if not 0 <= nodes <= MAX_NODES:
        raise BadRequest(f"nodes is a number from 0 to {MAX_NODES}")
    if not -MAX_SEED <= seed < MAX_SEED:
        raise BadRequest("seed is a number of 64 bits")
    if plugin not in NETWORK_PLUGINS:
        raise BadRequest(f"networkPlugin is one of {', '.join(NETWORK_PLUGINS)}")
    try:
        speed = default.speed if new.speed is None else parse_speed(new.speed)
    except SettingsError as error:
        raise BadRequest(str(error)) from error
    return Plan(
        seed=seed,
        nodes=nodes,
        network_plugin=plugin,
        proxy_mode=default.proxy_mode,
        speed=speed,
        addons=default.addons and nodes <= MOST_NODES_WITH_ADDONS,
    )


def _json(view: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(view), mimetype="application/json")
