"""Everything on one machine: whether it can start at all."""

from __future__ import annotations

import socket

import pytest

from worker.machine.up import NotReady, Taken, need_vacant


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_place_where_somebody_listens_is_told(host: str) -> None:
    """Before anything starts, and with the variable that names another; where nobody listens any more it is free."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as taken:
        place = (host, taken.getsockname()[1])
        with pytest.raises(Taken, match=rf"{host}:{place[1]}: Address already in use; stop .* LOCKSTEP_LISTEN"):
            need_vacant(place)
        with pytest.raises(Taken, match="name another place with --listen"):
            need_vacant(place, "--listen")
    need_vacant(place)


def test_a_place_that_is_not_ours_is_told() -> None:
    """An address of another machine."""
    with pytest.raises(NotReady, match=r"192\.0\.2\.1:8080: "):
        need_vacant(("192.0.2.1", 8080))
