#!/usr/bin/env python
from __future__ import annotations

import sys

from django.core.management import execute_from_command_line

from leadfunnel.startup import load_settings_or_exit


def main() -> None:
    load_settings_or_exit()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
