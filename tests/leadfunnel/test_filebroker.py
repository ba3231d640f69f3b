"""Messages of the broker of files: whole or not at all, whoever is killed when."""

from __future__ import annotations

import os
from base64 import b64decode
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue

from leadfunnel import filebroker

QUEUE = Queue("celery", Exchange("celery", type="direct"), routing_key="celery")


@pytest.fixture
def channel(tmp_path: Path) -> Any:
    (tmp_path / "messages").mkdir()
    options = {
        "data_folder_in": str(tmp_path / "messages"),
        "data_folder_out": str(tmp_path / "messages"),
        "control_folder": str(tmp_path / "control"),
    }
    address = "filesystem://localhost"
    with Connection(
        address, transport="leadfunnel.filebroker:Transport", transport_options=options
    ) as broker:
        # What is bound to what is known to the whole process.
        filebroker.Transport.global_state.clear()
        yield broker.channel()
        filebroker.Transport.global_state.clear()


def send(channel: Any, text: str) -> None:
    QUEUE(channel).declare()
    channel.basic_publish(channel.prepare_message(text), exchange="celery", routing_key="celery")


def received(channel: Any) -> str:
    return b64decode(channel._get("celery")["body"]).decode()


def test_messages_come_in_their_order(channel, monkeypatch):
    times = iter((10.001, 10.002, 10.003))
    monkeypatch.setattr(filebroker, "monotonic", lambda: next(times))
    for text in "abc":
        send(channel, text)

    assert [received(channel) for _ in range(3)] == ["a", "b", "c"]
    with pytest.raises(Empty):
        channel._get("celery")


def test_a_message_that_is_being_written_is_not_there_yet(channel, monkeypatch):
    seen = []

    def replace(source: Path, target: Path) -> None:
        assert source.stat().st_size > 0
        with pytest.raises(Empty):
            channel._get("celery")
        seen.append(target)
        os.rename(source, target)

    monkeypatch.setattr(filebroker.os, "replace", replace)
    send(channel, "a")

    assert len(seen) == 1
    assert received(channel) == "a"


def test_a_message_that_was_never_finished_is_left_out(channel, tmp_path, caplog):
    send(channel, "whole")
    for number, text in enumerate(("", '{"body": ')):
        (tmp_path / "messages" / f"0_{number}.celery.msg").write_text(text)

    assert received(channel) == "whole"
    assert caplog.messages == ["A message in the broker’s folder is not whole; it is left out."] * 2


def test_a_table_of_queues_that_was_never_finished_is_made_anew(channel, tmp_path):
    (tmp_path / "control").mkdir()
    table = tmp_path / "control" / "celery.exchange"
    table.write_text("")
    assert channel.get_table("celery") == []

    send(channel, "a")

    assert received(channel) == "a"
    assert [row.queue for row in channel.get_table("celery")] == ["celery"]
