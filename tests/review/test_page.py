"""The page of a review in a real browser: without script and network, for eyes, ears, keys and paper."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from review.page import text
from review.value import Counterexample, Reading, Review, Verdict
from tests.browser import chromium
from tests.review.made import made
from tests.review.repository import Repository
from tests.review.test_formats import NASTY
from tests.review.test_previewed import heard

CLOSED = {"claim", "hypervisor", "mode", "serves", "severity", "side", "to", "view"}
"""Fields that hold one of a few words, never what a document says."""
INJECTIONS = [
    *NASTY,
    "</style></svg></title><script>document.title='owned'</script><img src=x onerror=\"alert(1)\">",
    "' onfocus=alert(1) autofocus x='",
    "{{ review }}{% for %}{# #}",
]


@pytest.fixture(scope="module")
def of_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Review:
    """Hazards, findings, a workload that moves, one that is new, a host that leaves."""
    repository = Repository.of(tmp_path_factory.mktemp("sandbox"))
    repository.edit(
        "sandbox/workloads.yaml",
        ("queue: {image: linux-kvm, flavor: kvm-small", "queue: {image: linux-esxi, flavor: esxi-small"),
        ("web-2: {image", "web-3: {image"),
        ("review: 2027-06-30", "review: 2026-06-30"),
    )
    repository.edit("sandbox/compute.yaml", ("kvm[01-", "kvm[02-"))
    said = heard("violation")
    advice = tuple(replace(one, level="advisory") for one in said.policies)
    engine = replace(heard("gone"), policies=advice, diagnostics=said.diagnostics)
    return repository.review(engine=((engine,), ()))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture(scope="module")
def address(of_sandbox: Review, tmp_path_factory: pytest.TempPathFactory) -> str:
    return _file(tmp_path_factory.mktemp("page"), text(of_sandbox))


def _file(folder: Path, page: str) -> str:
    file = folder / "review.html"
    file.write_text(page)
    return file.as_uri()


def _opened(
    browser: Browser, address: str, *, script: bool = False, **options: Any
) -> tuple[Page, list[str]]:
    """The page, and all that a browser complains of or asks for besides it."""
    context = browser.new_context(java_script_enabled=script, offline=True, **options)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: said.append(request.url) if request.url != address else None)
    page.goto(address)
    return page, said


def _tree(page: Page) -> list[dict[str, Any]]:
    """What a screen reader is given."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    return [node for node in nodes if not node["ignored"]]


def _of(tree: list[dict[str, Any]], role: str) -> list[dict[str, Any]]:
    return [node for node in tree if node["role"]["value"] == role]


def _name(node: dict[str, Any]) -> str:
    return str(node.get("name", {}).get("value", ""))


def test_it_is_read_without_script_network_or_eyes(browser: Browser, address: str) -> None:
    page, said = _opened(browser, address)
    assert said == []
    tree = _tree(page)
    for landmark in ("banner", "navigation", "main", "contentinfo"):
        assert len(_of(tree, landmark)) == 1, landmark
    headings = _of(tree, "heading")
    levels = [
        next(one["value"]["value"] for one in node["properties"] if one["name"] == "level")
        for node in headings
    ]
    assert (_name(headings[0]), levels[0], levels.count(1)) == ("Attention", 1, 1)
    assert all(after <= before + 1 for before, after in pairwise(levels))
    pictures = _of(tree, "image")
    assert [_name(one) for one in pictures] == [
        "Where servers land, before and after",
        "Aggregates, clusters and hosts",
        "Networks",
        "Storage",
    ]
    assert "1 server from general to vendor" in pictures[0]["description"]["value"]
    assert "Hosts removed: kvm01.sandbox.example" in pictures[1]["description"]["value"]
    tables = _of(tree, "table")
    assert len(tables) > 8
    assert all(_name(table) for table in tables)
    assert _of(tree, "columnheader")
    assert _of(tree, "rowheader")


def test_every_word_of_the_board_is_there(browser: Browser, address: str) -> None:
    page, _ = _opened(browser, address)
    for section, words in (
        ("hazards", "its root disk is made anew from the image"),
        ("findings", "restriction-review"),
        ("engine", "it needs port"),
        ("changes", "linux-esxi"),
        ("landing", "required traits"),
        ("proof", "Restricted workloads stay on ESXi"),
        ("capacity", "without kvm0"),
        ("topology", "esx-a"),
        ("register", "Vendor support statement 2026-03, section 2 (vSphere only)"),
        ("technical", "pause"),
        ("digests", "model"),
    ):
        assert words in page.locator(f"section:has(> #e1-{section})").inner_text(), section


def test_it_is_used_with_keys_alone(browser: Browser, address: str) -> None:
    page, _ = _opened(browser, address)
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "To the review"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    links = page.locator("a[href^='#']")
    for target in {str(link.get_attribute("href")) for link in links.all()}:
        assert page.locator(target).count() == 1, target
    folded = page.locator("details:not([open]) > summary").first
    folded.focus()
    page.keyboard.press("Enter")
    assert page.locator("details[open]").count() == 1


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
def test_axe_finds_nothing(browser: Browser, address: str, scheme: Any, width: int) -> None:
    page, _ = _opened(
        browser, address, script=True, color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_light_dark_and_paper(browser: Browser, address: str) -> None:
    page, _ = _opened(browser, address, script=True, color_scheme="light")

    def colours() -> tuple[str, str]:
        style = page.evaluate("(s => [s.backgroundColor, s.color])(getComputedStyle(document.body))")
        return style[0], style[1]

    light = colours()
    shot = page.screenshot()
    page.emulate_media(color_scheme="dark")
    assert len({light, colours()}) == 2
    assert page.screenshot() != shot
    folded = page.locator("details table").first
    assert not folded.is_visible()
    page.emulate_media(color_scheme="dark", media="print")
    assert colours() == light
    assert folded.is_visible()
    assert not page.locator("nav").is_visible()
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) > 3


