"""Reading a page back: its elements, its tables by caption, and the text under an id."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "input", "hr", "col"}


@dataclass(repr=False, eq=False)
class Element:
    """An element with its attributes, children and the text it holds in all."""

    tag: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Give the words in it, one space apart."""
        return " ".join("".join(self.texts).split())

    def all(self, tag: str) -> list["Element"]:
        """Give the elements of that name in it, in order; `*` gives all."""
        found = []
        for child in self.children:
            if tag in ("*", child.tag):
                found.append(child)
            found.extend(child.all(tag))
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.path = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> says an attribute twice"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.path[-1].children.append(element)
        if tag not in VOID:
            self.path.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.path[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.path[-1].tag == tag, f"</{tag}> closes <{self.path[-1].tag}>"
        self.path.pop()
        for element in self.path:
            element.texts.append(" ")

    def handle_data(self, data: str) -> None:
        for element in self.path:
            element.texts.append(data)


def read(html: str) -> Element:
    """Read a page; an element that is not closed, or closed out of order, fails."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.path == [reader.root], f"not closed: {[element.tag for element in reader.path[1:]]}"
    return reader.root


def by_id(page: Element, name: str) -> Element:
    """Give the one element with that id."""
    (found,) = [element for element in page.all("*") if element.attributes.get("id") == name]
    return found


def table(page: Element, caption: str) -> list[list[str]]:
    """Give the cells of the one table whose caption begins so, row by row, head and foot included."""
    (found,) = [one for one in page.all("table") if one.all("caption")[0].text.startswith(caption)]
    return [[cell.text for cell in row.children] for row in found.all("tr")]
