"""Real files of marketing qualified leads and won deals, where they are at hand (never part of the project)."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from leads.intake.activities import import_activities
from leads.intake.errors import FileRefused
from leads.intake.history import import_history
from leads.intake.loading import import_leads
from leads.intake.options import ImportOptions
from leads.models import Activity, Deal, Handoff, Lead, Stage, StageChange
from tests.leads.intake.snapshots import rows_of_all

FOLDER = Path(__file__).parents[3].parent / "shared" / "data"
MQLS, DEALS = FOLDER / "olist_2018Q1_mql.csv", FOLDER / "olist_2018Q1_closed_deals.csv"
SPREADSHEET = FOLDER / "olist_excel_ddmmyyyy_mql_300.csv"
WON_BY_SOURCE = {
    "organic_search": (1043, 154),
    "paid_search": (644, 102),
    "unknown": (493, 107),
    "social": (457, 39),
    "direct_traffic": (227, 34),
    "email": (203, 9),
    "referral": (113, 8),
    "other": (77, 2),
    "display": (45, 2),
    "": (21, 8),
    "other_publicities": (20, 3),
}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not MQLS.exists(), reason=f"the real files are not at hand in {FOLDER}"),
]


def options(path: Path, *constants: tuple[str, str]) -> ImportOptions:
    return ImportOptions(path=path, constants=constants)


def import_olist() -> list[tuple[int, int, int, int]]:
    reports = [
        import_leads(options=options(MQLS)),
        import_history(options=options(MQLS, ("stage", "mql"))),
        import_history(options=options(DEALS, ("stage", "customer"))),
    ]
    return [(report.new, report.updated, report.unchanged, report.refused) for report in reports]


def test_leads_and_won_deals_come_in_exactly_and_once() -> None:
    assert import_olist() == [(3343, 0, 0, 0), (3343, 0, 0, 0), (468, 0, 0, 0)]
    before = rows_of_all()
    assert import_olist() == [(0, 0, 3343, 0), (0, 0, 3343, 0), (0, 0, 468, 0)]
    assert rows_of_all() == before

    won = set(StageChange.objects.filter(to_stage=Stage.CUSTOMER).values_list("lead_id", flat=True))
    sources = Counter(Lead.objects.values_list("source", flat=True))
    won_sources = Counter(Lead.objects.filter(pk__in=won).values_list("source", flat=True))
    assert {source: (count, won_sources[source]) for source, count in sources.items()} == WON_BY_SOURCE
    months = Counter(lead.month for lead in Lead.objects.values_list("created_day", flat=True))
    assert months == {1: 1141, 2: 1028, 3: 1174}
    assert Counter(Handoff.objects.values_list("state", flat=True)) == {"waiting": 2875, "accepted": 467}
    assert not Handoff.objects.exclude(origin="import", decide_due_at=None).exists()
    assert Counter(Lead.objects.values_list("stage", flat=True)) == {"customer": 467, "mql": 2876}
    assert (Deal.objects.filter(amount=0).count(), Deal.objects.count()) == (449, 468)


def test_the_deal_won_before_its_first_contact_is_kept_and_named() -> None:
    import_olist()

    report = import_history(options=options(DEALS, ("stage", "customer")))

    (warning,) = report.warnings
    assert warning.startswith("Line 375: b91cf8812365f50ff4bda4bcd6206b05 won a deal before becoming an MQL")
    lead = Lead.objects.get(external_id="b91cf8812365f50ff4bda4bcd6206b05")
    assert (lead.stage, lead.handoffs.count()) == (Stage.MQL, 0)


def test_a_spreadsheet_is_read_day_first_because_some_rows_allow_nothing_else() -> None:
    import_leads(options=options(MQLS))
    first = {lead.external_id: lead for lead in Lead.objects.all()}
    report = import_leads(options=ImportOptions(path=SPREADSHEET, source_system="spreadsheet"))

    assert (report.new, report.refused, report.rows) == (300, 0, 300)
    assert report.notes == [
        "Dates are read day first, because line 3 (“20-10-2017” in first_contact_date) allows nothing else."
    ]
    others = Lead.objects.filter(identifiers__source_system="spreadsheet")
    shared = [lead for lead in others if lead.external_id in first]
    assert len(shared) == 118
    for lead in shared:
        other = first[lead.external_id]
        assert (lead.created_at, lead.source, lead.landing_page) == (
            other.created_at,
            other.source,
            other.landing_page,
        )


def test_a_cut_in_which_every_date_allows_both_orders_is_refused(tmp_path: Path) -> None:
    header, *rows = SPREADSHEET.read_text().splitlines()
    open_rows = [row for row in rows if int(row.split(",")[1][:2]) <= 12]
    path = tmp_path / "open.csv"
    path.write_text("\n".join([header, *open_rows]))

    with pytest.raises(FileRefused, match="--date-order"):
        import_leads(options=options(path))

    contradicted = tmp_path / "contradicted.csv"
    contradicted.write_text("\n".join([header, *rows, "x,12-31-2017,y,social"]))
    with pytest.raises(FileRefused, match="line 3 .*line 302"):
        import_leads(options=options(contradicted))
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("name", "maps", "new", "refused"),
    [
        ("datablist_leads_500.csv", (), 500, 0),
        ("ExtraaLearn.csv", (), 4612, 0),
        ("course_lead_scoring.csv", (("#", "external_id"),), 1462, 0),
        ("mautic_demo/contacts.csv", (), 2, 0),
        # Four rows have neither address nor id.
        ("mautic_demo/fakeleaddata.csv", (), 50, 4),
    ],
)
def test_other_files_of_leads_come_in_and_change_nothing_again(
    name: str, maps: tuple[tuple[str, str], ...], new: int, refused: int
) -> None:
    given = ImportOptions(path=FOLDER / name, maps=maps)

    first, second = import_leads(options=given), import_leads(options=given)

    assert (first.new, first.refused) == (new, refused)
    assert (second.new, second.updated, second.unchanged) == (0, 0, new)


def test_form_results_become_activities_of_the_contacts() -> None:
    import_leads(options=options(FOLDER / "mautic_demo" / "fakeleaddata.csv"))
    results = ImportOptions(
        path=FOLDER / "mautic_demo" / "fakeresultdata.csv",
        maps=(("email", "lead"),),
        constants=(("type", "form_submit"), ("occurred_at", "2014-08-10")),
    )

    report = import_activities(options=results)

    assert (report.new, report.refused) == (50, 0)
    assert Activity.objects.filter(day=date(2014, 8, 10)).count() == 50


def test_page_hits_whose_dates_are_open_ask_for_the_order() -> None:
    hits = ImportOptions(
        path=FOLDER / "mautic_demo" / "fakepagehitdata.csv",
        maps=(("trackingId", "lead"),),
        constants=(("type", "page_view"),),
    )

    with pytest.raises(FileRefused, match=r"line 2 \(“8/9/14 19:00” in dateHit\)"):
        import_activities(options=hits)