def test_nothing_may_run_in_it_even_if_it_got_there(
    browser: Browser, of_sandbox: Review, tmp_path: Path
) -> None:
    page = text(of_sandbox)
    injected = page.replace(
        "<main", "<script>document.title = 'owned'</script><img src='https://evil.example/'><main"
    )
    assert injected != page
    opened, said = _opened(browser, _file(tmp_path, injected), script=True)
    assert opened.title() == "Attention: change review of sandbox"
    assert len([one for one in said if "Content Security Policy" in one]) == 2


def test_documents_are_shown_and_never_read_as_markup(
    browser: Browser, of_sandbox: Review, tmp_path: Path
) -> None:
    address = _file(tmp_path, text(_spoiled(of_sandbox, INJECTIONS[-3])))
    page, said = _opened(browser, address, script=True)
    assert said == []
    assert page.locator("script, img, iframe, object, link, [autofocus]").count() == 0
    assert "<img src=x onerror=" in page.locator("main").inner_text()


@pytest.mark.parametrize("words", INJECTIONS)
def test_the_same_page_whatever_documents_say(of_sandbox: Review, words: str) -> None:
    harmless = re.sub(r"[<>&\"'\x00-\x1f\u202e\ud800]", "x", words)
    page = text(_spoiled(of_sandbox, words))
    assert _skeleton(page) == _skeleton(text(_spoiled(of_sandbox, harmless)))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", page)
    page.encode("utf-8", "strict")


def _spoiled(value: Any, words: str) -> Any:
    """With words before every text that may come from documents."""
    if type(value) is str:
        return words + value
    if isinstance(value, tuple):
        return tuple(_spoiled(one, words) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            one.name: _spoiled(getattr(value, one.name), words)
            for one in fields(value)
            if one.name not in CLOSED
        }
        return replace(value, **changed)
    return value


class _Skeleton(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(" ".join([tag, *(name for name, _ in attrs)]))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"comment {data}")


def _skeleton(page: str) -> list[str]:
    """Tags and names of attributes."""
    reader = _Skeleton()
    reader.feed(page)
    return reader.found


def test_the_same_review_is_the_same_to_the_byte(of_sandbox: Review) -> None:
    assert text(of_sandbox) == text(of_sandbox)


def test_prod_stays_under_a_megabyte(of_sandbox: Review, tmp_path: Path) -> None:
    """300 servers, and all that changes in ``of_sandbox`` twenty times over."""
    review = Repository.of(tmp_path, "base", "prod").review("prod")
    whole = review.environments[0]
    assert whole.shape.after is not None
    assert whole.shape.after.servers == 300

    def of_prod(found: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(replace(one, environment="prod") for one in found * 20)

    page = text(
        replace(
            review,
            environments=(replace(whole, verdict=Verdict.ATTENTION),),
            changes=of_prod(of_sandbox.changes),
            findings=of_prod(of_sandbox.findings),
            hazards=of_prod(of_sandbox.hazards),
            resources=of_prod(of_sandbox.resources),
            transfers=of_prod(of_sandbox.transfers),
        )
    )
    assert 150_000 < len(page.encode()) < 1_000_000


@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_verdict_comes_first(verdict: Verdict) -> None:
    page = text(replace(made(), verdict=verdict))
    assert re.search(r"<h1>(\w+)</h1>", page[: page.index("<main")])[1] == verdict.capitalize()  # type: ignore[index]


def test_what_could_not_be_said_is_not_drawn_as_if_it_were(of_sandbox: Review) -> None:
    """Of a review without shapes, proof and digests."""
    page = text(made())
    for words in ("It cannot be drawn.", "It cannot be said where servers land.", "neither side can be read"):
        assert words in page
    whole = of_sandbox.environments[0]
    unproven = replace(of_sandbox, environments=(replace(whole, proof=replace(whole.proof, after=None)),))
    assert "It cannot be proven of documents with errors." in text(unproven)
    unread = tuple(replace(one, after=None) for one in of_sandbox.landings if one.before is not None)
    page = text(replace(of_sandbox, landings=unread, environments=(replace(whole, head=Reading.UNREADABLE),)))
    assert "Only one side could be had" in page
    assert ">gone<" not in page


def test_a_way_around_the_guarantee_is_shown_step_by_step(of_sandbox: Review) -> None:
    whole = of_sandbox.environments[0]
    assert whole.proof.after is not None
    way = Counterexample(
        claim="restricted-stays",
        project="payments",
        admin=False,
        workload="ledger-db",
        steps=("create with flavor esxi-medium", "resize to flavor kvm-medium"),
        lands=("kvm01",),
        why="flavor kvm-medium is open to the project",
    )
    row = next(one for one in whole.proof.after.matrix if one.claim == "restricted-stays")
    broken = replace(
        whole.proof.after,
        holds=False,
        counterexamples=(way,),
        matrix=(
            replace(row, kvm=True, holds=False),
            *(one for one in whole.proof.after.matrix if one is not row),
        ),
    )
    page = text(replace(of_sandbox, environments=(replace(whole, proof=replace(whole.proof, after=broken)),)))
    assert "It does not hold" in page
    assert "before the change it held" in page
    assert page.index("create with flavor esxi-medium") < page.index("resize to flavor kvm-medium")
    assert re.search(r"KVM, ESXi <svg.*?> broken<", page)
