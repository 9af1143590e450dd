"""Reviews: questions about identity and permissions, answered and not stored.

Models:
    pkg/registry/authorization/
    pkg/registry/authentication/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.apimachinery.status import BadRequest, NotFound, Unauthorized
from webapp.apimachinery.timestamps import time_text
from webapp.apimachinery.wire import Response, UserInfo
from webapp.apiserver.authorization import SUPER_GROUP, Attributes
from webapp.apiserver.handlers.body import decode_as

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.apimachinery.meta import JSONObject
    from webapp.apiserver.authentication import Authenticator
    from webapp.apiserver.authorization import Authorizer
    from webapp.apiserver.context import RequestContext

_EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
_EVERY_PATH = {"verbs": ["*"], "nonResourceURLs": ["*"]}


class Reviews:
    """The review kinds, by resource."""

    def __init__(self, authenticator: Authenticator, authorizer: Authorizer) -> None:
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._answers: dict[str, Callable[[RequestContext, JSONObject], JSONObject]] = {
            "localsubjectaccessreviews": self._subject_access,
            "selfsubjectaccessreviews": self._self_access,
            "selfsubjectreviews": self._self,
            "selfsubjectrulesreviews": self._self_rules,
            "subjectaccessreviews": self._subject_access,
            "tokenreviews": self._token,
        }

    def handle(self, ctx: RequestContext) -> Response:
        """Answer a review.

        Raises:
            NotFound: There is no such kind of review.
        """
        answer = self._answers.get(ctx.resource.resource)
        if answer is None:
            raise NotFound.of_path()
        info = ctx.resource
        review = decode_as(ctx, info.group, info.version, info.kind)
        whole = {
            "kind": info.kind,
            "apiVersion": info.gvr.api_version,
            "metadata": {**(review.get("metadata") or {}), "creationTimestamp": None},
            "spec": review.get("spec") or {},
            "status": answer(ctx, review.get("spec") or {}),
        }
        if info.resource == "selfsubjectreviews":
            del whole["spec"]
            whole["metadata"] = {"creationTimestamp": time_text(ctx.now_ms)}
        return Response(201, whole)

    def _self_access(self, ctx: RequestContext, spec: JSONObject) -> JSONObject:
        return self._access(ctx.user, spec)

    def _subject_access(self, ctx: RequestContext, spec: JSONObject) -> JSONObject:
        if not spec.get("user") and not spec.get("groups"):
            raise BadRequest(
                'spec.user: Invalid value: "": at least one of user or group must be specified'
            )
        asked = (spec.get("resourceAttributes") or {}).get("namespace", "")
        if ctx.resource.namespaced and asked != ctx.info.namespace:
            raise BadRequest(
                f"spec.resourceAttributes.namespace must match namespace: {ctx.info.namespace}"
            )
        user = UserInfo(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""))
        return self._access(user, spec)

    def _access(self, user: UserInfo, spec: JSONObject) -> JSONObject:
        rule = self._authorizer.allowing_rule(user, _attributes(spec))
        if rule is None:
            return {"allowed": False}
        if SUPER_GROUP in user.groups:
            return {"allowed": True}
        return {"allowed": True, "reason": f"RBAC: allowed by {rule}"}

    def _self_rules(self, ctx: RequestContext, spec: JSONObject) -> JSONObject:
        namespace = spec.get("namespace", "")
        if not namespace:
            raise BadRequest("no namespace on request")
        rules = [rule for _, rule in self._authorizer.rules_for(ctx.user, namespace)]
        if SUPER_GROUP in ctx.user.groups:
            rules = [_EVERYTHING, _EVERY_PATH]
        resource_rules = [
            {
                key: rule[key]
                for key in ("verbs", "apiGroups", "resources", "resourceNames")
                if rule.get(key)
            }
            for rule in rules
            if rule.get("resources")
        ]
        path_rules = [
            {key: rule[key] for key in ("verbs", "nonResourceURLs")}
            for rule in rules
            if rule.get("nonResourceURLs")
        ]
        return {
            "resourceRules": resource_rules,
            "nonResourceRules": path_rules,
            "incomplete": False,
        }

    def _self(self, ctx: RequestContext, spec: JSONObject) -> JSONObject:
        del spec
        return {"userInfo": _user_info(ctx.user)}

    def _token(self, ctx: RequestContext, spec: JSONObject) -> JSONObject:
        del ctx
        try:
            identity = self._authenticator.authenticate_token(spec.get("token", ""))
        except Unauthorized:
            return {"authenticated": False, "user": {}, "error": "invalid bearer token"}
        return {"authenticated": True, "user": _user_info(identity.user)}


def _user_info(user: UserInfo) -> JSONObject:
    info: JSONObject = {"username": user.name, "groups": list(user.groups)}
    if not user.groups:
        del info["groups"]
    if user.uid:
        info["uid"] = user.uid
    return info


def _attributes(spec: JSONObject) -> Attributes:
    asked = spec.get("resourceAttributes")
    if asked:
        return Attributes(
            asked.get("verb", ""),
            asked.get("group", ""),
            asked.get("version", ""),
            asked.get("resource", ""),
            asked.get("subresource", ""),
            asked.get("namespace", ""),
            asked.get("name", ""),
        )
    path = spec.get("nonResourceAttributes") or {}
    return Attributes(path.get("verb", ""), path=path.get("path", ""))
