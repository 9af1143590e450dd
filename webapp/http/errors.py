"""Exceptions into ``Status`` bodies: every refusal on an API path is one, whatever went wrong."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from webapp.apimachinery.status import ServiceUnavailable, StatusError, TooManyRequests
from webapp.apimachinery.wire import Response
from webapp.driver.driver import StoppedError
from webapp.driver.inbox import InboxFullError
from webapp.sim.errors import SimulationError

if TYPE_CHECKING:
    from webapp.driver.driver import SimulationDriver

logger = logging.getLogger(__name__)


def error_response(error: Exception, driver: SimulationDriver) -> Response:
    """The answer that tells a client of ``error``."""
    status = _status_error(error, driver).status()
    return Response(status["code"], status)


def _status_error(error: Exception, driver: SimulationDriver) -> StatusError:
    if isinstance(error, StatusError):
        return error
    if isinstance(error, InboxFullError):
        return TooManyRequests(f"{error}; please try again later")
    if isinstance(error, StoppedError | SimulationError):
        if not driver.failure:
            return ServiceUnavailable(str(error))
        return StatusError(f"the simulation stopped: {error} (GET /journal repeats the run)")
    logger.error("a request failed", exc_info=error)
    return StatusError(f"Internal error occurred: {type(error).__name__}: {error}")
