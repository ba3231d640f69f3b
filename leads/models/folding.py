from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from leads.folding import fold


class FoldingModel(models.Model):
    """Keeps the folded twin of each text that rules may read in step on save()."""

    FOLDED: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.fold_texts()
        update_fields = kwargs.get("update_fields")
        if update_fields is not None:
            twins = {f"{name}_folded" for name in self.FOLDED if name in update_fields}
            kwargs["update_fields"] = {*update_fields, *twins}
        super().save(*args, **kwargs)

    def fold_texts(self) -> None:
        for name in self.FOLDED:
            setattr(self, f"{name}_folded", fold(getattr(self, name)))
