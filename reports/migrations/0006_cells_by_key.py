import leads.models.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """What is derived is derived anew: a key cannot become one of several columns by altering the table."""

    dependencies = [
        ("reports", "0005_snapshots_know_their_time"),
    ]

    operations = [
        migrations.DeleteModel("Cell"),
        migrations.CreateModel(
            name="Cell",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "measure",
                        "dimension",
                        "value",
                        "day",
                        "position",
                        "a",
                        "b",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("measure", models.SmallIntegerField()),
                ("dimension", models.SmallIntegerField()),
                ("value", leads.models.fields.FoldedField(blank=True, default="", editable=False, max_length=201)),
                ("day", leads.models.fields.DayField()),
                ("position", models.SmallIntegerField()),
                ("a", models.IntegerField(help_text="What the measure says; -1: nothing.")),
                ("b", models.IntegerField()),
                ("count", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["measure", "dimension", "day"], name="reports_cell_day")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("count__gt", 0)),
                        name="reports_cell_counts_something",
                        violation_error_message="A cell counts at least one row.",
                    )
                ],
            },
        ),
        migrations.AlterField("seenvalue", "dimension", models.SmallIntegerField()),
        migrations.AlterField(
            "seenvalue",
            "value",
            leads.models.fields.FoldedField(blank=True, default="", editable=False, max_length=201),
        ),
        migrations.RemoveConstraint("seenvalue", "reports_seenvalue_unique"),
        migrations.AddConstraint(
            "seenvalue",
            models.UniqueConstraint(
                fields=["dimension", "value"],
                name="reports_seenvalue_unique",
                violation_error_message="This value is known already.",
            ),
        ),
    ]
