"""The broker of `make run`: Kombu's, of files in a folder, whose messages appear whole or not at all.

Kombu writes a message where workers look for it, and a worker that comes upon it half written ends.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem
from kombu.utils.json import dumps

logger = logging.getLogger(__name__)


# Types that Kombu is described with and types that it has differ.
_Channel: Any = filesystem.Channel


class Channel(_Channel):  # type: ignore[misc]
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:
        # Messages are taken in the order of their names, and only those whose names end like this.
        path = Path(self.data_folder_out) / f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        unfinished = path.with_name(f"{path.name}.part")
        unfinished.write_text(dumps(payload), encoding="utf-8")
        os.replace(unfinished, path)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        while True:
            try:
                return super()._get(queue)
            except ValueError:
                # As a power cut leaves them. What is to be done stands in the database, not here.
                logger.warning("A message in the broker’s folder is not whole; it is left out.")

    def get_table(self, exchange: str) -> list[Any]:
        try:
            return list(super().get_table(exchange))
        except ValueError:
            # Just being made, or left so by whoever was killed meanwhile.
            return []

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        if not self.get_table(exchange):
            (Path(self.control_folder) / f"{exchange}.exchange").unlink(missing_ok=True)
        super()._queue_bind(exchange, routing_key, pattern, queue)


class Transport(filesystem.Transport):
    Channel = Channel
