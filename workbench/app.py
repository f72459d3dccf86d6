"""The application: every door of `routes`, its own style and script, and nothing else."""

import logging
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from workbench.desk import Desk
from workbench.door import bare, endpoint
from workbench.headers import SafeHeaders
from workbench.routes import DOORS

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""Names by which a browser on this machine may call: no other page can make its own name mean us."""
LOG = logging.getLogger("workbench")


def application(desk: Desk, hosts: Sequence[str] = LOOPBACK) -> Starlette:
    """Make the application of a desk, which answers to these host names only."""

    async def without_door(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return await run_in_threadpool(bare, desk, request, status if status in {404, 405} else 404)

    async def broken(request: Request, error: Exception) -> Response:
        LOG.error("%s %s", request.method, request.url.path, exc_info=error)
        return PlainTextResponse("Something broke; the terminal says what. 出错了; 详情见终端", 500)

    with as_file(files("workbench").joinpath("static")) as folder:
        static = Mount("/static", StaticFiles(directory=Path(folder)))
    return Starlette(
        routes=[*(Route(one.path, endpoint(desk, one), methods=[one.method]) for one in DOORS), static],
        middleware=[
            Middleware(SafeHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        ],
        exception_handlers={HTTPException: without_door, Exception: broken},
    )
