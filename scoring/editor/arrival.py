"""What has changed since the page was last up to date: which parts to show anew, and what others did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from leads.models import User
from scoring.models import Rulebook, RulebookEvent
from scoring.rulebook.keyed import DOCUMENT

# After as many edits the whole page is shown anew.
_MOST = 200


@dataclass
class Arrived:
    """`marks` says by path who of the others changed what stands there; `theirs` are their edits, the latest first."""

    name: bool = False
    settings: bool = False
    sheet: bool = False
    groups: set[str] = field(default_factory=set)
    rules: set[str] = field(default_factory=set)
    marks: dict[str, str] = field(default_factory=dict)
    theirs: list[RulebookEvent] = field(default_factory=list)
    is_anything: bool = False

    def add(self, path: str) -> None:
        """The part of the page in which the path stands."""
        part, _, rest = path.partition(".")
        key, _, leaf = rest.partition(".")
        match part:
            case "name":
                self.name = True
            case "rules" if leaf and leaf != "place":
                self.rules.add(key)
            case "groups" if leaf and leaf != "place":
                self.groups.add(key)
                self.sheet = self.sheet or leaf == "name"  # rules are moved to groups by their names
            case "mql" | "grade":
                self.settings = True
            case "rules" | "groups" | "fit" | "engagement":
                self.sheet = True
            case _:
                self.name = self.settings = self.sheet = True


def arrived(book: Rulebook, *, since: int, user: User) -> Arrived:
    """What came after revision `since`. One query."""
    found = Arrived()
    events = book.events.filter(kind=RulebookEvent.Kind.EDITED, revision__gt=since).select_related("by")
    _add_all(found, list(events.order_by("revision")[:_MOST]), user)
    if book.revision - since >= _MOST:
        found.add(DOCUMENT)
    return found


def _add_all(found: Arrived, events: Iterable[RulebookEvent], user: User) -> None:
    for event in events:
        found.is_anything = True
        found.add(event.path)
        # Grade bounds reach as far as points do.
        found.settings = True
        if event.by != user:
            found.marks[event.path] = str(event.by or event.origin)
            found.theirs.insert(0, event)
