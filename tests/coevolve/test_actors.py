"""Ray that is not to be had: one line that says what to do, from whatever Ray itself raises."""

import pytest

from coevolve.actors import ray_crew, require_reachable
from coevolve.config import Config
from coevolve.errors import UserError


@pytest.mark.parametrize("raised", [Exception("The current node timed out during startup.\nMore."), ConnectionError("refused")])
def test_what_ray_raises_when_it_does_not_start_is_one_line(monkeypatch, raised):
    import ray

    def broken(**_):
        raise raised

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(ray, "init", broken)
    with pytest.raises(UserError, match=r"Ray does not start here: .*--local") as found, ray_crew(Config(), None, None, None):
        pass
    assert "\n" not in str(found.value)


def test_an_address_at_which_somebody_listens_is_tried():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        require_reachable(f"127.0.0.1:{server.getsockname()[1]}")
        require_reachable(f"ray://127.0.0.1:{server.getsockname()[1]}")
    for word in ("auto", "local"):
        require_reachable(word)
    with pytest.raises(UserError, match="HOST:PORT"):
        require_reachable("garbage")
