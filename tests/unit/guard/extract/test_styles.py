from __future__ import annotations

import time

import pytest
from lxml import etree

from haoma.guard.extract.styles import sheets_of

PAGE = '<div id="d" class="a b"><p class="c">x</p></div>'


def hidden(sheet: str, page: str = PAGE) -> bool:
    """Whether the paragraph of a page, or what it stands in, is hidden by a sheet."""
    sheets = sheets_of([sheet])
    paragraph = next(etree.HTML(page).iter("p"))
    return any(sheets.hides(element) for element in (paragraph, *paragraph.iterancestors()))


@pytest.mark.parametrize(
    "sheet",
    [
        ".c{display:none}",
        "#d { DISPLAY : NONE }",
        ".a .c{visibility:hidden}",
        "html body div.a > .c{text-indent:-9999px}",
        "p[class=c]{opacity:0}",
        ".x, .a.b{color:red; font-size:0px;}",
        "/* .z{} */ .c/*x*/{display:/**/none}",
        "<!-- .c{display:none} -->",
        '@charset "utf-8"; @import url(x.css); .c{display:none}',
        "@media screen and (max-width:9999px){ .q{color:red} .c{display:none} } .z{}",
        "@media all{@supports (display:grid){p{display:none}}}",
        ".c{display:none}.a .q{display:block}",
        ".c{position:absolute;clip:rect(0 0 0 0)}",
        ".c{position:absolute;clip:rect(1px, 1px, 1px, 1px)}",
        ".c{clip-path:inset(50%)}",
        ".c{clip-path:circle(0)}",
        ".c{height:0;overflow:hidden}",
        ".c{overflow-y:hidden;max-height:0px}",
        ".c{width:1px;height:1px;overflow:hidden}.q{height:auto}",
        ".c{font:0/0 a}",
        ".c{opacity:.01}",
        ".c{position:absolute;left:-9999px;top:0}",
        ".c{position:absolute;left:-100vw}",
        ".c{position:absolute;bottom:-99em}",
        ".c{position:fixed;inset:-9999px auto auto auto}",
        ".c{transform:translateX(-9999px)}",
        ".c{transform:scale(0)}",
        ".c{content-visibility:hidden}",
    ],
)
def test_what_a_sheet_hides_is_hidden(sheet: str) -> None:
    assert hidden(sheet)


@pytest.mark.parametrize(
    "sheet",
    [
        "@media print, speech{.c{display:none}}",
        "@media (max-width:600px){.c{display:none}}",
        ".c{display:none} p.c{display:block}",
        ".c{display:block!important} #d .c{display:none}",
        ".c{display:none}.c{display:block}",
        ".c:hover{display:none}",
        ".c::before{display:none}",
        "p:not(.c){display:none}",
        "i+p{display:none}",
        ".q .c{display:none}",
        ".a>.b>.c{display:none}",
        "@font-face{display:none}",
        ".c{opacity:.5;font-size:10px;left:-20px}",
        ".c{clip:rect(0 0 0 0)}",
        ".c{position:absolute;clip:rect(0 0 0 0)} p.c{clip:auto}",
        ".c{position:absolute;clip:rect(0, 90px, 20px, 0)}",
        ".c{clip-path:inset(10%)}",
        ".c{clip-path:inset(50%)} p.c{clip-path:none}",
        ".c{height:0}",
        ".c{height:0;overflow:hidden;padding-bottom:56.25%}",
        ".c{height:0;overflow:hidden} .a .c{height:auto}",
        ".c{height:1.5em;width:100%;overflow:hidden}",
        ".c{transform:translate(-50%, -50%) scale(1.1)}",
        ".c{margin-bottom:-9999px;padding-bottom:9999px}",
    ],
)
def test_what_a_sheet_does_not_hide_is_seen(sheet: str) -> None:
    assert not hidden(sheet)


def test_an_element_of_its_own_style_outdoes_the_sheet_unless_the_sheet_insists() -> None:
    shown = '<p class="c" style="display:block">x</p>'
    assert not hidden(".c{display:none}", shown)
    assert hidden(".c{display:none!important}", shown)
    assert hidden(".q{color:red}.z{display:none}", '<p style="display:none">x</p>')


@pytest.mark.parametrize(
    "sheet",
    ["/*" * 250_000, "{" * 500_000, "@" * 500_000, "@media x{" * 50_000, "." * 500_000 + "{display:none}",
     "a " * 250_000 + "{display:none}", "x{" + "left:" * 60_000 + "}", "x{left:" + "9" * 400_000 + "}",
     "[a" * 200_000 + "{display:none}", ".c{display:none}" * 30_000, ".c{height:0;overflow:hidden}" * 15_000,
     "x{" + "clip:rect(" * 50_000 + "}", "x{" + "height:0;" * 50_000 + "overflow:hidden}",
     ".c{height:0;overflow:hidden} x{" + "height:0;" * 50_000 + "}"],
    ids=lambda sheet: sheet[:12],
)  # fmt: skip
def test_no_sheet_costs_more_than_its_length(sheet: str) -> None:
    begun = time.process_time()
    hidden(sheet)
    assert time.process_time() - begun < 5
