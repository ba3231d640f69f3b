from __future__ import annotations

from django.urls import path, register_converter

from reports.views import files, money, report, rows, score_history

app_name = "reports"


class KeptConverter:
    regex = "|".join(money.KEPT)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(KeptConverter, "kept")

urlpatterns = [
    path("", report.first, name="first"),
    path("leads/<row:pk>/score/", score_history.score_history, name="score_history"),
    path("money/<kept:what>/", money.money_list, name="money_list"),
    path("money/<kept:what>/new/", money.money_add, name="money_add"),
    path("money/<kept:what>/<row:pk>/", money.money_change, name="money_change"),
    path("money/<kept:what>/<row:pk>/remove/", money.money_remove, name="money_remove"),
    path("<slug:key>/", report.report, name="report"),
    path("<slug:key>/rows/", rows.rows, name="rows"),
    path("<slug:key>/rows.csv", files.rows, name="rows_file"),
    path("<slug:key>/sections/<slug:section>/", report.section, name="section"),
    path("<slug:key>/<slug:table>.csv", files.table, name="table"),
]
