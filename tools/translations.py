"""Bring ``locales/*.po`` up to date with the messages in the source: ``make translations``.

Messages stand in calls of ``_``, ``marked`` and ``ngettext``, in the templates, and in the tables
of modules that may not know of languages. A message that is gone stays at the file's end,
commented out, and is taken up again when it comes back. ``--check`` writes nothing and fails where
a catalogue is behind or incomplete.
"""

import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from app.planner.explain import reason_rules
from app.settings.words import WORDS
from app.wording import reason_texts

ROOT: Final = Path(__file__).resolve().parent.parent
KEYWORDS: Final = ("_", "marked", "ngettext")
Id = str | tuple[str, str]
_HEADER: Final = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: {language}\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def in_tables() -> Iterator[str]:
    """Yield the messages of tables that cannot mark them themselves."""
    yield from reason_texts.TEXTS.values()
    yield from reason_texts.VARIANTS.values()
    yield from reason_texts.PARTS
    yield from reason_rules.RULES.values()
    yield from WORDS.values()


def in_source(root: Path = ROOT) -> Iterator[Id]:
    """Yield the messages that Python modules and templates mark."""
    for path in sorted(root.glob("app/**/*.py")):
        yield from in_module(path.read_text(encoding="utf-8"))
    for path in sorted(root.glob("templates/**/*.html")):
        with path.open("rb") as file:
            found = babel_extract(file, KEYWORDS, (), {"silent": "false"})
            for _line, name, given, _comments in found:
                if given is None:
                    # A name instead of a text: it is marked where it is defined.
                    continue
                forms = [given] if isinstance(given, str) else [each for each in given if each]
                yield (forms[0], forms[1]) if name == "ngettext" else forms[0]


def in_module(source: str) -> Iterator[Id]:
    """Yield the messages of a Python module; Babel would miss those inside f-strings."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
        name = called.id if isinstance(called, ast.Name) else called
        if name == "ngettext":
            forms = [text for each in node.args[:2] for text in literals(each)]
            if len(forms) > 1:
                yield forms[0], forms[1]
        elif name in KEYWORDS:
            yield from literals(node.args[0])


def literals(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression may be; a text put together cannot be translated."""
    if isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr | ast.BinOp):
        raise SystemExit(f"cannot be translated, as it is put together: {ast.unparse(node)}")


def messages() -> set[Id]:
    """Return every message of the program; a singular with a plural stands for both."""
    found = {*in_source(), *in_tables()}
    return found - {each[0] for each in found if isinstance(each, tuple)} - {""}


def read(path: Path) -> Catalog:
    """Return a catalogue, with what is commented out as if it were in use."""
    return parsed(path.read_bytes(), path.stem)


def parsed(text: bytes, language: str) -> Catalog:
    """Return the catalogue that a text is."""
    held = read_po(io.BytesIO(text), locale=language)
    for message in held.obsolete.values():
        held[message.id] = message
    return held


def updated(held: Catalog, wanted: set[Id]) -> Catalog:
    """Return the catalogue with the wanted messages, translated as far as they were."""
    made = Catalog(locale=held.locale)
    by_first = {first(each.id): each for each in held if each.id}
    for message in wanted:
        known = by_first.get(first(message))
        fits = known is not None and isinstance(known.id, str) == isinstance(message, str)
        string = known.string if known and fits else empty(message)
        made.add(message, string, flags={"fuzzy"} if known and known.fuzzy else ())
        made[message].flags &= {"fuzzy"}
    for each in held:
        if each.id and each.string and first(each.id) not in {first(one) for one in wanted}:
            each.flags &= {"fuzzy"}
            made.obsolete[each.id] = each
    return made


def first(message: Any) -> str:
    """Return what a message is known by: its text, its singular where it has two."""
    return str(message) if isinstance(message, str) else str(message[0])


def empty(message: Id) -> Any:
    """Return the translation of a message that has none."""
    return "" if isinstance(message, str) else ("", "")


def text_of(catalogue: Catalog) -> str:
    """Return the file as it is committed: sorted, without places and dates."""
    written = io.BytesIO()
    write_po(written, catalogue, width=100, no_location=True, omit_header=True, sort_output=True)
    header = _HEADER.format(language=catalogue.locale)
    return header + written.getvalue().decode().strip() + "\n"


def gaps(catalogue: Catalog) -> list[str]:
    """Name every message that is not translated, or doubtfully so."""
    found = []
    for each in catalogue:
        if each.id:
            parts = [each.string] if isinstance(each.string, str) else list(each.string)
            if each.fuzzy or not all(parts):
                found.append(f"{'fuzzy' if each.fuzzy else 'untranslated'}: {first(each.id)}")
    return sorted(found)


def main(*, check: bool) -> int:
    """Update or check every catalogue; return the exit code."""
    failed = False
    for path in sorted((ROOT / "locales").glob("*.po")):
        made = updated(read(path), messages())
        found, text = gaps(made), text_of(made)
        is_behind = text != path.read_text(encoding="utf-8")
        print(*found, sep="\n", end="\n" if found else "")
        print(
            f"{path.name}: {len(messages())} messages, {len(found)} to translate, "
            f"{len(made.obsolete)} no longer used"
        )
        if check and is_behind:
            print(f"{path.name} is behind the source; make translations brings it up to date")
        elif is_behind:
            path.write_text(text, encoding="utf-8")
        failed |= bool(found) or is_behind
    return int(check and failed)


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
