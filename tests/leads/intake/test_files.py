from __future__ import annotations

import codecs
import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from leads.intake.errors import FileRefused
from leads.intake.files import CsvFile, open_csv

LIMIT = 50_000_000
Write = Callable[..., Path]


def opened(path: Path) -> CsvFile:
    return open_csv(path, size_limit=LIMIT)


def all_rows(file: CsvFile) -> list[list[str]]:
    return [row for batch in file.batches(2) for row in batch.rows]


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "encoding", "warned"),
    [
        ("email,city\na@b.com,Łódź\n".encode(), "utf-8", False),
        (codecs.BOM_UTF8 + "email,city\na@b.com,Łódź\n".encode(), "utf-8-sig", False),
        ("email,city\na@b.com,Łódź\n".encode("utf-16"), "utf-16", False),
        (codecs.BOM_UTF16_BE + "email,city\na@b.com,Łódź\n".encode("utf-16-be"), "utf-16", False),
        ("email,city\na@b.com,Köln\n".encode("cp1252"), "cp1252", True),
    ],
)
def test_open_csv_finds_the_encoding(write: Write, content: bytes, encoding: str, warned: bool) -> None:
    file = opened(write(content))

    assert file.encoding == encoding
    assert all_rows(file)[0][1] in ("Łódź", "Köln")
    assert bool(file.warnings) is warned


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_open_csv_finds_the_delimiter(write: Write, delimiter: str) -> None:
    rows = [["email", "note"], ["a@b.com", "one, two; three"], ["c@d.com", "x|y\tz"]]
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(rows)

    file = opened(write(stream.getvalue()))

    assert (file.delimiter, list(file.header), all_rows(file)) == (delimiter, rows[0], rows[1:])


def test_a_single_column_is_a_csv(write: Write) -> None:
    file = opened(write("email\r\na@b.com\r\nc@d.com\r\n"))

    assert (file.header, all_rows(file)) == (("email",), [["a@b.com"], ["c@d.com"]])


def test_quotation_marks_escaped_by_backslashes_are_read(write: Write) -> None:
    file = opened(write('id,php\n1,"a:1:{s:5:\\"en-US\\",i;}"\n'))

    assert all_rows(file) == [["1", 'a:1:{s:5:"en-US",i;}']]


def test_a_backslash_before_a_closing_mark_is_a_backslash(write: Write) -> None:
    file = opened(write('id,path\n1,"C:\\dir\\"\n2,x\n'))

    assert all_rows(file) == [["1", "C:\\dir\\"], ["2", "x"]]


def test_rows_keep_the_line_on_which_they_begin(write: Write) -> None:
    file = opened(write('id,note\n1,"over\ntwo lines"\n\n2,x\n,\n3,y\n'))

    assert [batch.lines for batch in file.batches(10)] == [[2, 5, 7]]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('email,name\nz1@acme.io,"unterminated\nz2@acme.io,b\n', 2),
        ('email,name\nz1@acme.io,"unterminated\nz2@acme.io,b', 2),
        ('email,name\r\nz1@acme.io,"unterminated\r\nz2@acme.io,b\r\n\r\n', 2),
        ('email,name\na@b.com,"two\nlines"\n\nc@d.com,"x', 5),
        ('email,name\na@b.com,"two\nlines","x\ny', 3),
        ('email,name\na@b.com,"', 2),
        ('email,name\na@b.com,"5""\n', 2),
        ('sep=;\nemail;name\na@b.com;"x\n', 3),
        ('email,"name\na@b.com,x\n', 1),
        ('id,php\n1,"s:5:\\"en\\""\n2,"s:5:\\"de\\"\n', 3),
    ],
)
def test_a_quotation_mark_that_is_not_closed_refuses_the_file(write: Write, content: str, line: int) -> None:
    with pytest.raises(FileRefused, match=f"a cell on line {line} is not closed"):
        for _ in opened(write(content)).batches(1000):
            pass


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n"])
def test_a_closed_cell_at_the_end_of_the_file_is_read(write: Write, ending: str) -> None:
    file = opened(write(f'email,note\na@b.com,"over\ntwo ""lines"""{ending}'))

    assert all_rows(file) == [["a@b.com", 'over\ntwo "lines"']]


def test_ragged_rows_are_told_apart_from_trailing_blanks(write: Write) -> None:
    (batch,) = opened(write("a,b\n1,2\n1,2,3\n1\n1,2,,\n")).batches(10)

    assert batch.rows == [["1", "2"], ["1", "2"]]
    assert [(row.line, row.reason) for row in batch.misshapen] == [
        (3, "The row has 3 cells, the header 2."),
        (4, "The row has 1 cells, the header 2."),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"  \n \n", "is empty"),
        (b"\n\nemail,x\n", None),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "HTML or XML page"),
        (b"  \n<HTML>\n", "HTML or XML page"),
        (b"\xef\xbb\xbf<html>", "HTML or XML page"),
        (archive(), "a spreadsheet or a zip archive"),
        (b"\xd0\xcf\x11\xe0" + b"\x00" * 512, "an old Excel file"),
        (gzip.compress(b"email\na@b.com\n", mtime=0), "a gzip archive"),
        (b"%PDF-1.7\n", "a PDF"),
        (bytes(range(256)) * 20, "binary file"),
        (b'[{"email": "a@b.com"}]', "JSON"),
        (b"email,city\n" + b"a@b.com,x\n" * 9000 + b"c@d.com,B\x00rlin\n", "NUL byte on line 9002"),
        ("email,city\n".encode("utf-16") + b"\x00\x00", "NUL byte"),
        (b"a@b.com,Berlin\nc@d.com,Bonn\n", "no header"),
        (b"1,2\n3,4\n", "no header"),
        (b",,\n1,2,3\n", "no header"),
        (b"email,city,E-mail,City\na@b.com,x,y,z\n", "two columns named"),
        (b"email,note\na@b.com," + b"x" * 10_000_000 + b"\n", "more than 131,072 characters on line 2"),
        (b'email,note\na@b.com,"' + b"x" * 10_000_000 + b'"\n', "more than 131,072 characters on line 2"),
        (b'email,note\na@b.com,"' + b"line\n" * 40_000, "on line 2: is a quotation mark not closed?"),
        (b"email,\x81\na@b.com,x\n", "neither UTF-8, UTF-16 nor Windows-1252"),
        (codecs.BOM_UTF8 + b"email,city\na@b.com,K\xf6ln\n", "begins as utf-8-sig but line 2 is not"),
    ],
)
def test_what_is_no_csv_is_refused_as_a_whole_in_one_sentence(
    write: Write, content: bytes, said: str | None
) -> None:
    path = write(content)

    if said is None:
        assert opened(path).header == ("email", "x")
        return
    with pytest.raises(FileRefused) as refusal:
        for _ in opened(path).batches(1000):
            pass

    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_missing_file_a_directory_and_a_huge_file_are_refused(write: Write, tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none.csv", "no file"), (tmp_path, "directory")):
        with pytest.raises(FileRefused, match=said):
            opened(path)
    with pytest.raises(FileRefused, match="18 bytes; at most 10"):
        open_csv(write("email\nann@acme.com"), size_limit=10)
