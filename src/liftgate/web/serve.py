"""Serving a batch until somebody stops it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from liftgate.errors import LiftgateError, NotAllowed
from liftgate.flow.rating import Room
from liftgate.humans.draw import LEAD
from liftgate.web.app import make_app
from liftgate.web.guard import LOOPBACK, App


@dataclass(frozen=True)
class Address:
    """Where a batch is served."""

    host: str = "127.0.0.1"
    port: int = 0
    """0: one that is free."""
    off_loopback: bool = False
    """Whether other machines may come in at all."""
    name: str | None = None
    """What raters call this machine; None: the host."""


def serve(room: Room, address: Address, ready: Callable[[Mapping[str, str]], None]) -> None:
    """Serve a batch; returns when the process is told to stop.

    Args:
        room: an opened batch.
        address: where.
        ready: told the link of each rater and of the lead, once the port is taken.

    Raises:
        NotAllowed: a host off loopback without ``off_loopback``.
        LiftgateError: the port cannot be taken.
    """

    def links(origin: str) -> None:
        ready({who: f"{origin}/enter/{token}" for who, token in _in_order(room).items()})

    serve_app(lambda hosts: make_app(room, hosts=hosts), address, links)


def serve_app(
    make: Callable[[tuple[str, ...] | None], App], address: Address, ready: Callable[[str], None]
) -> None:
    """Serve an application; returns when the process is told to stop.

    Args:
        make: makes it, given the names by which it may be asked for; None: any.
        address: where.
        ready: told the origin once the port is taken.

    Raises:
        NotAllowed: a host off loopback without ``off_loopback``.
        LiftgateError: the port cannot be taken.
    """
    import uvicorn

    if address.host not in LOOPBACK and not address.off_loopback:
        raise NotAllowed(
            f"host: got {address.host}, by which other machines could come in",
            hint="say --off-loopback if that is meant; the links then travel unencrypted "
            "unless a proxy with TLS stands before",
        )
    listening = _listening(address)
    port = listening.getsockname()[1]
    name = address.name or address.host
    shown = f"[{name}]" if ":" in name else name
    app = make(None if address.off_loopback else LOOPBACK)
    ready(f"http://{shown}:{port}")
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    with listening:
        uvicorn.Server(config).run(sockets=[listening])


def _in_order(room: Room) -> dict[str, str]:
    tokens = room.access.tokens
    return {name: tokens[name] for name in (*room.batch.raters, LEAD)}


def _listening(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((address.host, address.port))
        taken.listen(128)  # whoever opens a link at once waits a moment instead of being refused
    except OSError as error:
        taken.close()
        raise LiftgateError(
            f"port {address.port} of {address.host}: {error.strerror}",
            hint="name another --port, or none for a free one",
        ) from error
    return taken
